"""A label on an image is as high as the standard asks, legible everywhere, where it should be."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageFont, features
from tests.depth import scaled
from tests.plugins.label.image_labels import file, noise, photo, same_outside

from chopmark import MarkError
from chopmark_label._image import draw_label, label_image_bytes
from chopmark_label._image_wish import IMAGE_PLACES, ImagePlace
from chopmark_label._wording import DEFAULTS, LANGUAGES, Language, Style

Size = tuple[int, int]


def box_of(image: Image.Image, drawn: Image.Image) -> tuple[int, int, int, int]:
    """Return where two pictures differ."""
    box = ImageChops.difference(image.convert("RGB"), drawn.convert("RGB")).getbbox()
    assert box is not None
    return box


def luminance(colour: tuple[int, ...]) -> float:
    """Return the relative luminance of WCAG 2.2."""
    parts = [v / 255 for v in colour[:3]]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def height_of_first_letter(drawn: Image.Image, box: tuple[int, int, int, int]) -> int:
    """Return how many rows the letter at the left of the label has, which begins with A."""
    grey = drawn.convert("L").crop(box).point(lambda v: 255 * (v >= 128))
    rim = grey.width // 40 + 2  # round corners show the picture behind
    grey.paste(0, (0, 0, rim, grey.height))
    columns = [grey.crop((x, 0, x + 1, grey.height)).getbbox() for x in range(grey.width)]
    start = next(x for x, found in enumerate(columns) if found)
    end = next(x for x in range(start, len(columns)) if not columns[x])
    letter = grey.crop((start, 0, end, grey.height)).getbbox()
    assert letter is not None
    return letter[3] - letter[1]


@given(width=st.integers(90, 1600), height=st.integers(90, 1600))
@settings(max_examples=scaled(25), deadline=None)
def test_letters_have_five_percent_of_the_shortest_side_in_ink(width: int, height: int) -> None:
    image = Image.new("L", (width, height))
    drawn = draw_label(image)
    found = height_of_first_letter(drawn, (0, 0, width, height))
    assert found >= 0.05 * min(width, height)
    assert found >= 9
    assert found <= math.ceil(max(0.05 * min(width, height), 9)) + 2  # and not much more


@pytest.mark.parametrize("share", [0.05, 0.08, 0.15])
def test_the_height_may_be_more(share: float) -> None:
    drawn = draw_label(Image.new("L", (800, 600)), height=share)
    assert height_of_first_letter(drawn, (0, 0, 800, 600)) >= share * 600


@pytest.mark.parametrize("share", [0.0, 0.049, -1, 0.6, float("nan")])
def test_the_height_may_not_be_less_or_absurd(share: float) -> None:
    with pytest.raises(MarkError, match=r"0\.05 at least"):
        draw_label(Image.new("L", (800, 600)), height=share)


BACKGROUNDS = {
    "black": Image.new("RGB", (400, 300)),
    "white": Image.new("RGB", (400, 300), "white"),
    "grey": Image.new("RGB", (400, 300), (119, 119, 119)),
    "noise": noise(),
    "photo": photo(),
    "clear": Image.new("RGBA", (400, 300), (255, 255, 255, 0)),
    "half clear": Image.new("RGBA", (400, 300), (255, 0, 0, 100)),
}


@pytest.mark.parametrize("page", ["white", "black"])
@pytest.mark.parametrize("background", BACKGROUNDS)
def test_text_stands_out_from_its_plate_on_every_background(background: str, page: str) -> None:
    image = BACKGROUNDS[background]
    _, label = label_image_bytes(file(image, "PNG"), language="en")
    drawn = draw_label(image, language="en").convert("RGBA")
    shown = Image.alpha_composite(Image.new("RGBA", drawn.size, page), drawn)
    left, top, right, bottom = label.box
    inner = shown.crop((left + 8, top + 8, right - 8, bottom - 8)).convert("RGB")
    counts = {colour: count for count, colour in inner.getcolors(inner.width * inner.height) or ()}
    (plate, most), (text, some) = Counter(counts).most_common(2)
    assert contrast(plate, text) >= 4.5
    assert most + some > 0.6 * sum(counts.values())  # the rest smooths the letters
    assert some > 0.05 * sum(counts.values())


@pytest.mark.parametrize("place", IMAGE_PLACES)
@pytest.mark.parametrize("size", [(1024, 768), (300, 900)])
def test_the_label_stands_where_it_is_wanted(place: ImagePlace, size: Size) -> None:
    image = Image.new("RGB", size, "white")
    left, top, right, bottom = box_of(image, draw_label(image, place=place))
    near = 0.06 * min(size)
    gaps = {"left": left, "top": top, "right": size[0] - right, "bottom": size[1] - bottom}
    for side in place.split("-"):
        assert 0 < gaps[side] <= near
    if place in ("top", "bottom"):
        assert abs(gaps["left"] - gaps["right"]) <= 1
    if place in ("left", "right"):
        assert abs(gaps["top"] - gaps["bottom"]) <= 1


@pytest.mark.parametrize("style", DEFAULTS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_built_in_wording_can_be_drawn(language: Language, style: Style) -> None:
    for size in ((512, 512), (120, 300)):
        data, label = label_image_bytes(
            file(Image.new("L", size, 128), "PNG"), language=language, style=style
        )
        assert data
        assert label.text == DEFAULTS[style][language]
        assert label.share >= 0.05


def test_a_label_that_is_too_wide_is_broken_into_lines() -> None:
    _, label = label_image_bytes(file(Image.new("L", (400, 400)), "PNG"), language="pl")
    assert label.lines == ("AI生成", DEFAULTS["plain"]["pl"])
    assert label.height >= 20


@pytest.mark.parametrize("size", [(16, 16), (1, 1), (2000, 8), (8, 2000)])
def test_an_image_that_is_too_small_is_refused(size: Size) -> None:
    with pytest.raises(MarkError, match=r"does not fit into \d+ x \d+ pixels.*larger picture"):
        draw_label(Image.new("RGB", size))


@given(
    width=st.integers(1, 200),
    height=st.integers(1, 200),
    place=st.sampled_from(IMAGE_PLACES),
    text=st.sampled_from(["AI生成", "AI生成 · AI-generated", "本图片由人工智能生成合成"]),
)
@settings(max_examples=scaled(40), deadline=None)
def test_a_label_is_whole_inside_the_image_or_refused(
    width: int, height: int, place: ImagePlace, text: str
) -> None:
    data = file(Image.new("L", (width, height), 90), "PNG")
    try:
        _, label = label_image_bytes(data, text=text, place=place)
    except MarkError:
        assume(False)
    left, top, right, bottom = label.box
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    between = " ·"
    assert [c for line in label.lines for c in line if c not in between] == [
        c for c in text if c not in between
    ]


@pytest.mark.parametrize("size", [(120, 120), (120, 4000), (4000, 120)])
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_image_of_120_pixels_has_room_for_every_built_in_wording(
    language: Language, size: Size
) -> None:
    draw_label(Image.new("L", size), language=language)


MODES = ("1", "L", "LA", "RGB", "RGBA", "P", "CMYK", "YCbCr", "I;16")


def in_mode(mode: str) -> Image.Image:
    if mode == "I;16":
        return photo().convert("L").convert("I").point(lambda v: v * 257).convert("I;16")
    return photo().convert("L").convert(mode) if mode == "LA" else photo().convert(mode)


@pytest.mark.parametrize("mode", MODES)
def test_mode_and_size_stay_and_nothing_outside_the_label_changes(mode: str) -> None:
    image = in_mode(mode)
    before = image.tobytes()
    drawn = draw_label(image)
    assert (drawn.mode, drawn.size) == (image.mode, image.size)
    assert image.tobytes() == before
    assert same_outside(image, drawn, box_of(photo(), draw_label(photo())))
    assert drawn.tobytes() != before


@pytest.mark.parametrize("mode", MODES)
def test_drawing_twice_is_drawing_once(mode: str) -> None:
    once = draw_label(in_mode(mode), language="en")
    twice = draw_label(once, language="en")
    assert twice.tobytes() == once.tobytes()


@pytest.mark.parametrize("mode", ["I", "F", "LAB", "HSV", "PA"])
def test_a_mode_without_a_fixed_black_and_white_is_named(mode: str) -> None:
    with pytest.raises(MarkError, match=rf"'{mode}'.*convert it to RGB"):
        draw_label(Image.new(mode, (200, 200)))


def test_a_palette_that_is_full_gives_up_its_rarest_colour_only() -> None:
    image = Image.new("P", (256, 256))
    image.putpalette([v for i in range(256) for v in (i, 255 - i, 128)])
    image.putdata([x for _ in range(256) for x in range(256)])
    image.putpixel((0, 0), 8)
    image.putpixel((0, 1), 8)  # so that 0 is the rarest
    drawn = draw_label(image)
    box = box_of(
        Image.new("RGB", (256, 256), "red"), draw_label(Image.new("RGB", (256, 256), "red"))
    )
    assert drawn.mode == "P"
    assert same_outside(image, drawn, box, most=2)
    assert drawn.convert("RGB").crop(box).getextrema() == ((0, 255),) * 3


def test_a_clear_colour_of_a_palette_stays_clear_and_the_label_is_not() -> None:
    image = Image.new("P", (200, 200), 0)
    image.putpalette([0, 0, 0, 255, 255, 255])
    image.info["transparency"] = 0
    drawn = draw_label(image)
    alpha = drawn.convert("RGBA").getchannel("A")
    assert alpha.getpixel((0, 0)) == 0
    box = alpha.getbbox()
    assert box is not None
    assert alpha.crop((box[0] + 5, box[1] + 5, box[2] - 5, box[3] - 5)).getextrema() == (255, 255)


@pytest.mark.parametrize("clear", [(0, 0, 0), (255, 255, 255)])
def test_the_clear_colour_of_a_png_does_not_make_the_label_clear(clear: tuple[int, ...]) -> None:
    image = Image.new("RGB", (200, 200), clear)
    image.info["transparency"] = clear
    alpha = draw_label(image).convert("RGBA").getchannel("A")
    box = alpha.getbbox()
    assert box is not None
    assert alpha.crop((box[0] + 5, box[1] + 5, box[2] - 5, box[3] - 5)).getextrema() == (255, 255)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("AI-generated", "generation element"),
        ("图片", "AI element"),
        ("", "visible"),
        ("AI生成\nAI", "visible"),
        ("AI生成\u200b", "visible"),
        ("AI生成" * 20, "60"),
    ],
)
def test_a_text_without_both_elements_or_that_cannot_be_read_is_refused(
    text: str, error: str
) -> None:
    with pytest.raises(MarkError, match=error):
        draw_label(photo(), text)


def test_a_plain_label_needs_no_chinese() -> None:
    assert draw_label(photo(), "Made by a machine", style="plain").size == (400, 300)


def test_an_unknown_language_or_place_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(MarkError, match="zh, en"):
        draw_label(photo(), language="tlh")  # type: ignore[arg-type]
    with pytest.raises(MarkError, match="bottom-right"):
        draw_label(photo(), place="middle")  # type: ignore[arg-type]


def test_a_character_that_the_font_lacks_is_named_with_the_cure() -> None:
    with pytest.raises(MarkError, match=r"'龘' \(U\+9F98.*give the path of a font"):
        draw_label(photo(), "AI生成龘")


def test_a_file_that_is_no_font_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "font.ttf"
    path.write_bytes(b"no font")
    with pytest.raises(MarkError, match=r"font\.ttf cannot be read"):
        draw_label(photo(), font=path)
    with pytest.raises(MarkError, match="cannot be read"):
        draw_label(photo(), font=tmp_path / "none.ttf")


def test_a_font_of_the_operator_is_used_and_measured(tmp_path: Path) -> None:
    path = tmp_path / "own.ttf"
    path.write_bytes(ImageFont.load_default(20).font_bytes)  # the font that Pillow brings
    drawn = draw_label(Image.new("L", (800, 600)), "AI by Aileron", style="plain", font=path)
    assert height_of_first_letter(drawn, (0, 0, 800, 600)) >= 30
    ours = draw_label(Image.new("L", (800, 600)), "AI by Aileron", style="plain")
    assert ours.tobytes() != drawn.tobytes()
    with pytest.raises(MarkError, match="'生'"):
        draw_label(photo(), "AI生成", font=path)


@pytest.mark.skipif(features.check("raqm"), reason="this Pillow has Raqm")
def test_a_text_from_right_to_left_needs_raqm() -> None:
    with pytest.raises(MarkError, match="Raqm"):
        draw_label(photo(), "صورة AI生成")


def test_another_label_at_the_same_place_is_told_from_the_wanted_one() -> None:
    there = draw_label(photo(), "AI生成")
    for other in ("AI合成", "人工智能生成", "AI生成 · AI-generated"):
        assert draw_label(there, other).tobytes() != there.tobytes()


def test_a_picture_of_text_is_not_taken_for_a_label() -> None:
    image = Image.new("RGB", (400, 300))
    ImageDraw.Draw(image).text((300, 260), "AI", fill="white")
    assert draw_label(image).tobytes() != image.tobytes()
