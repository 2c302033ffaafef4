"""Writes the bodies of the task routes: what a task looks like to its owner at a given age."""

from dataclasses import dataclass
from typing import Any

from sandbox.catalog import STATUS_ENDPOINT
from sandbox.ledger import Ledger, Task
from sandbox.lyrics import write_lyrics
from sandbox.problems import Body

ALL_DONE = 100


@dataclass(slots=True, kw_only=True)
class Answers:
    """Bodies for the tasks of a ledger, with media links on `media_base`, which is known once the server has started.

    `settle_s` is how long after its end a task is billed; with `progress` the share of the time is shown;
    with `sings_prompt` a song with title and tags has its prompt for lyrics.
    """

    ledger: Ledger
    settle_s: float
    progress: bool
    sings_prompt: bool = False
    media_base: str = ""

    def created(self, task: Task) -> Body:
        """The answer to a create."""
        return {**_names(task), "status": "pending", "created": int(task.created_at_s), "model": task.model}

    def status(self, task: Task) -> Body:
        """The answer to a look at the task now."""
        phase = self.ledger.phase(task)
        age_s = self.ledger.age_s(task)
        body = self._frame(task, phase)
        if phase == "processing" and self.progress:
            body["progress"] = int(ALL_DONE * age_s / task.length_s)
        if phase == "failed":
            body["error"] = task.error
        if phase == "completed":
            body |= self._result(task)
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

    def _result(self, task: Task) -> Body:
        title = {"title": task.title}
        if task.writes_lyrics:
            return title if task.empty else {**title, "lyrics": write_lyrics(task.prompt)}
        if task.empty:
            return title
        sings = self.sings_prompt and task.body.get("title") and task.body.get("tags")
        words = {} if task.instrumental else {"lyrics": task.prompt if sings else write_lyrics(task.prompt)}
        tracks = [self._track(task, take) for take in range(1, task.takes + 1)]
        body = {**tracks[0], **title, **words}
        return body if len(tracks) == 1 else {**body, "data": [_listed(track, task.title) for track in tracks]}

    def _track(self, task: Task, take: int) -> dict[str, Any]:
        file = f"{self.media_base}/m/{task.id}-{take}"
        return {"audio_url": f"{file}.mp3", "audio_id": task.clip(take), "image_url": f"{file}.png"}


def _listed(track: dict[str, Any], title: str) -> Body:
    return {"id": track["audio_id"], **track, "title": title}


def _names(task: Task) -> Body:
    return {"id": task.id, "task_id": task.id, "poll_url": STATUS_ENDPOINT.format(id=task.id)}


def _billing_id(task: Task) -> str:
    return f"billtxn_{task.id.removeprefix('ldtask_')[:12]}"
