"""Asking: a wish becomes a row at once, or a draft where it has to be confirmed first."""

import logging
from dataclasses import replace
from datetime import timedelta

from bot.clock import Clock
from bot.domain.drafts import Draft
from bot.domain.limits import LimitReachedError
from bot.domain.line import Place, Waiting, in_turn, places
from bot.domain.price import Price
from bot.domain.refusals import Reason, Refused, WishPart
from bot.domain.replies import END, ReplyWish, without_start
from bot.domain.rules import EVERYWHERE, Intake
from bot.domain.tasks import MusicTask, NewTask, StaleTaskError, State, TaskId
from bot.domain.transitions import Confirmed, Part
from bot.domain.versions import among
from bot.domain.wishes import ContinuationWish, Wish, checked_continuation, wish_again
from bot.service.access import Asker, known, own
from bot.service.admission import Admission
from bot.service.making import Maker, Origin
from bot.service.models import Defaults, versions_of
from bot.service.signals import Signals
from bot.store.drafts import DraftStore
from bot.store.servers import ServerStore
from bot.store.tasks import TaskStore
from bot.tokenlab.catalogue import Catalogue
from bot.tokenlab.model_info import ModelInfo

log = logging.getLogger(__name__)

SAME_WISH = timedelta(minutes=3)
"""The same wish within this time is asked back."""
ENDED_BADLY = frozenset({State.FAILED, State.CANCELLED, State.ABANDONED})
"""Asking again after these is no repetition."""
WISHED = (
    "kind", "prompt", "title", "tags", "negative_tags", "instrumental", "model", "parent_id", "parent_take",
    "continue_at_s",
)  # fmt: skip
"""What makes two wishes the same, beside a version that was chosen."""


class RepeatedError(Exception):
    """The member has just asked for the very same: a draft waits for the word that another one is wanted."""

    def __init__(self, earlier: MusicTask, draft: Draft) -> None:
        super().__init__(f"same as task {earlier.id}")
        self.earlier = earlier
        self.draft = draft


