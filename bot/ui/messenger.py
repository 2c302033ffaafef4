"""The delivery ladder: how a card reaches people, whatever Discord answers."""

import logging
from collections.abc import Awaitable, Callable, Collection, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import partial
from pathlib import Path
from typing import NotRequired, TypedDict

import discord

from bot.domain.members import Telling
from bot.domain.pacing import Forecaster
from bot.domain.scene import Scene
from bot.domain.takes import MediaFile
from bot.domain.tasks import MusicTask, PingStatus, State
from bot.engine.ports import BeforeSending, ShowLaterError, Shown
from bot.ui import texts
from bot.ui.attachments import attachable, audio_files, carried, picture_files, pictures_beside, text_file
from bot.ui.buttons import view_of
from bot.ui.card import Card, Post, jump_url
from bot.ui.cards import plain, render, shows_task
from bot.ui.reach import CALL_S, Lost, Place, Reach, attempt, mention_only, nonce
from bot.ui.verdicts import Verdict
from bot.ui.words import words_for

log = logging.getLogger(__name__)

CARD_EDITS = timedelta(hours=1)
"""Discord: messages older than this are edited so seldom that a final card had better be a new one."""
AUDIO_PATIENCE = timedelta(hours=1)
AUDIO_TRIES = 4
"""Maximum number of tries a card waits for when some audio is there or is fetched again: less than a minute."""
AUDIO_RETRY_S = 30.0
UPLOAD_TRIES = 2
"""After this many failures a card is shown without its files, which follow when possible."""
UPLOAD_S = 60.0
"""How long each try to show a card with its files may take; files that follow later have no limit."""
MAY_POST = frozenset({Verdict.NO_CARD, Verdict.ARCHIVED, Verdict.TOO_MANY_EDITS, Verdict.FORBIDDEN})
"""Where a settled card may be a new message in the channel."""


class FilesStuckError(ShowLaterError):
    """A passing failure of a request that carried files."""


class Uploads(Enum):
    """What becomes of a card whose files do not get through."""

    NEEDED = auto()
    """Nothing: it stands already."""
    FOLLOW = auto()
    """It is shown without them, and they follow."""
    SPARED = auto()
    """It is shown without them for good."""


class Look(TypedDict):
    """What a card is edited to; without attachments, those that it has stay."""

    embed: discord.Embed
    view: discord.ui.View
    attachments: NotRequired[list[discord.File]]


Send = Callable[[Look], Awaitable[discord.Message]]


