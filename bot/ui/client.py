"""The Discord client: which cogs it loads, who answers a press, and what a person hears when something is refused."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Unpack

import discord
from discord import app_commands
from discord.ext import commands

from bot.clock import Clock
from bot.domain.pacing import Forecaster, StuckAfter
from bot.domain.refusals import Refused
from bot.domain.ruling import RuleError
from bot.domain.wishes import WishError
from bot.service import Asker, Service
from bot.ui import texts
from bot.ui.buttons import Control, PressHandler
from bot.ui.card import Parts, Press
from bot.ui.forms import Form, FormHandler, filled_form
from bot.ui.patience import wait_tracer
from bot.ui.payloads import mend_events
from bot.ui.translator import CommandTranslator
from bot.ui.verdicts import PASSING
from bot.ui.words import N_, Words, words_for

log = logging.getLogger(__name__)

COGS = tuple(
    f"cogs.{name}"
    for name in (
        "song",
        "lyrics",
        "continuation",
        "library",
        "opening",
        "queue",
        "moderating",
        "cards",
        "desk",
        "preferences",
        "usage",
        "board",
        "privacy",
        "settings",
    )
)
NEEDED = {
    "view_channel": N_("see this channel"),
    "send_messages": N_("send messages"),
    "embed_links": N_("embed links"),
    "read_message_history": N_("read the message history"),
}
IN_THREADS = N_("send messages in threads")
"""Permissions, in words, without which a card can't be kept up to date, or found again if its answer was lost."""


REMEMBERED_EVENTS = 5000
JUST_JOINED = timedelta(minutes=10)
"""A server that the bot has been in for longer was there before, whatever Discord calls the event."""


class MusicTree(app_commands.CommandTree["MusicBot"]):
    """The commands; whatever they raise is answered here, privately."""

    async def interaction_check(self, interaction: discord.Interaction["MusicBot"], /) -> bool:
        """A command that Discord delivers twice is answered once."""
        return self.client.is_first(interaction.id)

    async def on_error(
        self, interaction: discord.Interaction["MusicBot"], error: app_commands.AppCommandError, /
    ) -> None:
        """Turn what a command raised into one private sentence."""
        await answer_error(interaction, getattr(error, "original", error))


