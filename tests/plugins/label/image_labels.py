"""Pictures to be labelled, and what a viewer sees of them."""

from __future__ import annotations

import random
from io import BytesIO
from typing import Any

from PIL import Image, ImageChops, ImageCms, ImageOps, ImageSequence


def photo(size: tuple[int, int] = (400, 300)) -> Image.Image:
    """Return soft gradients in three colours, bright and dark in different corners."""
    bands = [
        Image.linear_gradient("L"),
        Image.radial_gradient("L"),
        Image.linear_gradient("L").transpose(Image.Transpose.ROTATE_90),
    ]
    return Image.merge("RGB", bands).resize(size)


def noise(size: tuple[int, int] = (400, 300)) -> Image.Image:
    return Image.frombytes("RGB", size, random.Random(7).randbytes(3 * size[0] * size[1]))


def file(image: Image.Image, form: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def animation(form: str, frames: list[Image.Image] | None = None, **options: Any) -> bytes:
    frames = frames or [photo((200, 150)).rotate(30 * turn) for turn in range(4)]
    options = {"duration": [50, 100, 150, 200][: len(frames)], **options}
    return file(frames[0], form, save_all=True, append_images=frames[1:], **options)


def opened(data: bytes) -> Image.Image:
    """Return the first picture of a file, loaded, with all that the file says of it."""
    image = Image.open(BytesIO(data))
    image.load()
    return image


def frames(data: bytes) -> list[Image.Image]:
    with Image.open(BytesIO(data)) as image:
        return [frame.convert("RGBA") for frame in ImageSequence.Iterator(image)]


def durations(data: bytes) -> list[float]:
    with Image.open(BytesIO(data)) as image:
        return [frame.info.get("duration", 0) for frame in ImageSequence.Iterator(image)]


def viewed(data: bytes) -> Image.Image:
    """Return what a viewer shows: upright."""
    return ImageOps.exif_transpose(opened(data))


def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def same_outside(
    one: Image.Image, other: Image.Image, box: tuple[int, int, int, int], most: int = 0
) -> bool:
    """Return whether two pictures differ by `most` at most, but in `box`."""
    off = ImageChops.difference(one.convert("RGBA"), other.convert("RGBA"))
    off.paste((0, 0, 0, 0), box)
    return all(high <= most for _, high in off.getextrema())
