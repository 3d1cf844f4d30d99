"""PDF keeps its bytes or its linearization, and other tools read the block."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zlib
from pathlib import Path

import pikepdf
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
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
from chopmark_label._files._pdf import PDF

XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    'rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" %s><dc:format>application/pdf'
    '</dc:format>%s</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end="w"?>'
)
TC260 = 'xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/"'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pdf")


def make(
    folder: Path, name: str = "a.pdf", xmp: str = "", *, packed: bool = False, **saved: object
) -> Path:
    """Write a PDF of two pages with a title, and XMP where given."""
    with pikepdf.new() as pdf:
        for text in ("one", "two"):
            page = pdf.add_blank_page(page_size=(200, 100))
            page.Contents = pdf.make_stream(f"BT /F1 12 Tf ({text}) Tj ET".encode())
        pdf.docinfo["/Title"] = "A title"
        pdf.docinfo["/Own"] = pikepdf.String("标题")
        if xmp:
            data, names = xmp.encode(), {"/Type": pikepdf.Name.Metadata}
            if packed:  # qpdf unpacks what is of type Metadata
                data, names = zlib.compress(data), {"/Filter": pikepdf.Name.FlateDecode}
            pdf.Root.Metadata = pdf.make_stream(data, names)
            pdf.Root.Metadata.Subtype = pikepdf.Name.XML
        none = pikepdf.StreamDecodeLevel.none  # else XMP is unpacked
        pdf.save(folder / name, fix_metadata_version=False, stream_decode_level=none, **saved)
    return folder / name


def content(path: Path) -> list[object]:
    """Return every object but the block, the XMP and the file's identifier."""
    with pikepdf.open(path) as pdf:
        info = {key: str(value) for key, value in pdf.docinfo.items() if key.lower() != "/aigc"}
        pages = [(page.Contents.read_raw_bytes(), str(page.mediabox)) for page in pdf.pages]
        return [info, pages, pdf.pdf_version, pdf.is_linearized, sorted(pdf.Root.keys())]


@settings(deadline=None, max_examples=scaled(50))
@given(blocks, st.booleans())
@example(BLOCK, True)
def test_block_is_there_once_and_nothing_else_changes(
    folder: Path, block: str, linear: bool
) -> None:
    path = make(folder, linearize=linear)
    made = write(PDF, path, block)
    assert content(made) == content(path)
    assert linear or made.read_bytes().startswith(path.read_bytes())
    again = folder / "again.pdf"
    shutil.copy(made, again)
    assert write(PDF, again, block).read_bytes() == made.read_bytes()
    assert texts(PDF, write(PDF, again, OTHER)) == [OTHER]


def ended_as_word_does(table: bytes) -> bytes:
    """Put an empty table behind a file, which refers to a stream of references and the table."""
    at = len(table)
    refers = b"\1" + at.to_bytes(4, "big") + b"\0"
    stream = (
        b"90 0 obj\n<< /Type /XRef /Size 91 /W [1 4 1] /Index [90 1] /Length 6 /Root 1 0 R >>\n"
    )
    stream += b"stream\n" + refers + b"\nendstream\nendobj\n"
    trailer = table[table.rindex(b"<< ", 0, table.rindex(b"startxref")) : table.rindex(b">>")]
    trailer = re.sub(rb"/Size \d+", b"/Size 91", trailer[trailer.index(b"/Info") :])
    before = table[table.rindex(b"startxref") :].split()[1]
    return b"%b%bxref\n0 0\ntrailer\n<< %b /Prev %b /XRefStm %d >>\nstartxref\n%d\n%%%%EOF" % (
        table, stream, trailer, before, at, at + len(stream),
    )  # fmt: skip


def shaped(folder: Path) -> dict[str, bytes]:
    """Return files whose ends and tables are of every shape that is found."""
    modes = pikepdf.ObjectStreamMode
    table = make(folder, object_stream_mode=modes.disable).read_bytes()
    stream = make(folder, object_stream_mode=modes.generate).read_bytes()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(folder / "bare.pdf", object_stream_mode=modes.generate)
    info = re.search(rb"/Info \d+ 0 R", table)
    assert info
    return {
        "table": table,
        "stream": stream,
        "no information": (folder / "bare.pdf").read_bytes(),
        "information in the trailer": table.replace(info[0], b"/Info << /Title (A title) >>"),
        "information that is not there": table.replace(info[0], b"/Info 999 0 R"),
        "no identifier": re.sub(rb"/ID \[[^]]*\]", b"", table),
        "something before the header": b"From: a mailer\n\n" + stream,
        "something behind the end": table + b"\r\n" + b"\0" * 300,
        "no end of the last line": table.rstrip(),
        "empty table, as Word ends a file": ended_as_word_does(table),
    }


