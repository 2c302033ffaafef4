"""Asking once more, drafts of any wish, prices, preferences: what is decided before anything is written."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bot.domain.members import PreferenceChanges, Preferences, Telling
from bot.domain.price import Price
from bot.domain.refusals import Reason, Refused
from bot.domain.tasks import Kind, State, TaskId
from bot.domain.wishes import ContinuationWish, LyricsWish, SongWish, WishError, wish_again
from bot.service import RepeatedError
from bot.tokenlab.model_info import ModelInfo
from tests.fakes.engine_fakes import SONG
from tests.fakes.office import DONE, MODELS, Office, afterwards, asker, refused, replaced
from tests.fakes.rows import START, make_task

pytestmark = pytest.mark.usefixtures("databases")
PRICE = Price(min_usd=Decimal("0.10"), max_usd=Decimal("0.25"))
PRICED = [
    ModelInfo(id="suno-music", operations=("music",), price=PRICE, parameters=frozenset({"negative_tags"})),
    ModelInfo(id="words", operations=("lyrics",), price=Price(min_usd=Decimal("0.02"), max_usd=Decimal("0.02"))),
    ModelInfo(id="plain", operations=("music",), parameters=frozenset()),
]


async def test_the_price_of_the_model_is_written_into_the_row() -> None:
    task = await Office(models=PRICED).service.asking.request(SongWish(prompt="x"), asker())

    assert task.price == PRICE


@pytest.mark.parametrize(
    ("wish", "dollars"),
    [
        (SongWish(prompt="x"), "0.25"),
        (LyricsWish(prompt="x"), "0.02"),
        (ContinuationWish(parent_id=TaskId(1)), "0.25"),
        (SongWish(prompt="x", model="plain"), None),
    ],
)
async def test_a_price_is_known_before_anything_is_asked(wish: Any, dollars: str | None) -> None:
    price = await Office(DONE, models=PRICED).service.asking.price(wish, 70)

    assert (price and price.max_usd) == (Decimal(dollars) if dollars else None)


async def test_styles_to_keep_out_need_a_model_that_can() -> None:
    office = Office(models=PRICED)
    wish = SongWish(prompt="x", negative_tags="brass")

    assert (await office.service.asking.request(wish, asker())).negative_tags == "brass"
    assert await refused(office.service.asking.request(replace(wish, model="plain"), asker())) is (
        Reason.NO_NEGATIVE_TAGS
    )
    assert [office.service.asking.takes_negative_tags(name) for name in ("suno-music", "plain", "none")] == [
        True, False, False,
    ]  # fmt: skip


# --- once more ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "task",
    [
        make_task(title="Low Tide", tags="blues", negative_tags="brass", instrumental=True, version="chirp-v5"),
        make_task(kind=Kind.LYRICS, model="words", version=None),
        make_task(2, kind=Kind.CONTINUATION, parent_id=TaskId(1), prompt="softer", continue_at_s=65.5),
    ],
)
async def test_the_wish_of_a_task_makes_the_same_task_again(task: Any) -> None:
    parent = replace(DONE, id=TaskId(1))
    office = Office(parent, models=PRICED)

    made = await office.service.asking.request(wish_again(task), asker(interaction_id=9))

    kept = ("kind", "prompt", "tags", "negative_tags", "instrumental", "model", "version", "parent_id", "continue_at_s")
    assert {name: getattr(made, name) for name in kept} == {name: getattr(task, name) for name in kept}


async def test_the_same_wish_leaves_a_draft_and_no_row() -> None:
    office = Office()
    first = await office.service.asking.request(SongWish(prompt="rain"), asker(interaction_id=1))

    with pytest.raises(RepeatedError) as caught:
        await office.service.asking.request(SongWish(prompt="rain"), asker(interaction_id=2))

    assert caught.value.earlier == first
    assert caught.value.draft.wish == SongWish(prompt="rain")
    assert len(office.rows) == 1
    another = await office.service.asking.start_draft(caught.value.draft.id, asker(interaction_id=3))
    assert (another.prompt, another.origin_key, another.interaction_token) == ("rain", "i:2", "secret")


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED, State.ABANDONED])
async def test_a_wish_that_came_to_nothing_may_be_repeated(state: State) -> None:
    office = Office(make_task(state=state, prompt="rain"))

    await office.service.asking.request(SongWish(prompt="rain"), asker())

    assert len(office.rows) == 2


async def test_an_unclear_wish_is_not_simply_repeated() -> None:
    office = Office(make_task(state=State.UNCERTAIN, prompt="rain"))

    with pytest.raises(RepeatedError):
        await office.service.asking.request(SongWish(prompt="rain"), asker())


async def test_only_continuations_can_be_worded_differently_as_drafts() -> None:
    office = Office(DONE)
    draft = await office.service.asking.draft_again(TaskId(1), asker(), message_id=5)

    changing = office.service.asking.change_draft(draft.id, asker(), prompt="x", at_s=None)

    assert await refused(changing) is Reason.DRAFT_GONE


async def test_a_draft_that_went_while_it_was_edited_is_gone() -> None:
    office = Office(replace(DONE, id=TaskId(1)), make_task(2, kind=Kind.CONTINUATION, parent_id=TaskId(1)))
    draft = await office.service.asking.draft_again(TaskId(2), asker(), message_id=5)
    afterwards(office.drafts, "get", lambda: office.drafts.drop(draft.id))

    changing = office.service.asking.change_draft(draft.id, asker(), prompt="x", at_s=None)
    assert await refused(changing) is Reason.DRAFT_GONE


# --- deleting -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", State)
async def test_only_what_is_over_can_be_deleted(state: State) -> None:
    office = Office(make_task(state=state))
    over = state in {State.COMPLETED, State.FAILED, State.CANCELLED, State.ABANDONED}

    deleting = office.service.library.delete(TaskId(1), asker())

    if over:
        await deleting
        assert office.rung == ["changed"]
    else:
        assert await refused(deleting) is Reason.NOT_SETTLED
    assert (office.rows[1].deleted_at is not None) is over


async def test_a_deleted_task_is_not_found_again() -> None:
    office = Office(replace(DONE, deleted_at=START))

    assert await refused(office.service.library.own(TaskId(1), asker())) is Reason.NOT_FOUND
    assert await refused(office.service.asking.continuable(TaskId(1), asker())) is Reason.NOT_FOUND
    with pytest.raises(Refused):
        await office.service.asking.check_continuable(office.rows[1], user_id=7, channel_id=700)


# --- lyrics ---------------------------------------------------------------------------------------------------------


async def test_edited_lyrics_keep_what_stood_there_before() -> None:
    office = Office(make_task(state=State.COMPLETED, kind=Kind.LYRICS, result=replace(SONG, lyrics="one")))

    edited = await office.service.lyrics.edit(TaskId(1), asker(), " two ")

    assert edited.lyrics == "two"
    assert replaced(office) == ["one"]
    assert office.rung == ["changed"]


async def test_lyrics_that_did_not_change_make_no_version() -> None:
    office = Office(make_task(state=State.COMPLETED, kind=Kind.LYRICS, result=replace(SONG, lyrics="one")))

    await office.service.lyrics.edit(TaskId(1), asker(), "one\n")

    assert replaced(office) == []
    assert office.rung == []


@pytest.mark.parametrize("task", [make_task(), make_task(state=State.COMPLETED, result=SONG)])
async def test_what_has_no_lyrics_has_none_to_edit(task: Any) -> None:
    assert await refused(Office(task).service.lyrics.edit(TaskId(1), asker(), "x")) is Reason.NO_LYRICS


# --- preferences ----------------------------------------------------------------------------------------------------


async def test_preferences_fill_in_what_a_wish_leaves_open_and_nothing_else() -> None:
    office = Office(models=PRICED)
    office.rows.put_preferences(
        Preferences(user_id=7, model="plain", version="chirp-v5", tags="waltz", instrumental=True)
    )
    preferring = office.service.preferring

    assert await preferring.filled(SongWish(prompt="x"), 7) == SongWish(
        prompt="x", model="plain", version="chirp-v5", version_chosen=True, tags="waltz", instrumental=True
    )
    given = SongWish(prompt="x", model="suno-music", version="chirp-v4", tags="blues", instrumental=False)
    assert await preferring.filled(given, 7) == replace(given, version_chosen=True)
    assert await preferring.filled(SongWish(prompt="x"), 8) == SongWish(prompt="x", instrumental=False)


@pytest.mark.parametrize("model", ["gone", "words"])
async def test_a_preferred_model_that_makes_no_music_any_more_is_passed_over(model: str) -> None:
    office = Office(models=MODELS)
    office.rows.put_preferences(Preferences(user_id=7, model=model))

    assert (await office.service.preferring.filled(SongWish(prompt="x"), 7)).model is None


async def test_choices_are_kept_and_what_is_not_named_stays() -> None:
    office = Office()
    preferring = office.service.preferring

    await preferring.change(7, PreferenceChanges(telling=Telling.DM, tags=" lo-fi,\n slow ", model="suno_music"))
    chosen = await preferring.change(7, PreferenceChanges(instrumental=True))

    assert chosen == Preferences(
        user_id=7, telling=Telling.DM, tags="lo-fi, slow", model="suno-music", instrumental=True
    )
    assert await preferring.get(7) == chosen


async def test_choices_that_can_not_be_are_refused() -> None:
    preferring = Office().service.preferring

    assert await refused(preferring.change(7, PreferenceChanges(model="words"))) is Reason.UNKNOWN_MODEL
    with pytest.raises(WishError):
        await preferring.change(7, PreferenceChanges(tags="sk-1234567890abcdef"))
    assert await preferring.get(7) == Preferences(user_id=7)


# --- versions --------------------------------------------------------------------------------------------------------


async def test_the_operators_versions_are_known_and_those_that_the_catalogue_names() -> None:
    models = [
        ModelInfo(id="suno-music", operations=("music",), versions=("chirp-v7", "chirp-v5.5")),
        ModelInfo(id="old", stage="retired", operations=("music",), versions=("chirp-v1",)),
    ]
    office = Office(models=models, versions=("chirp-v6", "chirp-v5-5"))
    asking = office.service.asking

    assert asking.versions() == ["chirp-v6", "chirp-v5-5", "chirp-v7"]
    assert [asking.is_known_version(one) for one in (None, "chirp-v7", "Chirp-v5.5 ", "chirp-v4")] == [
        True, True, True, False,
    ]  # fmt: skip


async def test_again_of_a_guess_is_a_guess_and_of_a_chosen_version_is_that_one() -> None:
    guess, chosen = (make_task(version="chirp-v5", version_chosen=one) for one in (False, True))
    refused = make_task(version="chirp-v5", version_chosen=True, version_offered="chirp-v6")

    found = [wish_again(task) for task in (guess, chosen, refused)]

    assert [(one.version, one.version_chosen) for one in found if isinstance(one, SongWish)] == [
        ("chirp-v5", False), ("chirp-v5", True), ("chirp-v6", False),
    ]  # fmt: skip


async def test_another_version_is_another_wish_only_where_it_is_chosen() -> None:
    office = Office(make_task(prompt="Rain", version="chirp-v5", state=State.RUNNING))
    with pytest.raises(RepeatedError):
        await office.service.asking.request(SongWish(prompt="Rain"), asker())
    task = await office.service.asking.request(
        SongWish(prompt="Rain", version="chirp-v5", version_chosen=True), asker(interaction_id=2)
    )
    assert (task.version, task.version_chosen) == ("chirp-v5", True)
