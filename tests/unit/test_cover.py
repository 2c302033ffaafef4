"""A picture that nobody vouches for becomes a cover: small, square, upright, by itself. What else it is, is none."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin
from pydantic import TypeAdapter

from bot.sound.cover import COVER_MAX_BYTES, PIXELS_MAX, SIDE_MAX_PX, make_cover
from bot.sound.jobs import CoverJob, Limits
from bot.sound.kinds import PictureKind, picture_kind
from bot.ui.media.cover import _LIMITS
from bot.ui.media.process import NoReportError, SoundProcess
from tests.fakes.pictures import claimed, halves, noise, picture, saved

RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


def cover_of(folder: Path, content: bytes) -> Image.Image:
    """The cover that comes of a picture."""
    source, into = folder / "source", folder / "into"
    source.write_bytes(content)
    assert make_cover(source, into)
    cover = Image.open(BytesIO(into.read_bytes()))
    cover.load()
    return cover


def is_like(cover: Image.Image, at: tuple[float, float], colour: tuple[int, ...]) -> bool:
    """Whether the colour there, in parts of each side, is nearly this one."""
    seen = cover.getpixel((int(at[0] * cover.width), int(at[1] * cover.height)))
    assert isinstance(seen, tuple)
    return all(abs(one - other) < 30 for one, other in zip(seen, colour, strict=True))


# --- what becomes of it ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    ("size", "side"), [((1024, 1024), SIDE_MAX_PX), ((2000, 1000), SIDE_MAX_PX), ((300, 450), 300), ((1, 1), 1)]
)
def test_a_picture_becomes_a_small_square_jpeg(tmp_path, form, size, side):
    cover = cover_of(tmp_path, picture(form, size=size))
    assert (cover.format, cover.mode, cover.size) == ("JPEG", "RGB", (side, side))
    assert is_like(cover, (0.5, 0.5), RED)


def test_the_middle_of_a_wide_picture_is_kept(tmp_path):
    cover = cover_of(tmp_path, halves("PNG", size=(400, 100)))
    assert is_like(cover, (0.2, 0.5), RED)
    assert is_like(cover, (0.8, 0.5), BLUE)


@pytest.mark.parametrize(("turned", "left", "top"), [(1, RED, None), (3, BLUE, None), (6, None, RED), (8, None, BLUE)])
def test_a_picture_that_lies_on_its_side_is_turned_upright(tmp_path, turned, left, top):
    exif = Image.Exif()
    exif[0x0112] = turned
    cover = cover_of(tmp_path, halves("JPEG", exif=exif, size=(200, 200)))
    at, colour = ((0.1, 0.5), left) if left else ((0.5, 0.1), top)
    assert is_like(cover, at, colour)


def test_nothing_but_the_picture_goes_on(tmp_path):
    exif = Image.Exif()
    exif[0x010E] = "SECRET exif"
    told = PngImagePlugin.PngInfo()
    told.add_text("Comment", "SECRET text")
    for content in (
        picture("JPEG", exif=exif, comment=b"SECRET comment", icc_profile=b"SECRET profile"),
        picture("PNG", pnginfo=told, exif=exif),
        picture("WEBP", exif=exif, xmp=b"SECRET xmp"),
    ):
        assert b"SECRET" in content
        assert not cover_of(tmp_path, content).getexif()
        assert b"SECRET" not in (tmp_path / "into").read_bytes()


def test_of_a_moving_picture_the_first_frame_is_taken(tmp_path):
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    for form in ("WEBP", "PNG"):
        moving = saved(frames[0], form, save_all=True, append_images=frames[1:], duration=100)
        assert is_like(cover_of(tmp_path, moving), (0.5, 0.5), RED)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_shines_through_becomes_white(tmp_path, mode):
    clear = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    content = saved(clear.convert(mode), "PNG", **({"transparency": 0} if mode == "P" else {}))
    assert is_like(cover_of(tmp_path, content), (0.5, 0.5), WHITE)


@pytest.mark.parametrize("mode", ["L", "1", "CMYK"])
def test_other_colours_become_those_of_screens(tmp_path, mode):
    image = Image.new("RGB", (64, 64), "white").convert(mode)
    assert is_like(cover_of(tmp_path, saved(image, "JPEG" if mode == "CMYK" else "PNG")), (0.5, 0.5), WHITE)


def test_sixteen_bits_of_grey_are_not_all_white(tmp_path):
    image = Image.new("I;16", (64, 64), 0x4000)
    assert is_like(cover_of(tmp_path, saved(image, "PNG")), (0.5, 0.5), (64, 64, 64))


@pytest.mark.parametrize("side_px", [640, 1500])
def test_whatever_it_shows_a_cover_stays_small(tmp_path, side_px):
    cover_of(tmp_path, noise(side_px=side_px))
    assert (tmp_path / "into").stat().st_size <= COVER_MAX_BYTES


# --- what is none ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (picture("JPEG"), PictureKind.JPEG),
        (picture("PNG"), PictureKind.PNG),
        (picture("WEBP"), PictureKind.WEBP),
        (picture("GIF"), None),
        (picture("BMP"), None),
        (picture("TIFF"), None),
        (picture("PPM"), None),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"<!DOCTYPE html><html></html>", None),
        (b"RIFF\x24\0\0\0WAVEfmt ", None),
        (b"", None),
    ],
)
def test_only_three_kinds_are_ever_opened(tmp_path, content, kind):
    assert picture_kind(content[:16]) is kind
    source, into = tmp_path / "source.png", tmp_path / "into"
    source.write_bytes(content)
    assert make_cover(source, into) is (kind is not None)
    assert into.exists() is (kind is not None)


def report_on(folder: Path, content: bytes, limits: Limits = _LIMITS) -> bool:
    """What the process says."""
    (folder / "source").write_bytes(content)
    job = CoverJob(source=folder / "source", into=folder / "into", limits=limits)
    return asyncio.run(SoundProcess().report(job, TypeAdapter(bool)))


PICTURES: dict[str, Callable[[], bytes]] = {
    "a header that claims 30,000 by 30,000": lambda: claimed(30_000, 30_000),
    "a header that claims more than a number holds": lambda: claimed(0x7FFFFFFF, 0x7FFFFFFF),
    "a header that claims nothing": lambda: claimed(0, 0),
    "more pixels than we take": lambda: saved(Image.new("1", (4097, 4096)), "PNG"),
    "more pixels than we take, in WebP": lambda: picture("WEBP", size=(4097, 4096), method=0),
    "half a picture": lambda: noise("JPEG")[:20_000],
    "a broken stream": lambda: picture("PNG")[:60] + b"\xff" * 500,
    "a first line alone": lambda: b"\xff\xd8\xff\xe0",
    "another kind behind a known beginning": lambda: b"\x89PNG\r\n\x1a\n" + picture("GIF"),
}


@pytest.mark.parametrize("what", PICTURES)
def test_what_cannot_be_opened_within_the_limits_is_no_cover(tmp_path, what):
    with suppress(NoReportError):
        assert not report_on(tmp_path, PICTURES[what]())
    assert not (tmp_path / "into").exists()


def test_the_process_makes_the_largest_that_is_taken_within_its_limits(tmp_path):
    side_px = int(PIXELS_MAX**0.5)
    assert report_on(tmp_path, saved(Image.new("RGBA", (side_px, side_px), (1, 2, 3, 4)), "PNG"))
    assert report_on(tmp_path, saved(Image.new("RGBA", (side_px, side_px), (1, 2, 3, 4)), "WEBP", method=0))


@pytest.mark.parametrize("limits", [Limits(memory_bytes=10**8), Limits(written_bytes=1000)])
def test_what_needs_more_than_is_allowed_ends_the_process(tmp_path, limits):
    with pytest.raises(NoReportError):
        report_on(tmp_path, noise("JPEG", side_px=4000), limits)


def test_pictures_are_decoded_without_loading_what_plays_sound(tmp_path):
    code = (
        "import sys, pathlib; from bot.sound.cover import make_cover; "
        f"make_cover(pathlib.Path({str(tmp_path / 'source')!r}), pathlib.Path({str(tmp_path / 'into')!r})); "
        "sys.exit(bool({'av', 'numpy', 'mutagen'} & set(sys.modules)))"
    )
    (tmp_path / "source").write_bytes(picture())

    async def run() -> int:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
        return await process.wait()

    assert asyncio.run(run()) == 0
