"""An entry is appended to a list of any form, and all that was in it stays as it was."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark_complaints import ComplaintError
from chopmark_complaints._words import Word, append
from chopmark_keyword._read import load_file

HEAD = 'name = "desk"\nversion = "1"\nlanguage = "en"\n'
FORMS = {
    "tables.toml": HEAD + '[defaults]\nreviewer = "Li"\n\n[[entries]]\nterm = "a ]"\n'
    'category = "fraud"\nlevel = "warn"',
    "array.toml": HEAD + "defaults = { reviewer = 'Li', expires = 2029-12-31 }\nentries = [\n"
    "    { term = 'a ]', category = 'fraud', level = 'warn' }, # why ]\n]  # the end ]\n",
    "one-line.toml": HEAD + "entries = [{ term = 'a ]', category = 'fraud', level = 'warn', "
    "reviewer = 'Li' }]\n",
    "between.toml": HEAD + "entries = [\n{ term = 'a ]', category = 'fraud', level = 'warn' }\n]\n"
    "[defaults]\nreviewer = 'Li'\nrisks = [ 'A.1.f' ]\n",
    "list.csv": "﻿# name: desk\r\n# version: 1\r\n# language: en\r\nLevel,term,category,reviewer,"
    'expires\r\nwarn,"a ]",fraud,Li,',
    "list.json": '{"name": "desk", "version": "1", "language": "en", "entries": [{"term": "a ]", '
    '"category": "fraud", "level": "warn", "reviewer": "Li"}]}',
}


def word(term: str = "new", **changes: object) -> Word:
    given = {"category": "drugs", "level": "block", "reviewer": "Wang", **changes}
    return Word(term=term, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize("form", FORMS)
def test_what_is_appended_is_read_by_plugin_keyword(form: str, tmp_path: Path) -> None:
    path = tmp_path / form
    path.write_bytes(FORMS[form].encode())
    path.chmod(0o640)
    before = load_file(path).entries
    place = append(path, word(expires=date(2027, 1, 31)))
    place2 = append(path, word('second, "with" quotes and ] and \''))
    after = load_file(path).entries
    assert (place.list, place.number, place2.number) == ("desk", 2, 3)
    assert [e.term for e in after] == ["a ]", "new", 'second, "with" quotes and ] and \'']
    assert [(e.term, e.category, e.level, e.reviewer, e.expires) for e in after[:1]] == [
        (e.term, e.category, e.level, e.reviewer, e.expires) for e in before
    ]
    assert (after[1].category, after[1].level) == ("keyword.drugs", "block")
    assert (after[1].reviewer, after[1].expires) == ("Wang", date(2027, 1, 31))
    assert path.stat().st_mode & 0o777 == 0o640
    if path.suffix == ".toml":
        kept = path.read_text("utf-8")
        assert all(line in kept for line in FORMS[form].splitlines() if "]" not in line)
        assert kept.count("# why ]") == FORMS[form].count("# why ]")


TERMS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)


@settings(max_examples=scaled(60))
@given(st.sampled_from(sorted(FORMS)), TERMS)
@example("tables.toml", "\ufe0f")
@example("list.csv", "\u3164")
@example("array.toml", "\x7f]]\"'#")
def test_any_term_that_a_list_can_have_comes_back_as_it_was(form: str, term: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / form
        path.write_bytes(FORMS[form].encode())
        try:
            append(path, word(term))
        except ComplaintError:  # it cannot be seen, or it is the one that is there
            assert path.read_bytes() == FORMS[form].encode()
            assert not any(c.isalnum() and c.isascii() for c in term) or term.strip() == "a ]"
        else:
            assert load_file(path).entries[-1].term == term.strip()


def test_the_same_entry_is_not_written_twice_and_another_meaning_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tables.toml"
    path.write_text(FORMS["tables.toml"])
    first = append(path, word())
    kept = path.read_bytes()
    assert append(path, word()) == first
    with pytest.raises(ComplaintError, match=r"already, as entry 2 \(category 'drugs'"):
        append(path, word(level="allow"))
    assert path.read_bytes() == kept


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("words.txt", "a\n", r"ends in \.toml, \.csv, \.json"),
        ("words.toml", "entries = [", "not TOML"),
        ("words.toml", "entries = []\n", "no `name`"),
        ("words.toml", HEAD + "entries = 3\n", "no `entries`"),
        ("words.json", "[]", "no `entries`"),
        ("words.json", "{", "not JSON"),
        ("words.csv", '# name: desk\nterm,"category\n', "not CSV"),
        ("words.csv", "# name: desk\nterm,category,level\na,b,warn\n", "have a column for term"),
    ],
)
def test_a_list_that_cannot_take_it_stays_as_it_is(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ComplaintError, match=message):
        append(path, word())
    assert path.read_text() == text
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_list_that_is_not_there_or_not_utf_8_is_named(tmp_path: Path) -> None:
    with pytest.raises(ComplaintError, match="chopmark words import"):
        append(tmp_path / "none.toml", word())
    (tmp_path / "gbk.csv").write_bytes("# name: 词\n".encode("gbk"))
    with pytest.raises(ComplaintError, match="not UTF-8 at byte"):
        append(tmp_path / "gbk.csv", word())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"category": "Drugs"}, "use dotted names"),
        ({"level": "blok"}, r"did you mean 'block'"),
        ({"term": "\u200b\u00a0 "}, "nothing that can be seen"),
        ({"term": "\u3164\ufe0f"}, "nothing that can be seen"),
        ({"term": "a\ufffd"}, "nothing that can be seen"),
    ],
)
def test_an_entry_that_no_list_could_have_is_refused(changes: dict[str, str], message: str) -> None:
    with pytest.raises(ComplaintError, match=message):
        word(**changes).checked()


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real.toml").write_text(FORMS["tables.toml"])
    (tmp_path / "link.toml").symlink_to(tmp_path / "real.toml")
    append(tmp_path / "link.toml", word())
    assert (tmp_path / "link.toml").is_symlink()
    assert len(load_file(tmp_path / "real.toml").entries) == 2