def test_file_of_any_shape_stays_with_an_update_behind_it(folder: Path) -> None:
    for shape, data in shaped(folder).items():
        path = folder / "shaped.pdf"
        path.write_bytes(data)
        first = write(PDF, path, BLOCK)
        made = folder / "twice.pdf"
        PDF.write(first, made, OTHER)
        assert made.read_bytes().startswith(first.read_bytes()), shape
        assert first.read_bytes().startswith(data), shape
        assert texts(PDF, made) == [OTHER], shape
        assert content(made)[1:] == content(path)[1:], shape
        with pikepdf.open(path) as old, pikepdf.open(made) as new:
            assert new.check_pdf_syntax() == [], shape
            kept = {key: str(value) for key, value in old.docinfo.items()}
            assert {**kept, "/AIGC": OTHER} == {k: str(v) for k, v in new.docinfo.items()}, shape
            if "/ID" in old.trailer:
                assert bytes(new.trailer.ID[0]) == bytes(old.trailer.ID[0]), shape
                assert bytes(new.trailer.ID[1]) != bytes(old.trailer.ID[1]), shape
        if shutil.which("qpdf"):
            subprocess.run(["qpdf", "--check", made], check=True, capture_output=True)
        if shutil.which("pdfinfo"):
            out = subprocess.run(["pdfinfo", "-custom", made], check=True, capture_output=True)
            assert OTHER in out.stdout.decode(), shape
            assert out.stderr == b"", shape


@pytest.mark.parametrize(
    ("size", "identifier"), [(b"3", b"[1 2]"), (b"99999", b"[(a)]"), (b"1", b"<< >>")]
)
def test_numbers_that_the_end_gets_wrong_do_no_harm(
    folder: Path, size: bytes, identifier: bytes
) -> None:
    for table in (True, False):
        mode = pikepdf.ObjectStreamMode
        data = make(folder, object_stream_mode=mode.disable if table else mode.generate)
        path = folder / "wrong.pdf"
        whole = re.sub(rb"/Size \d+", b"/Size " + size, data.read_bytes()) if table else None
        path.write_bytes(
            re.sub(rb"/ID \[[^]]*\]", b"/ID " + identifier, whole or data.read_bytes())
        )
        assert content(write(PDF, path, BLOCK)) == content(path)


def test_older_revision_can_be_had_again(folder: Path) -> None:
    first = write(PDF, make(folder), BLOCK)
    made = folder / "second.pdf"
    PDF.write(first, made, OTHER)
    back = folder / "back.pdf"
    back.write_bytes(made.read_bytes()[: first.stat().st_size])
    assert texts(PDF, back) == [BLOCK]


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_exiftool_reads_the_block(folder: Path) -> None:
    made = write(PDF, make(folder), BLOCK)
    out = subprocess.run(
        ["exiftool", "-j", "-AIGC", "-Title", made], check=True, capture_output=True
    ).stdout
    (found,) = json.loads(out)
    assert (found["AIGC"], found["Title"]) == (BLOCK, "A title")


@pytest.mark.skipif(shutil.which("qpdf") is None, reason="qpdf is not installed")
@pytest.mark.parametrize("linear", [True, False])
def test_qpdf_finds_nothing_wrong(folder: Path, linear: bool) -> None:
    made = write(PDF, make(folder, xmp=XMP % ("", ""), linearize=linear), BLOCK)
    out = subprocess.run(["qpdf", "--check", made], check=True, capture_output=True, text=True)
    assert ("File is linearized" in out.stdout) is linear
    assert "No syntax or stream encoding errors" in out.stdout


@pytest.mark.parametrize(
    ("attributes", "elements", "found"),
    [
        (TC260, "<TC260:AIGC>{&quot;a&quot;:1}</TC260:AIGC>", ['{"a":1}']),
        (TC260 + " TC260:AIGC='x'", "", ["x"]),
        ('xmlns:pdfx="http://ns.adobe.com/pdfx/1.3/"', "<pdfx:AIGC>y</pdfx:AIGC>", ["y"]),
        ("", "", []),
    ],
)
@pytest.mark.parametrize("packed", [True, False])
def test_copies_in_xmp_are_read_and_taken_out(
    folder: Path, attributes: str, elements: str, found: list[str], packed: bool
) -> None:
    path = make(folder, xmp=XMP % (attributes, elements), packed=packed)
    assert texts(PDF, path) == found
    made = write(PDF, path, BLOCK)
    with pikepdf.open(made) as pdf:
        packet = pdf.Root.Metadata.read_bytes()
    assert b"application/pdf" in packet
    assert b"xpacket end" in packet
    if not found:
        assert packet == (XMP % (attributes, elements)).encode()


def test_xmp_that_is_nothing_but_a_block_goes(folder: Path) -> None:
    path = make(folder, xmp="<x:AIGC>{}<")
    assert texts(PDF, path) == ["{}"]
    with pikepdf.open(write(PDF, path, BLOCK)) as pdf:
        assert "/Metadata" not in pdf.Root


