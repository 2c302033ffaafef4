"""The delivery ladder: how a card and its ready ping reach people, whatever Discord answers."""

import logging
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import discord
from discord.http import Route

from bot.clock import Clock
from bot.domain.members import Telling
from bot.domain.pacing import Forecaster
from bot.domain.scene import Scene
from bot.domain.tasks import MusicTask, PingStatus, State
from bot.engine.ports import ShowLaterError, Shown, Where
from bot.service import title_of
from bot.ui import texts
from bot.ui.attachments import audio_files, has_picture, picture_files, text_file
from bot.ui.buttons import presses_in, view_of
from bot.ui.card import Card, Press, jump_url
from bot.ui.cards import plain, render
from bot.ui.escape import inline
from bot.ui.verdicts import Verdict, may_be_sent, verdict_of
from bot.ui.words import Words, words_for

log = logging.getLogger(__name__)

TOKEN_USE = timedelta(minutes=14)
"""Discord: the token works 15 minutes; the last one is left alone."""
CARD_EDITS = timedelta(hours=1)
"""Discord: messages older than this are edited so seldom that a final card had better be a new one."""
AUDIO_PATIENCE = timedelta(hours=1)
AUDIO_RETRY_S = 30.0
SEARCH_MESSAGES = 50
MAY_POST = frozenset({Verdict.NO_CARD, Verdict.ARCHIVED, Verdict.TOO_MANY_EDITS, Verdict.FORBIDDEN})
"""Where a settled card may be a new message in the channel."""

Send = Callable[[dict[str, Any]], Awaitable[discord.Message | None]]


