"""A studio for tests: the pretended Discord, the TokenLab stand-in, and the real process `python -m bot` between them.

`studio` is a fresh one for one test; `shared` is one for all tests of a module, which must mark themselves with
`SHARED_LOOP`. Both hold up at the end of each test what must hold always: nothing that either side's published
description forbids was sent, no key and no token got where it does not belong, and nothing ended in a trace.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from sandbox.api import SeenRequest
from sandbox.tokenlab import StandIn
from tests.fakes.contracts import Contract, assert_clean
from tests.fakes.discord_interactions import Answer
from tests.fakes.discord_server import DiscordServer
from tests.fakes.discord_world import FakeChannel, FakeMessage, FakeUser, Permission
from tests.wire.harness import API_KEY, BotProcess, bot_settings, edit_rows, read_rows

SHARED_LOOP = pytest.mark.asyncio(loop_scope="module")
SONG_S = 0.4
LYRICS_S = 0.3
QUICK = {"POLL_INTERVAL_S": "0.1", "TASK_DEADLINE_S": "60"}
CARD_EDIT = r"^/(webhooks/\d+/[^/]+|channels/\d+)/messages/"
"""Either way to edit a message: by an interaction's token, or by its channel."""
BY_TOKEN = r"^/webhooks/"
BY_CHANNEL = r"^/channels/\d+/messages/\d+$"
SEND = r"^/channels/\d+/messages$"
PINGS_SQL = "SELECT * FROM task_messages WHERE role = 'ping' ORDER BY message_id"
Row = dict[str, Any]


class Studio:
    """Both servers and the bot, and what people in these tests often do."""

    def __init__(self, discord: DiscordServer, standin: StandIn, bot: BotProcess) -> None:
        self.discord, self.standin, self.bot = discord, standin, bot
        self.expected_traces: list[str] = []
        self._api = Contract.load("tokenlab-openapi.json")

    # Doing.

    async def song(
        self,
        prompt: str = "Slow harbour blues",
        *,
        user: FakeUser | None = None,
        channel: FakeChannel | None = None,
        **options: Any,
    ) -> Answer:
        """Ask for a song; gives the answer, whose message is the card."""
        discord = self.discord
        return await discord.slash(user or discord.alice, channel or discord.songs, "song", prompt=prompt, **options)

    async def finished(self, prompt: str = "Slow harbour blues", **options: Any) -> FakeMessage:
        """Ask for a song and wait until its card carries the audio and the requester was told."""
        card = (await self.song(prompt, **options)).shown
        await self.shows(card, "Finished")
        await self.ping_of(card)
        return card

    # Waiting.

    async def shows(self, card: FakeMessage, words: str, *, timeout_s: float = 15.0) -> FakeMessage:
        """The card, once it says that."""
        try:
            await self.bot.while_running(self.discord.until(lambda: words in card.text, timeout_s=timeout_s))
        except TimeoutError as error:
            raise TimeoutError(f"the card never said {words!r}:\n{card.text}\n{self.bot.output[-3000:]}") from error
        return card

    async def ping_of(self, card: FakeMessage) -> FakeMessage:
        """The first reply of the bot to the card."""
        found = await self.bot.while_running(self.discord.until(lambda: self.pings_of(card)))
        first: FakeMessage = found[0]
        return first

    def pings_of(self, card: FakeMessage) -> list[FakeMessage]:
        """Every reply of the bot to the card."""
        return [m for m in card.channel.history if m.author is self.discord.bot and m.reply_to is card]

    async def until_row(self, card: FakeMessage, predicate: Callable[[Row], Any], *, timeout_s: float = 15.0) -> Row:
        """The row of that card, once the predicate likes it."""
        sql = f"SELECT * FROM music_tasks WHERE message_id = {card.id}"
        rows = await self.bot.until_rows(lambda rows: rows and predicate(rows[0]), sql=sql, timeout_s=timeout_s)
        return rows[0]

    async def in_state(self, state: str, *, timeout_s: float = 15.0) -> Row:
        """The newest row, once it is in that state."""
        rows = await self.bot.until_rows(lambda rows: rows and rows[-1]["state"] == state, timeout_s=timeout_s)
        return rows[-1]

    async def told(self, card: FakeMessage) -> Row:
        """The row of that card, once its requester was told and nothing is left to be done."""
        return await self.until_row(card, lambda row: row["ping_status"] == "done")

    # Looking.

    def rows(self, sql: str = "SELECT * FROM music_tasks ORDER BY id") -> list[Row]:
        return read_rows(self.bot.database, sql)

    def age(self, seconds: float, where: str = "1 = 1") -> None:
        """Let the rows be older, as if so much time had passed while the bot was down."""
        assert not self.bot.running, "time passes for a dead bot only"
        moments = ("created_at", "state_at", "token_at", "ping_at", "submitted_at", "deadline_at", "looked_at")
        changes = ", ".join(f"{name} = {name} - {int(seconds * 1000)}" for name in moments)
        edit_rows(self.bot.database, f"UPDATE music_tasks SET {changes} WHERE {where}")  # noqa: S608 - a test's own words

    def creates(self, prompt: str) -> list[Any]:
        """The accepted creates with that prompt."""
        return [create for create in self.standin.creates if create.body["prompt"] == prompt]

    # Holding up.

    def check(self) -> None:
        """What holds at the end of every test; see the module's docstring."""
        discord, own = list(self.discord.violations), list(self.discord.own_violations)
        self.discord.violations.clear()
        self.discord.own_violations.clear()
        assert_clean(discord)
        assert_clean(own)
        assert_clean(self._api_violations())
        assert self.standin.leaks == []
        self._check_secrets()
        self._check_traces()

    def reset(self) -> None:
        """Mend what a test of a shared studio has broken."""
        discord = self.discord
        discord.faults.heal()
        self.standin.faults.clear()
        discord.state.attachment_size_limit = type(discord.state)().attachment_size_limit
        for user in discord.state.users.values():
            user.dms_open = True
        for channel in discord.state.channels.values():
            channel.bot_permissions = int(Permission.EVERYONE)

    def _api_violations(self) -> Iterator[str]:
        for seen in self.standin.requests if self._api is not None else ():
            assert self._api is not None
            yield from self._api.check_request(seen.method, seen.path, query=seen.query, json_body=seen.body)

    def _check_secrets(self) -> None:
        tokens = [API_KEY, self.discord.token, *self.discord.state.interactions]
        assert [token for token in tokens if token in self.bot.output] == [], "a secret is in the log"
        sent = json.dumps([[request.path, request.json, request.headers] for request in self.discord.requests])
        assert API_KEY not in sent, "the key was sent to Discord"
        assert self.discord.token not in sent, "the token was sent outside its header"
        asked = json.dumps([[seen.path, dict(seen.query), dict(seen.headers), seen.body] for seen in self.requests])
        assert self.discord.token not in asked, "Discord's token was sent to TokenLab"

    def _check_traces(self) -> None:
        traces = [line for line in self.bot.lines if "Traceback" in line]
        unexpected = [t for t in traces if not any(word in t for word in self.expected_traces)]
        assert unexpected == [], "\n".join(line.replace("\\n", "\n") for line in unexpected)

    @property
    def requests(self) -> list[SeenRequest]:
        return self.standin.requests


