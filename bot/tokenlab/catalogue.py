"""The last good copy of the provider's music models. Callers read it at once; only `run` waits for the network."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from bot.tokenlab.errors import AccessRefusedError, TokenLabError
from bot.tokenlab.model_info import ModelInfo

log = logging.getLogger(__name__)

PAGES_PER_REFRESH_MAX = 20
RETRY_S = 30.0
"""Pause after a failed refresh."""
GLANCE_S = 2.0
"""Pause between two questions whether a refresh is wanted before its time."""


class ModelSource(Protocol):
    """What the catalogue needs of the client."""

    async def models(self, category: str = "music") -> list[ModelInfo]:
        """The models of one category."""
        ...

    async def model(self, model_id: str) -> ModelInfo:
        """One model, from its own page."""
        ...


class Availability(StrEnum):
    """What is known about a way to write lyrics."""

    AVAILABLE = "available"
    UNKNOWN_YET = "unknown_yet"
    """The catalogue, or a model's own page, could not be read so far."""
    NONE = "none"
    """Every model is known, and none publishes lyrics."""


@dataclass(frozen=True, slots=True)
class LyricsChoice:
    """Which model writes lyrics; `model` is set exactly if one is available."""

    availability: Availability
    model: str | None = None


class Catalogue:
    """Keeps the music models at hand, refreshed every `refresh_s` seconds.

    `may_ask` is asked before each request and may refuse it (the request budget of the key); a refused refresh is
    made good by a later one. `heard` is told what came of each request, None for a good answer. Once `wants_probe` says
    so, the next refresh comes at once: it costs nothing, and finds out whether requests are taken again. Nothing here
    raises: an outage is logged once when it starts and once when it ends, and the last good copy stays.
    """

    def __init__(
        self,
        client: ModelSource,
        *,
        lyrics_model: str | None,
        refresh_s: float = 300,
        may_ask: Callable[[], bool] = lambda: True,
        wants_probe: Callable[[], bool] = lambda: False,
        heard: Callable[[TokenLabError | None], None] = lambda _: None,
    ) -> None:
        self._client = client
        self._lyrics_model = lyrics_model or None
        self._refresh_s = refresh_s
        self._may_ask = may_ask
        self._wants_probe = wants_probe
        self._heard = heard
        self._models: tuple[ModelInfo, ...] | None = None
        self._pages: dict[str, ModelInfo | None] = {}
        """What the models' own pages have told, None before it; the one asked for longest ago comes first."""
        self.trouble: TokenLabError | None = None
        """Why the list could not be read the last time; None if it could, or nobody has asked yet."""
        self.asked = asyncio.Event()
        """Set once `run` has tried to read the list, whatever came of it."""

    @property
    def is_loaded(self) -> bool:
        """Whether there is a copy at all."""
        return self._models is not None

    def music_models(self) -> list[ModelInfo]:
        """Models that make music; empty while nothing is known."""
        return [model for model in self._models or () if model.makes_music]

    def lyrics_models(self) -> list[ModelInfo]:
        """Models that publish a `lyrics` operation; empty while nothing is known."""
        return [model for model in self._models or () if model.writes_lyrics and model.stage != "retired"]

    def find(self, id_or_alias: str) -> ModelInfo | None:
        """The model of that id, else the one with that alias (`suno_music` is an older spelling of `suno-music`)."""
        models = self._models or ()
        by_id = (model for model in models if model.id == id_or_alias)
        by_alias = (model for model in models if id_or_alias in model.aliases)
        return next(by_id, None) or next(by_alias, None)

    def lyrics_model(self) -> LyricsChoice:
        """The model to write lyrics with: the operator's setting, else the first that publishes it."""
        if self._lyrics_model:
            return LyricsChoice(Availability.AVAILABLE, self._lyrics_model)
        if found := self.lyrics_models():
            return LyricsChoice(Availability.AVAILABLE, found[0].id)
        all_known = self._models is not None and all(model.operations is not None for model in self._models)
        return LyricsChoice(Availability.NONE if all_known else Availability.UNKNOWN_YET)

    async def run(self, stop: asyncio.Event) -> None:
        """Refresh at once and then every `refresh_s` seconds, sooner after a failure, until `stop` is set."""
        while not stop.is_set():
            pause_s = self._refresh_s if await self.refresh() else min(RETRY_S, self._refresh_s)
            self.asked.set()
            await self._rest(stop, pause_s)

    async def _rest(self, stop: asyncio.Event, pause_s: float) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + pause_s
        while not stop.is_set() and (left_s := until - loop.time()) > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), min(left_s, GLANCE_S))
            if self._wants_probe():
                return

    async def refresh(self) -> bool:
        """Read the list, and the pages of models of which the list leaves something open. False if that failed."""
        if not self._may_ask():
            return False
        try:
            listed = _once(await self._client.models())
        except TokenLabError as error:
            self._heard(error)
            self._report_failure(error)
            return False
        self._heard(None)
        self._report_success()
        self._models = self._completed(listed)
        for model_id in self._pages_due(listed):
            if not self._may_ask():
                break
            await self._read_page(model_id)
            self._models = self._completed(listed)
        return True

    def _pages_due(self, listed: Sequence[ModelInfo]) -> list[str]:
        """Pages never asked for go first, of these the ones that may tell about lyrics; then the oldest."""
        turn = {model_id: number for number, model_id in enumerate(self._pages)}
        due = [model for model in listed if None in (model.operations, model.parameters, model.price)]
        due.sort(key=lambda model: (turn.get(model.id, -1), model.operations is not None))
        return [model.id for model in due[:PAGES_PER_REFRESH_MAX]]

    async def _read_page(self, model_id: str) -> None:
        """A page that can't be read leaves what is known of its model, and has to wait for its turn again."""
        self._pages[model_id] = self._pages.pop(model_id, None)
        try:
            self._pages[model_id] = await self._client.model(model_id)
        except TokenLabError as error:
            self._heard(error)
        else:
            self._heard(None)

    def _completed(self, models: Sequence[ModelInfo]) -> tuple[ModelInfo, ...]:
        return tuple(_with_page(model, self._pages.get(model.id)) for model in models)

    def _report_failure(self, error: TokenLabError) -> None:
        if self.trouble is None:
            is_refused = isinstance(error, AccessRefusedError)
            phrase = "model catalogue is refused to this key" if is_refused else "model catalogue unreachable"
            log.warning(phrase, extra={"reason": str(error), "request_id": error.request_id})
        self.trouble = error

    def _report_success(self) -> None:
        if self.trouble is not None:
            log.info("model catalogue reachable again")
        self.trouble = None


def _with_page(model: ModelInfo, page: ModelInfo | None) -> ModelInfo:
    """The model as listed; where the list leaves something open, its own page speaks."""
    if page is None:
        return model
    return replace(
        model,
        operations=page.operations if model.operations is None else model.operations,
        parameters=page.parameters if model.parameters is None else model.parameters,
        price=model.price or page.price,
        versions=tuple(dict.fromkeys((*model.versions, *page.versions))),
    )


def _once(listed: Sequence[ModelInfo]) -> list[ModelInfo]:
    """Each id once, the first of it: in a menu, an id that stands there twice is refused."""
    return list({model.id: model for model in reversed(listed)}.values())[::-1]
