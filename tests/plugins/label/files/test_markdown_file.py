"""Markdown keeps everything but the key AIGC of its front matter, byte for byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from tests.depth import scaled
from tests.plugins.label.files.document_blocks import (
    BLOCK,
    KEYS,
    OTHER,
    bare,
    blocks,
    only_file_errors,
    texts,
    write,
)

from chopmark_label._files._errors import FileError
from chopmark_label._files._markdown import MARKDOWN

LINES = [
    "---", "...", "title: x", "AIGC:", "  Label: '1'", "    ContentProducer: \"p\"", "# comment",
    "text", "", "key: |", "  literal", "- item", "```", "```yaml", "~~~", "tags: [a, b]", "</b>",
    '{"AIGC":{"Label":"1"}}', "a: &x 1", "b: *x", "AIGC: {Label: 1}", "AIGC: *x", "? y", ": z",
    "\ttab", "中文: 值", "'quoted': \"v", '"AIGC": x', " AIGC: 1", "AIGC: '1' # why", "+++",
    "%YAML",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("markdown")


def put(folder: Path, text: str | bytes, name: str = "a.md") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def block_of(*pairs: tuple[str, str]) -> str:
    return json.dumps(dict(pairs), separators=(",", ":"))


@settings(deadline=None)
@given(blocks, st.text().filter(lambda text: not text.startswith(("---", "+++", "\ufeff"))))
@example(BLOCK, "")
@example(BLOCK, "\r\n")
def test_file_without_front_matter_gets_one_and_keeps_every_byte(
    folder: Path, block: str, text: str
) -> None:
    data = text.encode("utf-8", "surrogatepass")
    assume(b"\0" not in data and b"AIGC" not in data)
    path = put(folder, data)
    made = write(MARKDOWN, path, block)
    head, rest = made.read_bytes().split(b"---", 2)[1:]
    assert head.strip()
    assert rest.lstrip(b"\r\n") == data.lstrip(b"\r\n")
    assert rest.endswith(data)
    again = put(folder, made.read_bytes())
    assert write(MARKDOWN, again, block).read_bytes() == made.read_bytes()


@settings(deadline=None)
@given(blocks)
def test_front_matter_is_yaml_to_any_reader_of_yaml(folder: Path, block: str) -> None:
    made = write(MARKDOWN, put(folder, "# Title\n"), block).read_text()
    front = made.split("\n---\n")[0].removeprefix("---\n")
    assert yaml.safe_load(front) == {"AIGC": json.loads(block)}


@settings(deadline=None, max_examples=scaled(200))
@given(st.lists(st.sampled_from(LINES), max_size=12), st.sampled_from(["\n", "\r\n"]))
@example(["---", "AIGC:", "  Label: '1'", "---", "", "---", "title: x", "---"], "\n")
def test_any_lines_are_labelled_once_or_refused(
    folder: Path, lines: list[str], newline: str
) -> None:
    text = newline.join(["", *lines, ""]) if lines[:1] == ["+++"] else newline.join([*lines, ""])
    path = put(folder, text)
    try:
        made = write(MARKDOWN, path, BLOCK)
    except FileError:
        return
    again = put(folder, made.read_bytes(), "b.md")
    assert write(MARKDOWN, again, BLOCK).read_bytes() == made.read_bytes()
    assert texts(MARKDOWN, write(MARKDOWN, again, OTHER)) == [OTHER]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_other_keys_and_comments_stay_byte_for_byte(folder: Path, newline: str) -> None:
    front = ["---", "# why", "title:   'x'  # note", "tags: [a,  b]", "body: |+", "  text", ""]
    text = newline.join([*front, "---", "# Title", "", "---", "a rule", "---", ""])
    made = write(MARKDOWN, put(folder, text), BLOCK).read_bytes().decode()
    assert made.startswith(newline.join([*front, "AIGC:", ""]))
    added = made[
        len(newline.join([*front, ""])) : made.index(newline + "---" + newline) + len(newline)
    ]
    assert made.replace(added, "", 1) == text


def test_block_is_replaced_where_it_stood(folder: Path) -> None:
    rest = "  # id\n\n# next\nb: 2\n---\nText\n"
    text = "---\na: 1\nAIGC:   # ours\n    Label: AIGC\n    ProduceID: x" + rest
    made = write(MARKDOWN, put(folder, text), bare("1")).read_text()
    assert made.startswith("---\na: 1\nAIGC:\n  Label: '1'\n")
    assert made.endswith("  ReservedCode2: ''" + rest)


def test_keys_that_are_indented_get_one_more_of_the_same_indent(folder: Path) -> None:
    made = write(MARKDOWN, put(folder, "---\n  a: 1\n  b: 2\n---\n"), BLOCK).read_text()
    assert made.startswith("---\n  a: 1\n  b: 2\n  AIGC:\n    Label: '1'\n")


def test_byte_order_mark_stays_first(folder: Path) -> None:
    made = write(MARKDOWN, put(folder, "\ufeffText"), BLOCK).read_bytes()
    assert made.startswith(b"\xef\xbb\xbf---\nAIGC:\n")
    assert made.endswith(b"---\n\nText")


def test_text_that_begins_with_a_brace_is_no_front_matter(folder: Path) -> None:
    for text in ("{: .class}\nText", "{}\n", '{"a": 1} is JSON', "{{< figure >}}\n", "{" * 5000):
        assert write(MARKDOWN, put(folder, text), BLOCK).read_text().endswith("---\n\n" + text)


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_known_so_that_it_can_be_named(codec: str) -> None:
    assert MARKDOWN.fits("\ufeff# Title".encode(codec))
    assert not MARKDOWN.fits("# Title".encode(codec))


def test_text_in_another_encoding_keeps_its_bytes(folder: Path) -> None:
    data = "标题\n\n正文".encode("gbk")
    assert write(MARKDOWN, put(folder, data), BLOCK).read_bytes().endswith(b"---\n\n" + data)


BODY = "# Title\n\nText\n"
PAIRS = (("Label", "1"), ("ContentProducer", "p q"), ("ReservedCode1", 'a"b'))


PLAIN = 'AIGC:\n  Label: 1\n  ContentProducer: p q\n  ReservedCode1: a"b\n'
SINGLE = "AIGC:\n  Label: '1'\n  ContentProducer: 'p q'\n  ReservedCode1: 'a\"b'\n"
DOUBLE = 'AIGC:\n    Label: "1"\n    ContentProducer: "p q"\n    ReservedCode1: "a\\"b"\n'
FLOW = "AIGC: {Label: 1, ContentProducer: p q, ReservedCode1: 'a\"b'}\n"
JSON = '{"AIGC": {"Label": "1", "ContentProducer": "p q", "ReservedCode1": "a\\"b"}}\n'
FORMS = {
    "single quotes": f"---\n{SINGLE}---\n{BODY}",
    "double quotes, four spaces": f"---\n{DOUBLE}---\n{BODY}",
    "no quotes": f"---\n{PLAIN}---\n{BODY}",
    "flow": f"---\n{FLOW}---\n{BODY}",
    "between other keys": f"---\nx: y\n{PLAIN}z: 1\n---\n{BODY}",
    "second front matter": f"---\nx: y\n---\n\n---\n{PLAIN}---\n{BODY}",
    "behind empty lines": f"\n \n---\n{PLAIN}---\n{BODY}",
    "behind empty lines, with more": f"\r\n---\n{PLAIN}---\n---\nx: y\n---\n{BODY}",
    "bare at the end": f"{BODY}\n{DOUBLE}",
    "between rules at the end": f"{BODY}\n---\n{DOUBLE}---",
    "in a fence at the end": f"{BODY}\n```yaml\n{PLAIN}```\n",
    "in a fence in an element": f"{BODY}\n<details>\n```yaml\n{PLAIN}```\n\n</details>\n",
    "as JSON in a fence": f"{BODY}\n~~~~json\n{JSON}~~~~\n",
    "with the whole file in a fence": f"```markdown\n---\n{PLAIN}---\n{BODY}```\n",
    "in a fence at the beginning": f"```yaml\n{PLAIN}```\n{BODY}",
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_forms_found_in_public_files_are_read_and_replaced(folder: Path, text: str) -> None:
    path = put(folder, text)
    assert texts(MARKDOWN, path) == [block_of(*PAIRS)]
    made = write(MARKDOWN, path, BLOCK).read_text()
    assert BODY in made
    assert "p q" not in made


def test_second_front_matter_keeps_its_own_keys(folder: Path) -> None:
    text = "---\nAIGC:\n  Label: '1'\n---\n\n---\n\ntitle: x\nAIGC:\n  Label: '2'\n\n---\n# T\n"
    path = put(folder, text)
    assert texts(MARKDOWN, path) == ['{"Label":"1"}', '{"Label":"2"}']
    made = write(MARKDOWN, path, BLOCK).read_text()
    assert made.endswith("---\n\n---\n\ntitle: x\n\n---\n# T\n")


def test_block_that_a_text_is_about_is_no_label(folder: Path) -> None:
    quoted = "Look:\n\n```yaml\nAIGC:\n  Label: '1'\n```\n\nThat was it.\n"
    path = put(folder, quoted)
    assert texts(MARKDOWN, path) == []
    assert write(MARKDOWN, path, BLOCK).read_text().endswith("---\n\n" + quoted)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("---\nAIGC: yes\n---\n", "yes"),
        ('---\nAIGC: \'{"Label":"1"}\'\n---\n', '{"Label":"1"}'),
        ("---\nAIGC:\n  AIGC:\n    Label: 1\n---\n", '{"AIGC":{"Label":"1"}}'),
        ("---\nAIGC:\n  Label: 1\n  Label: 2\n---\n", '{"Label":"1","Label":"2"}'),
        ("---\nAIGC: [1, {a: b}]\n---\n", '["1",{"a":"b"}]'),
        ("---\nAIGC:\n---\n", ""),
        ("---\nt: {{ x }}: y\nAIGC:\n  Label: 1\n---\n", '{"Label":"1"}'),
        ("---\nt: 'open\nAIGC:\n  Label: \t'1\n---\n", "AIGC:\n  Label: \t'1"),
    ],
)
def test_malformed_block_is_shown_as_it_is(folder: Path, text: str, found: str) -> None:
    assert texts(MARKDOWN, put(folder, text)) == [found]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("---\nt: {{ x }}: y\n---\n", "not YAML with keys"),
        ("---\na prose text\n---\n", "not YAML with keys (it has no keys)"),
        ("---\n{a: 1}\n---\n", "not one a line"),
        ("---\na: &x {Label: 1}\nAIGC: *x\n---\n", "alias"),
        ("---\nAIGC: &x {Label: 1}\na: *x\n---\n", "no anchors"),
        ("---\na: " + "x" * 70_000 + "\n---\n", "65,536"),
        ("+++\ntitle = 'x'\n+++\n", "TOML"),
        ('{\n  "title": "x"\n}\n\n# T\n', "JSON"),
        (b"\xff\xfe-\0-\0-\0", "UTF-8"),
        ("---\n" + "[" * 5000 + "\n---\n", "nested too deeply"),
    ],
)
def test_what_cannot_be_labelled_is_named_and_not_written(
    folder: Path, text: str | bytes, says: str
) -> None:
    path = put(folder, text)
    with pytest.raises(FileError) as error:
        MARKDOWN.write(path, folder / "never.md", BLOCK)
    assert says in str(error.value)
    assert not (folder / "never.md").exists()


@pytest.mark.parametrize(
    "block", ["", "text", "[]", '{"a":1}', '{"a":{"b":"c"}}', '{"a": "b"}', '"x"']
)
def test_block_that_yaml_could_not_give_back_is_refused(folder: Path, block: str) -> None:
    with pytest.raises(FileError, match="cannot carry"):
        MARKDOWN.write(put(folder, "x"), folder / "never.md", block)


def test_few_lines_that_stand_for_billions_do_not_unfold(folder: Path) -> None:
    lines = ["a0: &a0 [x]"] + [
        f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)
    ]
    path = put(folder, "\n".join(["---", *lines, "AIGC: [*a11]", "---", ""]))
    assert texts(MARKDOWN, path) == ["[*a11]"]


def test_missing_file_is_named(folder: Path) -> None:
    with pytest.raises(FileError, match=r"none\.md.*check the path"):
        MARKDOWN.read(folder / "none.md")


@settings(deadline=None)
@given(st.data())
def test_broken_files_raise_only_file_errors(folder: Path, data: st.DataObject) -> None:
    whole = f"---\nt: 'x'\n{DOUBLE}---\n# T\n\n```yaml\n{PLAIN}```\n".encode()
    at = data.draw(st.integers(0, len(whole)))
    put_in = data.draw(st.binary(max_size=4))
    gone = data.draw(st.integers(0, 4))
    only_file_errors(MARKDOWN, folder, [whole[:at], whole[:at] + put_in + whole[at + gone :]])


def test_keys_are_those_of_the_standard_in_its_order(folder: Path) -> None:
    lines = write(MARKDOWN, put(folder, "x"), BLOCK).read_text().splitlines()
    assert [line.split(":")[0].strip() for line in lines[2:9]] == list(KEYS)