def task_number(card: FakeMessage) -> int:
    """The number in a card's footer."""
    found = re.search(r"#(\d+)$", card.embed["footer"]["text"])
    assert found is not None
    return int(found[1])


async def hand_over(*waiting: Any) -> list[Any]:
    """Wait for several things at once."""
    return list(await asyncio.gather(*waiting))


@asynccontextmanager
async def open_studio(folder: Path, **changes: str) -> AsyncIterator[Studio]:
    """Both servers and a bot that is not running yet."""
    standin = StandIn(keys=(API_KEY,), song_s=SONG_S, lyrics_s=LYRICS_S, settle_s=0.0)
    async with DiscordServer() as discord, standin:
        env = bot_settings(discord, tokenlab_base=standin.api_base, data_dir=folder, **{**QUICK, **changes})
        bot = BotProcess(discord, env, data_dir=folder)
        try:
            yield Studio(discord, standin, bot)
        finally:
            discord.faults.cut_held()
            await bot.kill()


@pytest.fixture
async def stopped(tmp_path: Path) -> AsyncIterator[Studio]:
    """A studio for one test whose bot does not run yet."""
    async with open_studio(tmp_path) as studio:
        yield studio
        studio.check()


@pytest.fixture
async def studio(stopped: Studio) -> Studio:
    """A studio for one test, its bot running."""
    await stopped.bot.start()
    return stopped


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running_studio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Studio]:
    """One process for all tests of a module."""
    async with open_studio(tmp_path_factory.mktemp("studio")) as studio:
        await studio.bot.start()
        yield studio


@pytest.fixture
def shared(running_studio: Studio) -> Iterator[Studio]:
    """The module's studio, checked and mended after each test."""
    yield running_studio
    running_studio.reset()
    running_studio.check()
