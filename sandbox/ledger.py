"""The stand-in's memory: every task that was accepted, and how it gets on with time. Survives in a file if given one.

The file holds one JSON object a line; a task that is changed later gets another line, and the last one counts.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from sandbox.lyrics import title_of
from sandbox.recording import Recording, long_recording, moment_in_tune
from sandbox.score import Score, continuation_of, score_of

PENDING_SHARE = 0.15
NEVER_S = 1e9
MAX_TAKES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One accepted create. `length_s` is how long it takes to finish, `error` what it ends with if it fails.

    A `long` song lasts minutes; otherwise its tune is played once. `late`: the first look that finds it completed finds
    no audio yet.
    """

    id: str
    owner: str
    request_id: str
    body: dict[str, Any]
    model: str
    created_at_s: float
    length_s: float
    parent_clip: str | None = None
    error: str | dict[str, Any] | None = None
    takes: int = 1
    long: bool = False
    late: bool = False
    empty: bool = False

    @property
    def writes_lyrics(self) -> bool:
        """Whether it is a lyrics task; otherwise it makes music."""
        return self.body.get("action") == "LYRICS"

    @property
    def prompt(self) -> str:
        """The wish, empty where the operation needs none."""
        return str(self.body.get("prompt", ""))

    @property
    def title(self) -> str:
        """The title asked for, or one made from the prompt."""
        return str(self.body.get("title") or title_of(self.prompt))

    @property
    def instrumental(self) -> bool:
        """Whether no voice is wanted."""
        return bool(self.body.get("make_instrumental"))

    def clip(self, take: int) -> str:
        """Public id of one take's clip."""
        return f"clip_{self.id.removeprefix('ldtask_')[:16]}_{take}"

    def phase(self, age_s: float) -> str:
        """The provider's status at that age."""
        if age_s < PENDING_SHARE * self.length_s:
            return "pending"
        if age_s < self.length_s:
            return "processing"
        return "completed" if self.error is None else "failed"


class Ledger:
    """All tasks, oldest first. With a path they are read at the start and every change is written at once."""

    def __init__(self, path: Path | None, *, clock: Callable[[], float], speed: float) -> None:
        self._path = path
        self._clock = clock
        self._speed = speed
        self._tasks: dict[str, Task] = {}
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                task = Task(**json.loads(line))
                self._tasks[task.id] = task

    def __iter__(self) -> Iterator[Task]:
        return iter(self._tasks.values())

    def keep(self, task: Task) -> None:
        """Store a task, new or changed."""
        self._tasks[task.id] = task
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(task)) + "\n")

    def get(self, task_id: str) -> Task | None:
        """The task of that id."""
        return self._tasks.get(task_id)

    def age_s(self, task: Task) -> float:
        """Seconds since the task was accepted, by the stand-in's clock and speed."""
        return (self._clock() - task.created_at_s) * self._speed

    def phase(self, task: Task) -> str:
        """The provider's status of the task now."""
        return task.phase(self.age_s(task))

    def find_clip(self, clip: str) -> tuple[Task, int] | None:
        """The finished task and take that a clip id or a task id names."""
        for task in self._tasks.values():
            for take in range(1, MAX_TAKES + 1):
                if clip in {task.clip(take), task.id} and not task.writes_lyrics and self.phase(task) == "completed":
                    return task, take
        return None

    def score(self, task: Task, take: int = 1) -> Score:
        """The tune of one take; a continuation is composed from its parent's tune."""
        found = self.find_clip(task.parent_clip) if task.parent_clip else None
        body = task.body
        tags = str(body.get("tags") or "")
        if found is not None:
            parent = self.score(*found)
            at_s = moment_in_tune(parent, body.get("continue_at"))
            return continuation_of(parent, f"{task.prompt} {tags}", at_s, take=take)
        title = str(body.get("title") or "")
        return score_of(task.prompt, tags=tags, title=title, instrumental=task.instrumental, take=take)

    def recording(self, task: Task, take: int) -> Recording:
        """Return what the audio file of one take holds."""
        score = self.score(task, take)
        return long_recording(score, take) if task.long else Recording(score=score)

    def finish(self, task_id: str, *, error: str | dict[str, Any] | None = None) -> None:
        """End a task now: completed, or failed with that error."""
        task = self._tasks[task_id]
        self.keep(replace(task, length_s=max(0.0, self.age_s(task)), error=error))

    def hold(self, task_id: str) -> None:
        """Let a task go on until it is finished by hand."""
        self.keep(replace(self._tasks[task_id], length_s=NEVER_S))
