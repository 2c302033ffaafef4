"""Why a task failed, in words for members."""

import re

from bot.domain.secrets import find_secret
from bot.domain.tasks import ErrorCode, MusicTask
from bot.domain.versions import VERSION_MAX_CHARS
from bot.ui import texts
from bot.ui.escape import inline
from bot.ui.words import Words

WHITE = re.compile(r"\s")
FOR_PROGRAMS = re.compile(r"<[a-z!/?]|\bTraceback\b|\n\s+at \S.*\(", re.I)
"""What no member reads: markup, and the traces of programs."""
TELLING_CODES = frozenset(
    {ErrorCode.WISH_REFUSED, ErrorCode.CONTENT_REFUSED, ErrorCode.CLIP_REFUSED, ErrorCode.PROVIDER_FAILED}
)
"""Failures that the provider's own words help with; those of all others are for the operator, in the row."""


def reason(task: MusicTask, words: Words) -> list[str]:
    """Sentences of ours about why it failed."""
    if task.error_code is not ErrorCode.VERSION_UNAVAILABLE or not task.version_chosen:
        return [words(texts.FAILURE[task.error_code] if task.error_code else texts.IT_FAILED)]
    said = [words(texts.VERSION_REFUSED, version=inline(task.version or "", VERSION_MAX_CHARS))]
    if task.version_offered:
        said.append(words(texts.VERSION_OFFERED, version=inline(task.version_offered, VERSION_MAX_CHARS)))
    return said


def telling_detail(task: MusicTask) -> str | None:
    """The provider's words, where they help a member and hold neither a secret nor a page."""
    detail = (task.error_detail or "").strip()
    if task.error_code not in TELLING_CODES or FOR_PROGRAMS.search(detail) or find_secret(detail):
        return None
    is_said = task.error_code is ErrorCode.CONTENT_REFUSED and not WHITE.search(detail)  # a code: our sentence tells it
    return None if is_said else detail
