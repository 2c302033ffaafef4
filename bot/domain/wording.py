"""What a wish becomes in a request: which of its texts are sent as prompt, title and tags.

Where a request has a title and styles, the provider may sing its prompt word for word.
"""

import re
from dataclasses import dataclass
from itertools import pairwise

from bot.domain.listing import folded
from bot.domain.tasks import Kind, MusicTask

DESCRIPTION_MAX_CHARS = 500
"""How long a prompt may be that is not sung but describes a song (fact sheet of the API, section 15)."""
EVIDENCE_MIN_WORDS = 8
"""Shorter prompts prove nothing: their words may come up in any lyrics."""
_FOREIGN_SHARE = 0.5
"""Lyrics that lack more than this share of a prompt's pairs of neighbouring words are other words."""
_WORD = re.compile(r"\w+")
_HEADING = re.compile(r"\[[^\]\n]*\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The texts of a wish as the provider gets them."""

    prompt: str
    title: str | None = None
    tags: str | None = None
    is_description: bool = False
    """Whether the styles stand in the prompt, and nothing is sung word for word."""

    @property
    def is_too_long(self) -> bool:
        """Whether the description is longer than one may be."""
        return self.is_description and len(self.prompt) > DESCRIPTION_MAX_CHARS


def worded(
    *, prompt: str, title: str | None, tags: str | None, title_is_ours: bool, has_lyrics: bool, sings_prompt: bool
) -> Sent:
    """The texts to send for a wish.

    Args:
        prompt: the words of the wish.
        title: what the song is called here.
        tags: its styles.
        title_is_ours: whether its member has not typed the title: then it is sent only along with lyrics, as without
            a title they would not be sung.
        has_lyrics: whether the prompt was taken from lyrics.
        sings_prompt: whether the provider sings the prompt of a request with title and styles.
    """
    own_title = title if not title_is_ours or (has_lyrics and sings_prompt) else None
    if sings_prompt and not has_lyrics and not own_title:
        return Sent(prompt=f"{prompt}\nIn these styles: {tags}." if tags else prompt, is_description=True)
    return Sent(prompt=prompt, title=own_title, tags=tags)


def sent_for(task: MusicTask) -> Sent:
    """The texts to send for a task: as was said when it was asked for, whatever is known since."""
    return worded(
        prompt=task.prompt,
        title=task.title,
        tags=task.tags,
        title_is_ours=task.title_is_ours,
        has_lyrics=_has_lyrics(task),
        sings_prompt=task.sings_prompt,
    )


def is_sung(task: MusicTask) -> bool:
    """Whether the words of a wish are sung as they are written, as far as anybody knows."""
    sent = sent_for(task)
    return task.sings_prompt and not task.instrumental and bool(sent.title and sent.tags)


def evidence(task: MusicTask, lyrics: str | None) -> bool | None:
    """Whether the lyrics of a finished song show that prompts are sung word for word; None if they show neither."""
    sent = sent_for(task)
    is_test = task.kind is Kind.SONG and not task.instrumental and not _has_lyrics(task)
    asked, sung = _words(sent.prompt), _words(lyrics or "")
    if not (is_test and sent.title and sent.tags) or min(len(asked), len(sung)) < EVIDENCE_MIN_WORDS:
        return None
    if asked == sung:
        return True
    pairs = set(pairwise(asked))
    return False if len(pairs - set(pairwise(sung))) > _FOREIGN_SHARE * len(pairs) else None


def _has_lyrics(task: MusicTask) -> bool:
    """Whether the prompt was taken from lyrics."""
    return task.kind is Kind.SONG and task.parent_id is not None


def _words(text: str) -> list[str]:
    """The words of a text, folded, without the headings of its sections."""
    return _WORD.findall(folded(_HEADING.sub(" ", text)))
