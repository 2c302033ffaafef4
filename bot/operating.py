"""What the operator does at the command line while the bot runs or not: budget, rules of direct messages, blocks."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import Any

from bot.clock import Clock
from bot.domain.audit import REASON_CHARS, Act, Deed
from bot.domain.blocks import Block, UntilError, parse_until
from bot.domain.members import id_of
from bot.domain.rules import BUDGETS, EVERYWHERE, OVERALL, RuleChanges, Rules, RuleValue
from bot.domain.ruling import READERS, RuleError, RuleProblem, read_rule, usual_rules
from bot.domain.versions import among
from bot.domain.wishes import one_line
from bot.store.servers import ServerStore
from bot.tokenlab.models import VERSIONS
from bot.ui.texts import rule_problem
from bot.ui.words import NAMES, words_for

RULES = tuple(one.name for one in fields(Rules) if one.name not in {"channels", "roles", "others_may_continue"})
"""What holds in direct messages: there are no channels and no roles, and everybody is alone."""
LISTS = ("words", "patterns")
MODEL = re.compile(r"[\w.:/-]{1,100}", re.ASCII)
NONE = "none"
ENGLISH = words_for("en")


class BadInputError(Exception):
    """What was typed can't be done; the message is one line for the operator."""


class Operator:
    """Each deed returns the lines that tell of it, is written to the audit, and holds for the next wish."""

    def __init__(self, servers: ServerStore, clock: Clock) -> None:
        self._servers = servers
        self._clock = clock

    async def rules(self, *, overall: bool = False) -> list[str]:
        """The rules of direct messages, whose words and patterns hold everywhere; or the budget over everything."""
        place, names = _scope(overall=overall)
        return _lines((await self._servers.get(place)).rules, names)

    async def set_rules(self, pairs: Sequence[str], *, overall: bool = False) -> list[str]:
        """Set rules from `NAME=VALUE`; several words or patterns may also be named one by one.

        Raises:
            BadInputError: no such rule, or no value of it; nothing was changed.
        """
        typed: dict[str, str] = {}
        for pair in pairs:
            name, sign, value = pair.partition("=")
            if not sign:
                raise BadInputError(f"{pair}: write NAME=VALUE")
            if _known(name, overall=overall) in typed and name not in LISTS:
                raise BadInputError(f"{name}: is there twice")
            if value.strip().casefold() == NONE:
                value = ""
            typed[name] = f"{typed[name]}\n{value}" if name in typed else value
        values: dict[str, Any] = {name: _read(name, value) for name, value in typed.items()}
        lines = await self._change(RuleChanges(**values), typed, overall=overall)
        version = values.get("version")
        unknown = version is not None and not among(version, VERSIONS)
        return [*lines, *([f"{version}: no version that I know; TokenLab may refuse it"] if unknown else [])]

    async def unset_rules(self, names: Sequence[str], *, overall: bool = False) -> list[str]:
        """Go back to what is usual.

        Raises:
            BadInputError: no such rule; nothing was changed.
        """
        known = [_known(name, overall=overall) for name in names]
        return await self._change(usual_rules(known), dict.fromkeys(known), overall=overall)

    async def _change(self, changes: RuleChanges, typed: Iterable[str], *, overall: bool) -> list[str]:
        """Tell of the rules in the order in which they were typed."""
        place, _ = _scope(overall=overall)
        server = await self._servers.change_rules(place, changes, replace(_deed(Act.RULES), guild_id=place))
        return _lines(server.rules, typed)

    # --- blocks ----------------------------------------------------------------------------------------------------

    async def block(self, user_id: str, until: str, reason: str | None) -> list[str]:
        """Block a user in every server.

        Raises:
            BadInputError: no id, no time, or too long a reason.
        """
        why = one_line(reason or "") or None
        if why is not None and len(why) > REASON_CHARS:
            raise BadInputError(f"--reason: at most {REASON_CHARS} characters")
        try:
            ends = parse_until(until, self._clock())
        except UntilError as error:
            raise BadInputError(f"--until {until}: write 2h, 3d, 2026-08-01 or 2026-08-01 18:00, to come") from error
        block = Block(guild_id=EVERYWHERE, user_id=_user(user_id), until=ends, reason=why)
        await self._servers.block(block, _deed(Act.BLOCK, subject_id=block.user_id, reason=why))
        return [_block_line(block)]

    async def unblock(self, user_id: str) -> list[str]:
        """Unblock a user.

        Raises:
            BadInputError: no id.
        """
        subject = _user(user_id)
        was_blocked = await self._servers.unblock(EVERYWHERE, subject, _deed(Act.UNBLOCK, subject_id=subject))
        return [f"{subject} {'may ask again' if was_blocked else 'was not blocked'}"]

    async def blocks(self) -> list[str]:
        """The operator's blocks that hold at this moment."""
        blocks = await self._servers.blocks_of(EVERYWHERE, self._clock())
        return [_block_line(block) for block in blocks] or ["nobody is blocked"]


def _deed(act: Act, *, subject_id: int | None = None, reason: str | None = None) -> Deed:
    return Deed(act=act, guild_id=EVERYWHERE, actor_id=None, subject_id=subject_id, reason=reason)


def _scope(*, overall: bool) -> tuple[int, Sequence[str]]:
    """Where rules are kept, and which there are: only a budget can hold over everything."""
    return (OVERALL, BUDGETS) if overall else (EVERYWHERE, RULES)


def _known(name: str, *, overall: bool) -> str:
    _, names = _scope(overall=overall)
    if name not in names:
        where = " with --everywhere" if overall else ""
        raise BadInputError(f"{name}: no such rule{where}; there are {', '.join(names)}")
    return name


def _read(name: str, value: str) -> RuleValue:
    try:
        return read_rule(name, value) if name in READERS or not value.strip() else _chosen(name, value.strip())
    except RuleError as error:
        raise BadInputError(f"{name}: {rule_problem(error, ENGLISH)}") from error


def _chosen(name: str, value: str) -> str:
    """A name that a server's admins pick from a list."""
    known = tuple(NAMES) if name == "locale" else ()
    if value not in known if known else not MODEL.fullmatch(value):
        raise RuleError(name, RuleProblem.UNKNOWN, value, known=", ".join(known or ("an id of TokenLab's models",)))
    return value


def _user(user_id: str) -> int:
    if (subject := id_of(user_id)) is None:
        raise BadInputError(f"{user_id}: no id of a Discord user")
    return subject


def _lines(rules: Rules, names: Iterable[str]) -> list[str]:
    """`name = value`, as `set` takes it."""
    lines: list[str] = []
    for name in names:
        match getattr(rules, name):
            case tuple() as patterns if name == "patterns" and patterns:
                lines += [f"{name} = {one}" for one in patterns]
            case tuple() as entries:
                lines.append(f"{name} = {', '.join(entries)}".rstrip())
            case value:
                lines.append(f"{name} = {NONE if value is None else value}")
    return lines


def _block_line(block: Block) -> str:
    until = f"until {block.until:%Y-%m-%d %H:%M} UTC" if block.until else "for good"
    return f"{block.user_id} {until}" + (f": {block.reason}" if block.reason else "")
