"""The catalogue: always at hand, never in the way."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest

from bot.domain.price import Price
from bot.tokenlab import catalogue as catalogue_module
from bot.tokenlab.catalogue import PAGES_PER_REFRESH_MAX, Availability, Catalogue, LyricsChoice
from bot.tokenlab.errors import AccessRefusedError, TokenLabError, TryLaterError
from bot.tokenlab.model_info import ModelInfo

MUSIC = ModelInfo(id="suno-music", aliases=("suno_music",), category="music", operations=("music",))
LYRICS = ModelInfo(id="suno-lyrics", category="music", operations=("lyrics",))
OPEN = ModelInfo(id="new-music", category="music")
CHEAP = Price(min_usd=Decimal("0.02"), max_usd=Decimal("0.02"))
DEAR = Price(min_usd=Decimal("0.10"), max_usd=Decimal("0.25"))
WHOLE = replace(MUSIC, price=DEAR, parameters=frozenset({"prompt", "negative_tags"}))
"""A model of which the list leaves nothing open."""


def page(model_id: str, *operations: str, price: Price | None = None, parameters: str = "") -> ModelInfo:
    return ModelInfo(id=model_id, operations=operations, price=price, parameters=frozenset(parameters.split()))


class FakeSource:
    """A client whose answers a test sets."""

    def __init__(self, *models: ModelInfo, pages: Mapping[str, ModelInfo] | None = None) -> None:
        self.listed = list(models)
        self.pages = dict(pages or {})
        self.error: TokenLabError | None = None
        self.asked: list[str] = []
        self.reached = asyncio.Event()

    async def models(self, category: str = "music") -> list[ModelInfo]:
        self.asked.append(category)
        self.reached.set()
        if self.error:
            raise self.error
        return self.listed

    async def model(self, model_id: str) -> ModelInfo:
        self.asked.append(model_id)
        if model_id not in self.pages:
            raise TryLaterError("not now")
        return self.pages[model_id]


def catalogue(source: FakeSource, lyrics_model: str | None = None, **more) -> Catalogue:
    return Catalogue(source, lyrics_model=lyrics_model, **more)


def test_before_the_first_list_nothing_is_known():
    subject = catalogue(FakeSource(MUSIC))
    assert (subject.music_models(), subject.lyrics_models(), subject.find("suno-music")) == ([], [], None)
    assert subject.lyrics_model() == LyricsChoice(Availability.UNKNOWN_YET)
    assert not subject.is_loaded


async def test_a_model_that_is_listed_twice_is_one():
    subject = catalogue(FakeSource(MUSIC, LYRICS, replace(MUSIC, aliases=())))
    assert await subject.refresh()
    assert subject.music_models() == [MUSIC]


async def test_models_are_found_by_id_and_by_alias():
    subject = catalogue(FakeSource(MUSIC, LYRICS))
    assert await subject.refresh()
    assert subject.music_models() == [MUSIC]
    assert subject.find("suno_music") == subject.find("suno-music") == MUSIC
    assert subject.find("other") is None
    assert subject.is_loaded


async def test_an_id_wins_over_the_same_word_as_an_alias():
    namesake = ModelInfo(id="a", aliases=("suno-music",))
    subject = catalogue(FakeSource(namesake, MUSIC))
    await subject.refresh()
    assert subject.find("suno-music") == MUSIC


@pytest.mark.parametrize(
    ("models", "setting", "choice"),
    [
        ([MUSIC, LYRICS], None, LyricsChoice(Availability.AVAILABLE, "suno-lyrics")),
        ([MUSIC], None, LyricsChoice(Availability.NONE)),
        ([], None, LyricsChoice(Availability.NONE)),
        ([MUSIC], "my-model", LyricsChoice(Availability.AVAILABLE, "my-model")),
        ([MUSIC], "", LyricsChoice(Availability.NONE)),
        ([MUSIC, OPEN], None, LyricsChoice(Availability.UNKNOWN_YET)),
    ],
)
async def test_lyrics_are_gated_on_the_setting_and_then_the_catalogue(models, setting, choice):
    subject = catalogue(FakeSource(*models), setting)
    await subject.refresh()
    assert subject.lyrics_model() == choice


async def test_a_retired_model_writes_no_lyrics():
    retired = ModelInfo(id="old", operations=("lyrics",), stage="retired")
    subject = catalogue(FakeSource(retired))
    await subject.refresh()
    assert subject.lyrics_model() == LyricsChoice(Availability.NONE)


async def test_what_the_list_leaves_open_is_read_from_the_models_own_page():
    told = page("new-music", "music", "lyrics", price=CHEAP, parameters="prompt")
    source = FakeSource(WHOLE, OPEN, pages={"new-music": told})
    subject = catalogue(source)
    await subject.refresh()
    assert source.asked == ["music", "new-music"]
    assert subject.lyrics_model() == LyricsChoice(Availability.AVAILABLE, "new-music")
    assert subject.find("new-music") == replace(told, category="music")
    assert subject.find("suno-music") == WHOLE


TOLD = page("suno-music", "lyrics", price=CHEAP, parameters="prompt")


@pytest.mark.parametrize(
    ("listed", "completed"),
    [
        (replace(WHOLE, operations=None), replace(WHOLE, operations=TOLD.operations)),
        (replace(WHOLE, price=None), replace(WHOLE, price=TOLD.price)),
        (replace(WHOLE, parameters=None), replace(WHOLE, parameters=TOLD.parameters)),
    ],
)
async def test_each_open_part_is_taken_from_the_page_and_the_rest_from_the_list(listed, completed):
    subject = catalogue(FakeSource(listed, pages={"suno-music": TOLD}))
    await subject.refresh()
    assert subject.find("suno-music") == completed


async def test_a_price_that_the_page_does_not_tell_either_stays_open():
    subject = catalogue(FakeSource(MUSIC, pages={"suno-music": page("suno-music", "music")}))
    await subject.refresh()
    found = subject.find("suno-music")
    assert found is not None
    assert (found.price, found.parameters) == (None, frozenset())


async def test_a_page_that_fails_later_takes_nothing_away():
    source = FakeSource(OPEN, pages={"new-music": page("new-music", "lyrics", price=CHEAP, parameters="prompt")})
    subject = catalogue(source)
    await subject.refresh()
    before = subject.find("new-music")
    source.pages = {}
    await subject.refresh()
    assert subject.lyrics_model() == LyricsChoice(Availability.AVAILABLE, "new-music")
    assert subject.find("new-music") == before


async def test_a_page_is_read_again_so_that_a_new_price_is_seen():
    source = FakeSource(MUSIC, pages={"suno-music": page("suno-music", price=CHEAP)})
    subject = catalogue(source)
    await subject.refresh()
    source.pages = {"suno-music": page("suno-music", price=DEAR)}
    await subject.refresh()
    assert subject.find("suno-music") == replace(MUSIC, price=DEAR, parameters=frozenset())


async def test_what_a_page_told_is_there_before_the_next_page_is_read():
    prices_seen: list[Price | None] = []

    class Watched(FakeSource):
        async def model(self, model_id: str) -> ModelInfo:
            found = subject.find("suno-music")
            prices_seen.append(found.price if found else None)
            return await super().model(model_id)

    subject = catalogue(Watched(MUSIC, LYRICS, pages={"suno-music": page("suno-music", price=DEAR)}))
    await subject.refresh()
    assert prices_seen == [None, DEAR]


async def test_pages_take_turns_where_there_are_more_than_one_refresh_may_read():
    models = [ModelInfo(id=f"m{number}", operations=("music",)) for number in range(PAGES_PER_REFRESH_MAX + 5)]
    source = FakeSource(*models, pages={model.id: page(model.id, price=DEAR) for model in models[1:]})
    subject = catalogue(source)
    await subject.refresh()
    assert source.asked[1:] == [model.id for model in models[:PAGES_PER_REFRESH_MAX]]
    source.asked.clear()
    await subject.refresh()
    in_turn = models[PAGES_PER_REFRESH_MAX:] + models[: PAGES_PER_REFRESH_MAX - 5]
    assert source.asked[1:] == [model.id for model in in_turn]
    assert [model.id for model in subject.music_models() if model.price is None] == ["m0"]


async def test_pages_that_may_tell_about_lyrics_are_read_first():
    models = [ModelInfo(id=f"m{number}", operations=("music",)) for number in range(PAGES_PER_REFRESH_MAX)]
    source = FakeSource(*models, OPEN)
    await catalogue(source).refresh()
    assert source.asked[1] == "new-music"
    assert len(source.asked) == 1 + PAGES_PER_REFRESH_MAX


async def test_an_outage_keeps_the_copy_and_is_logged_once_at_each_end(caplog):
    caplog.set_level("INFO", "bot.tokenlab.catalogue")
    source = FakeSource(MUSIC)
    subject = catalogue(source)
    await subject.refresh()
    source.error = TryLaterError("TokenLab answered 503", request_id="req_1")
    assert not await subject.refresh()
    assert not await subject.refresh()
    assert subject.music_models() == [MUSIC]
    source.error = None
    assert await subject.refresh()
    assert [record.message for record in caplog.records] == [
        "model catalogue unreachable",
        "model catalogue reachable again",
    ]


async def test_a_key_that_is_refused_is_not_called_unreachable(caplog):
    source = FakeSource(MUSIC)
    source.error = AccessRefusedError("TokenLab answered 401 invalid_api_key", request_id="req_1")
    subject = catalogue(source)
    assert not await subject.refresh()
    assert [record.message for record in caplog.records] == ["model catalogue is refused to this key"]
    assert subject.trouble is source.error


async def test_no_request_is_made_without_the_budgets_leave():
    source = FakeSource(OPEN, pages={"new-music": page("new-music", "lyrics")})
    assert not await catalogue(source, may_ask=lambda: False).refresh()
    assert source.asked == []
    leave = iter([True, False])
    assert await catalogue(source, may_ask=lambda: next(leave)).refresh()
    assert source.asked == ["music"]


@pytest.mark.timeout(10)
async def test_run_refreshes_at_once_and_again_until_it_is_stopped():
    source, stop = FakeSource(MUSIC), asyncio.Event()
    running = asyncio.create_task(catalogue(source, refresh_s=0.01).run(stop))
    for _ in range(2):
        await source.reached.wait()
        source.reached.clear()
    stop.set()
    await running
    assert len(source.asked) >= 2


async def test_run_with_the_stop_already_set_asks_nothing():
    source, stop = FakeSource(MUSIC), asyncio.Event()
    stop.set()
    await catalogue(source).run(stop)
    assert source.asked == []


# the request budget


async def test_what_came_of_each_request_is_told():
    heard: list[TokenLabError | None] = []
    source = FakeSource(OPEN, pages={"new-music": page("new-music", "music")})
    subject = catalogue(source, heard=heard.append)
    await subject.refresh()
    source.error = TryLaterError("out")
    await subject.refresh()
    source.error, source.pages = None, {}
    await subject.refresh()

    assert [error and str(error) for error in heard] == [None, None, "out", None, "not now"]


async def test_a_probe_that_is_wanted_does_not_wait_for_the_next_refresh(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(catalogue_module, "GLANCE_S", 0.001)
    source, stop, wanted = FakeSource(WHOLE), asyncio.Event(), [False, False, True]
    subject = catalogue(source, refresh_s=3600, wants_probe=lambda: bool(wanted) and wanted.pop(0))
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(subject.run(stop))
        await source.reached.wait()
        source.reached.clear()
        await source.reached.wait()
        stop.set()

    assert source.asked == ["music", "music"]
