"""Servers that are not in the operator's list: when they are left, and what is waited for."""

from datetime import timedelta

import pytest

from bot.domain.tasks import PingStatus, State
from bot.engine.leaver import NOTICE, Leaver
from bot.engine.ports import ShowLaterError
from bot.store.servers import ServerStore
from tests.fakes.engine_fakes import FakeMemberships
from tests.fakes.rows import START, HandClock, Rows, make_task

pytestmark = pytest.mark.usefixtures("databases")
HOME, STRANGER, OTHER = 60, 70, 80
NOTICE_S = NOTICE.total_seconds()
DONE = {"state": State.COMPLETED, "ping_status": PingStatus.DONE, "pinged_for": State.COMPLETED}


class Door:
    """A leaver with everything around it; one server is in the list."""

    def __init__(self, *present: int, steps: tuple[Exception | None, ...] = (), allowed: tuple[int, ...] = (HOME,)):
        self.clock = HandClock()
        self.rows = Rows(self.clock)
        self.servers = ServerStore(self.rows.database, self.clock)
        self.discord = FakeMemberships(*present, steps=steps)
        self.restart(*allowed)

    def restart(self, *allowed: int) -> None:
        self.leaver = Leaver(self.servers, self.rows, self.discord, self.clock, frozenset(allowed))
        self.leaver.monotonic = self._seconds

    def _seconds(self) -> float:
        return (self.clock() - START).total_seconds()

    async def after(self, seconds: float) -> list[int]:
        """Which servers were left once so much time is over."""
        self.clock.tick(seconds)
        await self.leaver.step()
        return self.discord.left


async def test_nothing_is_left_before_discord_has_said_which_servers_there_are():
    door = Door(HOME, STRANGER)
    servers, door.discord.servers = door.discord.servers, None
    door.leaver.turn_away(STRANGER)
    assert await door.after(0) == []
    door.discord.servers = servers
    assert await door.after(0) == [STRANGER]


async def test_without_a_list_and_with_one_that_names_none_of_ours_everybody_stays():
    door = Door(HOME, STRANGER)
    await door.after(0)
    assert set(await door.servers.departures()) == {STRANGER}
    door.restart(OTHER)
    assert await door.after(2 * NOTICE_S) == []
    assert await door.servers.departures() == {}, "the next list gives another day"
    door.restart()
    assert await door.after(2 * NOTICE_S) == []


async def test_a_restart_neither_forgets_a_notice_nor_gives_another_one(caplog: pytest.LogCaptureFixture):
    door = Door(HOME, STRANGER)
    await door.after(0)
    door.restart(HOME)
    assert await door.after(NOTICE_S - 1) == []
    assert await door.servers.departures() == {STRANGER: START + NOTICE}
    assert await door.after(1) == [STRANGER]
    assert await door.after(60) == [STRANGER]
    assert await door.servers.departures() == {}
    said = [vars(one)["leave_at"] for one in caplog.records if "not in ALLOWED_SERVERS" in one.getMessage()]
    assert said == [(START + NOTICE).isoformat()] * 2, "each start names the moment"


async def test_what_is_owed_is_waited_for_and_no_longer_than_another_day():
    door = Door(HOME, STRANGER)
    door.rows.put(make_task(1, state=State.RUNNING, guild_id=STRANGER))
    await door.after(0)
    assert await door.after(NOTICE_S) == []
    door.rows.put(make_task(1, **DONE, guild_id=STRANGER, revision=3, shown_revision=2))
    assert await door.after(60) == [], "its card does not show it yet"
    door.rows.put(make_task(1, **DONE, guild_id=STRANGER))
    assert await door.after(60) == [STRANGER]

    door = Door(HOME, STRANGER)
    door.rows.put(make_task(1, guild_id=STRANGER), make_task(2, state=State.UNCERTAIN, guild_id=HOME))
    await door.after(0)
    assert await door.after(2 * NOTICE_S - 1) == []
    assert await door.after(1) == [STRANGER]


async def test_what_is_unclear_holds_up_nothing():
    door = Door(HOME, STRANGER)
    told = {"ping_status": PingStatus.DONE, "pinged_for": State.UNCERTAIN}
    door.rows.put(make_task(1, state=State.UNCERTAIN, guild_id=STRANGER, **told))
    await door.after(0)
    assert await door.after(NOTICE_S) == [STRANGER]


async def test_who_was_just_added_is_left_at_once_though_discord_is_slow_and_again_when_added_again():
    door = Door(HOME, STRANGER, steps=(ShowLaterError(), None, None))
    door.discord.is_slow = True
    door.leaver.turn_away(STRANGER)
    assert await door.after(0) == []
    assert await door.after(5) == [STRANGER]
    assert await door.after(60) == [STRANGER], "it is not left twice"
    door.leaver.turn_away(STRANGER)
    assert await door.after(1) == [STRANGER, STRANGER]


async def test_who_was_just_added_is_left_even_where_the_list_names_none_of_ours():
    door = Door(STRANGER, OTHER, allowed=(HOME,))
    door.leaver.turn_away(OTHER)
    assert await door.after(timedelta(minutes=1).total_seconds()) == [OTHER]
    assert await door.after(2 * NOTICE_S) == [OTHER]
