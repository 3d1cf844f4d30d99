"""HTML keeps every byte but those of the block's tag.

The judge is lxml's parser, which is not the one that the writer uses.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html
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
from chopmark_label._files._html import HTML

PIECES = [
    "<!DOCTYPE html>", "<html>", "<head>", "</head>", "<body>", "</body>", "<title>", "</title>",
    "<meta charset=utf-8>", "<meta name=AIGC content=x>", "<META NAME='aigc' CONTENT='a&amp;b' />",
    "<!-- AIGC: {&quot;Label&quot;:1} -->", "<!-- AIGC:{} --", "<script>", "</script>", "a < b",
    "<style>", "</style>", "text", " ", "\n", "&nbsp;", "AT&T", "&#", "<!", "<![x", "<![CDATA[a]]>",
    "<template>", "</template>", "<noscript>", "<img src=x>", "</noscript>", "<a title='", "'>",
    "<p/>", "</p>", "<?xml version='1.0'?>", '<meta property="site:AIGC" content="y">', "中",
]  # fmt: skip
PAGE = (
    "<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n<title>AIGC</title>\n</head>\n"
    "<body>\n<p>Text &amp; more\n</body>\n</html>\n"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("html")


def put(folder: Path, page: str | bytes, name: str = "a.html") -> Path:
    path = folder / name
    path.write_bytes(page if isinstance(page, bytes) else page.encode())
    return path


def metas(page: bytes) -> list[str]:
    """Return what lxml finds, in the head only."""
    tree = lxml_html.document_fromstring(page, parser=lxml_html.HTMLParser(encoding="utf-8"))
    return [str(found) for found in tree.xpath("/html/head/meta[@name='AIGC']/@content")]


@settings(deadline=None)
@given(blocks)
@example(BLOCK)
def test_block_is_in_the_head_for_another_parser_and_nothing_else_changes(
    folder: Path, block: str
) -> None:
    made = write(HTML, put(folder, PAGE), block).read_bytes()
    assert metas(made) == [block]
    before, _, after = made.partition(b"<meta name=")
    tag = after.partition(b">\n")[0]
    assert made.replace(b"<meta name=" + tag + b">\n", b"", 1) == PAGE.encode()
    assert before.endswith(b"</title>\n")


@settings(deadline=None, max_examples=scaled(200))
@given(st.lists(st.sampled_from(PIECES), max_size=10).map("".join))
@example("<!-- AIGC: {} --><?xml version='1.0'?>")
@example("AT&")
@example("<")
@example("<head><noscript><img></noscript></head>")
@example("<head><template><p></template></head>")
def test_any_page_is_labelled_once_or_refused(folder: Path, page: str) -> None:
    try:
        made = write(HTML, put(folder, page), BLOCK)
    except FileError:
        return
    again = put(folder, made.read_bytes(), "b.html")
    assert write(HTML, again, BLOCK).read_bytes() == made.read_bytes()
    assert texts(HTML, write(HTML, again, OTHER)) == [OTHER]


@settings(deadline=None)
@given(st.text(), blocks)
def test_text_around_stays(folder: Path, text: str, block: str) -> None:
    page = b"<title>t</title><p>" + text.encode("utf-8", "surrogatepass").replace(b"\0", b"")
    path = put(folder, page)
    if texts(HTML, path):
        return
    made = write(HTML, path, block).read_bytes()
    start, end = made.index(b"<meta name"), made.index(b">\n", made.index(b"<meta name")) + 2
    assert (made[:start] + made[end:]).replace(b"\r", b"") == page.replace(b"\r", b"")


@pytest.mark.parametrize(
    ("page", "before"),
    [
        ("", ""),
        ("<p>x", ""),
        ("\n x", "\n "),
        ("<!doctype html><title>x</title><p>y", "<!doctype html><title>x</title>"),
        ("<html><body>x", "<html>"),
        ("<html><head><title></head></title></HEAD>", "<html><head><title></head></title>"),
        ("<head><!-- </head> --></head>", "<head><!-- </head> -->"),
        ("<head><script>'</head>'</script></head>", "<head><script>'</head>'</script>"),
        ("<head><template><p></p></template></head>", "<head><template><p></p></template>"),
        ("<head><noscript><img></noscript></head>", "<head><noscript><img></noscript>"),
        ("<head/><title>x</title><p>", "<head/><title>x</title>"),
        ("<link href=x>\n<!-- open", "<link href=x>\n"),
        ("<title>x</title>AT&T", "<title>x</title>"),
    ],
)
def test_block_goes_to_the_end_of_the_head(folder: Path, page: str, before: str) -> None:
    made = write(HTML, put(folder, page), BLOCK).read_text()
    assert made.startswith(before + "<meta name=")
    assert made.endswith(">\n" + page.removeprefix(before))


def test_block_in_the_head_is_replaced_where_it_stood_and_others_go(folder: Path) -> None:
    page = (
        "<head><meta name='aigc' content='{&quot;Label&quot;:&quot;2&quot;}' id=x><title>t</title>"
        "<meta property='site:AIGC' content=b><!-- AIGC: {&quot;a&quot;:1} --></head>"
        "<body><meta name=AIGC content=c><!-- AIGC_INFO: {} --><p>x</p>"
    )
    path = put(folder, page)
    assert texts(HTML, path) == ['{"Label":"2"}', "b", '{"a":1}', "c", "{}"]
    made = write(HTML, path, BLOCK).read_text()
    assert made.startswith("<head><meta name=")
    assert made.endswith("><title>t</title></head><body><p>x</p>")


@pytest.mark.parametrize("inside", ["script", "textarea", "title", "style", "template"])
def test_tag_in_what_is_text_is_no_block(folder: Path, inside: str) -> None:
    path = put(folder, f"<p><{inside}><meta name=AIGC content=x></{inside}>")
    assert texts(HTML, path) == []


@pytest.mark.parametrize(
    ("codec", "head"),
    [
        ("gbk", b"<meta charset=gb2312>"),
        ("big5", b'<meta http-equiv="Content-Type" content="text/html; charset=big5">'),
        ("shift_jis", b"<meta charset=shift_jis>"),
        ("iso2022_jp", b"<meta charset=iso-2022-jp>"),
        ("utf-8-sig", b""),
        ("utf-8", b"<meta charset=unknown>"),
        ("latin-1", b"<meta charset=iso-8859-1>"),
    ],
)
def test_encoding_stays(folder: Path, codec: str, head: bytes) -> None:
    text = (
        "<p>中文"
        if codec not in ("latin-1", "shift_jis")
        else "<p>é"
        if codec == "latin-1"
        else "<p>日"
    )
    page = head + text.encode(codec) if codec != "utf-8-sig" else text.encode(codec)
    made = write(HTML, put(folder, page), BLOCK).read_bytes()
    start, end = made.index(b"<meta name"), made.index(b">\n") + 2
    assert made[:start] + made[end:] == page


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_told_by_its_mark(folder: Path, codec: str) -> None:
    path = put(folder, "\ufeff<head></head>中".encode(codec))
    made = write(HTML, path, BLOCK).read_bytes().decode(codec)
    assert made.startswith("\ufeff<head><meta name=")
    assert made.endswith("</head>中")


def test_bytes_that_are_not_in_the_encoding_stay(folder: Path) -> None:
    page = b"<meta charset=gbk><p>\xff\xff \x81"
    assert write(HTML, put(folder, page), BLOCK).read_bytes().endswith(b"<p>\xff\xff \x81")


def test_xhtml_gets_a_tag_that_xml_can_read(folder: Path) -> None:
    from lxml import etree

    page = (
        '<?xml version="1.0"?>\n<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title>'
        "</head><body/></html>"
    )
    made = write(HTML, put(folder, page, "a.xhtml"), BLOCK)
    (found,) = etree.parse(made).iter("{*}meta")
    assert found.get("content") == BLOCK


@pytest.mark.parametrize(
    ("page", "says"),
    [
        (b"\xff\xfe<", "not whole"),
        (b"<meta charset=iso-2022-jp>\xff", "not whole"),
        (b"<\0p\0>\0", "NUL"),
        ("\ufeff<html>".encode("utf-32-le"), "UTF-32"),
        ("\ufeff<html>".encode("utf-32-be"), "UTF-32"),
        (b"<script>never closed", "cannot carry"),
    ],
)
def test_what_cannot_be_labelled_is_named_and_not_written(
    folder: Path, page: bytes, says: str
) -> None:
    with pytest.raises(FileError) as error:
        HTML.write(put(folder, page), folder / "never.html", BLOCK)
    assert says in str(error.value)
    assert not (folder / "never.html").exists()


@pytest.mark.parametrize(
    ("head", "fits"),
    [
        (b"<!DOCTYPE html>", True),
        (b"\xef\xbb\xbf \n<!-- x --><HTML>", True),
        (b"\xff\xfe<\0h\0t\0m\0l\0>\0", True),
        (b"<?xml version='1.0'?><!DOCTYPE html PUBLIC", True),
        (b"\xfe\xff\0<\0p\0>", True),
        (b"<\0h\0t\0m\0l\0>\0", True),
        (b"<!--" * 1024, True),
        (b"<!---->" * 585, True),
        (b"<p>a piece", True),
        (b"", True),
        (b"%PDF-1.7\n<html>", False),
        (b"PK\x03\x04<html>", False),
        (b"GIF89a\1\0", False),
        (b"\xff\xfe\x93\x64", False),
    ],
)
def test_beginning_tells_a_page(head: bytes, fits: bool) -> None:
    assert HTML.fits(head) is fits


@settings(deadline=None)
@given(st.data())
def test_broken_files_raise_only_file_errors(folder: Path, data: st.DataObject) -> None:
    whole = (PAGE + "<meta name='AIGC' content='&quot;a'><![if x]><!-- AIGC: {} -->").encode()
    at = data.draw(st.integers(0, len(whole)))
    put_in = data.draw(st.binary(max_size=4) | st.sampled_from([b"<![", b"<!", b"&#", b"<?"]))
    gone = data.draw(st.integers(0, 4))
    only_file_errors(HTML, folder, [whole[:at], whole[:at] + put_in + whole[at + gone :]])


@pytest.mark.parametrize(
    "piece", ["<!--", "<![", "<a '", "&#", "<script>", "</", "<template>", "<"]
)
def test_much_of_what_is_never_closed_takes_no_more_than_its_length(
    folder: Path, piece: str
) -> None:
    only_file_errors(HTML, folder, [(piece * 20_000 + " AIGC").encode()])
