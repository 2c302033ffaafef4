"""Whether somebody may ask here and now: by the rules of the server, and by what the bot itself needs."""

from datetime import timedelta

from bot.domain.blocks import Block
from bot.domain.limits import MONTHLY, Limit, day_of, next_month_of
from bot.domain.refusals import Reason, Refused
from bot.domain.rules import EVERYWHERE, Intake, Server
from bot.service.parts import Asker, Parts

DAY = timedelta(days=1)


async def admit(parts: Parts, asker: Asker) -> Server:
    """Let somebody ask; gives the server, whose rules hold for the wish.

    Raises:
        Refused: the program is stopping, the bot may not work here, or the server or the operator says no.
    """
    parts.check_open()
    if asker.missing_permissions:
        raise Refused(Reason.MISSING_PERMISSION, *asker.missing_permissions)
    await check_not_blocked(parts, asker.guild_id, asker.user_id)
    server = await parts.servers.get(asker.guild_id or EVERYWHERE)
    if server.intake is not Intake.OPEN:
        raise Refused(Reason.PAUSED, *([server.intake_note] if server.intake_note else []))
    rules = server.rules
    if asker.guild_id is not None and rules.channels and not rules.channels & asker.places:
        raise Refused(Reason.WRONG_CHANNEL, *sorted(rules.channels))
    if asker.guild_id is not None and rules.roles and not rules.roles & asker.roles:
        raise Refused(Reason.WRONG_ROLE, *sorted(rules.roles))
    return server


async def check_not_blocked(parts: Parts, guild_id: int | None, user_id: int) -> None:
    """Let nobody ask for anything whom a server, or the operator, keeps out.

    Raises:
        Refused: they are.
    """
    if (block := await parts.servers.block_on(guild_id or EVERYWHERE, user_id, parts.clock())) is not None:
        raise _blocked(block)


async def limit_refused(parts: Parts, limit: Limit, guild_id: int | None) -> Refused:
    """The answer to a wish that would break a limit; a server whose budget is used hears of it, if it has not."""
    if limit in MONTHLY:
        await parts.boards.look_at_budget(guild_id or EVERYWHERE)
    now = parts.clock()
    match limit:
        case Limit.WAITING_MEMBER:
            return Refused(Reason.LINE_FULL)
        case Limit.WAITING_SERVER:
            return Refused(Reason.SERVER_LINE_FULL)
        case Limit.DAY_MEMBER:
            return Refused(Reason.DAY_USED, day_of(now) + DAY)
        case Limit.DAY_SERVER:
            return Refused(Reason.SERVER_DAY_USED, day_of(now) + DAY)
        case Limit.MONTH_SONGS | Limit.MONTH_USD:
            return Refused(Reason.BUDGET_USED, next_month_of(now))
        case Limit.UNPRICED:
            return Refused(Reason.UNPRICED)


def _blocked(block: Block) -> Refused:
    if block.guild_id == EVERYWHERE:
        return Refused(Reason.BLOCKED_BY_OPERATOR)
    return Refused(Reason.BLOCKED, *([block.until] if block.until else []))
