"""Writes a labelled picture in the format, and with the settings, of the file that it was.

PNG, GIF, BMP and TIFF lose nothing. JPEG is coded with the file's own quantisation tables and
subsampling, so its blocks outside the label stay nearly the same. WebP does not say how strongly
it was compressed: a lossless file stays so, another one is coded with quality 90.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any

from PIL import Image, ImageChops
from PIL.JpegImagePlugin import JpegImageFile, get_sampling
from PIL.TiffImagePlugin import ImageFileDirectory_v2, TiffImageFile

from ._files._boxes import Broken
from ._files._errors import MISREAD
from ._files._webp import chunks_of
from ._image_keep import kept_gif, kept_jpeg, kept_png, without_thumbnail
from ._image_open import Picture

_WEBP_QUALITY = 90
_WEBP_FRAME = 16
"""Bytes of a chunk ANMF before the picture: place, size, duration, flags."""
_FULL = 0
"""Subsampling 4:4:4: what Pillow cannot name is kept in full."""
_TIFF_LOSSLESS = frozenset(
    (
        "raw",
        "packbits",
        "tiff_lzw",
        "tiff_adobe_deflate",
        "tiff_deflate",
        "group3",
        "group4",
        "lzma",
    )
)
_TIFF_TAGS = (
    270, 271, 272, 282, 283, 285, 296, 305, 306, 315, 316, 700, 33432, 33723, 34377,
    33550, 33922, 34264, 34735, 34736, 34737, 42112, 42113,
)  # fmt: skip
"""Description, maker, model, resolution, page, software, time, artist, host, XMP, copyright, IPTC,
Photoshop; where on Earth it is (GeoTIFF, GDAL)."""
_TIFF_EXIF, _TIFF_GPS = 34665, 34853

Save = Callable[[Picture, Sequence[Image.Image], int | None], bytes]


def encode(picture: Picture, frames: Sequence[Image.Image], quality: int | None = None) -> bytes:
    """Return a file like `picture`, of `frames`.

    Args:
        picture: what it is and says.
        frames: one for each of its own.
        quality: of lossy JPEG and WebP, 1 to 100; by default as it was, or 90.

    Raises:
        Broken: Pillow cannot write it.
    """
    try:
        return _SAVE[picture.format](picture, frames, quality)
    except (OSError, KeyError, TypeError, Warning, *MISREAD) as error:
        if isinstance(error, Broken):
            raise
        raise Broken(f"cannot be written as {picture.format} again ({error})") from error


def _jpeg(picture: Picture, frames: Sequence[Image.Image], quality: int | None) -> bytes:
    image = picture.image
    if not isinstance(image, JpegImageFile):
        raise Broken("is no JPEG that Pillow knows")
    options: dict[str, Any] = {
        "progressive": bool(image.info.get("progressive")),
        "comment": b"",  # as with the packet, Pillow would write those of the old file by itself
        "xmp": b"",
    }
    if image.mode == "RGB":
        sampling = get_sampling(image)
        options["subsampling"] = sampling if sampling >= 0 else _FULL
        if image.info.get("adobe_transform") == 0:  # colours stand in it as red, green and blue
            options |= {"keep_rgb": True, "subsampling": _FULL}
    if quality is None:
        options["qtables"] = image.quantization
    else:
        options["quality"] = quality
    return kept_jpeg(picture.data, _saved(frames[0], "JPEG", options))


def _png(picture: Picture, frames: Sequence[Image.Image], _: int | None) -> bytes:
    options: dict[str, Any] = {"icc_profile": None}
    if len(frames) > 1:
        moving = frames[1:] if picture.image.info.get("default_image") else frames
        options |= {
            "save_all": True,
            "append_images": list(frames[1:]),
            "default_image": bool(picture.image.info.get("default_image")),
            "duration": [float(frame.info.get("duration", 0)) for frame in moving],
            "loop": picture.image.info.get("loop", 0),
            "disposal": 0,  # every frame is whole
            "blend": 0,
        }
    return kept_png(picture.data, _saved(frames[0], "PNG", options))


def _webp(picture: Picture, frames: Sequence[Image.Image], quality: int | None) -> bytes:
    info = picture.image.info
    options: dict[str, Any] = {
        "lossless": quality is None and _is_lossless(picture.data),
        "quality": quality or _WEBP_QUALITY,
        "exact": True,
        "method": 4,
        "icc_profile": info.get("icc_profile"),
        "xmp": info.get("xmp", b""),
    }
    exif = info.get("exif", b"")
    if exif:
        options["exif"] = _webp_exif(exif)
    if len(frames) > 1:
        options |= {
            "save_all": True,
            "append_images": list(frames[1:]),
            "duration": [round(frame.info.get("duration", 0)) for frame in frames],
            "loop": info.get("loop", 0),
            "background": info.get("background", (0, 0, 0, 0)),
        }
    return _saved(frames[0], "WEBP", options)


def _webp_exif(exif: bytes) -> bytes:
    head = b"Exif\0\0" if exif.startswith(b"Exif\0\0") else b""
    return head + without_thumbnail(exif[len(head) :])


def _is_lossless(data: bytes) -> bool:
    """Return whether all pictures in a WebP are; those of an animation stand inside chunks ANMF."""
    kinds: set[bytes] = set()
    for chunk in chunks_of(data):
        kinds.add(chunk.kind)
        at = chunk.body + _WEBP_FRAME
        while chunk.kind == b"ANMF" and at + 8 <= chunk.stop:
            kinds.add(data[at : at + 4])
            size = int.from_bytes(data[at + 4 : at + 8], "little")
            at += 8 + size + size % 2
    return b"VP8L" in kinds and b"VP8 " not in kinds


def _gif(picture: Picture, frames: Sequence[Image.Image], _: int | None) -> bytes:
    info = picture.image.info
    options: dict[str, Any] = {"optimize": False}
    options |= {key: info[key] for key in ("background", "comment", "loop") if key in info}
    if len(frames) == 1:
        return kept_gif(picture.data, _saved(frames[0], "GIF", options))
    flat = [_flat(frame) for frame in frames]
    is_clear = any("transparency" in frame.info for frame in flat)
    options |= {
        "save_all": True,
        "append_images": flat[1:],
        "duration": [round(frame.info.get("duration", 0)) for frame in frames],
        "disposal": 2 if is_clear else 1,  # else what one frame shows stays behind clear parts
        "background": 0,
    }
    return kept_gif(picture.data, _saved(flat[0], "GIF", options))


def _flat(frame: Image.Image) -> Image.Image:
    """Return a whole frame of an animation in mode P; exact where it has at most 255 colours."""
    rgba = frame.convert("RGBA")
    opaque = rgba.getchannel("A").point(lambda value: 255 * (value >= 128))
    rgb = Image.composite(rgba.convert("RGB"), Image.new("RGB", rgba.size), opaque)
    colours = rgb.getcolors(255)
    if colours is None:
        flat = rgb.quantize(255, dither=Image.Dither.NONE)
    else:
        palette = Image.new("P", (1, 1))
        palette.putpalette([value for _, colour in colours for value in _bands(colour)])
        flat = rgb.quantize(palette=palette, dither=Image.Dither.NONE)
    if opaque.getextrema() != (255, 255):
        used = flat.getpalette() or []
        flat.putpalette((used + [0] * 768)[:768])
        flat.paste(255, mask=ImageChops.invert(opaque))
        flat.info["transparency"] = 255
    return flat


def _bands(colour: object) -> tuple[int, ...]:
    return tuple(colour) if isinstance(colour, tuple) else ()


def _tiff(picture: Picture, frames: Sequence[Image.Image], _: int | None) -> bytes:
    image = picture.image
    if not isinstance(image, TiffImageFile):
        raise Broken("is no TIFF that Pillow knows")
    fields = ImageFileDirectory_v2()
    for tag in _TIFF_TAGS:
        if tag in image.tag_v2:
            fields[tag] = image.tag_v2[tag]
            fields.tagtype[tag] = image.tag_v2.tagtype[tag]
    exif = image.getexif()
    for tag in (_TIFF_EXIF, _TIFF_GPS):
        if inner := exif.get_ifd(tag):
            fields[tag] = dict(inner)
    compression = image.info.get("compression", "raw")
    if compression not in _TIFF_LOSSLESS or (compression[:5] == "group" and image.mode != "1"):
        compression = "tiff_adobe_deflate"
    options = {"tiffinfo": fields, "compression": compression}
    if profile := image.info.get("icc_profile"):
        options["icc_profile"] = profile
    return _saved(frames[0], "TIFF", options)


def _bmp(picture: Picture, frames: Sequence[Image.Image], _: int | None) -> bytes:
    dpi = picture.image.info.get("dpi")
    return _saved(frames[0], "BMP", {"dpi": dpi} if dpi else {})


def _saved(image: Image.Image, form: str, options: Mapping[str, Any]) -> bytes:
    out = BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


_SAVE: Mapping[str, Save] = {
    "BMP": _bmp,
    "GIF": _gif,
    "JPEG": _jpeg,
    "PNG": _png,
    "TIFF": _tiff,
    "WEBP": _webp,
}
