"""The simulated Discord of the demo: one server, three people, and the message that says what to try."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import discord
from simcord.actors import MemberActor
from simcord.backend.cdn import CDN_BASE
from simcord.builders import ChannelHandle
from simcord.env import Env

from bot.clock import system_clock
from sandbox.cover import cover_png

SETTLE_TIMEOUT_S = 60.0
AVATAR = "demo"
MESSAGES_KEPT = 100
"""Drawing the page takes longer with each message of the channel."""
TOPIC = "Only the bot is real: Discord and TokenLab are stand-ins, and nothing costs anything."
TRY = (
    "**Ask:** `/song` shows its card at once and the song after about {song_s} s. Also `/lyrics` and `/songs`.",
    "**Go on:** press **Continue**, give `/continue` a bit of the title, or reply to the ping: `from 0:05, softer`.",
    "**Cancel:** three at once are made for each of you; the fourth waits in line with a **Cancel** button.",
    "**Trouble:** `fail`, `slow`, `unclear`, `busy`, `refuse`, `broke`, `empty`, `one take` in a prompt. "
    "Mo, above, has `/queue` and `/settings`.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """The simulated Discord, with the bot in it."""

    env: Env
    channel: ChannelHandle
    people: tuple[MemberActor, ...]
    """Alice, Bob and Mo; Mo is a moderator."""

    def avatars(self) -> Mapping[str, tuple[str, bytes]]:
        """The pictures of the bot and of the people, by their address."""
        everybody = [(person.id, person.name) for person in self.people] + [(self.env.backend.bot_user.id, "Encore")]
        return {
            f"{CDN_BASE}/avatars/{id_}/{AVATAR}.png": ("avatar.png", cover_png(f"{name} here"))
            for id_, name in everybody
        }

    async def say(self, text: str) -> None:
        """Let the bot say something into the channel."""
        await self.env.bot.get_partial_messageable(self.channel.id).send(text)

    async def say_what_to_try(self, *, song_s: float) -> None:
        """The first message."""
        await self.say("\n".join(TRY).format(song_s=round(song_s)))

    def tidy(self) -> None:
        """Delete the oldest messages of a long channel, but for the first, which says what to try."""
        ids = sorted(self.env.backend.messages.get(self.channel.id, ()))
        if len(ids) > MESSAGES_KEPT + 1:
            self.env.backend.bulk_delete_messages(self.channel.id, ids[1:-MESSAGES_KEPT])


class StudioClock:
    """The one moment that bot, Discord and TokenLab share: the simulation's as soon as there is one."""

    def __init__(self) -> None:
        self._env: Env | None = None

    def follow(self, env: Env) -> None:
        """Take the time from this simulation from now on."""
        self._env = env

    def __call__(self) -> datetime:
        """See `bot.clock.Clock`."""
        return self._env.now() if self._env else system_clock()


@asynccontextmanager
async def open_studio(bot: discord.Client, clock: StudioClock) -> AsyncIterator[Studio]:
    """Start the bot on a simulated Discord; at the end both are shut down."""
    env = Env(bot, check_errors=False, settle_timeout=SETTLE_TIMEOUT_S)
    studio = _furnish(env)
    env.backend.advance_clock(max(0.0, (system_clock() - env.now()).total_seconds()))
    clock.follow(env)
    try:
        await env.start()
        with env.time_context():
            yield studio
    finally:
        await env.shutdown()


def _furnish(env: Env) -> Studio:
    """Make server and people before the clock moves, so that they have the same ids in every run."""
    env.backend.edit_bot_profile("Encore")
    env.backend.bot_user.avatar = AVATAR
    guild = env.create_guild("Studio")
    channel = guild.create_text_channel("songs", topic=TOPIC)
    moderator = guild.create_role(
        "Moderator",
        permissions=discord.Permissions(manage_messages=True, manage_guild=True),
        color=discord.Colour.orange().value,
    )
    alice, bob = (guild.add_member(env.create_user(name, avatar=AVATAR)) for name in ("Alice", "Bob"))
    mo = guild.add_member(env.create_user("Mo", avatar=AVATAR), roles=[moderator])
    return Studio(env=env, channel=channel, people=(alice, bob, mo))
