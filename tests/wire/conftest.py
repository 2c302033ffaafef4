"""A studio for tests: the pretended Discord, the TokenLab stand-in, and the real process `python -m bot` between them.

`studio` is a fresh one for one test; `shared` is one for all tests of a module, which must mark themselves with
`SHARED_LOOP`. Both hold up at the end of each test what must hold always: nothing that either side's published
description forbids was sent, no key and no token got where it does not belong, and nothing ended in a trace.
"""

import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from sandbox.api import SeenRequest
from sandbox.tokenlab import StandIn
from tests.fakes.contracts import Contract, assert_clean
from tests.fakes.discord_faults import RecordedRequest
from tests.fakes.discord_interactions import Answer
from tests.fakes.discord_server import DiscordServer
from tests.fakes.discord_state import TEN_MIB
from tests.fakes.discord_world import FakeChannel, FakeMessage, FakeUser, Permission
from tests.fakes.standin_api import ONE_SHORT_TAKE, OneTune
from tests.wire.harness import API_KEY, BotProcess, bot_settings, edit_rows, read_rows

SHARED_LOOP = pytest.mark.asyncio(loop_scope="module")
SONG_S = 0.2
LYRICS_S = 0.2
NEVER_S = 1e9
QUICK = {"POLL_INTERVAL_S": "0.1", "TASK_DEADLINE_S": "60"}
CARD_EDIT = r"^/(webhooks/\d+/[^/]+|channels/\d+)/messages/"
"""Either way to edit a message: by an interaction's token, or by its channel."""
BY_TOKEN = r"^/webhooks/"
BY_CHANNEL = r"^/channels/\d+/messages/\d+$"
SEND = r"^/channels/\d+/messages$"
NEWEST = "(SELECT max(id) FROM music_tasks)"
Row = dict[str, Any]
Measure = Callable[[str, float], None]


