"""What was used, as a sheet: sums and limits in words, a chart beside them, and what turns to another time or scope."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from io import BytesIO

import discord

from bot.domain.charges import COUNTED
from bot.domain.privacy import NOBODY
from bot.domain.usage import SHOWN_MOST, Period, Scope, Spent, Usage
from bot.service import Report
from bot.ui import texts
from bot.ui.buttons import menu_of, view_of
from bot.ui.card import Button, Press
from bot.ui.escape import inline, whole_lines
from bot.ui.limits import EMBED_FIELD_CHARS, FILE_DESCRIPTION_CHARS
from bot.ui.prices import dollars, spent_words
from bot.ui.words import Words

SCOPES = tuple(Scope)
PERIODS = tuple(Period)
"""Custom ids name scope and period by their place: new ones come last."""
PICTURE = "usage.png"
MORE = "…"
NAME_CHARS = 60


def usage_embed(report: Report, words: Words, *, has_picture: bool) -> discord.Embed:
    """The sums in words, by how they stand on the bill, by model and by member, and what may be used."""
    usage = report.usage
    first, *_, last = usage.span.days
    days = f"{words(texts.PERIOD[report.period])} · {first} / {last}"
    said = spent_words(usage.total, words) if usage.total.tasks else words(texts.NOTHING_USED)
    embed = discord.Embed(title=words(texts.USAGE_TITLE[report.scope]), description=f"{days}\n{said}")
    for charge in COUNTED if usage.total.tasks else ():
        embed.add_field(name=words(texts.CHARGE[charge]), value=spent_words(usage.of(charge), words))
    models = [(inline(name, NAME_CHARS), spent) for name, spent in usage.models[:SHOWN_MOST]]
    more = [MORE] if len(usage.models) > SHOWN_MOST else []
    _add_lines(embed, words("By model"), [*(_line(name, spent, words) for name, spent in models), *more])
    some = usage.members[:SHOWN_MOST]
    members = [_line(_member(one.user_id, words), one.spent, words) for one in some]
    members += [MORE] if len(usage.members) > len(some) else []
    _add_lines(embed, words("By member, the most first"), members)
    _add_lines(embed, words("May be used here"), list(_limits(report, words)))
    if has_picture:
        embed.set_image(url=f"attachment://{PICTURE}")
        embed.set_footer(text=words(texts.USAGE_NOTE))
    return embed


def _member(user_id: int, words: Words) -> str:
    return words("members who had themselves erased") if user_id == NOBODY else f"<@{user_id}>"


def usage_view(report: Report, words: Words, *, is_moderator: bool) -> discord.ui.View:
    """What chooses the time, whose usage is shown, and the file."""
    scope, period = SCOPES.index(report.scope), PERIODS.index(report.period)
    options = [discord.SelectOption(label=words(texts.PERIOD[one]), value=one) for one in PERIODS]
    switches = [
        Button(label=words(texts.USAGE_SWITCH[other]), press=Press.USAGE, subject=place, number=period)
        for place, other in enumerate(SCOPES)
        if other is not report.scope and (is_moderator or other is Scope.OWN)
    ]
    save = Button(label=words("Save as CSV"), press=Press.USAGE_CSV, subject=scope, number=period)
    return view_of([menu_of(Press.USAGE_PERIOD, scope, options, report.period), *switches, save])


def chart_file(png: bytes, usage: Usage, words: Words) -> discord.File:
    """The chart, with everything that it shows in words."""
    return discord.File(BytesIO(png), filename=PICTURE, description=_described(usage, words)[:FILE_DESCRIPTION_CHARS])


def _described(usage: Usage, words: Words) -> str:
    first, *_, last = usage.span.days
    parts = [f"{words(texts.CHARGE_PLAIN[charge])} {_plain(usage.of(charge))}" for charge in COUNTED]
    days = usage.by_day()
    sums = [sum((days[charge][place] for charge in COUNTED), Spent()) for place in range(len(usage.span.days))]
    told = [f"{day:%m-%d}: {_plain(one)}" for day, one in zip(usage.span.days, sums, strict=True) if one.tasks]
    intro = words("Usage by day, {first} to {last}", first=first, last=last)
    return f"{intro}: {', '.join(parts)}. {'; '.join(told)}"


def _plain(spent: Spent) -> str:
    return f"{spent.tasks}, {'≤ ' if spent.estimated_usd else ''}{dollars(spent.usd)}"


def _line(name: str, spent: Spent, words: Words) -> str:
    return f"{name} · {spent_words(spent, words)}"


def _add_lines(embed: discord.Embed, name: str, lines: Sequence[str]) -> None:
    if lines:
        embed.add_field(name=name, value=whole_lines(lines, EMBED_FIELD_CHARS), inline=False)


def _limits(report: Report, words: Words) -> Iterator[str]:
    """What counts against each limit at this moment."""
    rules, used = report.rules, report.used
    own = (
        (words("Your day"), used.day_member, rules.daily_per_member),
        (words("You in line"), used.waiting_member, rules.waiting_per_member),
    )
    of_server = (
        (words("This month"), used.month_songs, rules.monthly_songs),
        (words("This month"), used.month_usd, rules.monthly_usd),
        (words("Today"), used.day_server, rules.daily_per_server),
        (words("In line"), used.waiting_server, rules.waiting_per_server),
    )
    rows: Sequence[tuple[str, int | Decimal, int | Decimal | None]] = own if report.scope is Scope.OWN else of_server
    for name, so_much, most in rows:
        if most is not None:
            yield f"{name}: {words(texts.USED_OF, used=_shown(so_much), most=_shown(most))}"


def _shown(number: int | Decimal) -> str:
    return dollars(number) if isinstance(number, Decimal) else str(number)