class MusicBot(commands.AutoShardedBot):
    """Encore's client. Knows the service, hands presses to the handlers registered for them."""

    def __init__(
        self,
        service: Service,
        *,
        clock: Clock,
        forecast: Forecaster,
        stuck_after: StuckAfter,
        media_dir: Path,
        message_content: bool = False,
        shard_ids: tuple[int, ...] = (),
        shard_count: int | None = None,
    ) -> None:
        super().__init__(
            command_prefix=[],
            help_command=None,
            intents=intents(message_content=message_content),
            tree_cls=MusicTree,
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False),
            shard_ids=list(shard_ids) or None,  # type: ignore[arg-type]  # None means all; the annotation forgets it
            shard_count=shard_count,
            max_messages=None,
            max_ratelimit_timeout=30.0,
            chunk_guilds_at_startup=False,
            http_trace=wait_tracer(),
        )
        mend_events(self._connection.parsers)
        self.service = service
        self.clock = clock
        self.forecast = forecast
        self.stuck_after = stuck_after
        self.media_dir = media_dir
        self.logged_in = asyncio.Event()
        """Set once Discord has told who we are: requests that name the application work from then on."""
        self._here: set[int] = set()
        """Servers that the gateway has told of."""
        self._delivered: dict[int, None] = {}
        self._press_handlers: dict[str, PressHandler] = {}
        self._form_handlers: dict[str, FormHandler] = {}

    async def setup_hook(self) -> None:
        """Load the cogs; one that can't be loaded stops the start."""
        self.logged_in.set()
        self._warn_if_public()
        self.add_dynamic_items(Control)
        for name in COGS:
            await self.load_extension(name)
        await self.tree.set_translator(CommandTranslator())

    def on_press(self, handlers: Mapping[Press, PressHandler]) -> None:
        """Register who answers which button or menu."""
        self._press_handlers |= {press.value: handler for press, handler in handlers.items()}

    def on_form(self, handlers: Mapping[Form, FormHandler]) -> None:
        """Register who answers which form."""
        self._form_handlers |= {form.value: handler for form, handler in handlers.items()}

    def is_first(self, event_id: int) -> bool:
        """Whether an interaction or a message has not been delivered before: Discord now and then repeats an event."""
        if event_id in self._delivered:
            log.info("delivered twice", extra={"event_id": event_id})
            return False
        self._delivered[event_id] = None
        if len(self._delivered) > REMEMBERED_EVENTS:
            del self._delivered[next(iter(self._delivered))]
        return True

    async def on_interaction(self, interaction: discord.Interaction, /) -> None:
        """Answer a form, also one that was opened before a restart; discord.py sees to everything else."""
        if interaction.type is not discord.InteractionType.modal_submit:
            return
        if (filled := filled_form(interaction.data or {})) is None:
            return
        if not self.is_first(interaction.id):
            return
        form, values, numbers = filled
        try:
            await self._form_handlers[form](interaction, values, *numbers)
        except Exception as error:  # noqa: BLE001 -- the fence of a form, as `pressed` has one for a button
            await answer_error(interaction, error)

    async def pressed(self, interaction: discord.Interaction["MusicBot"], press: str, *facts: object) -> None:
        """Answer a button or a menu; what its handler raises becomes one private sentence."""
        if not self.is_first(interaction.id):
            return
        try:
            await self._press_handlers[press](interaction, *facts)
        except Exception as error:  # noqa: BLE001 -- the fence of a press, as `MusicTree.on_error` is of a command
            await answer_error(interaction, error)

    async def on_message(self, message: discord.Message, /) -> None:
        """No prefix commands: replies are the business of `cogs/continuation.py`."""

    async def on_ready(self) -> None:
        """Runs again after each reconnect, so nothing is started here."""
        log.info("Discord is ready", extra={"servers": len(self.guilds)})
        self._here = {guild.id for guild in self.guilds}
        if self.shard_ids is None:  # with some of the shards only, the other servers are not ours to judge
            await self.service.deciding.servers_present([guild.id for guild in self.guilds])

    async def close(self) -> None:
        """Leave everything open: discord.py comes here once the gateway is lost, while cards may be on their way."""

    async def leave(self) -> None:
        """Close what `close` left open: the gateway, and the session of all requests to Discord."""
        await super().close()

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """The bot was added to a server; that may be said, too, of one that was there before."""
        if guild.id in self._here:
            return
        self._here.add(guild.id)
        me = guild.get_member(self.user.id) if self.user else None
        if me is None or me.joined_at is None or self.clock() - me.joined_at > JUST_JOINED:
            log.info("server is there again", extra={"guild_id": guild.id})
            return
        await self.service.guests.joined(guild.id)
        self._warn_if_public()

    on_guild_available = on_guild_join
    """Which of the two is said depends on a field that Discord promises to nobody."""

    def _warn_if_public(self) -> None:
        """Whoever can add the bot to a server spends the operator's money."""
        if self.application is not None and self.application.bot_public:
            log.warning("anybody can add this bot to a server: switch Public Bot off in Discord's developer portal")

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """The bot was removed from a server."""
        log.info("server removed", extra={"guild_id": guild.id})
        self._here.discard(guild.id)
        await self.service.deciding.server_removed(guild.id)
        await self.service.boards.server_removed(guild.id)


def intents(*, message_content: bool) -> discord.Intents:
    """Nothing privileged unless the operator asks for it."""
    wanted = discord.Intents.none()
    wanted.guilds = True
    wanted.guild_messages = True
    wanted.dm_messages = True
    wanted.message_content = message_content
    return wanted