class Messenger:
    """Shows tasks in Discord. Implements `bot.engine.ports.Display`."""

    def __init__(self, reach: Reach, *, media_dir: Path, forecast: Forecaster) -> None:
        self._reach = reach
        self._media_dir = media_dir
        self._forecast = forecast

    # --- Display ---------------------------------------------------------------------------------------------------

    def looks(self, task: MusicTask, scene: Scene) -> str:
        """See `Display.looks`."""
        return self._card(task, scene, attached=_numbers(self._takes(task))).fingerprint()

    async def show(self, task: MusicTask, scene: Scene, telling: Telling, begin: BeforeSending) -> Shown:
        """See `Display.show`. The rungs: token, channel edit, new message, direct message, kept for `/songs`.

        Each outcome makes at most one direct message: it waits up to `AUDIO_PATIENCE` for the audio, and what
        comes later than that is kept for `/songs`.
        """
        if task.card_lost and task.pinged_for is task.state and task.ping_status is PingStatus.DONE:
            return Shown(lost=task.card_lost)
        may_post = True
        try:
            if (shown := await self._show_posted(task, scene, telling)) is not None:
                return shown
        except Lost as lost:  # it may be there: another one in its place would tell twice
            may_post = False
            log.warning("whether a new card was sent is unknown", extra={"task_id": task.id, "reason": str(lost)})
        return await self._walk_down(task, scene, telling, begin, may_post=may_post)

    async def _walk_down(
        self, task: MusicTask, scene: Scene, telling: Telling, begin: BeforeSending, *, may_post: bool
    ) -> Shown:
        reason = task.card_lost
        is_open = reason is None
        if reason is None:
            try:
                return await self._edit(task, scene)
            except Lost as lost:
                reason = lost.verdict.name.lower()
                is_open = lost.verdict in MAY_POST
        if not task.is_settled:
            return Shown(lost=None if is_open else reason)
        if task.state is State.CANCELLED:
            return Shown(lost=reason)
        if is_open and may_post and (shown := await self._post_anew(task, scene, telling, begin)):
            return shown
        if self._awaits_audio(task):
            raise ShowLaterError(AUDIO_RETRY_S)
        return await self._by_direct_message(task, scene, (reason or "").partition("+")[0], begin)

    async def attach(self, task: MusicTask, scene: Scene) -> bool:
        """See `Display.attach`."""
        try:
            return (await self._edit(replace(task, attach_after=None), scene, Uploads.NEEDED)).files_shown
        except Lost as lost:
            log.info("files can't be attached", extra={"task_id": task.id, "reason": lost.verdict.name})
            return False

    async def refresh(self, task: MusicTask, scene: Scene) -> None:
        """See `Display.refresh`."""
        try:
            await self._edit(task, scene)
        except (Lost, ShowLaterError):
            log.info("card could not be refreshed", extra={"task_id": task.id})

    async def remove(self, channel_id: int, message_id: int) -> None:
        """See `Display.remove`."""
        await self._reach.remove(channel_id, message_id)

    def _awaits_audio(self, task: MusicTask) -> bool:
        if task.state is not State.COMPLETED or not task.media_wanted:
            return False
        is_new = self._reach.clock() - task.state_at < AUDIO_PATIENCE
        return (is_new and not task.media) or task.media_failures < AUDIO_TRIES

    # --- rungs -----------------------------------------------------------------------------------------------------

    async def _edit(self, task: MusicTask, scene: Scene, uploads: Uploads = Uploads.FOLLOW) -> Shown:
        """Edit the card: by its token while that lives, else by channel and message id."""
        if task.message_id is None:
            raise Lost(Verdict.NO_CARD)
        if task.interaction_token and self._reach.token_lives(task):
            client = self._reach.client
            webhook = discord.Webhook.partial(client.application_id or 0, task.interaction_token, client=client)
            message_id = task.message_id

            async def by_token(look: Look) -> discord.Message:
                return await self._reach.by_token(webhook.edit_message(message_id, **look), within_s=None)

            try:
                return await self._deliver(task, scene, by_token, uploads, is_edit=True)
            except Lost as lost:
                if lost.verdict is Verdict.CARD_DELETED:
                    raise
        message = self._reach.channel(task).get_partial_message(task.message_id)

        async def by_channel(look: Look) -> discord.Message:
            try:
                return await message.edit(**look)
            except discord.RateLimited as error:  # a wait so long hides the code that says why
                if task.is_settled and self._is_old(message):
                    raise Lost(Verdict.TOO_MANY_EDITS) from error
                raise

        return await self._deliver(task, scene, by_channel, uploads, is_edit=True)

    def _is_old(self, message: discord.PartialMessage) -> bool:
        return self._reach.clock() - message.created_at > CARD_EDITS

    async def _show_posted(self, task: MusicTask, scene: Scene, telling: Telling) -> Shown | None:
        """What an earlier try has sent is the card, or the direct message, as if that try had lived to say so.

        Raises:
            Lost: whether it was sent can't be found out.
            ShowLaterError: a passing failure.
        """
        if task.posting_at is None or (found := await self._find_posted(task, task.posting_at)) is None:
            return None
        is_told = task.posting == nonce("r", task)
        where = (found.channel.id, found.id)
        if task.posting_in != task.channel_id:
            lost = task.card_lost or Verdict.NO_CHANNEL.name.lower()
            return Shown(lost=lost, replacement=where, told=True) if is_told else None
        card = replace(task, message_id=found.id, interaction_token=None, files_shown=bool(found.attachments))
        shown = await self._edit(card, scene)
        has_files = shown.files_shown or card.files_shown
        return replace(shown, replacement=where, files_shown=has_files, told=is_told and telling is not Telling.DM)

    async def _find_posted(self, task: MusicTask, begun_at: datetime) -> discord.Message | None:
        def fits(message: discord.Message) -> bool:
            return message.id != task.message_id and shows_task(message, task)

        is_here = task.posting_in == task.channel_id
        place = self._reach.channel(task) if is_here else await self._reach.open_dm(task)
        return await self._reach.find_own(place, begun_at, fits)

    async def _post_anew(self, task: MusicTask, scene: Scene, telling: Telling, begin: BeforeSending) -> Shown | None:
        """A new message in the channel that takes the card's place: it tells its member there if they want that.

        A member who is told directly still has to be; one who wants silence has nothing more to be told.
        """
        intro = jump_url(task) or words_for(task.locale)(texts.LATE_ANSWER)
        if telling is Telling.PING:
            intro = f"<@{task.user_id}> {intro}"
        try:
            shown = await self._send_new(task, scene, self._reach.channel(task), intro, begin, lost=None)
        except Lost:
            return None
        return replace(shown, told=telling is not Telling.DM)

    async def _by_direct_message(self, task: MusicTask, scene: Scene, reason: str, begin: BeforeSending) -> Shown:
        try:
            user = await self._reach.open_dm(task)
            return await self._send_new(task, scene, user, words_for(task.locale)(texts.KEPT), begin, lost=reason)
        except Lost as lost:
            return Shown(lost=f"{reason}+{lost.verdict.name.lower()}")

    async def _send_new(
        self, task: MusicTask, scene: Scene, channel: Place, intro: str, begin: BeforeSending, *, lost: str | None
    ) -> Shown:
        sent: list[discord.Message] = []

        async def send(look: Look) -> discord.Message:
            post: Post = {
                "content": intro,
                "embed": look["embed"],
                "view": look["view"],
                "nonce": nonce("r", task),
                "allowed_mentions": mention_only(task.user_id),
            }
            if "attachments" in look:
                post["files"] = look["attachments"]
            message = await channel.send(**post)
            sent.append(message)
            return message

        uploads = Uploads.FOLLOW if lost is None else Uploads.SPARED
        await begin(nonce("r", task), channel.id)
        shown = await self._deliver(task, scene, send, uploads, is_edit=False)
        return Shown(
            lost=lost,
            files_shown=shown.files_shown,
            files_owed=shown.files_owed,
            told=True,
            replacement=(sent[0].channel.id, sent[0].id),
        )

    # --- payloads --------------------------------------------------------------------------------------------------

    async def _deliver(self, task: MusicTask, scene: Scene, send: Send, uploads: Uploads, *, is_edit: bool) -> Shown:
        """Try the whole card; where its files keep failing on their way, show it without them if that will do.

        Raises:
            Lost: this way is closed.
            ShowLaterError: a passing failure.
        """
        patience_s = None if uploads is Uploads.NEEDED else UPLOAD_S
        try:
            return await self._deliver_any(task, scene, send, is_edit=is_edit, patience_s=patience_s)
        except FilesStuckError:
            if uploads is Uploads.NEEDED or task.show_failures + 1 < UPLOAD_TRIES:
                raise
        log.warning("card is shown without its files", extra={"task_id": task.id})
        follow = uploads is Uploads.FOLLOW
        bare = replace(task, attach_after=self._reach.clock() if follow else None)
        shown = await self._deliver_any(bare, scene, send, is_edit=is_edit, has_files=False)
        return replace(shown, files_owed=follow)

    async def _deliver_any(
        self,
        task: MusicTask,
        scene: Scene,
        send: Send,
        *,
        is_edit: bool,
        has_files: bool = True,
        patience_s: float | None = None,
    ) -> Shown:
        """Try the whole card, then without its pictures, then without its files, then the plainest.

        Raises:
            Lost: this way is closed.
            FilesStuckError: a passing failure, perhaps because of the files.
            ShowLaterError: a passing failure.
        """
        last = Lost(Verdict.BAD_PAYLOAD)
        for card, files in self._variants(task, scene, is_edit=is_edit):
            if files and not has_files:
                continue
            look = Look(embed=card.embed, view=view_of(card.buttons))
            if files or (is_edit and task.edited_lyrics and not task.files_shown):  # no file of an earlier text stays
                look["attachments"] = [make() for make in files]
            try:
                await attempt(send(look), patience_s if files else CALL_S)
            except ShowLaterError as error:
                if not files:
                    raise
                raise FilesStuckError(error.retry_after_s, may_be_sent=error.may_be_sent) from error
            except Lost as lost:
                last = lost
            else:
                return Shown(files_shown=bool(files))
            if last.verdict is Verdict.BAD_PAYLOAD:
                log.error("Discord refused a card", extra={"task_id": task.id})
            elif not (files and last.verdict in {Verdict.TOO_LARGE, Verdict.FORBIDDEN}):
                raise last
        raise last

    def _variants(
        self, task: MusicTask, scene: Scene, *, is_edit: bool
    ) -> Iterator[tuple[Card, list[Callable[[], discord.File]]]]:
        stays = is_edit and task.files_shown
        takes = carried(task) if stays else self._takes(task)
        attached = _numbers(takes) if task.kind.makes_audio else None
        card = self._card(task, scene, attached=attached)
        files = [] if stays else audio_files(task, takes, self._media_dir)
        if card.lyrics_file is not None and not stays:
            files = [partial(text_file, task, card.lyrics_file, words_for(task.locale))]
        limit_bytes = task.attachment_limit_bytes
        pictures = {} if stays else picture_files(task, takes, self._media_dir, limit_bytes=limit_bytes)
        if shown := pictures_beside(task, takes) if stays else pictures:
            yield self._card(task, scene, attached=attached, pictures=shown.keys()), [*files, *pictures.values()]
        if files:
            yield card, files
            yield self._card(task, scene, attached=()), []
        else:
            yield card, []
        if files:
            yield plain(task), files
        yield plain(task), []

    def _card(
        self, task: MusicTask, scene: Scene, *, attached: Collection[int] | None, pictures: Collection[str] = ()
    ) -> Card:
        forecast = self._forecast(task, scene.place)
        return render(task, scene, forecast, attached=attached, pictures=pictures)

    def _takes(self, task: MusicTask) -> list[MediaFile]:
        """The takes that can be attached."""
        if task.state is not State.COMPLETED:
            return []
        return attachable(task, self._media_dir, limit_bytes=task.attachment_limit_bytes)


def _numbers(takes: Collection[MediaFile]) -> list[int]:
    return [one.take for one in takes]
