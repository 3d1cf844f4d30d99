"""Implicit labels in files, and what other programs leave of them when they load and save."""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from chopmark_label import label_file

from .marks import BLOCK, Fate, judge_file
from .texts import Text

Carry = Callable[[Sequence[Path], Path], list[Path]]


class Way(NamedTuple):
    """What happens to a file: its name, the tool (empty: not to be had), and `carry` by format.

    `carry` takes the labelled files and a folder, and returns what was written there.
    """

    name: str
    tools: dict[str, str]
    carry: dict[str, Carry]


def make_files(texts: Sequence[Text], folder: Path) -> dict[str, list[Path]]:
    """Return labelled files of every format, one for each of `texts`."""
    made: dict[str, list[Path]] = {}
    for suffix, write in _WRITERS.items():
        made[suffix] = [folder / f"{n}.{suffix}" for n in range(len(texts))]
        for path, text in zip(made[suffix], texts, strict=True):
            write(path, text.text)
            label_file(path, path, BLOCK)
            assert judge_file(path) == "survived"
    return made


def make_ways() -> list[Way]:
    """Return all ways."""
    return [
        Way(
            "library, load and save",
            {
                "docx": _version("python-docx"),
                "xlsx": _version("openpyxl"),
                "pptx": _version("python-pptx"),
                "pdf": _version("pikepdf"),
                "png": _version("pillow"),
                "jpg": _version("pillow"),
            },
            {suffix: _each(save) for suffix, save in _SAVERS.items()},
        ),
        Way(
            "LibreOffice, load and save",
            dict.fromkeys(("docx", "xlsx", "pptx"), _office()),
            {suffix: _convert(suffix) for suffix in ("docx", "xlsx", "pptx")},
        ),
        Way(
            "LibreOffice, to PDF",
            dict.fromkeys(("docx", "xlsx", "pptx"), _office()),
            {suffix: _convert("pdf") for suffix in ("docx", "xlsx", "pptx")},
        ),
        Way("qpdf --linearize", {"pdf": _said("qpdf", "--version")}, {"pdf": _each(_linearize)}),
        Way(
            "exiftool -all=",
            dict.fromkeys(("pdf", "png", "jpg"), _said("exiftool", "-ver", "exiftool ")),
            {suffix: _each(_scrub) for suffix in ("pdf", "png", "jpg")},
        ),
    ]


def fates(files: Sequence[Path], carry: Carry) -> list[Fate]:
    """Return what is left of the label in each of `files`."""
    with tempfile.TemporaryDirectory() as folder:
        written = carry(files, Path(folder))
        assert len(written) == len(files), (files[0].suffix, written)
        return [judge_file(path) for path in written]


def _each(save: Callable[[Path, Path], object]) -> Carry:
    def carry(files: Sequence[Path], folder: Path) -> list[Path]:
        for path in files:
            save(path, folder / path.name)
        return [folder / path.name for path in files]

    return carry


def _convert(suffix: str) -> Carry:
    def carry(files: Sequence[Path], folder: Path) -> list[Path]:
        profile = f"-env:UserInstallation=file://{folder}/profile"
        command = ["soffice", profile, "--headless", "--convert-to", suffix, "--outdir", folder]
        subprocess.run([*command, *files], check=True, capture_output=True, timeout=300)
        return sorted(folder.glob(f"*.{suffix}"))

    return carry


def _linearize(source: Path, target: Path) -> None:
    subprocess.run(["qpdf", "--linearize", source, target], check=True)


def _scrub(source: Path, target: Path) -> None:
    subprocess.run(["exiftool", "-q", "-q", "-all=", "-o", target, source], check=True)


def _version(name: str) -> str:
    try:
        return f"{name} {importlib.metadata.version(name)}"
    except importlib.metadata.PackageNotFoundError:
        return ""


def _said(program: str, flag: str, before: str = "") -> str:
    if not shutil.which(program):
        return ""
    said = subprocess.run([program, flag], capture_output=True, text=True, check=False).stdout
    return before + said.split("\n")[0].replace(" version", "")


def _office() -> str:
    said = _said("soffice", "--version")
    return " ".join(said.split()[:2])


def _docx(path: Path, text: str) -> None:
    import docx

    document = docx.Document()
    document.add_paragraph(text)
    document.save(str(path))


def _xlsx(path: Path, text: str) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.active["A1"] = text
    book.save(path)


def _pptx(path: Path, text: str) -> None:
    import pptx

    show = pptx.Presentation()
    show.slides.add_slide(show.slide_layouts[5]).shapes.title.text = text[:60]
    show.save(str(path))


def _pdf(path: Path, text: str) -> None:
    import pikepdf

    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.docinfo["/Title"] = text[:60]
        pdf.save(path)


def _picture(path: Path, text: str) -> None:
    from PIL import Image

    Image.new("RGB", (64, 48), (len(text) % 256, 90, 120)).save(path)


def _save_docx(source: Path, target: Path) -> None:
    import docx

    docx.Document(str(source)).save(str(target))


def _save_xlsx(source: Path, target: Path) -> None:
    import openpyxl

    openpyxl.load_workbook(source).save(target)


def _save_pptx(source: Path, target: Path) -> None:
    import pptx

    pptx.Presentation(str(source)).save(str(target))


def _save_pdf(source: Path, target: Path) -> None:
    import pikepdf

    with pikepdf.open(source) as pdf:
        pdf.save(target)


def _save_picture(source: Path, target: Path) -> None:
    from PIL import Image

    with Image.open(source) as picture:
        picture.save(target)


_WRITERS: dict[str, Callable[[Path, str], Any]] = {
    "docx": _docx, "xlsx": _xlsx, "pptx": _pptx, "pdf": _pdf, "png": _picture, "jpg": _picture,
}  # fmt: skip
_SAVERS: dict[str, Callable[[Path, Path], Any]] = {
    "docx": _save_docx, "xlsx": _save_xlsx, "pptx": _save_pptx, "pdf": _save_pdf,
    "png": _save_picture, "jpg": _save_picture,
}  # fmt: skip