def asker_of(interaction: discord.Interaction) -> Asker:
    """Who asks, where, and with which rights, as the service needs it."""
    may = interaction.app_permissions
    missing = [words for name, words in NEEDED.items() if not getattr(may, name)] if interaction.guild_id else []
    if isinstance(interaction.channel, discord.Thread):
        missing = [words for words in missing if words != NEEDED["send_messages"]]
        if not may.send_messages_in_threads:
            missing.append(IN_THREADS)
    may_attach = may.attach_files or not interaction.guild_id
    return Asker(
        user_id=interaction.user.id,
        guild_id=interaction.guild_id,
        channel_id=interaction.channel_id or 0,
        locale=str(interaction.guild_locale or interaction.locale),
        is_moderator=bool(interaction.guild_id and interaction.permissions.manage_messages),
        places=_places_of(interaction.channel),
        roles=_roles_of(interaction.user, interaction.guild_id),
        missing_permissions=tuple(missing),
        interaction_id=interaction.id,
        interaction_token=interaction.token,
        asked_at=interaction.created_at,
        attachment_limit_bytes=interaction.filesize_limit if may_attach else 0,
        unplaced_id=_unplaced(interaction.channel),
    )


def author_of(message: discord.Message, locale: str) -> Asker:
    """Who has written a message, for what only becomes a draft: the press that starts it tells the rest."""
    # of a server that is not known yet the channel alone tells
    guild_id = message.guild.id if message.guild else getattr(message.channel, "guild_id", None)
    return Asker(
        user_id=message.author.id,
        guild_id=guild_id,
        channel_id=message.channel.id,
        locale=locale,
        is_moderator=False,
        places=_places_of(message.channel),
        roles=_roles_of(message.author, guild_id),
        missing_permissions=(),
        interaction_id=0,
        interaction_token="",
        asked_at=message.created_at,
        attachment_limit_bytes=0,
        unplaced_id=_unplaced(message.channel),
    )


def _places_of(channel: object) -> frozenset[int]:
    """A channel and what it belongs to: a thread's channel, a channel's category."""
    places = [getattr(channel, name, None) for name in ("id", "parent_id")]
    with suppress(discord.ClientException):  # a thread knows no category before its channel is known
        places.append(getattr(channel, "category_id", None))
    return frozenset(one for one in places if one)


def _unplaced(channel: object) -> int | None:
    """The channel of which is not known what it belongs to: one that is not known at all, or that of a thread."""
    match channel:
        case discord.PartialMessageable():
            return channel.id
        case discord.Thread() if channel.parent is None:
            return channel.parent_id
        case _:
            return None


def _roles_of(user: object, guild_id: int | None) -> frozenset[int]:
    """The roles that Discord says with each event, known to us or not; everybody has that of the server itself."""
    if guild_id is None:
        return frozenset()
    told: Iterable[int] = getattr(user, "_roles", ())  # `roles` has none before the server is known
    return frozenset({guild_id, *told})


def words_of(interaction: discord.Interaction) -> Words:
    """The words in the language of the person who pressed or typed: for what only they see."""
    return words_for(str(interaction.locale))


async def say(interaction: discord.Interaction, sentence: str, **more: Unpack[Parts]) -> None:
    """Answer privately, whether or not the interaction has an answer already."""
    if interaction.response.is_done():
        await interaction.followup.send(sentence, ephemeral=True, **more)
    else:
        await interaction.response.send_message(sentence, ephemeral=True, **more)


async def answer_error(interaction: discord.Interaction, error: BaseException) -> None:
    """One private sentence for whatever went wrong; only our own surprises are logged with a trace."""
    words = words_of(interaction)
    if isinstance(error, (Refused, RuleError, WishError)):
        sentence = texts.refusal(error, words)
    else:
        sentence = words(texts.UNEXPECTED)
        log.error("interaction failed", extra={"interaction_id": interaction.id}, exc_info=error)
    try:
        await say(interaction, sentence)
    except (discord.HTTPException, discord.InteractionResponded, *PASSING) as refused:
        log.warning(
            "interaction can't be answered",
            extra={
                "interaction_id": interaction.id,
                "code": getattr(refused, "code", None),
                "error": type(refused).__name__,
            },
        )
