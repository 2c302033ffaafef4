"""Makes the audio of a song from its words: composes, renders, encodes, and remembers the last ones made."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping

from sandbox.recording import Recording
from sandbox.score import Score, continuation_of, score_of
from sandbox.synth import Stereo, encode_m4a, encode_mp3, render

__all__ = ["Jukebox", "Score", "compose", "continuation_of", "encode_mp3", "render", "score_of"]

ENCODERS: Mapping[str, Callable[[Stereo, int], bytes]] = {"mp3": encode_mp3, "m4a": encode_m4a}
"""By the ending of the file's name."""
CONTENT_TYPES: Mapping[str, str] = {"mp3": "audio/mpeg", "m4a": "audio/mp4"}


def compose(
    prompt: str,
    *,
    tags: str = "",
    title: str = "",
    instrumental: bool = False,
    take: int = 1,
    continue_from: Score | None = None,
    at_s: float | None = None,
) -> Score:
    """The score for these words; with `continue_from` one that carries that tune on from `at_s` (its end if None)."""
    if continue_from is not None:
        return continuation_of(continue_from, f"{prompt} {tags}", at_s, take=take)
    return score_of(prompt, tags=tags, title=title, instrumental=instrumental, take=take)


class Jukebox:
    """Audio files made on demand, one at a time and off the event loop; the last `max_tunes` are kept in memory."""

    def __init__(self, *, max_tunes: int = 16) -> None:
        self._max_tunes = max_tunes
        self._tunes: OrderedDict[str, bytes] = OrderedDict()
        self._making = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._tunes)

    async def audio(self, name: str, kind: str, plan: Callable[[], Recording]) -> bytes:
        """Return the file of that name and kind; `plan` is called only when it is not in memory."""
        async with self._making:
            if name not in self._tunes:
                self._tunes[name] = await asyncio.to_thread(_encoded, plan, kind)
            self._tunes.move_to_end(name)
            while len(self._tunes) > self._max_tunes:
                self._tunes.popitem(last=False)
            return self._tunes[name]


def _encoded(plan: Callable[[], Recording], kind: str) -> bytes:
    recording = plan()
    return ENCODERS[kind](render(recording.score), recording.passes)
