"""Takes stretches out of a text, with the brackets and the punctuation that only they needed."""

import re
from collections.abc import Sequence

_BRACKETS = ("()", "[]", "\uff08\uff09", "「」", "【】")
_TRAILING = " \n,;:、\uff0c\u2013\u2014-"
_LEADING = re.compile(r"\A[\s,;:.!?、。\uff0c\uff01\uff1f\u2013\u2014-]+")
_CONJUNCTION = re.compile(r"\A(?:and|then|und|dann|y|luego)(?![A-Za-zÀ-ɏ])\s*(?=\S)", re.I)


def cut_out(text: str, stretches: Sequence[tuple[int, int]]) -> str:
    """The text without these stretches, which are in order and do not overlap."""
    for begin, end in reversed(stretches):
        text = _cut(text, begin, end)
    return text


def _cut(text: str, begin: int, end: int) -> str:
    left, right = text[:begin].rstrip(), text[end:].lstrip()
    if left and right and left[-1] + right[0] in _BRACKETS:
        return _cut(text, len(left) - 1, text.index(right[0], end) + 1)
    if not left:
        return _CONJUNCTION.sub("", _LEADING.sub("", right))
    if not right:
        return left.rstrip(_TRAILING)
    if _LEADING.match(right):
        return left.rstrip(_TRAILING) + right
    gap = text[len(left) : begin] + text[end : len(text) - len(right)]
    return left + ("\n" if "\n" in gap else " " if gap else "") + right
