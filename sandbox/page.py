"""Keeps the browser page of the simulated Discord in step with the bot, the wall clock and the clicks of people.

The page as it comes shows only what its own clicks changed, refuses a click made on anything older than its last
refresh, leaves mentions in embeds as numbers, which Discord does not, and examines each song anew, in a process of its
own, for everybody who looks at it. Encore edits cards in the background and makes many songs, so all this needs help.
It is in this room alone, because it touches names of `simcord` that are not public: `_action`, `_pages`,
`_media_worker` and `_FIELD_POLICIES`. `tests/browser/test_page_internals.py` fails when they change.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

from simcord.env import Env
from simcord.preview import Preview
from simcord.preview._markdown import _FIELD_POLICIES
from simcord.preview._media import MediaInfo, MediaWorker

from bot.clock import Clock, system_clock

log = logging.getLogger(__name__)

TICK_S = 0.25
REDRAW_EVERY_S = 5.0
"""Times such as "in 10 seconds" stand still between two drawings."""
LIVELY_S = 60.0
"""So long after the last change times matter; then the page rests."""
REST = 2.0
"""A drawing of a full channel takes a few tenths of a second: so many times as long the bot is left alone after it."""
EMBED_TEXTS = ("embed_description", "embed_field_value")
MEDIA_KEPT = 128
"""Songs and pictures whose examination is remembered: as many as the page shows, and some."""
RECORDS_KEPT = 500
"""Requests and events that the simulated Discord remembers, for looking at trouble; it never drops any by itself."""


class LivePage:
    """One page: `keep_fresh` runs beside the bot for as long as the page is open."""

    def __init__(self, env: Env, preview: Preview, *, wall_clock: Clock = system_clock) -> None:
        self._env = env
        self._preview = preview
        self._wall_clock = wall_clock
        self.lock = asyncio.Lock()
        """Held by whatever changes the simulated Discord; whoever else does must hold it too."""
        self._seen: object = None
        self._changed_at = self._drawn_at = env.now()
        self._rests_until_s = 0.0
        self._ahead = max(env.now() - wall_clock(), timedelta())
        """The simulation begins in 2026: a machine whose clock is behind that is followed at a distance."""
        self._act = preview._action  # noqa: SLF001 -- see the module's docstring
        preview._action = self._take_turns  # type: ignore[method-assign]  # noqa: SLF001 -- as above
        preview._media_worker = RememberingWorker()  # noqa: SLF001 -- as above
        for text in EMBED_TEXTS:
            _FIELD_POLICIES[text]["mentions"] = True

    async def _take_turns(self, context_id: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        """Let a click through when nothing else is under way, on the page as it is by then.

        Page and bot check again what it hits: a button that is gone is refused; one that took its place in the card
        meanwhile is pressed instead, which is harmless, as Encore asks before a press costs anything.
        """
        async with self.lock:
            page = self._preview._pages.get(context_id or "")  # noqa: SLF001 -- see the module's docstring
            if page is not None and "published_revision" in body:
                body = {**body, "published_revision": page.revision}
            return await self._act(context_id, body)

    async def keep_fresh(self, stop: asyncio.Event) -> None:
        """Move the simulated clock with the wall clock, and redraw when the bot has done something."""
        while not stop.is_set():
            try:
                await self.tick()
            except TimeoutError:  # some handler of the bot hangs; the page goes on when it is through
                log.warning("simulated Discord does not come to rest", exc_info=True)
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    await stop.wait()

    async def tick(self) -> None:
        """One turn: time, page, and old records."""
        async with self.lock:
            behind_s = (self._wall_clock() + self._ahead - self._env.now()).total_seconds()
            await self._env.advance_time(max(0.0, behind_s))
            if self._is_outdated():
                await self._draw()
            trim_records(self._env)

    def _is_outdated(self) -> bool:
        """Whether the bot has asked Discord for something since the last drawing, or the times on it are old."""
        now, newest = self._env.now(), self._newest()
        if newest is not self._seen:
            self._changed_at = now
        is_lively = now - self._changed_at <= timedelta(seconds=LIVELY_S)
        is_old = now - self._drawn_at >= timedelta(seconds=REDRAW_EVERY_S)
        may_draw = time.perf_counter() >= self._rests_until_s
        return may_draw and (newest is not self._seen or (is_lively and is_old))

    async def _draw(self) -> None:
        self._seen, self._drawn_at = self._newest(), self._env.now()
        begun_s = time.perf_counter()
        await self._preview.refresh()
        self._rests_until_s = begun_s + (1 + REST) * (time.perf_counter() - begun_s)

    def _newest(self) -> object:
        return self._env.http_requests[-1] if self._env.http_requests else None


class RememberingWorker(MediaWorker):
    """Examines each file once; `key` is the digest of its bytes."""

    def __init__(self) -> None:
        super().__init__()
        self._known: OrderedDict[tuple[str, float | None], MediaInfo] = OrderedDict()

    async def validate(self, key: str, blob: bytes, *, media_time: float | None = None) -> MediaInfo:
        """See `MediaWorker.validate`."""
        if (key, media_time) not in self._known:
            self._known[key, media_time] = await super().validate(key, blob, media_time=media_time)
        self._known.move_to_end((key, media_time))
        while len(self._known) > MEDIA_KEPT:
            self._known.popitem(last=False)
        return self._known[key, media_time]


def trim_records(env: Env, *, keep: int = RECORDS_KEPT) -> None:
    """Forget all but the newest requests and events."""
    for records in (env.http_requests, env.backend.transcript):
        del records[:-keep]
