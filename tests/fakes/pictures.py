"""Pictures as a provider may give them, made here."""

from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image


def picture(form: str = "JPEG", *, size: tuple[int, int] = (800, 800), colour: str = "red", **options: Any) -> bytes:
    """A picture in one colour."""
    return saved(Image.new("RGB", size, colour), form, **options)


def noise(form: str = "PNG", side_px: int = 700) -> bytes:
    """A picture that can't be made small."""
    dots = np.random.default_rng(1).integers(0, 255, (side_px, side_px, 3), dtype=np.uint8)
    return saved(Image.fromarray(dots), form)


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    sink = BytesIO()
    image.save(sink, form, **options)
    return sink.getvalue()


def halves(form: str, *, size: tuple[int, int] = (200, 100), **options: Any) -> bytes:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, *size))
    return saved(image, form, **options)


def claimed(width: int, height: int) -> bytes:
    """A PNG whose header promises far more than there is."""
    content = bytearray(picture("PNG", size=(8, 8)))
    content[16:24] = width.to_bytes(4) + height.to_bytes(4)
    return bytes(content)
