"""Draws what was used as bars, one for each day. Numbers and dates only: no words, so it suits every language.

How a bar stands on the bill is told by its pattern as well as by its colour; `texts.CHARGE` says which is which.
"""

import asyncio
import logging
import threading
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, NotRequired, TypedDict

import fontpkg

from bot.domain.charges import COUNTED, Charge
from bot.domain.usage import Spent, Usage

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

log = logging.getLogger(__name__)

SIZE_INCHES = (6.4, 3.8)
"""Discord shows it about 400 px wide: small, so that letters are large in it."""
DPI = 190
_PANEL = "#191524"
_TEXT, _FAINT, _GRID = "#F5F3FF", "#B9B2D0", "#332B47"


class _Look(TypedDict):
    facecolor: str
    edgecolor: str
    hatch: NotRequired[str]


_LOOKS: Mapping[Charge, _Look] = {
    Charge.SETTLED: {"facecolor": "#8B7BFF", "edgecolor": "#8B7BFF"},
    Charge.RESERVED: {"facecolor": "#3A2E1C", "edgecolor": "#F5B94A", "hatch": "//////"},
    Charge.UNCLEAR: {"facecolor": "#3B1C31", "edgecolor": "#FF7AB8", "hatch": "....."},
}
_BAR = 0.72
_HEADROOM = 1.14
"""Room above the highest bar, for its number."""
_DATES_MAX = 7
_WHOLE_DOLLARS_FROM = 10
"""Below, an axis shows cents."""
_SMALL_FROM = 1000
"""Such numbers are too wide for their bar."""
_TIMES = "\N{MULTIPLICATION SIGN}"
_DRAWING = threading.Lock()
"""matplotlib shares fonts between its figures and is not made for several threads."""


async def draw_usage(usage: Usage) -> bytes | None:
    """The picture as PNG, or None where it can't be drawn. Takes its time in a thread, most of all the first time."""
    return await asyncio.to_thread(_try_to_draw, usage)


def _try_to_draw(usage: Usage) -> bytes | None:
    try:
        with _DRAWING:
            return _png(usage)
    except Exception as error:  # noqa: BLE001 -- an ornament: the words beside it tell the same
        log.warning("usage has no chart", extra={"error": type(error).__name__})
        return None


def _png(usage: Usage) -> bytes:
    # here, for it takes a second: nobody should wait for it when the program starts. Nor a figure of pyplot, which
    # would be kept until it is closed
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

    font = FontProperties(fname=fontpkg.path("Inter"))
    figure = Figure(figsize=SIZE_INCHES, dpi=DPI, facecolor=_PANEL)
    axes = figure.add_axes((0.105, 0.115, 0.873, 0.645), facecolor=_PANEL)
    days = usage.by_day()
    in_usd = bool(usage.total.usd)
    _draw_bars(axes, days, font, in_usd=in_usd)
    _dress(axes, usage, font, in_usd=in_usd)
    _draw_head(figure, usage, font)
    sink = BytesIO()
    figure.savefig(sink, format="png")
    return sink.getvalue()


def _draw_bars(axes: "Axes", days: Mapping[Charge, Sequence[Spent]], font: "FontProperties", *, in_usd: bool) -> None:
    """One on top of the other, and above them how many tasks they are."""
    count = len(days[Charge.SETTLED])
    tops = [0.0] * count
    for charge in COUNTED:
        for place, spent in enumerate(days[charge]):
            if spent.tasks:  # what cost nothing, or too little to be seen, is a line at least
                height = float(spent.usd if in_usd else spent.tasks)
                axes.bar(place, height, _BAR, bottom=tops[place], linewidth=1.2, zorder=2, **_LOOKS[charge])
                tops[place] += height
    highest = max(*tops, 0.01 if in_usd else 1.0)
    axes.set_ylim(0, highest * _HEADROOM)
    for place, top in enumerate(tops):
        if tasks := sum(days[charge][place].tasks for charge in COUNTED):
            axes.annotate(
                f"{tasks:,}", (place, top), (0, 3), textcoords="offset points", ha="center", va="bottom",
                color=_FAINT, fontproperties=font, fontsize=5 if tasks >= _SMALL_FROM else 7.5,
            )  # fmt: skip


def _dress(axes: "Axes", usage: Usage, font: "FontProperties", *, in_usd: bool) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    days = usage.span.days
    step = -(-len(days) // _DATES_MAX)
    places = range(0, len(days), step)
    axes.set_xlim(-0.8, len(days) - 0.2)
    axes.set_xticks(places, [f"{days[place]:%m-%d}" for place in places])
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=not in_usd))
    form = "{:,.0f}" if not in_usd else "${:,.0f}" if axes.get_ylim()[1] > _WHOLE_DOLLARS_FROM else "${:,.2f}"
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: form.format(value)))
    axes.tick_params(length=0, pad=7, colors=_FAINT)
    axes.grid(axis="y", color=_GRID, linewidth=1, zorder=0)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(_GRID)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set(fontproperties=font, fontsize=9.5, parse_math=False)


def _draw_head(figure: "Figure", usage: Usage, font: "FontProperties") -> None:
    """On the left all of it and the days; on the right each pattern with its part."""
    from matplotlib.patches import FancyBboxPatch

    def write(x: float, y: float, words: str, size: float, color: str) -> None:
        figure.text(x, y, words, fontproperties=font, fontsize=size, color=color, va="center", parse_math=False)

    first, *_, last = usage.span.days
    write(0.03, 0.915, _amount(usage.total), 19, _TEXT)
    write(0.03, 0.825, f"{_TIMES} {usage.total.tasks:,}   {first:%m-%d} / {last:%m-%d}", 9.5, _FAINT)
    width = 0.21
    for place, charge in enumerate(COUNTED):
        left = 0.985 - width * (len(COUNTED) - place)
        swatch = FancyBboxPatch(
            (left, 0.855), 0.034, 0.075, boxstyle="round,pad=0,rounding_size=0.006", mutation_aspect=1.7,
            transform=figure.transFigure, linewidth=1.2, **_LOOKS[charge],
        )  # fmt: skip
        figure.add_artist(swatch)
        spent = usage.of(charge)
        write(left + 0.046, 0.923, _amount(spent), 10.5, _TEXT)
        write(left + 0.046, 0.858, f"{_TIMES} {spent.tasks:,}", 9, _FAINT)


def _amount(spent: Spent) -> str:
    """To the cent; the most that it may be, where the price list is all that is known."""
    if spent.unpriced and not spent.usd:
        return "?"
    return f"{'≤ ' if spent.estimated_usd else ''}${spent.usd:,.2f}"
