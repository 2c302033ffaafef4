"""A whole world in one process: real discord.py on a simulated Discord, the stand-in, SQLite, and a clock by hand."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import discord
import pytest
from simcord.actors import _dispatch_actor_interaction
from simcord.backend import serializers
from simcord.builders import ChannelHandle
from simcord.enums import InteractionType
from simcord.env import Env

from bot.app import App, build
from bot.domain.refusals import Refused
from bot.domain.ruling import RuleError
from bot.domain.tasks import MusicTask, State, TaskId
from bot.domain.wishes import WishError
from bot.settings import Settings
from bot.store.database import Database
from bot.store.migrate import migrate
from bot.ui.media import cover
from sandbox.tokenlab import StandIn
from tests.fakes.rows import write_columns
from tests.fakes.standin_api import ONE_SHORT_TAKE, OneTune

NO_LIMITS = {"first_monthly_usd": None, "new_server_daily_per_member": None, "new_server_daily_per_server": None}
"""What holds in a new database and a new server is the business of those tests that say so."""
TURNS_MAX = 40
SETTLE_TIMEOUT_S = 25.0
"""How long a busy machine may take over one step; less than any timer of the bot, or the step would wait for it."""


_migrated: list[bytes] = []


async def fresh_database(folder: Path) -> None:
    """A database with all tables, made once for all tests and copied from then on."""
    path = folder / "encore.db"
    if not _migrated:
        database = Database(f"sqlite+aiosqlite:///{path}")
        await migrate(database)
        await database.close()
        _migrated.append(path.read_bytes())
    path.write_bytes(_migrated[0])


class World:
    """Discord, TokenLab and the bot; `turn` and `advance` make things happen."""

    def __init__(
        self, folder: Path, *, standin: Mapping[str, Any] | None = None, loads_catalogue: bool = True, **changes: Any
    ) -> None:
        self.folder = folder
        self.changes = changes
        self.standin_options = dict(standin or {})
        self.loads_catalogue = loads_catalogue
        self.env: Env
        self.app: App
        self.guild: Any
        self.channel: Any
        self.other_channel: Any
        self.alice: Any
        self.bob: Any
        self.mo: Any
        self._stack = AsyncExitStack()
        self._app_stack = AsyncExitStack()
        self._now = datetime(2026, 1, 1, tzinfo=UTC)

    def clock(self) -> datetime:
        """The virtual moment that Discord, TokenLab and the bot share."""
        if hasattr(self, "env"):
            self._now = self.env.now()
        return self._now

    def settings(self) -> Settings:
        values: dict[str, Any] = {
            "discord_token": "token",
            "tokenlab_api_key": self.standin.key,
            "tokenlab_api_base": self.standin.api_base,
            "database_url": f"sqlite+aiosqlite:///{self.folder / 'encore.db'}",
            "media_dir": self.folder / "media",
            "media_allow_private": True,
            "tokenlab_create_timeout_s": 3,
            "shard_count": 1,
            **NO_LIMITS,
        }
        return Settings(_env_file=None, **{**values, **self.changes})

    async def __aenter__(self) -> "World":
        try:
            return await self._open()
        except BaseException:
            await self.__aexit__()
            raise

    async def _open(self) -> "World":
        self.standin = await self._stack.enter_async_context(
            StandIn(
                clock=lambda: self.clock().timestamp(),
                **{**ONE_SHORT_TAKE, "song_s": 15, "lyrics_s": 6, **self.standin_options},
            )
        )
        self.standin._media._jukebox = OneTune()
        await fresh_database(self.folder)
        await self._build()
        self.env = Env(self.app.bot, settle_timeout=SETTLE_TIMEOUT_S)
        self._stack.push_async_callback(self.env.shutdown)
        await self.env.start()
        await self.app.commands.sync()
        guild = self.env.create_guild(name="Studio")
        self.guild = guild
        self.channel = guild.create_text_channel("songs")
        self.other_channel = guild.create_text_channel("lounge")
        self.alice = guild.add_member(self.env.create_user("Alice"))
        self.bob = guild.add_member(self.env.create_user("Bob"))
        moderator = guild.create_role("Moderator", permissions=discord.Permissions(manage_messages=True))
        self.mo = guild.add_member(self.env.create_user("Mo"), roles=[moderator])
        await self._read_catalogue()
        await self.env.settle()
        return self

    async def _read_catalogue(self) -> None:
        if self.loads_catalogue:
            await self.app.catalogue.refresh()

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()
        await self._app_stack.aclose()

    async def _build(self) -> None:
        self.app = await self._app_stack.enter_async_context(build(self.settings(), clock=self.clock))
        self.app.engine.poller._budget._monotonic = lambda: self.clock().timestamp()  # the one budget of all workers
        self.app.engine.poller.monotonic = lambda: self.clock().timestamp()

    async def restart(self, *statements: str) -> None:
        """The process dies and comes back: nothing of it is left but the files.

        `statements` put the rows back to where they were at the moment of dying.
        """
        await self._app_stack.aclose()
        self._app_stack = AsyncExitStack()
        with closing(sqlite3.connect(self.folder / "encore.db")) as connection, connection:
            for statement in statements:
                connection.execute(statement)
        await self._build()
        await self.env.restart_bot(self.app.bot)
        await self.app.commands.sync()
        await self._read_catalogue()
        await self.app.engine.recover()

    async def turn(self) -> None:
        """One turn of every worker."""
        await self.app.engine.step()
        await self.env.settle()

    async def advance(self, seconds: float) -> None:
        """Let time pass, then let every worker have two turns: one to act, one to show."""
        await self.env.advance_time(seconds)
        await self.turn()
        await self.turn()

    async def until(self, state: State, task_id: int = 1, *, step_s: float = 6.0) -> MusicTask:
        """Let time pass until a task is in a state and its card shows that."""
        for _ in range(TURNS_MAX):
            task = await self.task(task_id)
            if task.state is state and task.shown_revision == task.revision:
                return task
            await self.advance(step_s)
        raise AssertionError(f"task {task_id} is {task.state}, not {state}")

    async def until_seen(self, condition: Callable[[], bool]) -> None:
        """Let the workers take turns until people see this; no time passes."""
        for _ in range(TURNS_MAX):
            if condition():
                return
            await self.turn()
        raise AssertionError("the workers never show that")

    async def task(self, task_id: int = 1) -> MusicTask:
        task = await self.app.stores.tasks.get(TaskId(task_id))
        assert task is not None
        return task

    async def write(self, task_id: int, **columns: Any) -> None:
        """Write columns of a task behind the program's back."""
        await write_columns(self.app.database, task_id, **columns)

    def card(self, task: MusicTask) -> Any:
        """The card as people see it now."""
        assert task.message_id is not None
        for channel in (self.channel, self.other_channel, self.alice.user.dm_channel):
            for message in channel.history():
                if message.id == task.message_id:
                    return message
        raise AssertionError(f"no card of task {task.id}")

    async def song(self, prompt: str = "Slow harbour blues", *, by: Any = None, **options: Any) -> MusicTask:
        """A member asks for a song and gets it, ready ping included."""
        task = await self.asked(prompt, by=by, **options)
        await self.turn()
        await self.until(State.COMPLETED, task.id, step_s=16)
        await self.turn()
        return await self.task(task.id)

    async def asked(self, prompt: str = "Slow harbour blues", *, by: Any = None, **options: Any) -> MusicTask:
        """A member asks for a song; nothing is sent yet."""
        answer = await (by or self.alice).slash(self.channel, "song", prompt=prompt, **options)
        assert answer.response is not None, "no answer"
        assert not answer.response.ephemeral, answer.response.content
        found = await self.app.stores.tasks.by_message(answer.response.id)
        assert found is not None
        return found

    async def uncertain(self) -> MusicTask:
        """A song whose create was accepted although no answer came back."""
        task = await self.asked()
        self.standin.faults.on_create("drop_recorded")
        return await self.until(State.UNCERTAIN, task.id, step_s=1)

    def pings(self) -> list[discord.Message]:
        """The ready pings that stand in the channel."""
        return [m for m in self.channel.history() if m.author.bot and m.content.startswith(f"<@{self.alice.id}> ")]

    def dms(self) -> list[discord.Message]:
        """What the bot has told Alice directly."""
        return [message for message in self.alice.user.dm_channel.history() if message.author.bot]

    def requests(self, method: str, part: str = "") -> list[Any]:
        """What the bot asked of Discord."""
        return [entry for entry in self.env.http_requests if entry.method == method and part in entry.path]


