"""Office files keep every other part as it is packed, and Office's readers find the property."""

from __future__ import annotations

import io
import json
import shutil
import struct
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree
from tests.depth import scaled
from tests.plugins.label.files.document_blocks import (
    BLOCK,
    OTHER,
    blocks,
    only_file_errors,
    texts,
    write,
)

from chopmark_label._files._errors import FileError
from chopmark_label._files._ooxml import OOXML

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
STRICT = "http://purl.oclc.org/ooxml/officeDocument"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPES = (
    f'<?xml version="1.0"?><Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>%s</Types>'
)
RELATIONS = (
    f'<?xml version="1.0"?><Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
    'Type="%s/relationships/officeDocument" Target="word/document.xml"/>%s</Relationships>'
)
CUSTOM = (
    f'<?xml version="1.0"?><p:Properties xmlns:p="{OFFICE}/custom-properties" '
    f'xmlns:v="{OFFICE}/docPropsVTypes"><!-- c -->%s</p:Properties>'
)
PROPERTY = (
    '<p:property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="%s" name="%s">'
    "\n <v:lpwstr>%s</v:lpwstr>\n</p:property>"
)
CONTENT = "application/vnd.openxmlformats-officedocument.custom-properties+xml"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ooxml")


def package(
    path: Path, custom: str | None = None, *, base: str = OFFICE, related: bool = True,
    relations: str = "", more: dict[str, bytes] | None = None, types: str = "",
) -> Path:  # fmt: skip
    """Write the smallest package, with custom properties where given."""
    if custom is not None and related:
        relations += (
            f'<Relationship Id="rId7" Type="{OFFICE}/relationships/custom-properties" '
            'Target="/docProps/Custom.xml"/>'
        )
        types += f'<Override PartName="/docProps/custom.xml" ContentType="{CONTENT}"/>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("[Content_Types].xml", TYPES % types)
        out.writestr("_rels/.rels", RELATIONS % (base, relations))
        out.writestr("word/document.xml", "<d>text</d>" * 100)
        if custom is not None:
            out.writestr("docProps/custom.xml", CUSTOM % custom)
        for name, data in (more or {}).items():
            out.writestr(name, data, zipfile.ZIP_STORED)
        out.comment = b"a comment"
    return path


def packed(path: Path) -> dict[str, tuple[object, ...]]:
    """Return each part but those of a label as it is packed, with all that the directory says."""
    data = path.read_bytes()
    parts = {}
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        for info in file.infolist():
            if info.filename.lower() in (
                "[content_types].xml",
                "_rels/.rels",
                "docprops/custom.xml",
            ):
                continue
            name, extra = struct.unpack_from("<HH", data, info.header_offset + 26)
            start = info.header_offset + 30 + name + extra
            parts[info.filename] = (
                data[start : start + info.compress_size], info.compress_type, info.date_time,
                info.CRC, info.external_attr, info.extra, info.flag_bits,
            )  # fmt: skip
    return parts


