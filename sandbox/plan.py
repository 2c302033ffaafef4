"""When things go wrong: the faults that a test or the command line asks for, and which of them a request meets.

Nothing in a request can ask for one. The names are those of `sandbox.faults`. A test plans a fault for the next
requests with `on_create`, `on_status`, `on_media`, `on_cover` and `on_models`. The command line lets one stand for as
long as the stand-in runs, for each wish, task or file by itself: always (`forbidden`), for its first requests
(`forbidden:3`) or for its first seconds (`forbidden:20s`); one that tells of a task waits until the task is that far.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sandbox.faults import CREATE_FAULTS, MEDIA_FAULTS, STATUS_FAULTS, Fault

SPEC = re.compile(r"(?P<name>\w+)(?::(?P<count>\d+)(?P<seconds>s?))?")

Known = Mapping[str, Callable[[], Fault]]


class _Plan(Protocol):
    fault: Fault

    def strikes(self, subject: str, phase: str | None) -> bool:
        """Whether the fault meets a request about that subject."""


@dataclass(slots=True, kw_only=True)
class _Planned:
    """For the next `left` requests, or always (None); perhaps only for those about one subject."""

    fault: Fault
    only_for: str | None
    left: int | None

    def strikes(self, subject: str, phase: str | None) -> bool:  # noqa: ARG002 -- a test is not held up by the phase
        if self.left == 0 or self.only_for not in {None, subject}:
            return False
        if self.left is not None:
            self.left -= 1
        return True


@dataclass(slots=True, kw_only=True)
class _Standing:
    """For each subject by itself: for its first `times` requests, its first `for_s` seconds, or always."""

    fault: Fault
    clock: Callable[[], float]
    times: int | None = None
    for_s: float | None = None
    _met: Counter[str] = field(default_factory=Counter)
    _first_at: dict[str, float] = field(default_factory=dict)

    def strikes(self, subject: str, phase: str | None) -> bool:
        if self.fault.phase not in {None, phase}:
            return False
        now = self.clock()
        is_over_s = self.for_s is not None and now >= self._first_at.setdefault(subject, now) + self.for_s
        if is_over_s or (self.times is not None and self._met[subject] >= self.times):
            return False
        self._met[subject] += 1
        return True


def check_spec(known: Known, spec: str) -> str:
    """Return a fault as the command line names it; raise `ValueError` where there is none such."""
    match = SPEC.fullmatch(spec)
    if match is None or match["name"] not in known:
        raise ValueError(f"{spec!r} is not NAME, NAME:COUNT or NAME:SECONDSs, with one of {', '.join(sorted(known))}")
    return spec


class Faults:
    """Everything that is planned, in the order of asking. `clock` is the stand-in's."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        create: Iterable[str] = (),
        status: Iterable[str] = (),
        media: Iterable[str] = (),
        cover: Iterable[str] = (),
    ) -> None:
        """Plan the faults that stand; raise `ValueError` for one that does not exist."""
        self._clock = clock
        self._creates: list[_Plan] = [self._standing(CREATE_FAULTS, spec) for spec in create]
        self._statuses: list[_Plan] = [self._standing(STATUS_FAULTS, spec) for spec in status]
        self._media: list[_Plan] = [self._standing(MEDIA_FAULTS, spec) for spec in media]
        self._covers: list[_Plan] = [self._standing(MEDIA_FAULTS, spec) for spec in cover]
        self._models: list[_Plan] = []

    def on_create(self, fault: str | Fault, *, times: int | None = 1, prompt: str | None = None) -> Fault:
        """Let the next creates go wrong (None: all of them), or the next ones with exactly that prompt."""
        return _plan(self._creates, CREATE_FAULTS, fault, prompt, times)

    def on_status(self, fault: str | Fault, *, times: int | None = 1, task_id: str | None = None) -> Fault:
        """Let the next looks at a task go wrong, or the next ones at that task, whatever its phase."""
        return _plan(self._statuses, STATUS_FAULTS, fault, task_id, times)

    def on_media(self, fault: str | Fault, *, times: int | None = 1, name: str | None = None) -> Fault:
        """Let the next downloads of audio go wrong, or the next ones of that file name."""
        return _plan(self._media, MEDIA_FAULTS, fault, name, times)

    def on_cover(self, fault: str | Fault, *, times: int | None = 1) -> Fault:
        """Let the next downloads of covers go wrong, as those of audio can."""
        return _plan(self._covers, MEDIA_FAULTS, fault, None, times)

    def on_models(self, fault: str | Fault, *, times: int | None = 1) -> Fault:
        """Let the next lists of models go wrong, as creates can."""
        return _plan(self._models, CREATE_FAULTS, fault, None, times)

    def next_create(self, prompt: str) -> Fault | None:
        """The fault for a create with that prompt, used up."""
        return _next(self._creates, prompt)

    def next_status(self, task_id: str, phase: str) -> Fault | None:
        """The fault for a look at that task in that phase, used up."""
        return _next(self._statuses, task_id, phase)

    def next_media(self, name: str) -> Fault | None:
        """The fault for a download of that file, used up."""
        return _next(self._covers if name.endswith(".png") else self._media, name)

    def next_models(self) -> Fault | None:
        """The fault for a list of models, used up."""
        return _next(self._models, "")

    def clear(self) -> None:
        """Forget all faults that are still planned and let go of every request that waits."""
        for queue in (self._creates, self._statuses, self._media, self._covers, self._models):
            for planned in queue:
                planned.fault.release.set()
            queue.clear()

    def _standing(self, known: Known, spec: str) -> _Plan:
        name, _, limit = check_spec(known, spec).partition(":")
        times = int(limit) if limit.isdigit() else None
        for_s = float(limit.removesuffix("s")) if limit.endswith("s") else None
        return _Standing(fault=known[name](), clock=self._clock, times=times, for_s=for_s)


def _plan(queue: list[_Plan], known: Known, fault: str | Fault, only_for: str | None, times: int | None) -> Fault:
    chosen = known[fault]() if isinstance(fault, str) else fault
    queue.append(_Planned(fault=chosen, only_for=only_for, left=times))
    return chosen


def _next(queue: list[_Plan], subject: str, phase: str | None = None) -> Fault | None:
    return next((planned.fault for planned in queue if planned.strikes(subject, phase)), None)
