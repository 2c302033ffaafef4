"""Small stand-ins for the engine's ports: a provider and a display that follow a script. No I/O."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Sequence
from typing import Any

from bot.domain.media import Brought, MediaError
from bot.domain.members import Telling
from bot.domain.outage import Notice
from bot.domain.privacy import Erasure
from bot.domain.scene import Scene
from bot.domain.takes import MediaFile, Track
from bot.domain.tasks import MusicTask, Result, State, TaskId
from bot.engine.budget import Budget
from bot.engine.outages import Outages
from bot.engine.ports import BeforeSending, CantLookError, ShowLaterError, Shown, Where
from bot.store.outages import OutageStore
from bot.tokenlab.errors import TokenLabError
from bot.tokenlab.model_info import ModelInfo
from bot.tokenlab.models import Created, CreateRequest, Look, ProviderStatus
from tests.fakes.rows import HandClock, Rows

SONG = Result(title="Low Tide", tracks=(Track(audio_url="https://media.example.net/a.mp3", audio_id="clip_1"),))


def created(number: int = 1) -> Created:
    """An accepted create."""
    seen = look(ProviderStatus.PENDING)
    return Created(
        provider_task_id=f"ld_{number}", poll_url=f"/v1/tasks/ld_{number}", status=ProviderStatus.PENDING,
        model="suno-music", request_id="req_1", look=seen,
    )  # fmt: skip


def look(status: ProviderStatus, **changes: Any) -> Look:
    """One reading; a completed one has a song and its bill."""
    done = {"result": SONG, "billing_transaction_id": "bill_1", "clip_candidates": {"audio_id": ["clip_1"]}}
    values = {**(done if status is ProviderStatus.COMPLETED else {}), **changes}
    return Look(status=status, raw_status=str(status), **values)


class Script:
    """Answers in turn, the last one for ever: a value is given, an error raised, an event waited for."""

    def __init__(self, *steps: Any) -> None:
        self.steps = list(steps)
        self.asked: list[Any] = []

    async def next(self, question: Any) -> Any:
        self.asked.append(question)
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, tuple) and isinstance(step[0], asyncio.Event):
            await step[0].wait()
            step = step[1]
        await asyncio.sleep(0)
        if isinstance(step, BaseException):
            raise step
        return step


class FakeProvider:
    """TokenLab that follows a script."""

    def __init__(self, *, creates: Sequence[Any] = (), looks: Sequence[Any] = (), pages: Sequence[Any] = ()) -> None:
        self.creates = Script(*(creates or [created()]))
        self.looks = Script(*(looks or [look(ProviderStatus.PROCESSING)]))
        self.pages = Script(*(pages or [ModelInfo(id="suno-music")]))

    async def create(self, request: CreateRequest) -> Created:
        return await self.creates.next(request)  # type: ignore[no-any-return]  # scripted

    async def look(self, provider_task_id: str, poll_url: str | None) -> Look:
        return await self.looks.next((provider_task_id, poll_url))  # type: ignore[no-any-return]  # scripted

    async def model(self, model_id: str) -> ModelInfo:
        return await self.pages.next(model_id)  # type: ignore[no-any-return]  # scripted


class FakeModels:
    """A list of models that is read when asked for; a test sets what TokenLab says."""

    def __init__(self, *names: str) -> None:
        self.listed = [ModelInfo(id=name) for name in names]
        self.is_loaded = False
        self.trouble: TokenLabError | None = None
        self.says: TokenLabError | None = None
        self.reads = 0

    def find(self, id_or_alias: str, /) -> ModelInfo | None:
        return next((one for one in self.listed if self.is_loaded and one.id == id_or_alias), None)

    async def refresh(self) -> bool:
        self.reads += 1
        self.trouble = self.says
        self.is_loaded = self.is_loaded or self.says is None
        return self.says is None


class FakeDesk:
    """The operator, as far as Discord lets them hear."""

    def __init__(self, *steps: Any) -> None:
        self.script = Script(*(steps or [None]))

    async def tell(self, notice: Notice) -> None:
        await self.script.next(notice)

    @property
    def told(self) -> list[Notice]:
        return self.script.asked


def outages_over(rows: Rows, clock: HandClock, provider: FakeProvider, budget: Budget, **parts: Any) -> Outages:
    """What stops everybody: nothing yet."""
    models, folder = parts.pop("models", FakeModels("suno-music")), parts.pop("folder", FakeFolder())
    store = OutageStore(rows.database, clock)
    return Outages(store, provider, models, folder, budget, clock, model="suno-music", **parts)


class FakeDisplay:
    """Discord that follows a script and remembers what it showed: display, pings and search in one."""

    def __init__(
        self,
        *,
        shows: Sequence[Any] = (),
        pings: Sequence[Any] = (),
        cards: Sequence[Any] = (),
        attaches: Sequence[Any] = (),
    ) -> None:
        self.shows = Script(*(shows or [Shown()]))
        self.pings = Script(*(pings or itertools.islice(itertools.count(9000), 1)))
        self.cards = Script(*(cards or [None]))
        self.found_pings: list[TaskId] = []
        self.found: int | None = None
        self.can_look = True
        self.posts: list[tuple[str, int]] = []
        """Names and channels of the messages that it is about to send."""
        self.attaches = Script(*(attaches or [True]))
        self.refreshed: list[tuple[TaskId, list[TaskId]]] = []
        self.removed: list[Where] = []
        self.unremovable: set[int] = set()
        self.tellings: list[Telling] = []
        self.shown_for: list[Telling] = []

    def looks(self, task: MusicTask, scene: Scene) -> str:
        return f"{task.state} {task.progress} {scene.place.ahead if scene.place else '-'} {scene.shut_until is None}"

    async def show(self, task: MusicTask, scene: Scene, telling: Telling, begin: BeforeSending) -> Shown:
        self.shown_for.append(telling)
        if self.posts:
            await begin(*self.posts.pop(0))
        return await self.shows.next((task, scene))  # type: ignore[no-any-return]  # scripted

    async def attach(self, task: MusicTask, scene: Scene) -> bool:
        return await self.attaches.next(task)  # type: ignore[no-any-return]  # scripted

    async def refresh(self, task: MusicTask, scene: Scene) -> None:
        self.refreshed.append((task.id, [child.id for child in scene.family.children]))

    async def remove(self, channel_id: int, message_id: int) -> None:
        if message_id in self.unremovable:
            raise ShowLaterError
        self.removed.append((channel_id, message_id))

    async def ping(self, task: MusicTask, telling: Telling) -> Where | None:
        self.tellings.append(telling)
        number = await self.pings.next(task)
        return None if number is None else (task.channel_id, number)

    async def find_ping(self, task: MusicTask) -> Where | None:
        self.found_pings.append(task.id)
        if not self.can_look:
            raise CantLookError
        return None if self.found is None else (task.channel_id, self.found)

    async def find_card(self, task: MusicTask) -> int | None:
        return await self.cards.next(task)  # type: ignore[no-any-return]  # scripted

    @property
    def shown(self) -> list[tuple[int, State]]:
        """Which task was shown in which state, in order."""
        return [(task.id, task.state) for task, _ in self.shows.asked]


class FakeMedia:
    """Downloads that follow a script."""

    def __init__(self, *steps: Sequence[MediaFile] | MediaError | Brought) -> None:
        self.script = Script(*steps)
        self.due: list[Collection[int]] = []

    async def fetch_task(self, task: MusicTask, due: Collection[int]) -> AsyncGenerator[Brought, None]:
        """Files are new ones; of a `MediaError` all takes are missing that are due and not there."""
        self.due.append(due)
        try:
            step = await self.script.next(task)
        except MediaError as error:
            missing = set(due) - {one.take for one in task.media}
            step = Brought(files=task.media, failed=dict.fromkeys(missing, error))
        if not isinstance(step, Brought):
            step = Brought(files=tuple(step), fetched={one.take for one in step})
        yield step


class FakeGoodbyes:
    """Direct messages that follow a script."""

    def __init__(self, *steps: Any) -> None:
        self.script = Script(*(steps or [None]))

    async def tell(self, erasure: Erasure) -> None:
        await self.script.next(erasure)


class FakeMemberships:
    """Servers that the bot is in and leaves at once; the first calls may follow a script."""

    def __init__(self, *present: int, steps: tuple[Any, ...] = ()) -> None:
        self.servers: set[int] | None = set(present)
        self.left: list[int] = []
        self.script = Script(*steps, None)
        self.is_slow = False
        """Whether Discord does not yet say what is left to be gone."""

    def present(self) -> frozenset[int] | None:
        return None if self.servers is None else frozenset(self.servers)

    async def leave(self, guild_id: int) -> None:
        await self.script.next(guild_id)
        self.left.append(guild_id)
        if self.servers is not None and not self.is_slow:
            self.servers.discard(guild_id)


class FakeFolder:
    """Remembers what was in use when it was swept."""

    def __init__(self) -> None:
        self.sweeps: list[set[str]] = []
        self.removed: list[str] = []
        self.trouble: OSError | None = None
        self.unusable: str | None = None

    async def sweep(self, in_use: Collection[str]) -> int:
        if self.trouble:
            raise self.trouble
        self.sweeps.append(set(in_use))
        return 0

    async def problem(self) -> str | None:
        return self.unusable

    async def remove(self, names: Iterable[str]) -> None:
        if self.trouble:
            raise self.trouble
        self.removed += names


async def rounds(count: int = 20) -> None:
    """Let everything that can go on go on."""
    for _ in range(count):
        await asyncio.sleep(0)


async def until(holds: Callable[[], bool]) -> None:
    """Let things go on until something is true; fails after five seconds."""
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110 -- what is waited for has no event of its own
            await asyncio.sleep(0.001)
