"""Who sees what of a song's family, and how far it is followed."""

from typing import Any

import pytest

from bot.domain.refusals import Reason
from bot.domain.tasks import MusicTask, State, TaskId
from tests.fakes.office import Office, asker, refused
from tests.fakes.rows import START, make_task

pytestmark = pytest.mark.usefixtures("databases")
ALICE, BOB = 7, 8
HERE, LOUNGE = {"guild_id": 70, "channel_id": 700}, {"guild_id": 70, "channel_id": 701}
ELSEWHERE, DIRECT = {"guild_id": 71, "channel_id": 710}, {"guild_id": None, "channel_id": 799}


def song(number: int, parent: int | None = None, **changes: Any) -> MusicTask:
    return make_task(number, **{"state": State.COMPLETED, "parent_id": parent, **changes})


async def tree(*tasks: MusicTask, of: int = 1, **who: Any) -> list[tuple[int, int | None]]:
    branches = await Office(*tasks).service.library.tree(TaskId(of), asker(**who))
    return [(one.depth, one.task.id if one.task else None) for one in branches]


async def test_each_one_stands_after_what_it_was_made_from() -> None:
    made = [song(1), song(2, 1), song(3, 2), song(4, 2), song(5, 3), song(6, 1)]

    assert await tree(*made, of=2) == [(0, 1), (1, 2), (2, 3), (3, 5), (2, 4)]


async def test_songs_that_are_not_shown_hide_none_behind_them() -> None:
    hidden = [song(number, 1, user_id=BOB, **LOUNGE) for number in range(2, 152)]

    assert await tree(song(1), *hidden, song(200, 1)) == [(0, 1), (1, 200)]


async def test_ones_own_are_shown_wherever_they_were_posted() -> None:
    made = [song(1, **DIRECT), song(2, 1, **ELSEWHERE), song(3, 2, **LOUNGE)]

    assert await tree(*made, of=2) == [(0, 1), (1, 2), (2, 3)]


@pytest.mark.parametrize(
    ("where", "posted", "is_shown"),
    [
        (HERE, HERE, True),
        (LOUNGE, HERE, True),
        (HERE, LOUNGE, False),
        (LOUNGE, LOUNGE, True),
        (HERE, ELSEWHERE, False),
        (ELSEWHERE, ELSEWHERE, True),
        (ELSEWHERE, HERE, False),
        (DIRECT, HERE, False),
        (DIRECT, DIRECT, False),
    ],
)
async def test_others_songs_are_shown_in_their_server_in_channels_that_one_knows(
    where: dict[str, Any], posted: dict[str, Any], *, is_shown: bool
) -> None:
    found = await tree(song(1, **HERE), song(2, 1, user_id=BOB, **posted), **where)

    assert found == ([(0, 1), (1, 2)] if is_shown else [(0, 1)])


async def test_what_was_made_from_a_song_that_is_not_shown_is_not_shown_either() -> None:
    assert await tree(song(1), song(2, 1, user_id=BOB, **ELSEWHERE), song(3, 2)) == [(0, 1)]


@pytest.mark.parametrize("changes", [{"deleted_at": START}, {"user_id": BOB, **ELSEWHERE}])
async def test_an_ancestor_that_is_not_shown_keeps_its_place(changes: dict[str, Any]) -> None:
    assert await tree(song(1), song(2, 1, **changes), song(3, 2), of=3) == [(0, 1), (1, None), (2, 3)]


async def test_a_long_line_is_followed_for_some_generations_up_and_down() -> None:
    line = [song(1), *(song(number, number - 1) for number in range(2, 41))]

    found = await tree(*line, of=20)

    assert found == [(depth, number) for depth, number in enumerate(range(8, 33))]


async def test_a_crowd_of_children_is_cut() -> None:
    assert len(await tree(song(1), *(song(number, 1) for number in range(2, 40)))) == 13


@pytest.mark.parametrize(
    ("of", "who", "reason"), [(1, BOB, Reason.NOT_YOURS), (9, ALICE, Reason.NOT_FOUND), (2, ALICE, Reason.NOT_FOUND)]
)
async def test_only_owners_see_a_family(of: int, who: int, reason: Reason) -> None:
    office = Office(song(1), song(2, deleted_at=START))

    assert await refused(office.service.library.tree(TaskId(of), asker(who))) is reason
