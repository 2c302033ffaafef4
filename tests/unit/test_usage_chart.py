"""The chart of usage: a whole picture for any month, told apart without colours, and nothing that slows the start."""

import io
import subprocess
import sys
from decimal import Decimal

import numpy as np
import pytest
from PIL import Image

from bot.domain.charges import COUNTED, Charge
from bot.domain.usage import Spent
from bot.ui.media import chart
from bot.ui.media.chart import draw_usage
from tests.unit.test_usage import day_row, usage

LARGE = Spent(tasks=300, recorded_usd=Decimal("40.5"))


async def drawn(*rows: object) -> Image.Image:
    png = await draw_usage(usage(*rows))  # type: ignore[arg-type]  # day rows
    assert png is not None
    return Image.open(io.BytesIO(png))


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [day_row(1, Spent(tasks=1, recorded_usd=Decimal("0.135")))],
        [day_row(day, LARGE, charge=charge) for day in range(1, 32) for charge in COUNTED],
        [day_row(3, Spent(tasks=1, unpriced=1))],
        [day_row(3, Spent(tasks=12_345, estimated_usd=Decimal("0.000001")))],
        [day_row(3, Spent(tasks=10**6, estimated_usd=Decimal(10**6)))],
    ],
)
async def test_any_month_is_a_whole_picture_with_a_ground_of_its_own(rows: list[object]) -> None:
    picture = await drawn(*rows)
    assert picture.size == (1216, 722)
    assert picture.convert("RGBA").getchannel("A").getextrema() == (255, 255)


async def test_how_a_bar_stands_on_the_bill_is_seen_without_colours() -> None:
    """Inside a bar: one is even, one has lines, one has dots, and lines and dots are different."""
    inside = {}
    for charge in COUNTED:
        picture = (await drawn(*[day_row(day, LARGE, charge=charge) for day in range(1, 32)])).convert("L")
        inside[charge] = np.asarray(picture.crop((382, 300, 398, 560)))
    assert np.ptp(inside[Charge.SETTLED]) == 0
    assert np.ptp(inside[Charge.RESERVED]) > 40
    assert np.ptp(inside[Charge.UNCLEAR]) > 40
    lines, dots = (inside[charge] > inside[charge].mean() for charge in (Charge.RESERVED, Charge.UNCLEAR))
    assert (lines != dots).mean() > 0.1


async def test_the_same_usage_gives_the_same_picture() -> None:
    rows = [day_row(5, LARGE)]
    assert await draw_usage(usage(*rows)) == await draw_usage(usage(*rows))


async def test_a_chart_that_cannot_be_drawn_is_none(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> bytes:
        raise RuntimeError("no fonts")

    monkeypatch.setattr(chart, "_png", fails)
    assert await draw_usage(usage()) is None
    assert [record.message for record in caplog.records] == ["usage has no chart"]


def test_the_program_starts_without_the_library_that_draws() -> None:
    code = "import sys, bot.app, cogs.usage; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
