"""What people can do: the use cases that cogs call. Knows rows and rules; knows neither Discord nor SQL nor HTTP."""

import logging
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bot.clock import Clock
from bot.domain.line import Place, Waiting, in_turn, places
from bot.domain.refusals import Reason, Refused
from bot.domain.tasks import (
    Draft,
    LineFullError,
    MusicTask,
    NewTask,
    Role,
    StaleTaskError,
    State,
    TaskId,
)
from bot.domain.wishes import ContinuationWish, LyricsWish, ReplyWish, SongWish, checked
from bot.tokenlab.catalogue import Availability, Catalogue
from bot.tokenlab.models import ModelInfo, choose_clip

log = logging.getLogger(__name__)

NAME_CHARS = 40
MODEL_ID = re.compile(r"[\w.:/-]{1,100}", re.ASCII)
OPEN_STATES = (
    State.RECEIVED,
    State.QUEUED,
    State.SUBMITTING,
    State.RUNNING,
    State.EXPIRED,
    State.UNCERTAIN,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks, where, and through which interaction."""

    user_id: int
    guild_id: int | None
    channel_id: int
    is_moderator: bool
    missing_permissions: tuple[str, ...]
    """What the bot may not do in this channel although it has to."""
    interaction_id: int
    interaction_token: str
    asked_at: datetime
    attachment_limit_bytes: int
    """0 where the bot may not attach files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What the operator set for wishes that leave it open."""

    model: str
    version: str
    clip_id_order: tuple[str, ...]
    upload_extend: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A server's queue as moderators see it."""

    counts: dict[State, int]
    rows: Sequence[MusicTask]


class Tasks(Protocol):
    """The task store, as far as the use cases need it; `bot/store/tasks.py` has the meaning of each."""

    async def add(self, new: NewTask) -> tuple[MusicTask, bool]: ...
    async def move(self, before: MusicTask, to: State, **values: Any) -> MusicTask: ...  # noqa: ANN401 -- column values
    async def shown(self, before: MusicTask, message_id: int) -> MusicTask: ...
    async def remember_message(self, task: MusicTask, *, message_id: int, channel_id: int, role: Role) -> None: ...
    async def get(self, task_id: TaskId) -> MusicTask | None: ...
    async def by_origin(self, origin_key: str) -> MusicTask | None: ...
    async def by_message(self, message_id: int) -> MusicTask | None: ...
    async def waiting(self) -> list[Waiting]: ...
    async def running_by_member(self) -> dict[int, int]: ...
    async def guilds_in_line(self) -> set[int]: ...
    async def in_line_of(self, guild_id: int) -> list[MusicTask]: ...
    async def of_member(self, user_id: int, limit: int) -> list[MusicTask]: ...
    async def clips_of_member(self, user_id: int, limit: int) -> list[MusicTask]: ...
    async def of_guild(self, guild_id: int, states: Collection[State], limit: int) -> list[MusicTask]: ...
    async def counts_of_guild(self, guild_id: int) -> dict[State, int]: ...


class Drafts(Protocol):
    """The draft store, as far as the use cases need it."""

    async def add(self, draft: Draft) -> Draft: ...
    async def get(self, draft_id: int) -> Draft | None: ...
    async def start(self, draft: Draft, new: NewTask) -> MusicTask | None: ...
    async def drop(self, draft_id: int) -> bool: ...


class Service:
    """The use cases. Everything that is refused is a `Refused` or a `WishError`, before anything is written."""

    def __init__(self, *, tasks: Tasks, drafts: Drafts, catalogue: Catalogue, clock: Clock, defaults: Defaults) -> None:
        self._tasks = tasks
        self._drafts = drafts
        self._catalogue = catalogue
        self._clock = clock
        self._defaults = defaults
        self._is_closing = False
        self.on_queued: Callable[[], None] = lambda: None
        """Rung when a task joins the line."""
        self.on_changed: Callable[[], None] = lambda: None
        """Rung when a card has something new to show."""

    def close(self) -> None:
        """Take no more wishes: the program is stopping."""
        self._is_closing = True

    # --- asking ------------------------------------------------------------------------------------------------

    async def request(self, wish: SongWish | LyricsWish | ContinuationWish, asker: Asker) -> MusicTask:
        """Write the row of a wish that came with a command or a modal.

        Raises:
            Refused: not here, not now, not with this model; nothing was written.
            WishError: the wish itself can't be taken; nothing was written.
        """
        self._check_may_ask(asker)
        new = await self._new_task(wish, asker, origin_key=f"i:{asker.interaction_id}")
        try:
            task, is_new = await self._tasks.add(new)
        except LineFullError as error:
            raise Refused(Reason.LINE_FULL) from error
        log.info("wish received", extra={"task_id": task.id, "kind": task.kind, "is_new": is_new})
        return task

    async def shown(self, task: MusicTask, message_id: int) -> MusicTask:
        """Discord has confirmed the card: RECEIVED → QUEUED, unless somebody was first."""
        try:
            task = await self._tasks.shown(task, message_id)
        except StaleTaskError:
            log.info("card was confirmed already", extra={"task_id": task.id})
        self.on_queued()
        return task

    async def place_of(self, task: MusicTask) -> Place | None:
        """Where a task stands in the line, or would if it joined now."""
        waiting, running = await self._tasks.waiting(), await self._tasks.running_by_member()
        if all(one.id != task.id for one in waiting):
            waiting.append(
                Waiting(id=task.id, user_id=task.user_id, guild_id=task.guild_id, created_at=task.created_at)
            )
        return places(in_turn(waiting, running)).get(task.id)

    # --- continuing --------------------------------------------------------------------------------------------

    async def draft_reply(
        self,
        understood: ReplyWish,
        parent: MusicTask,
        *,
        message_id: int,
        user_id: int,
        guild_id: int | None,
        channel_id: int,
    ) -> Draft:
        """Keep what was understood of a reply until it is confirmed.

        Raises:
            Refused: this song can't be continued, or not by this member.
            WishError: the text can't be taken.
        """
        if self._is_closing:
            raise Refused(Reason.CLOSING)
        wish = _checked_continuation(
            ContinuationWish(parent_id=parent.id, prompt=understood.prompt, at_s=understood.at_s)
        )
        self.check_continuable(parent, user_id=user_id, channel_id=channel_id)
        self._check_start(wish.at_s)
        return await self._drafts.add(
            Draft(
                id=0,
                origin_key=f"r:{message_id}",
                created_at=self._clock(),
                user_id=user_id,
                guild_id=guild_id,
                channel_id=channel_id,
                parent_id=parent.id,
                prompt=wish.prompt,
                at_s=wish.at_s,
            )
        )

    async def start_draft(self, draft_id: int, asker: Asker, *, message_id: int) -> MusicTask:
        """Turn a confirmed draft into a task whose card will be the message that asked for the confirmation.

        Raises:
            Refused: not this member's, or started or dropped already.
        """
        self._check_may_ask(asker)
        draft = await self._own_draft(draft_id, asker)
        wish = ContinuationWish(parent_id=draft.parent_id, prompt=draft.prompt, at_s=draft.at_s)
        new = await self._new_task(wish, asker, origin_key=draft.origin_key, message_id=message_id)
        try:
            task = await self._drafts.start(draft, new)
        except LineFullError as error:
            raise Refused(Reason.LINE_FULL) from error
        if task is None:
            raise Refused(Reason.DRAFT_GONE)
        return task

    async def drop_draft(self, draft_id: int, asker: Asker) -> None:
        """Forget a draft.

        Raises:
            Refused: not this member's, or gone already.
        """
        draft = await self._own_draft(draft_id, asker)
        if not await self._drafts.drop(draft.id):
            raise Refused(Reason.DRAFT_GONE)

    async def continuable(self, task_id: TaskId, asker: Asker) -> MusicTask:
        """The song that a member may continue here.

        Raises:
            Refused: it can't be continued, or not by this member.
        """
        parent = await self._known(task_id)
        self.check_continuable(parent, user_id=asker.user_id, channel_id=asker.channel_id)
        return parent

    # --- changing ----------------------------------------------------------------------------------------------

    async def confirm_card(self, task_id: TaskId, message_id: int) -> None:
        """A click on a card proves that the card is there: settles a RECEIVED row before the click acts."""
        task = await self._tasks.get(task_id)
        if task is not None and task.state is State.RECEIVED:
            await self.shown(task, message_id)

    async def cancel(self, task_id: TaskId, asker: Asker) -> MusicTask:
        """Take a task out of the line; costs nothing.

        Raises:
            Refused: submitted already, or neither the member's own nor one of the moderator's server.
        """
        return await self._settle(await self._touchable(task_id, asker), asker, State.QUEUED, State.CANCELLED)

    async def uncertain(self, task_id: TaskId, asker: Asker) -> MusicTask:
        """The unclear task that this person may decide about.

        Raises:
            Refused: it is not unclear (any more), or not theirs to decide.
        """
        task = await self._touchable(task_id, asker)
        if task.state is not State.UNCERTAIN:
            raise Refused(Reason.TOO_LATE)
        return task

    async def retry(self, task_id: TaskId, asker: Asker, *, attempt: int) -> None:
        """Send an unclear task once more, which may cost again; the person has confirmed that.

        Args:
            task_id: the task.
            asker: who confirmed.
            attempt: the attempt whose fate is unclear: one confirmation pays for one more, however often it is pressed.

        Raises:
            Refused: see `uncertain`; or the confirmation is used up.
        """
        if self._is_closing:
            raise Refused(Reason.CLOSING)
        task = await self.uncertain(task_id, asker)
        if task.attempt != attempt:
            raise Refused(Reason.TOO_LATE)
        await self._settle(task, asker, State.UNCERTAIN, State.QUEUED)
        self.on_queued()

    async def drop(self, task_id: TaskId, asker: Asker) -> None:
        """Let an unclear task go.

        Raises:
            Refused: see `uncertain`.
        """
        await self._settle(await self.uncertain(task_id, asker), asker, State.UNCERTAIN, State.CANCELLED)

    async def server_removed(self, guild_id: int) -> None:
        """The bot is no longer in a server: what waits there is cancelled; what runs goes to DMs and `/songs`."""
        for task in await self._tasks.in_line_of(guild_id):
            try:
                await self._tasks.move(task, State.CANCELLED)
            except StaleTaskError:
                log.info("task was submitted before its server went", extra={"task_id": task.id})

    async def servers_present(self, guild_ids: Collection[int]) -> None:
        """These are all servers of ours: wishes of others that wait in the line are cancelled."""
        for guild_id in await self._tasks.guilds_in_line() - set(guild_ids):
            await self.server_removed(guild_id)

    # --- looking -----------------------------------------------------------------------------------------------

    async def task(self, task_id: TaskId, asker: Asker) -> MusicTask:
        """A task that this person may see whole: their own, or one of the channel they are in.

        Raises:
            Refused: there is none such for them.
        """
        task = await self._known(task_id)
        if task.user_id != asker.user_id and task.channel_id != asker.channel_id:
            raise Refused(Reason.NOT_FOUND)
        return task

    async def task_of_message(self, message_id: int) -> MusicTask | None:
        """The task that a message shows."""
        return await self._tasks.by_message(message_id)

    async def songs(self, user_id: int, limit: int = 10) -> list[MusicTask]:
        """A member's own tasks, newest first."""
        return await self._tasks.of_member(user_id, limit)

    async def clips(self, user_id: int, text: str, limit: int = 25) -> list[MusicTask]:
        """A member's own finished songs whose title or prompt holds the text, newest first."""
        wanted = text.casefold().strip()
        made = await self._tasks.clips_of_member(user_id, 200)
        return [task for task in made if wanted in f"{title_of(task)} {task.prompt}".casefold()][:limit]

    async def queue(self, guild_id: int, limit: int = 15) -> Queue:
        """What a server has under way."""
        return Queue(
            counts=await self._tasks.counts_of_guild(guild_id),
            rows=await self._tasks.of_guild(guild_id, OPEN_STATES, limit),
        )

    def music_models(self) -> list[ModelInfo]:
        """The models that make songs, as far as known."""
        return self._catalogue.music_models()

    def lyrics_models(self) -> list[ModelInfo]:
        """The models that write lyrics, as far as known."""
        return self._catalogue.lyrics_models()

    # --- rules -------------------------------------------------------------------------------------------------

    def _check_may_ask(self, asker: Asker) -> None:
        if self._is_closing:
            raise Refused(Reason.CLOSING)
        if asker.missing_permissions:
            raise Refused(Reason.MISSING_PERMISSION, ", ".join(asker.missing_permissions))

    async def _new_task(
        self,
        wish: SongWish | LyricsWish | ContinuationWish,
        asker: Asker,
        *,
        origin_key: str,
        message_id: int | None = None,
    ) -> NewTask:
        common: dict[str, Any] = {
            "origin_key": origin_key,
            "kind": wish.kind,
            "user_id": asker.user_id,
            "guild_id": asker.guild_id,
            "channel_id": asker.channel_id,
            "message_id": message_id,
            "interaction_id": asker.interaction_id,
            "interaction_token": asker.interaction_token if message_id is None else None,
            "token_at": asker.asked_at,
            "attachment_limit_bytes": asker.attachment_limit_bytes,
        }
        match checked(wish):
            case SongWish() as song:
                return NewTask(
                    **common,
                    prompt=song.prompt,
                    title=song.title,
                    tags=song.tags,
                    instrumental=song.instrumental,
                    model=self._music_model(song.model),
                    version=song.version or self._defaults.version,
                )
            case LyricsWish() as lyrics:
                return NewTask(**common, prompt=lyrics.prompt, model=self._lyrics_model(lyrics.model))
            case ContinuationWish() as continuation:
                return NewTask(**common, **await self._continuation(continuation, asker))

    async def _continuation(self, wish: ContinuationWish, asker: Asker) -> dict[str, Any]:
        parent = await self._known(wish.parent_id)
        self.check_continuable(parent, user_id=asker.user_id, channel_id=asker.channel_id)
        self._check_start(wish.at_s)
        return {
            "prompt": wish.prompt or parent.prompt,
            "title": parent.title or None,
            "tags": parent.tags,
            "instrumental": parent.instrumental,
            "model": parent.model,
            "version": parent.version,
            "parent_id": parent.id,
            "clip_id": self._clip_of(parent),
            "continue_at_s": wish.at_s,
        }

    def _clip_of(self, parent: MusicTask) -> str | None:
        if self._defaults.upload_extend and parent.result and parent.result.tracks:
            return parent.result.tracks[0].audio_url
        return choose_clip(parent.clip_candidates, self._defaults.clip_id_order)

    def check_continuable(self, parent: MusicTask, *, user_id: int, channel_id: int) -> None:
        """Section 7 of the architecture: the owner anywhere, others only where the song was posted.

        Raises:
            Refused: it can't be continued, or not by this member.
        """
        if parent.user_id != user_id and parent.channel_id != channel_id:
            raise Refused(Reason.NOT_YOURS)
        if not parent.kind.makes_audio:
            raise Refused(Reason.NO_CLIP)
        if parent.state is not State.COMPLETED:
            raise Refused(Reason.NOT_FINISHED)
        if self._clip_of(parent) is None:
            raise Refused(Reason.NO_CLIP)

    def _check_start(self, at_s: float | None) -> None:
        if self._defaults.upload_extend and not at_s:
            raise Refused(Reason.NEEDS_START)

    def _music_model(self, wanted: str | None) -> str:
        if wanted is None:
            return self._defaults.model
        if not self._catalogue.is_loaded and MODEL_ID.fullmatch(wanted):
            return wanted  # nothing is known, so nothing is known against it
        found = self._catalogue.find(wanted)
        if found is None or not found.makes_music:
            raise Refused(Reason.UNKNOWN_MODEL)
        return found.id

    def _lyrics_model(self, wanted: str | None) -> str:
        choice = self._catalogue.lyrics_model()
        if wanted is not None and wanted != choice.model:
            if not self._catalogue.is_loaded:
                raise Refused(Reason.LYRICS_UNKNOWN)
            found = self._catalogue.find(wanted)
            if found is None or not found.writes_lyrics:
                raise Refused(Reason.UNKNOWN_MODEL)
            return found.id
        if choice.model is None:
            none = choice.availability is Availability.NONE
            raise Refused(Reason.NO_LYRICS_MODEL if none else Reason.LYRICS_UNKNOWN)
        return choice.model

    async def _settle(self, task: MusicTask, asker: Asker, before: State, after: State) -> MusicTask:
        if task.state is not before:
            raise Refused(Reason.TOO_LATE)
        try:
            moved = await self._tasks.move(task, after)
        except StaleTaskError as error:
            raise Refused(Reason.TOO_LATE) from error
        by_moderator = task.user_id != asker.user_id
        log.info("task moved", extra={"task_id": task.id, "from": before, "to": after, "by_moderator": by_moderator})
        self.on_changed()
        return moved

    async def _touchable(self, task_id: TaskId, asker: Asker) -> MusicTask:
        """A task that this person may change: their own, or as moderator one of this server."""
        task = await self._known(task_id)
        same_server = task.guild_id is not None and task.guild_id == asker.guild_id
        if task.user_id != asker.user_id and not (asker.is_moderator and same_server):
            raise Refused(Reason.NOT_YOURS)
        return task

    async def _known(self, task_id: TaskId) -> MusicTask:
        if (task := await self._tasks.get(task_id)) is None:
            raise Refused(Reason.NOT_FOUND)
        return task

    async def _own_draft(self, draft_id: int, asker: Asker) -> Draft:
        if (draft := await self._drafts.get(draft_id)) is None:
            raise Refused(Reason.DRAFT_GONE)
        if draft.user_id != asker.user_id:
            raise Refused(Reason.NOT_YOURS)
        return draft


def _checked_continuation(wish: ContinuationWish) -> ContinuationWish:
    result = checked(wish)
    assert isinstance(result, ContinuationWish)  # noqa: S101 -- `checked` keeps the kind
    return result


def title_of(task: MusicTask) -> str:
    """What people call a task: its title, the result's, or the first words of the prompt."""
    if task.title:
        return task.title
    if task.result and task.result.title:
        return task.result.title
    words = " ".join(task.prompt.split())
    return words if len(words) <= NAME_CHARS else f"{words[: NAME_CHARS - 1].rstrip()}…"
