"""Coming to Discord: login, commands, gateway. What it refuses for now is tried again; no part waits for another."""

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Protocol, TypeAlias

import discord
from discord.http import Route

from bot.ui.client import MusicBot
from bot.ui.verdicts import Verdict, verdict_of

log = logging.getLogger(__name__)

FIRST_REST_S = 5.0
LONGEST_REST_S = 600.0
REFUSED_REST_S = 3600.0
"""Delay after a definite refusal, which an operator has to resolve."""
PATIENCE_S = 5.0
"""How long the gateway waits for TokenLab's prices: without them a budget in dollars takes no wish."""
TOLD_REST_MAX_S = 24 * 3600.0
"""Longest delay that Discord may ask for: what creates commands may be shut for a day."""
ENTRY_POINT = 4
"""The kind of command that starts an Activity: not ours, but Discord takes no list of commands without it."""
ENTRY_POINT_FIELDS = (
    *("id", "type", "name", "name_localizations", "description", "description_localizations", "handler"),
    *("integration_types", "contexts", "default_member_permissions", "nsfw"),
)


Json: TypeAlias = Mapping[str, object]


class Facts(Protocol):
    """What is remembered over a restart: `bot/store/remembered.py`."""

    async def get(self, name: str, /) -> str | None:
        """What is remembered by this name."""

    async def put(self, name: str, value: str, /) -> None:
        """Remember it from now on."""


async def insist(what: str, step: Callable[[], Awaitable[None]], *, on_refusal: bool = False) -> None:
    """Take a step until it succeeds; one line in the log says that it is waited for, another that it is done.

    Args:
        what: the step, for the log.
        step: what may be tried again after it has failed.
        on_refusal: whether a definite refusal is waited out, too, instead of raised.
    """
    failures = 0
    while True:
        try:
            await step()
        except Exception as error:
            answer = _answer_in(error)
            verdict = verdict_of(answer)
            if verdict is None or not (on_refusal or verdict is Verdict.LATER):
                raise
            rest_s = _told_s(answer) or min(FIRST_REST_S * 2**failures, LONGEST_REST_S)
            if verdict is not Verdict.LATER:
                rest_s = max(rest_s, REFUSED_REST_S)
            if not failures:
                log.warning("Discord is waited for", extra={"step": what, "error": str(answer)[:200], "rest_s": rest_s})
            failures = min(failures + 1, 20)
            await asyncio.sleep(rest_s)
        else:
            if failures:
                log.info("Discord let us in", extra={"step": what})
            return


def _answer_in(error: Exception) -> Exception:
    """What Discord said: discord.py hides why it found no gateway."""
    cause = error.__cause__
    return cause if isinstance(error, discord.GatewayNotFound) and isinstance(cause, Exception) else error


def _told_s(error: Exception) -> float | None:
    """How long Discord said to wait, as far as that makes sense."""
    if isinstance(error, discord.RateLimited):
        told: str | float = error.retry_after
    else:
        told = error.response.headers.get("Retry-After", "") if isinstance(error, discord.HTTPException) else ""
    try:
        rest_s = float(told)
    except ValueError:
        return None
    return min(rest_s, TOLD_REST_MAX_S) if rest_s > 0 else None


async def log_in(bot: MusicBot, token: str) -> None:
    """Learn who we are, which is all that messages need.

    Raises:
        discord.LoginFailure: the token is wrong.
    """
    try:
        await bot.login(token)
    except BaseException:
        await bot.http.close()
        bot.http.connector = discord.utils.MISSING  # closed with its session; a new one is made for the next try
        raise


async def listen(bot: MusicBot, *, after: asyncio.Event) -> None:
    """Be at the gateway, by which wishes come, until it is lost for good; `after` is waited for a few seconds first."""
    with suppress(TimeoutError):
        await asyncio.wait_for(after.wait(), PATIENCE_S)
    await bot.connect()


class CommandSync:
    """Makes the commands known to Discord, once for each change of them."""

    def __init__(self, bot: MusicBot, facts: Facts) -> None:
        self._bot = bot
        self._facts = facts

    async def sync(self) -> None:
        """Send the commands, unless Discord has these very ones; an entry point that is there stays.

        Raises:
            discord.HTTPException, discord.RateLimited: not now.
        """
        wanted = await self.wanted()
        name = f"commands:{self._bot.application_id}"
        mark = hashlib.sha256(json.dumps(wanted, sort_keys=True, default=str).encode()).hexdigest()
        known = await self._known()
        ours = [one for one in known if one["type"] != ENTRY_POINT]
        if _names(ours) == _names(wanted) and await self._facts.get(name) == mark:
            return
        kept = [
            {field: one[field] for field in ENTRY_POINT_FIELDS if one.get(field) is not None}
            for one in known
            if one["type"] == ENTRY_POINT
        ]
        payload = [dict(one) for one in (*wanted, *kept)]
        await self._bot.http.bulk_upsert_global_commands(self._bot.application_id or 0, payload=payload)
        await self._facts.put(name, mark)
        log.info("commands were sent", extra={"commands": len(wanted)})

    async def wanted(self) -> list[Json]:
        """Our commands as Discord is told of them, in every language."""
        tree = self._bot.tree
        translator = tree.translator
        return [
            await one.get_translated_payload(tree, translator) if translator else one.to_dict(tree)
            for one in tree.get_commands()
        ]

    async def _known(self) -> list[Json]:
        """What Discord has of this application."""
        route = Route("GET", "/applications/{application_id}/commands", application_id=self._bot.application_id)
        known: list[Json] = await self._bot.http.request(route, params={"with_localizations": "true"})
        return known


def _names(commands: list[Json]) -> set[tuple[object, object]]:
    return {(one.get("type", 1), one["name"]) for one in commands}
