"""Draws a small cover for a song: a sun over hills, coloured by its words, as PNG bytes. Deterministic."""

import colorsys
import struct
import zlib
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

SIZE_PX = 320
HILLS = 4
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

Image = NDArray[np.uint8]


def cover_png(words: str) -> bytes:
    """A square PNG for these words; the same words give the same bytes."""
    digest = sha256(words.encode()).digest()
    return _png(_picture(digest))


def _picture(digest: bytes) -> Image:
    rows, columns = np.mgrid[0:SIZE_PX, 0:SIZE_PX] / SIZE_PX
    hue = digest[0] / 255
    image = np.empty((SIZE_PX, SIZE_PX, 3), dtype=np.uint8)
    image[:] = _colour(hue, 0.35, 0.95)
    centre_x, centre_y, radius = 0.2 + digest[1] / 425, 0.2 + digest[2] / 1275, 0.1 + digest[3] / 2550
    image[(columns - centre_x) ** 2 + (rows - centre_y) ** 2 < radius**2] = _colour(hue + 0.12, 0.25, 1.0)
    for hill in range(HILLS):
        waves, shift = 1 + digest[4 + hill] % 3, digest[8 + hill] / 40
        ridge = 0.45 + 0.13 * hill + 0.06 * np.sin(2 * np.pi * waves * columns + shift)
        image[rows > ridge] = _colour(hue + 0.5 + 0.03 * hill, 0.5 + 0.1 * hill, 0.75 - 0.15 * hill)
    return image


def _colour(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return round(255 * red), round(255 * green), round(255 * blue)


def _png(image: Image) -> bytes:
    height, width, _ = image.shape
    lines = b"".join(b"\x00" + row.tobytes() for row in image)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return PNG_SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(lines, 9)) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