@pytest.fixture
async def world(
    request: pytest.FixtureRequest, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    """`@pytest.mark.parametrize("world", [{...}], indirect=True)` changes settings."""
    monkeypatch.setattr(cover, "WAIT_S", SETTLE_TIMEOUT_S)
    async with World(tmp_path, **getattr(request, "param", {})) as made:
        yield made
        refusals = (Refused, RuleError, WishError)  # answers, seen by the simulation on their way to the member
        surprises = [error for error in made.env.errors if not isinstance(getattr(error, "original", error), refusals)]
        failed = [one.exc_text for one in caplog.get_records("call") if one.getMessage() == "interaction failed"]
        assert not surprises, surprises
        assert not failed, failed


@pytest.fixture(autouse=True)
def env(world: World) -> Env:
    """Shown to simcord's plugin, which gives each test this simulated Discord's clock and routes."""
    return world.env


def text_of(message: Any) -> str:
    """All words of a message."""
    parts = [message.content]
    for embed in message.embeds:
        parts += [embed.title or "", embed.description or "", *(f"{f.name} {f.value}" for f in embed.fields)]
        parts.append(embed.footer.text or "")
    return "\n".join(parts)


def files_of(message: Any) -> list[str]:
    """The names of the files beside a message: Discord does not list what an embed shows, the simulation does."""
    shown = {picture.url for embed in message.embeds for picture in (embed.image, embed.thumbnail)}
    return [file.filename for file in message.attachments if f"attachment://{file.filename}" not in shown]


REPEAT = ["Again", "Edit & again", "More"]
"""What every card offers that has come to an end."""


def labels(message: Any) -> list[str]:
    """What the buttons of a message say."""
    children = (child for row in message.components for child in getattr(row, "children", []))
    return [child.label for child in children if hasattr(child, "label")]


def control(message: Any, press: str) -> str:
    """The custom id of the menu or button of a list that does this."""
    children = [child for row in message.components for child in row["components"]]
    ours = [child["custom_id"] for child in children if "custom_id" in child]
    (found,) = [one for one in ours if one.startswith((f"encore:list:{press}:", f"encore:queue:{press}:"))]
    return str(found)


def private(answer: Any) -> str:
    """The words of an answer that only one person sees."""
    shown = [answer.response, *answer.followups] if answer.response is not None else answer.followups
    hidden = [message for message in shown if message.ephemeral]
    assert hidden, f"nothing private in {answer!r}"
    return text_of(hidden[0])


async def fill(actor: Any, shown: Any, **values: Any) -> Any:
    """Fill in a form, by the names of its fields; what is not named stays as it is shown."""
    assert shown.modal is not None, shown
    fields = [label["component"] for label in shown.modal["components"]]
    assert set(values) <= {field["custom_id"] for field in fields}, fields
    return await actor.submit_modal(shown, {f["custom_id"]: values.get(f["custom_id"], _as_shown(f)) for f in fields})


def _as_shown(field: Any) -> Any:
    chosen = [option["value"] for option in field.get("options", ()) if option.get("default")]
    return chosen or field.get("value", "")


class Seen:
    """A message as a client saw it: its buttons can still be pressed after they have gone."""

    def __init__(self, world: World, message: Any) -> None:
        self._world = world
        self._stored = world.env.backend.get_message(message.channel.id, message.id)
        self._payload: dict[str, Any] = dict(serializers.message_payload(world.env.backend, self._stored))

    def with_button(self, custom_id: str) -> "Seen":
        """The same message with a button or menu that says something else: no client makes it, but anybody could."""
        rows = self._payload["components"]
        rows[0 if custom_id.startswith("encore:menu:") else -1]["components"][0]["custom_id"] = custom_id
        return self

    async def press(self, actor: Any, custom_id: str, *values: str, kind: int = 3) -> Any:
        """Press a button, or pick these values in a menu of that kind."""
        data = {"custom_id": custom_id, "component_type": kind if values else 2, "values": values}
        return await self._send(actor, InteractionType.MESSAGE_COMPONENT, data)

    async def submit(self, actor: Any, custom_id: str, **values: str) -> Any:
        """Send a form that is said to have been opened here, whether it was or not."""
        fields = [{"type": 4, "custom_id": name, "value": value} for name, value in values.items()]
        data = {"custom_id": custom_id, "components": [{"type": 18, "component": field} for field in fields]}
        return await self._send(actor, InteractionType.MODAL_SUBMIT, data)

    async def _send(self, actor: Any, kind: InteractionType, data: dict[str, Any]) -> Any:
        channel = ChannelHandle(
            self._world.env, actor.guild, self._world.env.backend.get_channel(self._stored.channel_id)
        )
        return await _dispatch_actor_interaction(
            actor,
            kind,
            channel,
            data,
            extra={"message": self._payload},
            source_message_id=self._stored.id,
        )