def pids(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as file:
        return [p.get("pid") or "" for p in etree.fromstring(file.read("docProps/custom.xml"))[:]
                if isinstance(p.tag, str)]  # fmt: skip


def make_docx(path: Path) -> None:
    docx = pytest.importorskip("docx")
    document = docx.Document()
    document.add_paragraph("a paragraph")
    document.save(path)


def make_xlsx(path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    from openpyxl.packaging.custom import StringProperty

    book = openpyxl.Workbook()
    book.active["A1"] = "a cell"
    book.custom_doc_props.append(StringProperty(name="Own", value="kept"))
    book.save(path)


def make_pptx(path: Path) -> None:
    pptx = pytest.importorskip("pptx")
    show = pptx.Presentation()
    show.slides.add_slide(show.slide_layouts[0]).shapes.title.text = "a slide"
    show.save(path)


def read_docx(path: Path) -> object:
    import docx

    return [paragraph.text for paragraph in docx.Document(path).paragraphs]


def read_xlsx(path: Path) -> object:
    import openpyxl

    book = openpyxl.load_workbook(path)
    found = {p.name: p.value for p in book.custom_doc_props.props}
    assert found == {"Own": "kept", **({"AIGC": BLOCK} if "AIGC" in found else {})}
    return book.active["A1"].value


def read_pptx(path: Path) -> object:
    import pptx

    return [slide.shapes.title.text for slide in pptx.Presentation(path).slides]


@pytest.mark.parametrize(
    ("suffix", "make", "read"),
    [
        (".docx", make_docx, read_docx),
        (".xlsx", make_xlsx, read_xlsx),
        (".pptx", make_pptx, read_pptx),
    ],
)
def test_real_file_opens_as_before_and_exiftool_reads_the_block(
    folder: Path, suffix: str, make: Callable[[Path], None], read: Callable[[Path], object]
) -> None:
    path = folder / f"real{suffix}"
    make(path)
    assert OOXML.fits(path.read_bytes()[:4096])
    made = write(OOXML, path, BLOCK)
    assert read(made) == read(path)
    assert packed(made) == packed(path)
    if shutil.which("exiftool"):
        out = subprocess.run(["exiftool", "-j", "-AIGC", made], check=True, capture_output=True)
        assert json.loads(out.stdout)[0]["AIGC"] == BLOCK


@settings(deadline=None, max_examples=scaled(50))
@given(blocks, st.lists(st.sampled_from(["AIGC", "aigc", "Own", "x"]), max_size=4), st.booleans())
@example(BLOCK, [], True)
def test_any_properties_get_exactly_one_block_and_keep_the_rest(
    folder: Path, block: str, names: list[str], related: bool
) -> None:
    old = "".join(PROPERTY % (n + 2, name, f"v{n}") for n, name in enumerate(names))
    path = package(folder / "a.docx", old if names else None, related=related)
    made = write(OOXML, path, block)
    assert packed(made) == packed(path)
    with zipfile.ZipFile(made) as file:
        root = etree.fromstring(file.read("docProps/custom.xml"))
        assert file.comment == b"a comment"
    found = [(p.get("name"), p.xpath("string(*)")) for p in root.iter("{*}property")]
    kept = [(name, f"v{n}") for n, name in enumerate(names) if name.lower() != "aigc"]
    assert [pair for pair in found if pair[0] != "AIGC"] == kept
    assert found.count(("AIGC", block)) == 1
    assert len(set(pids(made))) == len(pids(made))
    again = folder / "again.docx"
    shutil.copy(made, again)
    assert write(OOXML, again, block).read_bytes() == made.read_bytes()
    assert texts(OOXML, write(OOXML, again, OTHER)) == [OTHER]


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_what_was_labelled_and_finds_the_block(folder: Path) -> None:
    out = folder / "opened"
    made = []
    for suffix, make in ((".docx", make_docx), (".xlsx", make_xlsx), (".pptx", make_pptx)):
        make(folder / f"office{suffix}")
        made.append(write(OOXML, folder / f"office{suffix}", BLOCK).rename(folder / f"o{suffix}"))
    for path, kind in zip(made, ("fodt", "fods", "fodp"), strict=True):
        home = f"-env:UserInstallation={(folder / 'home').as_uri()}"
        subprocess.run(
            ["soffice", home, "--headless", "--convert-to", kind, "--outdir", out, path],
            check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        root = etree.parse(out / f"o.{kind}")
        found = root.xpath("//*[local-name()='user-defined'][@*[.='AIGC']]/text()")
        assert found == [BLOCK]


@pytest.mark.parametrize("pid", ["0", "1", "3", "x", "", "99999999999999"])
def test_identifier_of_a_property_is_its_own_and_valid(folder: Path, pid: str) -> None:
    old = PROPERTY % (pid, "AIGC", "x") + PROPERTY % ("3", "Own", "y") + PROPERTY % ("2", "Z", "y")
    made = write(OOXML, package(folder / "pid.docx", old), BLOCK)
    assert pids(made) == ["4", "3", "2"]


def test_parts_are_registered_where_they_were_not(folder: Path) -> None:
    dangling = (
        f'<Relationship Id="rId2" Type="{OFFICE}/relationships/custom-properties" '
        'Target="docProps/lost.xml"/>'
    )
    made = write(OOXML, package(folder / "new.docx", relations=dangling), BLOCK)
    with zipfile.ZipFile(made) as file:
        relations = etree.fromstring(file.read("_rels/.rels"))
        types = etree.fromstring(file.read("[Content_Types].xml"))
    assert [(r.get("Id"), r.get("Target")) for r in relations] == [
        ("rId1", "word/document.xml"),
        ("rId3", "docProps/custom.xml"),
    ]
    assert [t.get("ContentType") for t in types.iter("{*}Override")] == [CONTENT]


def test_strict_file_gets_strict_names(folder: Path) -> None:
    made = write(OOXML, package(folder / "strict.docx", base=STRICT), BLOCK)
    with zipfile.ZipFile(made) as file:
        assert f"{STRICT}/relationships/customProperties".encode() in file.read("_rels/.rels")
        custom = file.read("docProps/custom.xml")
    assert f"{STRICT}/customProperties".encode() in custom
    assert f"{STRICT}/docPropsVTypes".encode() in custom


def test_macros_stay(folder: Path) -> None:
    macros = {"word/vbaProject.bin": bytes(range(256)), "word/vbaProjectSignature.bin": b"sig"}
    path = package(folder / "a.docm", more=macros)
    assert packed(write(OOXML, path, BLOCK)) == packed(path)


def test_entries_with_data_behind_them_are_copied_whole(folder: Path) -> None:
    """A writer that cannot seek puts the sizes behind the data."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

        seek = tell

    pipe = Pipe()
    with (
        zipfile.ZipFile(package(folder / "plain.docx")) as plain,
        zipfile.ZipFile(pipe, "w") as out,
    ):
        for info in plain.infolist():
            out.writestr(info.filename, plain.read(info), zipfile.ZIP_DEFLATED)
    path = folder / "pipe.docx"
    path.write_bytes(pipe.getvalue())
    assert packed(write(OOXML, path, BLOCK)) == packed(path)


def test_long_sizes_are_said_only_where_they_are_needed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that does not know how long a part gets says all sizes in the long form."""
    with monkeypatch.context() as short:
        short.setattr(zipfile, "ZIP64_LIMIT", 10)
        path = package(folder / "long.docx")
    with zipfile.ZipFile(path) as file:
        assert all(info.extra for info in file.infolist())
    with zipfile.ZipFile(write(OOXML, path, BLOCK)) as file:
        assert file.testzip() is None
        assert [info.extra for info in file.infolist()] == [b""] * 4
    if shutil.which("unzip"):
        subprocess.run(["unzip", "-tq", folder / "labelled-long.docx"], check=True)


def test_parts_may_stand_in_any_order(folder: Path) -> None:
    path = folder / "order.docx"
    with (
        zipfile.ZipFile(package(folder / "plain.docx")) as plain,
        zipfile.ZipFile(path, "w") as out,
    ):
        out.writestr("customXml/item1.xml", "x" * 9000)
        for info in reversed(plain.infolist()):
            out.writestr(info.filename, plain.read(info))
    assert OOXML.fits(path.read_bytes()[:4096])
    assert packed(write(OOXML, path, BLOCK)) == packed(path)


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16", "GBK"])
def test_properties_in_any_encoding_stay(folder: Path, encoding: str) -> None:
    text = CUSTOM % (PROPERTY % ("2", "项目", "甲"))
    text = text.replace("?>", f' encoding="{encoding}"?>')
    mark = b"\xef\xbb\xbf" if encoding == "UTF-8" else b""
    path = package(
        folder / "coded.docx", more={"docProps/custom.xml": mark + text.encode(encoding)}
    )
    with zipfile.ZipFile(write(OOXML, path, BLOCK)) as file:
        root = etree.fromstring(file.read("docProps/custom.xml"))
    found = {p.get("name"): p.xpath("normalize-space(.)") for p in root.iter("{*}property")}
    assert found == {"项目": "甲", "AIGC": BLOCK}


def never(folder: Path, path: Path, says: str, *, reads: bool = False) -> None:
    before = path.read_bytes()
    with pytest.raises(FileError) as error:
        OOXML.write(path, folder / "never.docx", BLOCK)
    assert says in str(error.value)
    assert str(path) in str(error.value)
    assert not (folder / "never.docx").exists()
    assert path.read_bytes() == before
    if not reads:
        with pytest.raises(FileError):
            OOXML.read(path)


def test_signed_file_is_never_broken(folder: Path) -> None:
    path = package(folder / "signed.docx", more={"_xmlsignatures/sig1.xml": b"<s/>"})
    never(folder, path, "label it first, then sign", reads=True)
    assert OOXML.read(path) == []


def test_package_of_another_program_is_read_but_not_written(folder: Path) -> None:
    """Some of them carry a signature of the whole package."""
    path = package(folder / "drawing.docx", PROPERTY % ("2", "AIGC", "x"), base="urn:another")
    never(folder, path, "none of Word, Excel or PowerPoint", reads=True)
    assert texts(OOXML, path) == ["x"]


def test_encrypted_and_old_files_are_named(folder: Path) -> None:
    path = folder / "locked.docx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504)
    assert OOXML.fits(path.read_bytes())
    never(folder, path, "with a password")


def test_part_that_unfolds_without_end_is_a_bomb(folder: Path) -> None:
    with zipfile.ZipFile(folder / "bomb.docx", "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("[Content_Types].xml", b" " * (17 * 2**20))
        out.writestr("_rels/.rels", RELATIONS % (OFFICE, ""))
    never(folder, folder / "bomb.docx", "ZIP bomb", reads=True)


def test_part_that_lies_about_its_size_is_damaged(folder: Path) -> None:
    path = package(folder / "liar.docx")
    data = bytearray(path.read_bytes())
    directory = data.rindex(b"PK\x01\x02", 0, data.index(b"PK\x01\x02") + 4)
    data[directory + 24 : directory + 28] = struct.pack("<I", 10)  # of [Content_Types].xml
    path.write_bytes(data)
    never(folder, path, "[Content_Types].xml", reads=True)


def test_parts_that_lie_over_each_other_are_a_bomb(folder: Path) -> None:
    path = package(folder / "over.docx", more={"a": b"x" * 100, "b": b"y" * 100})
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 42 : at + 46] = struct.pack("<I", data.rindex(b"PK\x03\x04") - 20)
    path.write_bytes(data)
    never(folder, path, "ZIP bomb")


def test_part_that_is_there_twice_is_named(folder: Path) -> None:
    path = package(folder / "twice.docx", more={"Word/Document.xml": b"other"})
    never(folder, path, "twice")


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("docProps/custom.xml", b"<a", "no XML"),
        ("docProps/custom.xml", b"<a/>", "'a' in"),
        (
            "docProps/custom.xml",
            b'<!DOCTYPE a [<!ENTITY b "c">]><Properties>&b;</Properties>',
            "DTD",
        ),
    ],
)
def test_part_that_is_no_properties_is_named(
    folder: Path, name: str, data: bytes, says: str
) -> None:
    never(folder, package(folder / "odd.docx", more={name: data}), says)


def test_other_zip_files_are_named(folder: Path) -> None:
    path = folder / "other.docx"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("mimetype", "application/epub+zip")
    assert not OOXML.fits(path.read_bytes()[:4096])
    never(folder, path, "no Office file")


def test_block_that_xml_cannot_hold_is_named(folder: Path) -> None:
    with pytest.raises(FileError, match="cannot carry"):
        OOXML.write(package(folder / "a.docx"), folder / "never.docx", "\0")


@settings(deadline=None, max_examples=scaled(60))
@given(st.data())
def test_broken_files_raise_only_file_errors(folder: Path, data: st.DataObject) -> None:
    source = folder / "whole.docx"
    if not source.exists():
        package(source, PROPERTY % ("2", "AIGC", "x"))
    whole = source.read_bytes()
    at = data.draw(st.integers(0, len(whole)))
    put_in = data.draw(st.binary(max_size=4))
    gone = data.draw(st.integers(0, 8))
    only_file_errors(OOXML, folder, [whole[:at], whole[:at] + put_in + whole[at + gone :]])


def test_missing_file_is_named(folder: Path) -> None:
    with pytest.raises(FileError, match="check the path"):
        OOXML.read(folder / "none.docx")
