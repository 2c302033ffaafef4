"""Writes the bodies of the task routes: what a task looks like to its owner at a given age."""

from dataclasses import dataclass, field

from sandbox.catalog import STATUS_ENDPOINT
from sandbox.ledger import Ledger, Task
from sandbox.lyrics import write_lyrics
from sandbox.problems import Body
from sandbox.signing import Signer

ALL_DONE = 100


@dataclass(slots=True, kw_only=True)
class Answers:
    """Bodies for the tasks of a ledger, with media links on `media_base`, which is known once the server has started.

    `settle_s` is how long after its end a task is billed; with `progress` the share of the time is shown. `audio` is
    the kind of file that songs are: mp3 or m4a. With `sings_prompt` a song with title and tags has its prompt for
    lyrics.
    """

    ledger: Ledger
    signer: Signer
    settle_s: float
    progress: bool
    audio: str
    sings_prompt: bool = False
    media_base: str = ""
    _seen_completed: set[str] = field(default_factory=set)

    def created(self, task: Task) -> Body:
        """The answer to a create."""
        return {**_names(task), "status": "pending", "created": int(task.created_at_s), "model": task.model}

    def status(self, task: Task) -> Body:
        """The answer to a look at the task now."""
        phase = self.ledger.phase(task)
        age_s = self.ledger.age_s(task)
        body = self._frame(task, phase)
        if phase == "processing" and self.progress:
            body["progress"] = round(ALL_DONE * age_s / task.length_s, 1)
        if phase == "failed":
            body["error"] = task.error
        if phase == "completed":
            body |= _title(task) if self._is_audio_late(task) else self._result(task)
            if (billing_id := self.billing_id(task)) is not None:
                body["billing_transaction_id"] = billing_id
        return body

    def finished(self, task: Task) -> Body:
        """What the task would look like, completed and billed."""
        billed = {"billing_transaction_id": _billing_id(task)}
        return self._frame(task, "completed") | self._result(task) | billed

    def billing_id(self, task: Task) -> str | None:
        """The id of the transaction that paid for a completed task; None until it is settled."""
        return _billing_id(task) if self.ledger.age_s(task) >= task.length_s + self.settle_s else None

    def _frame(self, task: Task, phase: str) -> Body:
        seen_until_s = min(max(self.ledger.age_s(task), 0), task.length_s)
        times = {"created": int(task.created_at_s), "updated": int(task.created_at_s + seen_until_s)}
        return {**_names(task), "status": phase, "model": task.model, **times}

    def _is_audio_late(self, task: Task) -> bool:
        """Whether this is the first look at a completed task whose audio comes a look later."""
        is_first = task.id not in self._seen_completed
        self._seen_completed.add(task.id)
        return task.late and is_first

    def _result(self, task: Task) -> Body:
        if task.empty:
            return _title(task)
        words = {"lyrics": self._words(task)}
        if task.writes_lyrics:
            return _title(task) | words
        tracks = [self._track(task, take) for take in range(1, task.takes + 1)]
        body = {**tracks[0], **_title(task), **({} if task.instrumental else words)}
        if len(tracks) == 1:
            return body
        return {**body, "data": [self._listed(task, *numbered) for numbered in enumerate(tracks, start=1)]}

    def _track(self, task: Task, take: int) -> Body:
        files = {"audio_url": self.audio, "image_url": "png"}
        paths = {name: f"/m/{task.id}-{take}.{kind}" for name, kind in files.items()}
        links = {name: f"{self.media_base}{self.signer.signed(path)}" for name, path in paths.items()}
        return {"audio_id": task.clip(take), **links}

    def _listed(self, task: Task, take: int, track: Body) -> Body:
        """A take among others: more is told of it than of a single one."""
        told = {
            "id": track["audio_id"],
            **track,
            **_title(task),
            "duration": round(self.ledger.recording(task, take).length_s, 2),
            "model_name": task.body.get("mv", ""),
            "tags": task.body.get("tags", ""),
        }
        return told if task.instrumental else {**told, "prompt": self._words(task)}

    def _words(self, task: Task) -> str:
        sings = self.sings_prompt and task.body.get("title") and task.body.get("tags")
        return task.prompt if sings else write_lyrics(task.prompt)


def _title(task: Task) -> Body:
    return {"title": task.title}


def _names(task: Task) -> Body:
    return {"id": task.id, "task_id": task.id, "poll_url": STATUS_ENDPOINT.format(id=task.id)}


def _billing_id(task: Task) -> str:
    return f"billtxn_{task.id.removeprefix('ldtask_')[:12]}"
