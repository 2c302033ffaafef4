"""Draws the picture of a song: how loud it is from beginning to end, its title and its length. Knows no Discord."""

import asyncio
import logging
import math
import unicodedata
from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Final

from fontpkg.pil import truetype
from PIL import Image, ImageDraw, ImageFont, ImageOps

from bot.sound.jobs import PARTS
from bot.ui import texts

log = logging.getLogger(__name__)

SIZE_PX = (1000, 260)
"""Discord shows it about half as wide, so that it is crisp on fine screens, too."""

_SILENT_DB = -60.0
_LOUD_DB = -8.0
"""Songs as loud as this fill the picture."""
_CONTRAST = 1.4

_OVERSIZE = 4
"""Pillow's shapes have hard edges: they are drawn so much larger and made smaller."""
_PANEL = ("#191524", "#211A33", "#2B1F3F")
_PANEL_RADIUS_PX = 28
_MARGIN_PX = 44
_BAR_PX = 6
_PITCH_PX = 10
_MIDDLE_PX = 169
_REACH_PX = 64
_BAR_COLOURS = ("#5865F2", "#A45DE8", "#F472B6")

_TITLE_PX = 40
_LENGTH_PX = 33
_BASELINE_PX = 70
_GAP_PX = 32
_TITLE_COLOUR = "#F5F3FF"
_LENGTH_COLOUR = "#B9B2D0"
_TITLE_MAX_CHARS = 200
_NO_CHARACTER = "\U0010ffff"
_SIGNS = str.maketrans("♯♭", "#b")
"""Signs of keys, which the font lacks."""
_FORMS: Final = ("NFC", "NFKC")

Box = tuple[float, float, float, float]


async def draw_waveform(loudness: Sequence[float], *, title: str, duration_s: float | None) -> bytes | None:
    """The picture as PNG, or None where nothing was heard or drawing failed. The same song has the same bytes."""
    return await asyncio.to_thread(_try_to_draw, loudness, title, duration_s)


def _try_to_draw(loudness: Sequence[float], title: str, duration_s: float | None) -> bytes | None:
    if not loudness:
        return None
    try:
        return _png(_drawn(_bars(loudness), title, duration_s))
    except Exception as error:  # noqa: BLE001 -- an ornament: whatever is wrong with it must not hold up the song
        log.info("song has no picture", extra={"error": type(error).__name__})
        return None


# --- sound -----------------------------------------------------------------------------------------------------------


def _bars(loudness: Sequence[float]) -> list[int]:
    """How far each bar reaches from the middle, in pixels: shaped by the song, scaled by how loud it is."""
    peak = max(*loudness, 10 ** (_SILENT_DB / 20))
    volume = min(1.0, (20 * math.log10(peak) - _SILENT_DB) / (_LOUD_DB - _SILENT_DB))
    return [round((reach / peak) ** _CONTRAST * volume * _REACH_PX) for reach in loudness]


# --- picture ---------------------------------------------------------------------------------------------------------


def _drawn(bars: list[int], title: str, duration_s: float | None) -> Image.Image:
    image = _gradient(*_PANEL)
    image.paste(_gradient(*_BAR_COLOURS), mask=_mask(_bar_boxes(bars), _BAR_PX / 2))
    _write(image, title, duration_s)
    image.putalpha(_mask([(0, 0, *SIZE_PX)], _PANEL_RADIUS_PX))
    return image


def _gradient(left: str, middle: str, right: str) -> Image.Image:
    ramp = Image.linear_gradient("L").transpose(Image.Transpose.ROTATE_90).resize(SIZE_PX)
    return ImageOps.colorize(ramp, black=left, mid=middle, white=right)


def _bar_boxes(bars: list[int]) -> Iterable[Box]:
    left_px = (SIZE_PX[0] - PARTS * _PITCH_PX + _PITCH_PX - _BAR_PX) / 2
    for reach_px in bars:
        half_px = max(reach_px, _BAR_PX / 2)
        yield left_px, _MIDDLE_PX - half_px, left_px + _BAR_PX, _MIDDLE_PX + half_px
        left_px += _PITCH_PX


def _mask(boxes: Iterable[Box], radius_px: float) -> Image.Image:
    """Boxes with round corners and soft edges."""
    large = Image.new("L", (SIZE_PX[0] * _OVERSIZE, SIZE_PX[1] * _OVERSIZE))
    pen = ImageDraw.Draw(large)
    for left, top, right, bottom in boxes:
        inside = (left * _OVERSIZE, top * _OVERSIZE, right * _OVERSIZE - 1, bottom * _OVERSIZE - 1)
        pen.rounded_rectangle(inside, radius_px * _OVERSIZE, fill=255)
    return large.reduce(_OVERSIZE)


def _write(image: Image.Image, title: str, duration_s: float | None) -> None:
    pen = ImageDraw.Draw(image)
    right_px = SIZE_PX[0] - _MARGIN_PX
    if duration_s is not None:
        font = _font(_LENGTH_PX, weight=500)
        length = texts.clock_time(int(duration_s))
        pen.text((right_px, _BASELINE_PX), length, fill=_LENGTH_COLOUR, font=font, anchor="rs")
        right_px -= round(font.getlength(length)) + _GAP_PX
    font = _font(_TITLE_PX, weight=600)
    words = _shortened(_legible(title, font), font, right_px - _MARGIN_PX)
    pen.text((_MARGIN_PX, _BASELINE_PX), words, fill=_TITLE_COLOUR, font=font, anchor="ls")


def _font(size_px: int, *, weight: int) -> ImageFont.FreeTypeFont:
    # the plain layout, for whether the other one is there depends on the machine
    font: ImageFont.FreeTypeFont = truetype("Inter", size_px, weight, layout_engine=ImageFont.Layout.BASIC)
    return font


def _legible(title: str, font: ImageFont.FreeTypeFont) -> str:
    """The title as far as the font has it, without emoji and the like.

    Where a letter is missing, all are written plainly (full-width, circled and mathematical ones); if that does not
    help, nothing is.
    """
    for form in _FORMS:
        words = unicodedata.normalize(form, title.translate(_SIGNS))[:_TITLE_MAX_CHARS]
        missing = {char for char in set(words) - {" "} if _looks(char, font) == _looks(_NO_CHARACTER, font)}
        if not any(unicodedata.category(char)[0] in "LN" for char in missing):
            return " ".join("".join(" " if char in missing else char for char in words).split())
    return ""


def _looks(char: str, font: ImageFont.FreeTypeFont) -> tuple[tuple[int, int], bytes]:
    mask = font.getmask(char)
    return mask.size, bytes(mask)


def _shortened(words: str, font: ImageFont.FreeTypeFont, width_px: float) -> str:
    if font.getlength(words) <= width_px:
        return words
    while words and font.getlength(f"{words}…") > width_px:
        words = words[:-1].rstrip()
    return f"{words}…"


def _png(image: Image.Image) -> bytes:
    sink = BytesIO()
    image.save(sink, "PNG", optimize=True)
    return sink.getvalue()