def test_entries_of_other_spelling_and_kind_are_read_and_replaced(folder: Path) -> None:
    path = make(folder)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.docinfo["/aigc"] = pikepdf.Dictionary(Label="1")
        pdf.docinfo["/AIGC"] = pikepdf.String("标")
        pdf.save(path)
    assert sorted(texts(PDF, path)) == ["<< /Label (1) >>", "标"]
    write(PDF, path, BLOCK)


def test_password_is_named_and_a_file_that_opens_without_is_read(folder: Path) -> None:
    labelled = write(PDF, make(folder), BLOCK)
    for user, says in (("", "is encrypted, so"), ("secret", "password")):
        path = folder / "locked.pdf"
        with pikepdf.open(labelled) as pdf:
            pdf.save(path, encryption=pikepdf.Encryption(owner="owner", user=user))
        with pytest.raises(FileError, match=says):
            PDF.write(path, folder / "never.pdf", BLOCK)
        if user:
            with pytest.raises(FileError, match="password"):
                PDF.read(path)
        else:
            assert texts(PDF, path) == [BLOCK]
    assert not (folder / "never.pdf").exists()


def test_signature_is_never_broken(folder: Path) -> None:
    path = make(folder)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        signature = pdf.make_indirect(
            pikepdf.Dictionary(Type=pikepdf.Name.Sig, ByteRange=[0, 1, 2, 3], Contents=b"\0" * 8)
        )
        pdf.Root.AcroForm = pikepdf.Dictionary(
            Fields=[pikepdf.Dictionary(FT=pikepdf.Name.Sig, V=signature)]
        )
        pdf.save(path)
    assert texts(PDF, path) == []
    with pytest.raises(FileError, match="label it first, then sign"):
        PDF.write(path, folder / "never.pdf", BLOCK)
    assert not (folder / "never.pdf").exists()


@pytest.mark.parametrize("linear", [True, False])
def test_rights_of_use_are_never_broken(folder: Path, linear: bool) -> None:
    path = make(folder)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        rights = pdf.make_indirect(pikepdf.Dictionary(ByteRange=[0, 1, 2, 3]))
        pdf.Root.Perms = pikepdf.Dictionary(UR3=rights)
        pdf.save(path, linearize=linear)
    with pytest.raises(FileError, match="label it first, then sign"):
        PDF.write(path, folder / "never.pdf", BLOCK)


def test_words_of_a_signature_in_a_text_are_no_signature(folder: Path) -> None:
    path = make(folder)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.pages[0].Contents = pdf.make_stream(b"BT (/ByteRange) Tj ET")
        pdf.Root.AcroForm = pikepdf.Dictionary(Fields=[])
        pdf.save(path, compress_streams=False)
    write(PDF, path, BLOCK)


def test_xmp_that_unfolds_without_end_is_a_bomb(folder: Path) -> None:
    path = make(folder, xmp=" " * (17 * 2**20), packed=True)
    for act in (lambda: PDF.read(path), lambda: PDF.write(path, folder / "never.pdf", BLOCK)):
        with pytest.raises(FileError, match="bomb"):
            act()


def test_file_with_a_lost_table_is_read_but_not_written(folder: Path) -> None:
    made = write(PDF, make(folder), BLOCK)
    path = folder / "lost.pdf"
    path.write_bytes(made.read_bytes().replace(b"startxref\n", b"startxref\n9"))
    assert texts(PDF, path) == [BLOCK]
    with pytest.raises(FileError, match="damaged or cut off"):
        PDF.write(path, folder / "never.pdf", BLOCK)


@settings(deadline=None, max_examples=scaled(60))
@given(st.data())
def test_broken_files_raise_only_file_errors(folder: Path, data: st.DataObject) -> None:
    source = folder / "whole.pdf"
    if not source.exists():
        xmp = XMP % (TC260, "<TC260:AIGC>x</TC260:AIGC>")
        made = write(PDF, make(folder), BLOCK)
        with pikepdf.open(made) as pdf:
            pdf.Root.Metadata = pdf.make_stream(xmp.encode())
            pdf.save(source)
    whole = source.read_bytes()
    at = data.draw(st.integers(0, len(whole)))
    put_in = data.draw(st.binary(max_size=4))
    gone = data.draw(st.integers(0, 8))
    only_file_errors(PDF, folder, [whole[:at], whole[:at] + put_in + whole[at + gone :]])


@pytest.mark.parametrize(
    "data", [b"", b"%PDF-1.7\n", b"PK\x03\x04", b"\0" * 5000, b"%PDF-1.7\n%%EOF"]
)
def test_what_is_no_pdf_is_named(folder: Path, data: bytes) -> None:
    assert only_file_errors(PDF, folder, [data]) == 1
    with pytest.raises(FileError, match="check the path"):
        PDF.read(folder / "none.pdf")
