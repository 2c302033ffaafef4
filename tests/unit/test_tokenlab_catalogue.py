"""The catalogue: always at hand, never in the way."""

import asyncio

import pytest

from bot.tokenlab.catalogue import Availability, Catalogue, LyricsChoice
from bot.tokenlab.errors import TokenLabError, TryLaterError
from bot.tokenlab.models import ModelInfo

MUSIC = ModelInfo(id="suno-music", aliases=("suno_music",), category="music", operations=("music",))
LYRICS = ModelInfo(id="suno-lyrics", category="music", operations=("lyrics",))
OPEN = ModelInfo(id="new-music", category="music")


class FakeSource:
    """A client whose answers a test sets."""

    def __init__(self, *models: ModelInfo, pages: dict[str, tuple[str, ...]] | None = None) -> None:
        self.listed = list(models)
        self.pages = pages or {}
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
        return ModelInfo(id=model_id, operations=self.pages[model_id])


def catalogue(source: FakeSource, lyrics_model: str | None = None, **more) -> Catalogue:
    return Catalogue(source, lyrics_model=lyrics_model, **more)


def test_before_the_first_list_nothing_is_known():
    subject = catalogue(FakeSource(MUSIC))
    assert (subject.music_models(), subject.lyrics_models(), subject.find("suno-music")) == ([], [], None)
    assert subject.lyrics_model() == LyricsChoice(Availability.UNKNOWN_YET)
    assert not subject.is_loaded


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
    source = FakeSource(MUSIC, OPEN, pages={"new-music": ("music", "lyrics")})
    subject = catalogue(source)
    await subject.refresh()
    assert source.asked == ["music", "new-music"]
    assert subject.lyrics_model() == LyricsChoice(Availability.AVAILABLE, "new-music")
    page = subject.find("new-music")
    assert page is not None
    assert page.operations == ("music", "lyrics")


async def test_a_page_that_fails_later_takes_nothing_away():
    source = FakeSource(OPEN, pages={"new-music": ("lyrics",)})
    subject = catalogue(source)
    await subject.refresh()
    source.pages = {}
    await subject.refresh()
    assert subject.lyrics_model() == LyricsChoice(Availability.AVAILABLE, "new-music")


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


async def test_no_request_is_made_without_the_budgets_leave():
    source = FakeSource(OPEN, pages={"new-music": ("lyrics",)})
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
