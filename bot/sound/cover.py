"""Makes a cover of a picture that nobody vouches for: upright, square, small, and rid of what else it carried."""

from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps

from bot.sound.kinds import PictureKind, picture_kind

SIDE_MAX_PX = 640
PIXELS_MAX = 4096 * 4096
"""More than any cover has, and little enough for the memory that the process may use."""
COVER_MAX_BYTES = 200_000
_QUALITIES = (85, 70, 50, 30)
"""As Pillow counts; the first that is small enough is taken."""
_GROUND = "white"

_FORMATS = {PictureKind.JPEG: "JPEG", PictureKind.PNG: "PNG", PictureKind.WEBP: "WEBP"}
"""The only readers that are ever used, as Pillow names them."""


def make_cover(source: Path, into: Path) -> bool:
    """Write a cover as JPEG; False if the source is no picture of a kind and size that we take.

    Raises:
        Exception: whatever Pillow has to say of a picture that is broken.
    """
    with source.open("rb") as file:
        kind = picture_kind(file.read(16))
    if kind is None:
        return False
    with Image.open(source, formats=[_FORMATS[kind]]) as image:
        if image.width * image.height > PIXELS_MAX:
            return False
        encoded = _encoded(_square(image))
    if encoded is None:
        return False
    into.write_bytes(encoded)
    return True


def _square(image: Image.Image) -> Image.Image:
    """The first frame, upright, its middle, without anything that shines through."""
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode.startswith("I;16"):  # what is brighter than 255 would all be white
        image = image.point(lambda value: value / 256).convert("L")
    coloured = image.convert("RGBA" if image.has_transparency_data else "RGB")
    side_px = min(SIDE_MAX_PX, *coloured.size)
    square = ImageOps.fit(coloured, (side_px, side_px))
    ground = Image.new("RGB", square.size, _GROUND)  # a fresh one: Pillow writes whatever else an image carries
    ground.paste(square, mask=square if square.mode == "RGBA" else None)
    return ground


def _encoded(image: Image.Image) -> bytes | None:
    for quality in _QUALITIES:
        sink = BytesIO()
        image.save(sink, "JPEG", quality=quality, optimize=True)
        if sink.tell() <= COVER_MAX_BYTES:
            return sink.getvalue()
    return None
