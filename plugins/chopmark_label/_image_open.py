"""Reads a picture with all its frames, and refuses what could not be written again as it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from ._files._boxes import Broken
from ._files._errors import MISREAD
from ._files._gif import GIF, blocks_of
from ._files._image_file import BrokenFileError, ImageFile
from ._files._jpeg import JPEG
from ._files._png import PNG
from ._files._tiff import TIFF
from ._files._webp import WEBP

CARRIERS: Mapping[str, ImageFile | None] = {
    "BMP": None,
    "GIF": GIF,
    "JPEG": JPEG,
    "PNG": PNG,
    "TIFF": TIFF,
    "WEBP": WEBP,
}
"""The formats that can be labelled, by their names in Pillow, with what reads their metadata."""
MOST_FRAMES = 10_000
"""Frames of the longest picture that is drawn on: five minutes of what is fluent."""
_SIXTEEN = ";16"
_GREY_SIXTEEN = "I;16"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A file that was read: `image` has what the file says, `frames` are as a viewer shows them."""

    data: bytes
    image: Image.Image
    frames: tuple[Image.Image, ...]

    @property
    def format(self) -> str:
        """The name of the format."""
        return self.image.format or ""

    @property
    def carrier(self) -> ImageFile | None:
        """What reads the metadata of the format, where it can carry an implicit label."""
        return CARRIERS[self.format]


def open_picture(data: bytes) -> Picture:
    """Return the picture in `data`.

    Raises:
        Broken: it cannot be read, is larger than Pillow allows, or would lose something.
    """
    with _readable():
        image = Image.open(BytesIO(data), formats=tuple(CARRIERS))
    if image.format == "MPO":
        raise Broken(
            "holds several pictures (MPO), of which only the first would be left; save it as a "
            "plain JPEG first"
        )
    with _readable():
        if image.format == "GIF":  # whose frames Pillow walks one by one
            _check_count(_frames_of_gif(data))
        count = getattr(image, "n_frames", 1)
        _check_count(count)
        _check_size(image, count)
        _check_depth(image)
    if count > 1 and image.format == "TIFF":
        raise Broken(f"has {count} pages; save each as a file of its own, and label those")
    with _readable():
        frames = tuple(_frames(image, count))
        image.seek(0)
        image.load()
    picture = Picture(data=data, image=image, frames=frames)
    _check_unsigned(picture)
    return picture


def suffixes(form: str) -> tuple[str, ...]:
    """Return the endings of the names of files of a format."""
    carrier = CARRIERS[form]
    return carrier.suffixes if carrier else (f".{form.lower()}",)


def blocks(picture: Picture) -> list[str]:
    """Return the implicit labels in the file, as they stand there."""
    carrier = picture.carrier
    try:
        return [place.text for place in carrier.find(picture.data)] if carrier else []
    except BrokenFileError as error:
        raise Broken(str(error)) from error


def _frames(image: Image.Image, count: int) -> Iterator[Image.Image]:
    for index in range(count):
        image.seek(index)
        image.load()
        yield image.copy()


def _frames_of_gif(data: bytes) -> int:
    try:
        return sum(block.label < 0 for block in blocks_of(data))
    except BrokenFileError as error:
        raise Broken(str(error)) from error


def _check_count(count: int) -> None:
    if count > MOST_FRAMES:
        raise Broken(f"has {count:,} frames, and {MOST_FRAMES:,} are drawn on at most; split it")


def _check_size(image: Image.Image, count: int) -> None:
    most = Image.MAX_IMAGE_PIXELS
    pixels = image.width * image.height * count
    if most is not None and pixels > 2 * most:  # as Pillow does for one frame
        raise Broken(
            f"has {count} frames of {image.width} x {image.height} pixels, more than {2 * most:,}; "
            "raise PIL.Image.MAX_IMAGE_PIXELS if you trust it"
        )


def _check_depth(image: Image.Image) -> None:
    """Refuse colours of 16 bits, which Pillow cuts to 8 without a word."""
    for tile in getattr(image, "tile", ()):
        parts = tile[3] if isinstance(tile[3], tuple) else (tile[3],)
        for part in parts:
            if isinstance(part, str) and _SIXTEEN in part and not part.startswith(_GREY_SIXTEEN):
                raise Broken(
                    f"has 16 bits for each colour ({part}), of which 8 would be lost; convert it "
                    "to 8 bits first, or to 16 bits of grey"
                )


def _check_unsigned(picture: Picture) -> None:
    """Refuse a file with a C2PA manifest, which signs its pixels."""
    if picture.carrier is None:
        return
    try:
        picture.carrier.mark(picture.data, "{}")  # nothing is written: it says what stands against
    except BrokenFileError as error:
        raise Broken(str(error)) from error


@contextmanager
def _readable() -> Iterator[None]:
    """Turn what Pillow raises for files that are broken, or bombs, to a `Broken`."""
    try:
        yield
    except Broken:
        raise
    except UnidentifiedImageError as error:
        known = ", ".join(sorted(CARRIERS))
        raise Broken(f"is no picture of a format that can be labelled: {known}") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Broken(
            f"is larger than Pillow takes from files that nobody vouches for ({error}); raise "
            "PIL.Image.MAX_IMAGE_PIXELS if you trust it"
        ) from error
    except (OSError, SyntaxError, TypeError, MemoryError, Warning, *MISREAD) as error:
        raise Broken(f"is damaged or cut off ({error}); get the whole file") from error
