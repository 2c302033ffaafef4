"""Sends waiting wishes to TokenLab: QUEUED ─▶ SUBMITTING ─▶ RUNNING. The only place that spends money."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import takewhile

from bot.clock import Clock
from bot.domain import transitions
from bot.domain.line import Waiting, in_turn, sendable
from bot.domain.tasks import ErrorCode, Kind, MusicTask, StaleTaskError, State, TaskId
from bot.domain.transitions import Part
from bot.domain.versions import Found, among, too_small
from bot.domain.wording import sent_for
from bot.engine.budget import Budget, Purpose
from bot.engine.outages import Outages, UndecidedError
from bot.engine.ports import Provider
from bot.engine.worker import Worker
from bot.store.tasks import TaskStore
from bot.store.versions import VersionStore
from bot.tokenlab.errors import RefusedError, ThrottledError, TokenLabError, TryLaterError, VersionRefusedError
from bot.tokenlab.models import CREATE_PATH, VERSIONS, Created, CreateRequest

log = logging.getLogger(__name__)

MOST_REFUSALS = 20
"""Maximum number of refusals in a row that ask to come back later; then the wish fails: nothing was created."""
FIRST_DELAY_S = 5.0
LONGEST_DELAY_S = 120.0
RECORD_PAUSE_S = 0.5
LAST_WRITE_S = 1.0
"""How long a job that is cut may still write; the program has to stop within 10 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitRules:
    """What the operator set about creating."""

    deadline_s: float
    first_look_s: float
    version: str = VERSIONS[0]
    """A first guess, where nothing else is known."""
    versions: tuple[str, ...] = VERSIONS
    """Newest first."""


