"""Who puts up a live board and takes it down."""

from typing import Any

import pytest

from bot.domain.audit import Act, Deed
from bot.domain.refusals import Reason
from bot.domain.rules import Rules, Server
from bot.store.schema import boards
from tests.fakes.office import Office, asker, refused

pytestmark = pytest.mark.usefixtures("databases")
MO: dict[str, Any] = {"user_id": 9, "is_moderator": True}


@pytest.mark.parametrize(("ruled", "locale"), [(None, "en-US"), ("ja", "ja")])
async def test_a_board_speaks_the_language_of_its_server(ruled: str | None, locale: str) -> None:
    office = Office()
    office.rows.put_server(Server(guild_id=70, rules=Rules(locale=ruled)))
    await office.service.boards.put_up(asker(**MO))

    assert [board.locale for board in office.rows.all(boards)] == [locale]
    assert office.rows.deeds == [Deed(act=Act.BOARD, guild_id=70, actor_id=9, after={"channel_id": 700})]
    assert office.rung == ["changed"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, Reason.MODERATOR_ONLY),
        ({"is_moderator": True, "guild_id": None}, Reason.MODERATOR_ONLY),
        ({"is_moderator": True, "missing_permissions": ("embed links",)}, Reason.MISSING_PERMISSION),
    ],
)
async def test_who_or_what_can_not_put_up_a_board(changes: dict[str, Any], reason: Reason) -> None:
    office = Office()

    assert await refused(office.service.boards.put_up(asker(**changes))) is reason
    assert (office.rows.all(boards), office.rows.deeds, office.rung) == ([], [], [])


async def test_a_board_is_taken_down_by_moderators_only_and_told_once() -> None:
    office = Office()
    desk = office.service.boards
    await desk.put_up(asker(**MO))
    board = await office.notices.board(700)
    assert board is not None
    begun = await office.notices.begin_sending(board)
    assert begun is not None
    await office.notices.sent(begun, 1, "looks")

    assert await refused(desk.take_down(1, asker())) is Reason.MODERATOR_ONLY
    assert await desk.take_down(2, asker(**MO)) == set()
    assert len(office.rows.all(boards)) == 1
    assert await desk.take_down(1, asker(**MO)) == {1}
    assert await desk.take_down(1, asker(**MO)) == set()
    assert office.rows.all(boards) == []
    assert [(deed.before, deed.after) for deed in office.rows.deeds] == [
        ({}, {"channel_id": 700}), ({"channel_id": 700}, {}),
    ]  # fmt: skip


async def test_the_boards_of_a_server_that_is_gone_are_forgotten() -> None:
    office = Office()
    await office.service.boards.put_up(asker(**MO))
    await office.service.boards.put_up(asker(**MO, guild_id=71, channel_id=710))
    await office.service.boards.server_removed(70)

    assert [board.channel_id for board in office.rows.all(boards)] == [710]