class Lost(Exception):  # noqa: N818 -- an answer of Discord, not a fault of the program
    """This rung of the ladder does not lead to the member."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.name)
        self.verdict = verdict


class Messenger:
    """Shows tasks in Discord. Implements `bot.engine.ports.Display`."""

    def __init__(self, client: discord.Client, *, media_dir: Path, forecast: Forecaster, clock: Clock) -> None:
        self._client = client
        self._media_dir = media_dir
        self._forecast = forecast
        self._clock = clock

    # --- Display ---------------------------------------------------------------------------------------------------

    def looks(self, task: MusicTask, scene: Scene) -> str:
        """See `Display.looks`."""
        return self._card(task, scene, attaches_files=bool(self._files(task))).fingerprint()

    async def show(self, task: MusicTask, scene: Scene, telling: Telling) -> Shown:
        """See `Display.show`. The rungs: token, channel edit, new message, direct message, kept for `/songs`.

        Each outcome makes at most one direct message: it waits up to `AUDIO_PATIENCE` for the audio, and what
        comes later than that is kept for `/songs`.
        """
        if task.card_lost and task.pinged_for is task.state and task.ping_status is PingStatus.DONE:
            return Shown(lost=task.card_lost)
        reason = task.card_lost
        may_post = reason is None
        if reason is None:
            try:
                return await self._edit(task, scene)
            except Lost as lost:
                reason = lost.verdict.name.lower()
                may_post = lost.verdict in MAY_POST
        if not task.is_settled:
            return Shown(lost=None if may_post else reason)
        if task.state is State.CANCELLED:
            return Shown(lost=reason)
        if may_post and (shown := await self._post_anew(task, scene, telling)):
            return shown
        if self._awaits_audio(task):
            raise ShowLaterError(AUDIO_RETRY_S)
        return await self._by_direct_message(task, scene, (reason or "").partition("+")[0])

    async def refresh(self, task: MusicTask, scene: Scene) -> None:
        """See `Display.refresh`."""
        try:
            await self._edit(task, scene)
        except (Lost, ShowLaterError):
            log.info("card could not be refreshed", extra={"task_id": task.id})

    async def remove(self, channel_id: int, message_id: int) -> None:
        """See `Display.remove`."""
        message = self._client.get_partial_messageable(channel_id).get_partial_message(message_id)
        try:
            await self._attempt(message.delete, {})
        except Lost as lost:
            log.info("message could not be deleted", extra={"reason": lost.verdict.name})

    async def ping(self, task: MusicTask, telling: Telling) -> Where | None:
        """See `Display.ping`."""
        ways = [self._ping_in_channel, self._ping_directly]
        for way in reversed(ways) if telling is Telling.DM else ways:
            try:
                return await way(task)
            except Lost as lost:
                if lost.verdict not in {Verdict.NO_CHANNEL, Verdict.FORBIDDEN, Verdict.NO_DM}:
                    return None
        return None

    async def _ping_directly(self, task: MusicTask) -> Where:
        return await self._send_ping(task, await self._attempt(self._open_dm, {"user_id": task.user_id}))

    async def _ping_in_channel(self, task: MusicTask) -> Where:
        if (reference := _reference_to_card(task)) is not None:
            try:
                return await self._send_ping(task, self._channel(task), reference)
            except Lost as lost:
                if lost.verdict not in {Verdict.BAD_REFERENCE, Verdict.BAD_PAYLOAD}:
                    raise
        return await self._send_ping(task, self._channel(task))

    async def _send_ping(
        self, task: MusicTask, channel: discord.abc.Messageable, reference: discord.MessageReference | None = None
    ) -> Where:
        """Leads to the card: as a reply to it, else by its link."""
        where = jump_url(task) if reference is None else None
        payload: dict[str, Any] = {
            "content": " ".join(
                part for part in (f"<@{task.user_id}>", _ping_words(task, words_for(task.locale)), where) if part
            ),
            "nonce": _nonce("p", task),
            "allowed_mentions": _only(task.user_id),
            "mention_author": False,
        }
        if reference is not None:
            payload["reference"] = reference
        sent: discord.Message = await self._attempt(channel.send, payload)
        return sent.channel.id, sent.id

    async def find_ping(self, task: MusicTask) -> Where | None:
        """See `Display.find_ping`."""
        if task.message_id is None:
            return None
        try:
            later = await self._history(task, after_id=task.message_id)
        except Lost:
            return None
        for message in later:
            reference = message.reference
            if self._is_own(message) and reference is not None and reference.message_id == task.message_id:
                return task.channel_id, message.id
        return None

    async def find_card(self, task: MusicTask) -> int | None:
        """See `Display.find_card`."""
        try:
            if task.message_id is not None:  # the card is a message that was there before
                known = await self._attempt(partial(self._channel(task).fetch_message, task.message_id), {})
                return task.message_id if (Press.CANCEL, task.id) in presses_in(known) else None
            if self._token_lives(task):
                return await self._original(task)
        except Lost as lost:
            if lost.verdict is not Verdict.TOKEN_GONE:
                return None
        return await self._find_answer(task)

    async def _find_answer(self, task: MusicTask) -> int | None:
        """Look for the card among the messages since the command."""
        try:
            later = await self._history(task, after_id=task.interaction_id or 0)
        except Lost:
            return None
        for message in later:
            if self._is_own(message) and (Press.CANCEL, task.id) in presses_in(message):
                return message.id
        return None

    def _awaits_audio(self, task: MusicTask) -> bool:
        is_new = self._clock() - task.state_at < AUDIO_PATIENCE
        return task.state is State.COMPLETED and task.media_wanted and is_new

    # --- rungs -----------------------------------------------------------------------------------------------------

    async def _edit(self, task: MusicTask, scene: Scene) -> Shown:
        """Edit the card: by its token while that lives, else by channel and message id."""
        if task.message_id is None:
            raise Lost(Verdict.NO_CARD)
        if task.interaction_token and self._token_lives(task):
            webhook = discord.Webhook.partial(
                self._client.application_id or 0, task.interaction_token, client=self._client
            )
            message_id = task.message_id

            async def by_token(payload: dict[str, Any]) -> discord.Message:
                return await webhook.edit_message(message_id, **payload)

            try:
                return await self._deliver(task, scene, by_token, files_key="attachments")
            except Lost as lost:
                if lost.verdict is Verdict.CARD_DELETED:
                    raise
        message = self._channel(task).get_partial_message(task.message_id)

        async def by_channel(payload: dict[str, Any]) -> discord.Message:
            try:
                return await message.edit(**payload)
            except discord.RateLimited as error:  # a wait so long hides the code that says why
                if task.is_settled and self._is_old(message):
                    raise Lost(Verdict.TOO_MANY_EDITS) from error
                raise

        return await self._deliver(task, scene, by_channel, files_key="attachments")

    def _is_old(self, message: discord.PartialMessage) -> bool:
        return self._clock() - message.created_at > CARD_EDITS

    async def _post_anew(self, task: MusicTask, scene: Scene, telling: Telling) -> Shown | None:
        """A new message in the channel that takes the card's place: it tells its member there if they want that.

        Whoever is told directly has that before them, whoever wants silence has nothing more to be told.
        """
        intro = jump_url(task) or words_for(task.locale)(texts.LATE_ANSWER)
        if telling is Telling.PING:
            intro = f"<@{task.user_id}> {intro}"
        try:
            shown = await self._send_new(task, scene, self._channel(task), intro, lost=None)
        except Lost:
            return None
        return replace(shown, told=telling is not Telling.DM)

    async def _by_direct_message(self, task: MusicTask, scene: Scene, reason: str) -> Shown:
        try:
            user = await self._attempt(self._open_dm, {"user_id": task.user_id})
            return await self._send_new(task, scene, user, words_for(task.locale)(texts.KEPT), lost=reason)
        except Lost as lost:
            return Shown(lost=f"{reason}+{lost.verdict.name.lower()}")

    async def _open_dm(self, *, user_id: int) -> discord.DMChannel:
        return await self._client.create_dm(discord.Object(user_id))

    async def _send_new(
        self, task: MusicTask, scene: Scene, channel: discord.abc.Messageable, intro: str, *, lost: str | None
    ) -> Shown:
        sent: list[discord.Message] = []

        async def send(payload: dict[str, Any]) -> discord.Message:
            payload |= {
                "content": intro,
                "nonce": f"{_nonce('r', task)}-{task.revision}",
                "allowed_mentions": _only(task.user_id),
            }
            message = await channel.send(**payload)
            sent.append(message)
            return message

        shown = await self._deliver(task, scene, send, files_key="files")
        return Shown(
            lost=lost,
            files_shown=shown.files_shown,
            told=True,
            replacement=(sent[0].channel.id, sent[0].id),
        )

    # --- payloads --------------------------------------------------------------------------------------------------

    async def _deliver(self, task: MusicTask, scene: Scene, send: Send, *, files_key: str) -> Shown:
        """Try the whole card, then without its picture, then without its files, then the plainest.

        Raises:
            Lost: this way is closed.
            ShowLaterError: a passing failure.
        """
        last = Lost(Verdict.BAD_PAYLOAD)
        is_edit = files_key == "attachments"
        for card, files in self._variants(task, scene, is_edit=is_edit):
            payload: dict[str, Any] = {"embed": card.embed, "view": view_of(card.buttons)}
            if files or (is_edit and task.edited_lyrics and not task.files_shown):  # no file of an earlier text stays
                payload[files_key] = [make() for make in files]
            try:
                await self._attempt(send, {"payload": payload})
            except Lost as lost:
                last = lost
                if lost.verdict is Verdict.BAD_PAYLOAD:
                    log.error("Discord refused a card", extra={"task_id": task.id})  # noqa: TRY400 -- no trace needed
                elif not (files and lost.verdict in {Verdict.TOO_LARGE, Verdict.FORBIDDEN}):
                    raise
            else:
                return Shown(files_shown=bool(files))
        raise last

    def _variants(
        self, task: MusicTask, scene: Scene, *, is_edit: bool
    ) -> Iterator[tuple[Card, list[Callable[[], discord.File]]]]:
        audio = self._files(task)
        stays = is_edit and task.files_shown
        is_whole = bool(audio) or stays or not task.kind.makes_audio
        card = self._card(task, scene, attaches_files=is_whole)
        files = [] if stays else audio
        if card.lyrics_file is not None and not stays:
            files = [partial(text_file, task, card.lyrics_file, words_for(task.locale))]
        picture = picture_files(task, self._media_dir) if audio and not stays else []
        if picture or (stays and has_picture(task)):
            yield self._card(task, scene, shows_picture=True), [*files, *picture]
        if files:
            yield card, files
            yield self._card(task, scene, attaches_files=False), []
        else:
            yield card, []
        if files:
            yield plain(task), files
        yield plain(task), []

    def _card(self, task: MusicTask, scene: Scene, *, attaches_files: bool = True, shows_picture: bool = False) -> Card:
        forecast = self._forecast(task, scene.place)
        return render(task, scene, forecast, attaches_files=attaches_files, shows_picture=shows_picture)

    def _files(self, task: MusicTask) -> list[Callable[[], discord.File]]:
        """Makers of the attachments that fit: a file that was sent once can't be sent again."""
        if task.state is not State.COMPLETED:
            return []
        return audio_files(task, self._media_dir, limit_bytes=task.attachment_limit_bytes)

    # --- Discord ---------------------------------------------------------------------------------------------------

    async def _attempt(self, call: Callable[..., Awaitable[Any]], payload: dict[str, Any]) -> Any:  # noqa: ANN401 -- what the call gives
        try:
            return await call(**payload)
        except Exception as error:
            verdict = verdict_of(error)
            if verdict is None:
                raise
            if verdict is Verdict.LATER:
                raise ShowLaterError(getattr(error, "retry_after", None), may_be_sent=may_be_sent(error)) from error
            log.info(
                "Discord refused a message",
                extra={
                    "verdict": verdict.name,
                    "status": getattr(error, "status", None),
                    "code": getattr(error, "code", None),
                },
            )
            raise Lost(verdict) from error

    def _channel(self, task: MusicTask) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(task.channel_id, guild_id=task.guild_id)

    def _token_lives(self, task: MusicTask) -> bool:
        return bool(task.interaction_token and task.token_at and self._clock() - task.token_at < TOKEN_USE)

    def _is_own(self, message: discord.Message) -> bool:
        return self._client.user is not None and message.author.id == self._client.user.id

    async def _history(self, task: MusicTask, *, after_id: int) -> list[discord.Message]:
        """The messages after one, oldest first, as many as a search is worth."""

        async def read() -> list[discord.Message]:
            pages = self._channel(task).history(
                limit=SEARCH_MESSAGES, after=discord.Object(after_id), oldest_first=True
            )
            return [message async for message in pages]

        return await self._attempt(read, {})  # type: ignore[no-any-return]  # `read` says what it gives

    async def _original(self, task: MusicTask) -> int | None:
        """The answer to the interaction, if it carries this task's buttons."""
        route = Route(
            "GET",
            "/webhooks/{application_id}/{interaction_token}/messages/@original",
            application_id=self._client.application_id,
            interaction_token=task.interaction_token,
        )
        try:
            data = await self._attempt(self._client.http.request, {"route": route})
        except Lost as lost:
            if lost.verdict is Verdict.CARD_DELETED:
                return None
            raise
        ids = {child.get("custom_id") for row in data.get("components", ()) for child in row.get("components", ())}
        return int(data["id"]) if f"encore:{Press.CANCEL}:{task.id}" in ids else None


def _reference_to_card(task: MusicTask) -> discord.MessageReference | None:
    if task.message_id is None:
        return None
    return discord.MessageReference(
        message_id=task.message_id, channel_id=task.channel_id, guild_id=task.guild_id, fail_if_not_exists=False
    )


def _ping_words(task: MusicTask, words: Words) -> str:
    name = inline(title_of(task), 80)
    match task.state:
        case State.COMPLETED if task.kind.makes_audio:
            length_s = task.media[0].duration_s if task.media else None
            at = texts.clock_time(int(length_s / 2) if length_s else 65)
            return words(texts.SONG_READY, song=name, time=at)
        case State.COMPLETED:
            return words(texts.LYRICS_READY, song=name)
        case State.UNCERTAIN:
            return words(texts.WISH_UNCLEAR, song=name)
        case _:
            return words(texts.WISH_FAILED, song=name)


def _nonce(purpose: str, task: MusicTask) -> str:
    """Names a message, so that sending it twice within a few minutes makes one; at most 25 characters."""
    return f"{purpose}{task.state[0]}{task.attempt}-{task.id}"


def _only(user_id: int) -> discord.AllowedMentions:
    return discord.AllowedMentions(everyone=False, roles=False, replied_user=False, users=[discord.Object(user_id)])