class Studio:
    """Both servers and the bot, and what people in these tests often do."""

    def __init__(self, discord: DiscordServer, standin: StandIn, bot: BotProcess) -> None:
        self.discord, self.standin, self.bot = discord, standin, bot
        self._checked = (0, 0)
        """So many requests to Discord and TokenLab have been looked at by `check`."""

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

    async def running(self, prompt: str = "Slow harbour blues", **options: Any) -> tuple[Answer, str]:
        """Ask for a song that is not finished before `standin.finish`; gives the answer and the provider's id."""
        self.standin.rules.song_s = NEVER_S
        answer = await self.song(prompt, **options)
        await self.shows(answer.shown, "Being made")
        row = await self.until_row(answer.shown, lambda row: row["shown_revision"] == row["revision"])
        return answer, str(row["provider_task_id"])

    async def finished(self, prompt: str = "Slow harbour blues", **options: Any) -> FakeMessage:
        """Ask for a song and wait until its card carries the audio and the requester was told."""
        card = (await self.song(prompt, **options)).shown
        await self.shows(card, "Finished")
        await self.told(card)
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
        rows = await self.bot.until_rows(
            lambda rows: [row for row in rows if row["message_id"] == card.id and predicate(row)], timeout_s=timeout_s
        )
        return next(row for row in rows if row["message_id"] == card.id)

    async def in_state(self, state: str, prompt: str) -> Row:
        """The row of that prompt, once it is in that state."""
        rows = await self.bot.until_rows(lambda rows: [r for r in rows if (r["prompt"], r["state"]) == (prompt, state)])
        return next(row for row in rows if row["prompt"] == prompt)

    def attempts(self, prompt: str) -> list[str]:
        """How each POST for that prompt went."""
        sql = "SELECT prompt, outcome FROM attempts JOIN music_tasks ON id = task_id ORDER BY task_id, number"
        return [row["outcome"] for row in self.rows(sql) if row["prompt"] == prompt]

    async def told(self, card: FakeMessage) -> Row:
        """The row of that card, once its requester was told of how it ended and nothing is left to be done."""
        return await self.until_row(card, lambda r: r["ping_status"] == "done" and r["pinged_for"] == r["state"])

    # Looking.

    def rows(self, sql: str = "SELECT * FROM music_tasks ORDER BY id") -> list[Row]:
        return read_rows(self.bot.database, sql)

    def age(self, seconds: float) -> None:
        """Let the newest row be older, as if so much time had passed while the bot was down."""
        assert not self.bot.running, "time passes for a dead bot only"
        moments = (
            "created_at",
            "state_at",
            "token_at",
            "ping_at",
            "submitted_at",
            "deadline_at",
            "looked_at",
            "posting_at",
        )
        changes = ", ".join(f"{name} = {name} - {int(seconds * 1000)}" for name in moments)
        edit_rows(self.bot.database, f"UPDATE music_tasks SET {changes} WHERE id = {NEWEST}")  # noqa: S608 - our own words

    def creates(self, prompt: str) -> list[Any]:
        """The accepted creates with that prompt."""
        return [create for create in self.standin.creates if create.body["prompt"] == prompt]

    def asked_for(self, prompt: str) -> bool:
        """Whether a POST with that prompt has reached TokenLab."""
        return any(
            seen.method == "POST" and (seen.body or {}).get("prompt") == prompt for seen in self.standin.requests
        )

    # Holding up.

    def check(self) -> None:
        """What holds at the end of every test; see the module's docstring."""
        discord, own = list(self.discord.violations), list(self.discord.own_violations)
        self.discord.violations.clear()
        self.discord.own_violations.clear()
        assert_clean(discord)
        assert_clean(own)
        assert self.standin.leaks == []
        asked, looked = self.discord.requests[self._checked[0] :], self.standin.requests[self._checked[1] :]
        self._checked = (len(self.discord.requests), len(self.standin.requests))
        assert_clean(self._api_violations(looked))
        self._check_secrets(asked, looked)
        self._check_traces()

    def reset(self) -> None:
        """Mend what a test of a shared studio has broken."""
        discord = self.discord
        discord.faults.heal()
        self.standin.faults.clear()
        self.standin.rules.song_s = SONG_S
        discord.state.attachment_size_limit = TEN_MIB
        for user in discord.state.users.values():
            user.dms_open = True
        for channel in discord.state.channels.values():
            channel.bot_permissions = int(Permission.EVERYONE)

    def _api_violations(self, requests: Sequence[SeenRequest]) -> Iterator[str]:
        if (api := Contract.load("tokenlab-openapi.json")) is not None:
            for seen in requests:
                yield from api.check_request(seen.method, seen.path, query=seen.query, json_body=seen.body)

    def _check_secrets(self, discord: Sequence[RecordedRequest], tokenlab: Sequence[SeenRequest]) -> None:
        output, secrets = self.bot.output, [API_KEY, self.discord.token, *self.discord.state.interactions]
        assert [secret for secret in secrets if secret in output] == [], "a secret is in the log"
        sent = json.dumps([[request.path, request.json, request.headers] for request in discord])
        assert API_KEY not in sent, "the key was sent to Discord"
        assert self.discord.token not in sent, "the token was sent outside its header"
        asked = json.dumps([[seen.path, dict(seen.query), dict(seen.headers), seen.body] for seen in tokenlab])
        assert self.discord.token not in asked, "Discord's token was sent to TokenLab"

    def _check_traces(self) -> None:
        traces = [line.replace("\\n", "\n") for line in self.bot.lines if "Traceback" in line]
        assert traces == [], "\n".join(traces)


def task_number(card: FakeMessage) -> int:
    """The number in a card's footer."""
    found = re.search(r"#(\d+)$", card.embed["footer"]["text"])
    assert found is not None
    return int(found[1])


@asynccontextmanager
async def open_studio(folder: Path, **changes: str) -> AsyncIterator[Studio]:
    """Both servers and a bot that is not running yet."""
    standin = StandIn(keys=(API_KEY,), song_s=SONG_S, lyrics_s=LYRICS_S, settle_s=0.0, **ONE_SHORT_TAKE)
    standin._media._jukebox = OneTune()
    async with DiscordServer() as discord, standin:
        env = bot_settings(discord, tokenlab_base=standin.api_base, data_dir=folder, **{**QUICK, **changes})
        bot = BotProcess(discord, env, data_dir=folder)
        try:
            yield Studio(discord, standin, bot)
        finally:
            discord.faults.cut_held()
            await bot.kill()


@pytest.fixture
def measure(request: pytest.FixtureRequest) -> Measure:
    """Notes a measured number, which is told at the end of the run."""

    def note(name: str, value: float) -> None:
        request.node.user_properties.append((name, round(value, 3)))

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell what was measured."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)]
    for report in reports:
        if report.when == "call":
            for name, value in report.user_properties:
                terminalreporter.write_line(f"measured {name} = {value}: {report.nodeid}")


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


@pytest_asyncio.fixture(loop_scope="module")
async def shared(running_studio: Studio) -> AsyncIterator[Studio]:
    """The module's studio, checked and mended after each test; a bot that was left dead is started again."""
    if not running_studio.bot.running:
        await running_studio.bot.start()
    running_studio.bot.lines.clear()
    yield running_studio
    running_studio.reset()
    running_studio.check()