class Submitter(Worker[Waiting]):
    """Takes wishes out of the line in turn and pays for each at most once."""

    name = "submitter"
    grace_s = 8.0
    concurrency = 16

    def __init__(
        self,
        tasks: TaskStore,
        versions: VersionStore,
        provider: Provider,
        budget: Budget,
        clock: Clock,
        rules: SubmitRules,
        outages: Outages,
    ) -> None:
        super().__init__()
        self._tasks = tasks
        self._versions = versions
        self._provider = provider
        self._budget = budget
        self._clock = clock
        self._rules = rules
        self._outages = outages
        self._guessing: set[TaskId] = set()
        """Those sent last whose version is a guess, as far as they are still in flight."""
        self._learning = asyncio.Lock()

    def key(self, item: Waiting) -> TaskId:
        """See `Worker.key`."""
        return item.id

    async def find(self, room: int, /) -> Sequence[Waiting]:
        """Who is next, as far as the members' limits and the request budget allow; nobody while all are stopped.

        Of what has no credit, one finds out now and then whether there is some again.
        """
        situation = await self._outages.situation()
        is_trying = situation.may_try(self._clock())
        if situation.outages and not is_trying:
            return []
        running = await self._tasks.running_by_member()
        order = in_turn(await self._tasks.waiting(), running)
        free = [one for one in order if self.is_free(one.id)]
        fitting = await self._one_searching(sendable(free, running, now=self._clock()))
        sent = list(takewhile(lambda _: self._budget.take(Purpose.CREATE), fitting[: 1 if is_trying else room]))
        if sent and is_trying:
            await self._outages.trying()
        self._guessing |= {one.id for one in sent if one.is_guess}
        return sent

    async def _one_searching(self, fitting: Sequence[Waiting]) -> Sequence[Waiting]:
        """While nobody knows which version is taken, one wish finds out, and others with a guess wait for it."""
        self._guessing = {one for one in self._guessing if self.is_handling(one)}
        if not (await self._versions.found(self._rules.versions)).is_searching:
            return fitting
        first = next((one for one in fitting if one.is_guess), None) if not self._guessing else None
        return [one for one in fitting if not one.is_guess or one is first]

    async def handle(self, item: Waiting) -> None:
        """Claim, ask once, and write down what came of it, whatever that is."""
        if (task := await self._claim(item.id)) is None:
            return
        log.info("task moved", extra={"task_id": task.id, "to": State.SUBMITTING, "attempt": task.attempt})
        sent_at = self._clock()
        try:
            created = await self._provider.create(self._request(task))
        except (TryLaterError, RefusedError) as error:
            await self._refused(task, error)
        except asyncio.CancelledError:
            await _surely(self._unknown(task, None))
            raise
        except Exception as error:  # whatever else happened, a task may exist and may cost
            await self._unknown(task, error)
            if not isinstance(error, TokenLabError):
                raise
        else:
            self._budget.succeeded()
            await _surely(self._record(task, created))
            await self._outages.paid(sent_at)
            if _is_guess(task):
                await self._learn(lambda found: found.after_taking(task.version or ""))

    async def _refused(self, task: MusicTask, error: TryLaterError | RefusedError) -> None:
        """Nothing was created: what stops everybody puts the wish back, anything else is about this one."""
        try:
            cause = await self._outages.met(error, task.model)
        except asyncio.CancelledError:
            await _surely(self._put_back(task, error, task.refusals))
            raise
        except UndecidedError:
            await self._later(task, error)
            return
        if cause is not None:
            await self._put_back(task, error, task.refusals)
            facts = {"task_id": task.id, "cause": cause, "request_id": error.request_id}
            log.info("task waits until everybody can go on", extra=facts)
        elif isinstance(error, TryLaterError):
            await self._later(task, error)
        elif isinstance(error, VersionRefusedError):
            await self._other_version(task, error)
        else:
            await self._fail(task, error.error_code, error)

    async def _put_back(self, task: MusicTask, error: TokenLabError, refusals: int, *, delay_s: float = 0.0) -> None:
        not_before = self._clock() + timedelta(seconds=delay_s)
        put_back = transitions.PutBack(refusals=refusals, not_before=not_before, request_id=error.request_id)
        await self._tasks.apply(task, put_back)

    async def _claim(self, task_id: TaskId) -> MusicTask | None:
        """Take a wish out of the line; where that can't be, the request that `find` took from the budget goes back."""
        claimed: MusicTask | None = None
        try:
            task = await self._tasks.get(task_id)
            if task is not None and task.state is State.QUEUED:
                claimed = await self._tasks.apply(await self._guessed(task), transitions.Claimed())
        except StaleTaskError:
            log.debug("wish may not be sent now", extra={"task_id": task_id})
        finally:
            if claimed is None:
                self._budget.give_back()
        return claimed

    # --- versions that nobody has chosen ---------------------------------------------------------------------------

    async def _guessed(self, task: MusicTask) -> MusicTask:
        """The task with a version that is not known to be refused, if there is one.

        A continuation asks for its parent's version once in any case: what is made from a song may need the same.
        """
        if not _is_guess(task) or task.version is None or (task.kind is Kind.CONTINUATION and not task.attempt):
            return task
        found = await self._versions.found(self._rules.versions)
        if not among(task.version, found.refused):
            return task
        tried = await self._versions.refused_for(task.id)
        other = found.instead_of(task.version, self._rules.versions, but=(*tried, *self._too_small(task)))
        return task if other is None else await self._tasks.apply(task, transitions.GuessReplaced(version=other))

    async def _other_version(self, task: MusicTask, error: VersionRefusedError) -> None:
        """After a definite no to its version: back into the line with another one, unless it was chosen.

        No version is sent twice for one wish, so this ends.
        """
        version = task.version or ""
        if not _is_guess(task):
            found = await self._versions.found(self._rules.versions)
            but = (version, *self._too_small(task))
            offered = found.guess(self._rules.version, self._rules.versions, but=but)
            await self._fail(task, error.error_code, error, offered=offered)
            return
        tried = (version, *await self._versions.refused_for(task.id))
        found = await self._versions.found(self._rules.versions)
        found = found.after_refusal(version, self._rules.versions)
        other = found.instead_of(version, self._rules.versions, but=(*tried, *self._too_small(task)))
        if other is None:
            await self._fail(task, error.error_code, error)
            log.error("no version is left to try", extra={"task_id": task.id, "version": version})
        else:
            await self._tasks.apply(task, transitions.VersionRefused(version=other, request_id=error.request_id))
            facts = {"task_id": task.id, "version": version, "next": other, "request_id": error.request_id}
            log.info("version was refused", extra=facts)
        await self._learn(lambda known: known.after_refusal(version, self._rules.versions))

    def _too_small(self, task: MusicTask) -> list[str]:
        """The versions that don't take texts as long as those of a wish."""
        sent = sent_for(task)
        return too_small(self._rules.versions, title=sent.title, tags=sent.tags, prompt=sent.prompt)

    async def _learn(self, lesson: Callable[[Found], Found]) -> None:
        """Remember what an answer has told about versions, and tell the operator of a change once."""
        async with self._learning:
            before = await self._versions.found(self._rules.versions)
            after = lesson(before)
            if after == before:
                return
            await self._versions.keep(self._rules.versions, after)
        if after.taken is not None and after.taken != before.taken:
            refused = ", ".join(sorted(after.refused))
            log.warning("TokenLab takes another version", extra={"version": after.taken, "refused": refused})

    def _request(self, task: MusicTask) -> CreateRequest:
        sent = sent_for(task)
        uploads = task.clip_id is not None and task.clip_id.startswith(("https://", "http://"))
        return CreateRequest(
            kind=task.kind,
            model=task.model,
            prompt=sent.prompt,
            version=task.version,
            title=sent.title,
            tags=sent.tags,
            negative_tags=task.negative_tags,
            instrumental=task.instrumental,
            clip_id=None if uploads else task.clip_id,
            continue_at_s=task.continue_at_s,
            extend_audio_url=task.clip_id if uploads else None,  # TOKENLAB_UPLOAD_EXTEND: the track is the clip
        )

    async def _record(self, task: MusicTask, created: Created) -> None:
        """Write the provider's id until it is written: it was paid for."""
        now = self._clock()
        accepted = transitions.Accepted(
            provider_task_id=created.provider_task_id,
            poll_url=created.poll_url,
            request_id=created.request_id,
            endpoint=CREATE_PATH,
            model=created.model or task.model,
            provider_status=created.status,
            submitted_at=now,
            deadline_at=now + timedelta(seconds=self._rules.deadline_s),
            next_look_at=now + timedelta(seconds=self._rules.first_look_s),
        )
        while True:
            try:
                await self._accept(task, accepted)
            except Exception:
                log.critical("accepted task can't be written, trying again", extra=_ids(task, accepted), exc_info=True)
                await asyncio.sleep(RECORD_PAUSE_S)
            else:
                return

    async def _accept(self, task: MusicTask, accepted: transitions.Accepted) -> None:
        """RUNNING, out of UNCERTAIN too. Where the task went on without this answer, a task of its own shows it."""
        try:
            await self._tasks.apply(task, accepted)
        except StaleTaskError:
            late = await self._tasks.get(task.id)
            if late is None or late.state is not State.UNCERTAIN or late.attempt != task.attempt:
                log.critical("answer comes too late for its task", extra=_ids(task, accepted))
                await self._tasks.keep_late_answer(task, accepted)
                return
            await self._tasks.apply(late, accepted)
        log.info("task moved", extra={"to": State.RUNNING, **_ids(task, accepted)})

    async def _later(self, task: MusicTask, error: TryLaterError | RefusedError) -> None:
        """Back into the line: nothing was created."""
        retry_after_s = error.retry_after_s if isinstance(error, TryLaterError) else None
        if isinstance(error, ThrottledError):
            self._budget.throttled(retry_after_s)
        if task.refusals + 1 >= MOST_REFUSALS:
            code = error.error_code if isinstance(error, RefusedError) else ErrorCode.PROVIDER_BUSY
            await self._fail(task, code, error)
            return
        delay_s = max(retry_after_s or 0.0, min(FIRST_DELAY_S * 2**task.refusals, LONGEST_DELAY_S))
        await self._put_back(task, error, task.refusals + 1, delay_s=delay_s)
        log.info("task waits for the provider", extra={"task_id": task.id, "delay_s": round(delay_s, 1)})

    async def _fail(
        self, task: MusicTask, code: ErrorCode, error: TokenLabError, *, offered: str | None = None
    ) -> None:
        refused = transitions.Refused(
            error_code=code, error_detail=error.detail, request_id=error.request_id, version_offered=offered
        )
        await self._tasks.apply(task, refused)
        level = logging.ERROR if code in {ErrorCode.NO_ACCESS, ErrorCode.NO_CREDIT} else logging.INFO
        log.log(level, "create was refused", extra={"task_id": task.id, "code": code, "request_id": error.request_id})

    async def _unknown(self, task: MusicTask, error: Exception | None) -> None:
        request_id = error.request_id if isinstance(error, TokenLabError) else None
        await self.give_up(task, by=Part.SUBMITTER, request_id=request_id)

    async def give_up(self, task: MusicTask, *, by: Part, request_id: str | None = None) -> None:
        """SUBMITTING → UNCERTAIN: nobody works on its attempt any more, and nobody knows what became of it.

        Raises:
            StaleTaskError: the task has moved meanwhile.
        """
        await self._tasks.apply(task, transitions.Unclear(by=by, request_id=request_id))
        facts = {"task_id": task.id, "attempt": task.attempt, "request_id": request_id}
        log.warning("fate of a create is unknown", extra=facts)


def _is_guess(task: MusicTask) -> bool:
    """Whether its version may give way to another one."""
    return task.version is not None and not task.version_chosen


async def _surely(writing: Coroutine[object, object, None]) -> None:
    """Let a write end although this job is cut meanwhile: the store is closed only after the jobs have ended."""
    job = asyncio.ensure_future(writing)
    try:
        await asyncio.shield(job)
    except asyncio.CancelledError:
        await asyncio.wait({job}, timeout=LAST_WRITE_S)
        raise


def _ids(task: MusicTask, accepted: transitions.Accepted) -> dict[str, object]:
    return {
        "task_id": task.id,
        "attempt": task.attempt,
        "provider_task_id": accepted.provider_task_id,
        "request_id": accepted.request_id,
    }
