"""Which take of a song is continued: the one that is named, else one that can be heard and continued."""

from dataclasses import replace
from typing import Any

import pytest

from bot.domain.drafts import Draft
from bot.domain.refusals import Reason, Refused
from bot.domain.replies import ReplyWish
from bot.domain.takes import MediaFile, Track
from bot.domain.tasks import Result, State, TaskId
from bot.domain.wishes import ContinuationWish, wish_again
from bot.service.asking import RepeatedError
from tests.fakes.office import Office, asker
from tests.fakes.rows import make_task

pytestmark = pytest.mark.usefixtures("databases")

TRACKS = tuple(Track(audio_url=f"https://m.example/{take}.mp3", audio_id=f"c{take}") for take in (1, 2))
FILES = tuple(
    MediaFile(name=f"1-{take}.mp3", shown_as="x.mp3", size_bytes=9, duration_s=length_s, take=take)
    for take, length_s in ((1, 20.0), (2, 60.0))
)
DUET = make_task(
    state=State.COMPLETED,
    result=Result(tracks=TRACKS),
    media=FILES,
    clip_candidates={"audio_id": ["c1"], "data": ["c1", "c2"]},
)


def office_of(parent: Any = DUET, **settings: Any) -> Office:
    return Office(parent, **settings)


async def continued(office: Office, take: int | None, at_s: float | None = None) -> tuple[str | None, int | None]:
    task = await office.service.asking.request(ContinuationWish(parent_id=TaskId(1), take=take, at_s=at_s), asker())
    return task.clip_id, task.parent_take


async def refusal_of(office: Office, take: int | None, at_s: float | None = None) -> tuple[Reason, tuple[Any, ...]]:
    with pytest.raises(Refused) as error:
        await continued(office, take, at_s)
    assert len(office.rows) == 1
    return error.value.reason, error.value.details


@pytest.mark.parametrize(("take", "made"), [(None, ("c1", 1)), (1, ("c1", 1)), (2, ("c2", 2))])
async def test_the_clip_is_that_of_the_take(take: int | None, made: Any) -> None:
    assert await continued(office_of(), take) == made


@pytest.mark.parametrize(
    ("changes", "made"),
    [
        ({"media": FILES[1:]}, ("c2", 2)),
        ({"media": ()}, ("c1", 1)),
        ({"result": Result(tracks=(replace(TRACKS[0], audio_id=None), TRACKS[1])), "clip_candidates": {}}, ("c2", 2)),
    ],
)
async def test_where_none_is_named_it_is_one_that_is_here_and_can_be_continued(changes: Any, made: Any) -> None:
    assert await continued(office_of(replace(DUET, **changes)), None) == made


async def test_a_song_with_one_take_needs_no_name() -> None:
    one = replace(DUET, result=Result(tracks=TRACKS[:1]), media=FILES[:1])

    assert await continued(office_of(one), None) == ("c1", None)
    assert await continued(office_of(one), 1) == ("c1", None)


async def test_a_take_that_does_not_exist_is_refused_with_those_that_do() -> None:
    assert await refusal_of(office_of(), 3) == (Reason.NO_SUCH_TAKE, ("1", "2"))


async def test_a_take_without_a_clip_is_refused_and_the_other_one_offered() -> None:
    nameless = replace(DUET, result=Result(tracks=(TRACKS[0], replace(TRACKS[1], audio_id=None))))

    assert await refusal_of(office_of(nameless), 2) == (Reason.NO_CLIP_OF_TAKE, ("1",))


@pytest.mark.parametrize(("take", "at_s", "length_s"), [(1, 30.0, 20.0), (None, 30.0, 20.0), (2, 61.0, 60.0)])
async def test_a_start_lies_within_the_take_that_is_chosen(take: int | None, at_s: float, length_s: float) -> None:
    assert await refusal_of(office_of(), take, at_s) == (Reason.BEYOND_END, (length_s,))


async def test_a_start_beyond_the_end_of_another_take_is_fine() -> None:
    assert await continued(office_of(), 2, 30.0) == ("c2", 2)


async def test_the_same_wish_for_the_other_take_is_not_the_same() -> None:
    asking = office_of().service.asking
    for number, take in enumerate((1, 2)):
        await asking.request(ContinuationWish(parent_id=TaskId(1), take=take), asker(interaction_id=600 + number))

    with pytest.raises(RepeatedError):
        await asking.request(ContinuationWish(parent_id=TaskId(1), take=2), asker(interaction_id=700))


async def test_once_more_means_the_same_take() -> None:
    task = make_task(kind="continuation", parent_id=1, parent_take=2, prompt="x")

    assert wish_again(task) == ContinuationWish(parent_id=TaskId(1), take=2, prompt="x")


# --- drafts ----------------------------------------------------------------------------------------------------------


def wish_in(draft: Draft) -> ContinuationWish:
    assert isinstance(draft.wish, ContinuationWish)
    return draft.wish


@pytest.mark.parametrize(("said", "take"), [(None, 1), (2, 2)])
async def test_a_draft_keeps_the_take_that_the_question_shows(said: int | None, take: int) -> None:
    office = office_of()
    draft = await office.service.asking.draft_reply(ReplyWish(prompt="x", take=said), DUET, asker(), message_id=9)

    assert wish_in(draft).take == take
    assert (await office.service.asking.start_draft(draft.id, asker())).clip_id == f"c{take}"


async def test_a_draft_can_be_changed_to_another_take_within_its_length() -> None:
    office = office_of()
    draft = await office.service.asking.draft_reply(ReplyWish(prompt="x"), DUET, asker(), message_id=9)

    with pytest.raises(Refused):
        await office.service.asking.change_draft(draft.id, asker(), take=1, prompt="x", at_s=30.0)
    changed = await office.service.asking.change_draft(draft.id, asker(), take=2, prompt="x", at_s=30.0)

    assert (wish_in(changed).take, wish_in(changed).at_s) == (2, 30.0)


@pytest.mark.parametrize("tracks", [TRACKS, TRACKS[:1]])
async def test_a_draft_whose_song_can_not_be_continued_any_more_is_not_changed(tracks: Any) -> None:
    song = replace(DUET, result=Result(tracks=tracks))
    office = office_of(song)
    draft = await office.service.asking.draft_reply(ReplyWish(prompt="x"), song, asker(), message_id=9)
    nameless = tuple(replace(track, audio_id=None) for track in tracks)
    office.rows.change(1, result=Result(tracks=nameless), clip_candidates={})

    with pytest.raises(Refused) as error:
        await office.service.asking.change_draft(draft.id, asker(), prompt="y", at_s=None)

    assert error.value.reason is Reason.NO_CLIP


async def test_a_reply_that_names_no_take_of_the_song_is_refused() -> None:
    with pytest.raises(Refused) as error:
        await office_of().service.asking.draft_reply(ReplyWish(prompt="x", take=7), DUET, asker(), message_id=9)

    assert error.value.reason is Reason.NO_SUCH_TAKE


# --- lists -----------------------------------------------------------------------------------------------------------


async def test_a_list_knows_how_many_takes_a_song_has() -> None:
    office = Office(DUET, make_task(2, state=State.COMPLETED, result=Result(tracks=TRACKS[:1])))

    assert [(one.id, one.takes) for one in await office.service.library.clips(7, "")] == [(2, 1), (1, 2)]
