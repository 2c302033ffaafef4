"""How long tasks take here, learnt from this bot's own finished ones and kept in memory for drawing cards."""

from datetime import datetime, timedelta

from bot.clock import Clock
from bot.domain.due import is_over
from bot.domain.line import Place
from bot.domain.pacing import Forecast, Usual, forecast, usual_of
from bot.domain.tasks import Kind, MusicTask, State, TaskId
from bot.store.tasks import TaskStore

LEARN_EVERY = timedelta(seconds=10)
PROMISES_MAX = 2000
"""Running tasks whose first forecast is remembered; more than cards that the courier refreshes."""


class History:
    """What is usual for each kind and model. Reads the store only in `learn`."""

    def __init__(self, tasks: TaskStore, clock: Clock, *, expected_song_s: float, expected_lyrics_s: float) -> None:
        self._tasks = tasks
        self._clock = clock
        self._expected_song_s = expected_song_s
        self._expected_lyrics_s = expected_lyrics_s
        self._usual: dict[tuple[Kind, str], Usual] = {}
        self._promises: dict[TaskId, Usual] = {}
        self._learnt_at: datetime | None = None

    async def learn(self) -> None:
        """Take in what has finished since, at most once in `LEARN_EVERY`: at the start, and when a task finishes."""
        now = self._clock()
        if not is_over(self._learnt_at, now, LEARN_EVERY):
            return
        self._learnt_at = now
        known = await self._tasks.durations()
        self._usual = {
            (kind, model): usual_of(some, guess_s=self._guess_s(kind)) for (kind, model), some in known.items()
        }

    def forecast(self, task: MusicTask, place: Place | None) -> Forecast | None:
        """When a task should be finished, at this moment. A `Forecaster`.

        What is usual for a running task stays what it was when that was first asked: a card that is under way is not
        edited because of what happened to others.
        """
        known = self._usual_of(task.kind, task.model)
        if task.state is State.RUNNING:
            known = self._promises.setdefault(task.id, known)
            if len(self._promises) > PROMISES_MAX:
                del self._promises[next(iter(self._promises))]
        return forecast(task, place, known, now=self._clock())

    def stuck_after(self, kind: Kind, model: str) -> timedelta:
        """How long 99 of 100 tasks of a kind and model take at most. A `StuckAfter`."""
        return timedelta(seconds=self._usual_of(kind, model).nearly_all_s)

    def _usual_of(self, kind: Kind, model: str) -> Usual:
        return self._usual.get((kind, model)) or usual_of([], guess_s=self._guess_s(kind))

    def _guess_s(self, kind: Kind) -> float:
        return self._expected_song_s if kind.makes_audio else self._expected_lyrics_s
