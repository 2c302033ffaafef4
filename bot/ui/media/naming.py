"""Names that a member sees in the folder of downloads, instead of `3f9a.mp3`."""

import re
import unicodedata

_NAME_MAX_CHARS = 80
_STEM_MAX_BYTES = 200
_NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*;]+')
_LEADING = re.compile(r"(?:SPOILER_|[.\s])+")
"""Dots hide a file, and Discord blurs what begins with SPOILER_."""
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])(?:\..*)?", re.I)


def safe_filename(title: str, ext: str, *, take: str = "") -> str:
    """A pleasant file name for any system, at most 80 characters: `Low Tide.mp3`, `Low Tide (take 2).mp3`."""
    ending = f"{f' ({take})' if take else ''}.{ext}"
    stem = _clean(title)[: _NAME_MAX_CHARS - len(ending)].encode()[:_STEM_MAX_BYTES].decode(errors="ignore")
    return f"{stem.rstrip(' .') or 'song'}{ending}"


def _clean(title: str) -> str:
    """The title without what file systems refuse, hide or read as something else."""
    visible = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in title)
    words = " ".join(_NOT_IN_NAMES.sub(" ", unicodedata.normalize("NFC", visible)).split())
    stem = words[leading.end() :] if (leading := _LEADING.match(words)) else words
    return f"{stem} song" if _RESERVED.fullmatch(stem) else stem