class Asking:
    """For a song, for lyrics, for going on with a song."""

    def __init__(
        self,
        *,
        tasks: TaskStore,
        drafts: DraftStore,
        servers: ServerStore,
        maker: Maker,
        admission: Admission,
        signals: Signals,
        catalogue: Catalogue,
        clock: Clock,
        defaults: Defaults,
    ) -> None:
        self._tasks = tasks
        self._drafts = drafts
        self._servers = servers
        self._maker = maker
        self._admission = admission
        self._signals = signals
        self._catalogue = catalogue
        self._clock = clock
        self._defaults = defaults

    async def request(self, wish: Wish, asker: Asker) -> MusicTask:
        """Write the row of a wish that came with a command or a form.

        Raises:
            Refused: not here, not now, not with this model; nothing was written.
            WishError: the wish itself can't be taken; nothing was written.
            RepeatedError: the member has just asked for the same; a draft was written.
        """
        server = await self._admission.admit(asker)
        new = await self._maker.new_task(wish, asker, server, Origin(key=f"i:{asker.interaction_id}"))
        if (earlier := await self._same(new)) is not None:
            raise RepeatedError(earlier, await self._draft(asker, wish, new.origin_key))
        try:
            task, is_new = await self._tasks.add(new)
        except LimitReachedError as error:
            raise await self._admission.limit_refused(error.limit, asker.guild_id) from error
        log.info("wish received", extra={"task_id": task.id, "kind": task.kind, "is_new": is_new})
        return task

    async def shown(self, task: MusicTask, message_id: int) -> MusicTask:
        """Discord has confirmed the card: RECEIVED → QUEUED, unless it moved on before."""
        try:
            task = await self._tasks.apply(task, Confirmed(by=Part.DISCORD, message_id=message_id))
        except StaleTaskError:
            log.info("card was confirmed already", extra={"task_id": task.id})
        self._signals.queued()
        return task

    async def confirm_card(self, task_id: TaskId, message_id: int) -> None:
        """A click on a card proves that the card is there: settles a RECEIVED row before the click acts."""
        task = await self._tasks.get(task_id)
        if task is not None and task.state is State.RECEIVED:
            await self.shown(task, message_id)

    async def place_of(self, task: MusicTask) -> Place | None:
        """Where a task stands in the line, or would if it joined now."""
        waiting, running = await self._tasks.waiting(), await self._tasks.running_by_member()
        if all(one.id != task.id for one in waiting):
            home = await self._servers.get(task.guild_id or EVERYWHERE)
            newcomer = Waiting(
                id=task.id, user_id=task.user_id, guild_id=task.guild_id, created_at=task.created_at,
                rules=home.rules, is_held=home.intake is Intake.PAUSED,
            )  # fmt: skip
            waiting.append(newcomer)
        return places(in_turn(waiting, running), running).get(task.id)

    # --- drafts ------------------------------------------------------------------------------------------------

    async def draft_reply(self, understood: ReplyWish, parent: MusicTask, asker: Asker, *, message_id: int) -> Draft:
        """Keep what was understood of a reply until it is confirmed. The question quotes it for all to see.

        Where it is not clear from where, the draft leaves that open until `choose_start`.

        Raises:
            Refused: see `admit`; this song can't be continued, or not by this member; or a word is kept out.
            WishError: the text can't be taken.
        """
        server = await self._admission.admit(asker)
        await self.check_continuable(parent, user_id=asker.user_id, channel_id=asker.channel_id)
        at_s = _start_s(understood, self._maker.chosen_take(understood.take, parent), parent)
        wish = ContinuationWish(parent_id=parent.id, take=understood.take, prompt=understood.prompt, at_s=at_s)
        wish = self._with_take(checked_continuation(wish), parent, is_clear=understood.is_clear)
        await self._admission.check_words(server, {WishPart.PROMPT: wish.prompt})
        return await self._draft(asker, wish, f"r:{message_id}")

    async def asked(self, draft: Draft, message_id: int) -> None:
        """A message asks in public whether this is meant; it goes with the draft."""
        await self._drafts.asked(draft.id, message_id)

    async def draft_again(self, task_id: TaskId, asker: Asker, *, message_id: int) -> Draft:
        """Keep the wish of a member's own task until it is confirmed that another one is wanted.

        Raises:
            Refused: it is not this member's.
        """
        await self._admission.admit(asker)
        task = await own(self._tasks, task_id, asker.user_id)
        origin = f"b:{message_id}:again"
        count = await self._tasks.started_from(origin, asker.user_id)
        return await self._draft(asker, wish_again(task), f"{origin}:{count}")

    async def drafted(self, draft_id: int, asker: Asker) -> Draft:
        """A member's own draft.

        Raises:
            Refused: it is not this member's, or started, dropped or forgotten already.
        """
        if (draft := await self._drafts.get(draft_id)) is None:
            raise Refused(Reason.DRAFT_GONE)
        if draft.user_id != asker.user_id:
            raise Refused(Reason.NOT_YOURS)
        return draft

    async def change_draft(
        self, draft_id: int, asker: Asker, *, take: int | None = None, prompt: str | None, at_s: float | None
    ) -> Draft:
        """Word the continuation of a draft differently; without a take, it stays that of the draft.

        Raises:
            Refused: see `admit` and `drafted`; or a word is kept out.
            WishError: the text can't be taken.
        """
        server = await self._admission.admit(asker)
        draft = await self.drafted(draft_id, asker)
        if not isinstance(draft.wish, ContinuationWish):
            raise Refused(Reason.DRAFT_GONE)
        wish = checked_continuation(replace(draft.wish, take=take or draft.wish.take, prompt=prompt, at_s=at_s))
        wish = self._with_take(wish, await known(self._tasks, wish.parent_id))
        await self._admission.check_words(server, {WishPart.PROMPT: wish.prompt})
        if not await self._drafts.change(draft.id, wish):
            raise Refused(Reason.DRAFT_GONE)
        return replace(draft, wish=wish)

    async def choose_start(self, draft_id: int, asker: Asker, at_s: float | None) -> Draft:
        """Let the continuation of a draft begin at one of the moments that its words name.

        Raises:
            Refused: see `change_draft`.
        """
        wish = (await self.drafted(draft_id, asker)).wish
        if not isinstance(wish, ContinuationWish):
            raise Refused(Reason.DRAFT_GONE)
        parent = await known(self._tasks, wish.parent_id)
        prompt = without_start(wish.prompt, at_s, parent.length_of(self._maker.chosen_take(wish.take, parent)))
        return await self.change_draft(draft_id, asker, prompt=prompt, at_s=at_s)

    async def start_draft(self, draft_id: int, asker: Asker, *, message_id: int | None = None) -> MusicTask:
        """Turn a confirmed draft into a task.

        Args:
            draft_id: the draft.
            asker: who confirms.
            message_id: the message that asked for the confirmation, if that becomes the card.

        Raises:
            Refused: not this member's, or started or dropped already.
        """
        server = await self._admission.admit(asker)
        draft = await self.drafted(draft_id, asker)
        new = await self._maker.new_task(draft.wish, asker, server, Origin(key=draft.origin_key, message_id=message_id))
        try:
            task = await self._drafts.start(draft, new)
        except LimitReachedError as error:
            raise await self._admission.limit_refused(error.limit, asker.guild_id) from error
        if task is None:
            raise Refused(Reason.DRAFT_GONE)
        log.info("wish received", extra={"task_id": task.id, "kind": task.kind, "draft_id": draft.id})
        return task

    async def drop_draft(self, draft_id: int, asker: Asker) -> None:
        """Forget a draft.

        Raises:
            Refused: not this member's, or gone already.
        """
        if not await self._drafts.drop((await self.drafted(draft_id, asker)).id):
            raise Refused(Reason.DRAFT_GONE)

    async def _draft(self, asker: Asker, wish: Wish, origin_key: str) -> Draft:
        return await self._drafts.add(
            Draft(
                id=0,
                origin_key=origin_key,
                created_at=self._clock(),
                user_id=asker.user_id,
                guild_id=asker.guild_id,
                channel_id=asker.channel_id,
                wish=wish,
            )
        )

    # --- before anything is asked ------------------------------------------------------------------------------

    async def check_may_ask(self, asker: Asker) -> None:
        """Whether a wish can be taken here and now: to know before a form is filled in.

        Raises:
            Refused: see `admit`.
        """
        await self._admission.admit(asker)

    async def locale(self, asker: Asker) -> str:
        """The language of what everybody sees here."""
        return (await self._servers.get(asker.guild_id or EVERYWHERE)).rules.locale or asker.locale

    async def continuable(self, task_id: TaskId, asker: Asker) -> MusicTask:
        """The song that a member may continue here.

        Raises:
            Refused: it can't be continued, or not by this member.
        """
        parent = await known(self._tasks, task_id)
        await self.check_continuable(parent, user_id=asker.user_id, channel_id=asker.channel_id)
        return parent

    async def check_continuable(self, parent: MusicTask, *, user_id: int, channel_id: int) -> None:
        """See `Maker.check_continuable`."""
        await self._maker.check_continuable(parent, user_id=user_id, channel_id=channel_id)

    def takes_to_continue(self, parent: MusicTask) -> list[int]:
        """The numbers of the takes of a song that can be continued."""
        return self._maker.takes_to_continue(parent)

    def chosen_take(self, wanted: int | None, parent: MusicTask) -> int:
        """See `Maker.chosen_take`."""
        return self._maker.chosen_take(wanted, parent)

    def _with_take(self, wish: ContinuationWish, parent: MusicTask, *, is_clear: bool = True) -> ContinuationWish:
        """The wish with the take that is meant, where there are several; its start, if that is clear, lies in it."""
        take = self._maker.chosen_take(wish.take, parent)
        if is_clear:
            self._maker.check_start(wish.at_s, take, parent)
        return replace(wish, take=take if len(parent.takes) > 1 else None)

    async def price(self, wish: Wish, guild_id: int | None) -> Price | None:
        """What a wish would cost in a server, as far as the catalogue says."""
        return await self._maker.price(wish, guild_id)

    async def sings_prompt(self) -> bool:
        """See `Maker.sings_prompt`."""
        return await self._maker.sings_prompt()

    def takes_negative_tags(self, model: str | None) -> bool:
        """Whether a model (None is the operator's) can be told which styles to keep out."""
        return self._maker.takes_negative_tags(model or self._defaults.model)

    def music_models(self) -> list[ModelInfo]:
        """The models that make songs, as far as known."""
        return self._catalogue.music_models()

    def lyrics_models(self) -> list[ModelInfo]:
        """The models that write lyrics, as far as known."""
        return self._catalogue.lyrics_models()

    def versions(self) -> list[str]:
        """The versions that are known, newest first."""
        return versions_of(self._catalogue, self._defaults)

    def is_known_version(self, version: str | None) -> bool:
        """Whether a version, if one is named, is known."""
        return version is None or among(version.strip().casefold(), self.versions())

    async def _same(self, new: NewTask) -> MusicTask | None:
        """The newest task of this member's that asks for the same and has not ended badly."""
        for task in await self._tasks.asked_since(new.user_id, self._clock() - SAME_WISH):
            is_same = all(getattr(task, name) == getattr(new, name) for name in WISHED)
            if task.state not in ENDED_BADLY and is_same and _chosen_version(task) == _chosen_version(new):
                return task if task.origin_key != new.origin_key else None
        return None


def _chosen_version(task: MusicTask | NewTask) -> str | None:
    return task.version if task.version_chosen else None


def _start_s(understood: ReplyWish, take: int, parent: MusicTask) -> float | None:
    """From where a reply continues a take; None is the end.

    Raises:
        Refused: the take has no such moment, or nobody knows where its middle is.
    """
    if understood.start == END:
        return None
    length_s = parent.length_of(take)
    if (at_s := understood.start.at_s(length_s)) is not None:
        return at_s
    if length_s is None:
        raise Refused(Reason.NEEDS_START, parent.inside_s)
    raise Refused(Reason.BEYOND_END, length_s)
