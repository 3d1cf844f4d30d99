"""One entry of a list is changed, and nothing else in its file; or nothing at all is."""

from __future__ import annotations

import difflib
import json
import os
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark_keyword import (
    Amendment,
    ChangedListError,
    ListError,
    Trial,
    WordList,
    amend,
    digest_of,
    own_list,
    read_bytes,
    replace_list,
    search,
    twin,
    written,
)
from chopmark_keyword._read import bundled_bytes, bundled_names

TODAY = date(2026, 12, 1)
HEAD = 'name = "ops"\nversion = "1"\nlanguage = "en"\n'
TABLES = (
    HEAD
    + """
[[entries]]  # the first
term = "pipe bomb"  # with "quotes" # and more
category = "weapons"
level = "block"
# Li looked at it in May.
reviewer = "Li"
risks = [
    "A.1.h",  # ] }
]

# About the next one.
[[ entries ]]
term = '''[[entries]]'''
category = "fraud"
level = "warn"
reviewer = "Li"
expires = 2027-01-01

# The end.
[defaults]
score = 0.5
"""
)
ARRAY = (
    HEAD
    + """
defaults = { reviewer = "Li", expires = 2029-01-01 }
entries = [
    # The first.
    { term = "pipe bomb", category = "weapons", level = "block" },  # } ]
    { term = "a ] } # b", category = "fraud", level = "warn" }  # no comma
    # The end.
]
"""
)
CSV = """# name: ops
# version: 1
# language: en

term,category,level,reviewer,notes
"pipe
bomb",weapons,block,Li,"kept, as it is"

"say ""hi"" now",fraud,warn,Li
"""
JSON = json.dumps(
    {
        "name": "ops", "version": "1", "language": "en", "defaults": {"reviewer": "Li"},
        "entries": [
            {"term": "pipe bomb", "category": "weapons", "level": "block", "score": 0.25},
            {"term": "b", "category": "fraud", "level": "warn"},
        ],
    },
    indent=3,
)  # fmt: skip
NEW = {
    "term": 'brand "new"\\', "category": "fraud.phone", "level": "warn", "reviewer": "Wang",
    "expires": "2027-06-30", "folding": "", "risks": "",
}  # fmt: skip
FORMS = {"t.toml": TABLES, "a.toml": ARRAY, "l.csv": CSV.replace(",notes", ""), "j.json": JSON}
FORMS["l.csv"] = FORMS["l.csv"].replace(',"kept, as it is"', "")


def read(name: str, data: bytes) -> WordList:
    words = read_bytes(name, data).words
    assert words is not None
    return words


def lines_of(before: bytes, after: bytes) -> list[str]:
    """Return the lines that went and came, spaces aside."""
    lines = [text.decode().replace(" ", "").splitlines() for text in (before, after)]
    told = difflib.ndiff(*lines)
    return [line for line in told if line[0] in "-+"]


@pytest.mark.parametrize("name", FORMS)
def test_a_new_entry_stands_last_and_nothing_else_moves(name: str) -> None:
    data = FORMS[name].encode()
    done = amend(name, data, Amendment(cells=NEW))
    assert written(done.entry) == {
        key: value for key, value in NEW.items() if value
    } | ({"score": "0.5"} if name == "t.toml" else {})  # fmt: skip
    assert done.words.entries[:-1] == read(name, data).entries
    gone = [line for line in lines_of(data, done.data) if line[0] == "-"]
    assert len(gone) <= 1, gone  # a header that has a column more, an entry that has a comma
    assert done.data.decode().count("#") == data.decode().count("#")


@pytest.mark.parametrize("at", [0, 1])
@pytest.mark.parametrize("name", FORMS)
def test_an_entry_is_changed_in_its_place(name: str, at: int) -> None:
    data = FORMS[name].encode()
    before = read(name, data)
    change = {"level": "escalate", "reviewer": "Wang", "expires": "2026-11-30"}
    done = amend(name, data, Amendment(cells=change, old=written(before.entries[at])))
    assert written(done.entry) == {**written(before.entries[at]), **change}
    assert done.words.entries[1 - at].term == before.entries[1 - at].term
    assert done.data.decode().count("#") == data.decode().count("#")
    if name != "j.json":
        assert len(lines_of(data, done.data)) <= 8


@pytest.mark.parametrize("name", ["t.toml", "a.toml"])
def test_an_empty_cell_takes_away_what_stood_there(name: str) -> None:
    data = FORMS[name].encode()
    old = read(name, data).entries[1]
    done = amend(name, data, Amendment(cells={"expires": ""}, old=written(old)))
    assert (old.expires is not None, done.entry.expires) == (True, None)
    assert done.data.decode().count('expires = ""') == (name == "a.toml")  # a default would fill it


def test_a_mark_of_order_the_ends_of_lines_and_columns_of_others_stay() -> None:
    data = b"\xef\xbb\xbf" + TABLES.replace("\n", "\r\n").encode()
    done = amend("t.toml", data, Amendment(cells=NEW)).data
    assert done.startswith(b"\xef\xbb\xbf")
    assert done.count(b"\n") == done.count(b"\r\n")
    rows = CSV.replace("notes", "score").replace('"kept, as it is"', "0.5").encode()
    old = written(read("l.csv", rows).entries[0])
    done = amend("l.csv", rows, Amendment(cells={"expires": "2027-01-01"}, old=old)).data
    assert b'bomb",weapons,block,Li,0.5,2027-01-01\n' in done


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (NEW | {"term": "PIPE\u200b bomb"}, "entry 1"),
        (NEW | {"level": "shout"}, "level"),
        (NEW | {"category": "No Name"}, "category"),
        (NEW | {"expires": "2027-02-30"}, "expires"),
        (NEW | {"expires": "soon"}, "expires"),
        (NEW | {"term": "\u200b"}, "invisible"),
        (NEW | {"term": ""}, "term"),
        (NEW | {"risks": "A.9"}, "risks"),
        (NEW | {"reviewer": " "}, "reviewer"),
    ],
)
@pytest.mark.parametrize("name", ["t.toml", "j.json"])
def test_what_no_list_could_have_is_refused_with_the_reason(
    name: str, cells: dict[str, str], said: str
) -> None:
    with pytest.raises(ListError, match=said) as caught:
        amend(name, FORMS[name].encode(), Amendment(cells=cells))
    assert "bomb" not in str(caught.value)


def test_an_entry_that_is_not_as_it_was_is_not_changed() -> None:
    old = written(read("t.toml", TABLES.encode()).entries[0]) | {"level": "warn"}
    with pytest.raises(ListError, match="not in the list any more"):
        amend("t.toml", TABLES.encode(), Amendment(cells={"level": "allow"}, old=old))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.toml", HEAD + "entries = ["),
        ("x.csv", CSV),  # the column of others is none of a list's
        ("x.txt", "a"),
        ("x.json", "[]"),
    ],
)
def test_a_broken_file_is_not_changed(name: str, text: str) -> None:
    with pytest.raises(ListError, match=f"list {name}"):
        amend(name, text.encode(), Amendment(cells=NEW))


def test_entries_that_stand_apart_or_under_a_strange_key_are_found() -> None:
    entry = '\n[[entries]]\nterm = "%s"\ncategory = "x"\nlevel = "warn"\nreviewer = "Li"\n'
    apart = HEAD + entry % "abc" + "\n[defaults]\nscore = 0.5\n" + entry % "def"
    strange = HEAD + '"entri\\u0065s" = [{ term = "def", category = "x", level = "warn", '
    strange += 'reviewer = "Li" }]\n'
    for text in (apart, strange):
        old = written(read("x.toml", text.encode()).entries[-1])
        done = amend("x.toml", text.encode(), Amendment(cells={"level": "block"}, old=old))
        assert (done.entry.term, done.entry.level) == ("def", "block")
        assert amend("x.toml", text.encode(), Amendment(cells=NEW)).entry.term == NEW["term"]


def test_an_empty_list_of_ones_own_takes_its_first_entry() -> None:
    data = own_list("own", "zh-Hant", TODAY)
    done = amend("own.toml", data, Amendment(cells=NEW))
    assert [entry.number for entry in done.words.entries] == [1]
    with pytest.raises(ListError, match="name"):
        own_list("No name", "en", TODAY)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.deep if at else [])
        for at, name in enumerate(bundled_names())
    ],
)
def test_an_entry_of_each_bundled_list_can_be_let_expire(name: str) -> None:
    data = bundled_bytes(name)
    words = read(f"{name}.toml", data)
    old = written(words.entries[-1])
    done = amend(f"{name}.toml", data, Amendment(cells={"expires": "2026-11-30"}, old=old))
    assert len(done.words.expired(TODAY)) == 1
    assert len(lines_of(data, done.data)) <= 4


cell = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=12)


@given(
    st.lists(cell, min_size=1, max_size=4),
    cell,
    st.sampled_from([".toml", ".csv", ".json"]),
    st.data(),
)
def test_whatever_a_list_holds_all_else_stays(
    terms: list[str], term: str, suffix: str, data: st.DataObject
) -> None:
    """What can be made by adding can be changed, and the others are as they were."""
    name, made = f"x{suffix}", {
        ".toml": HEAD + "entries = []", ".json": json.dumps(
            {"name": "ops", "version": "1", "language": "en", "entries": []}
        ), ".csv": "# name: ops\n# version: 1\n# language: en\nterm,category,level,reviewer\n",
    }[suffix].encode()  # fmt: skip
    cells = {"category": "fraud", "level": "warn", "reviewer": "Li", "expires": "2027-01-01"}
    told: list[str] = []
    for one in terms:
        try:
            made = amend(name, made, Amendment(cells={"term": one, **cells})).data
        except ListError as error:
            told.append(str(error))
    before = read(name, made)
    if before.entries:
        at = data.draw(st.integers(0, len(before.entries) - 1))
        change = Amendment(cells={"reviewer": term}, old=written(before.entries[at]))
        try:
            after = amend(name, made, change).words
        except ListError as error:
            told.append(str(error))
        else:
            assert after.entries[at].reviewer == term.strip()
            assert [e for e in after.entries if e.number != at + 1] == [
                e for e in before.entries if e.number != at + 1
            ]
    assert [one for one in told if "written so" in one] == []


def test_a_file_keeps_its_mode_and_is_changed_only_as_it_was_shown(tmp_path: Path) -> None:
    path, link = tmp_path / "words.toml", tmp_path / "link.toml"
    path.write_text(TABLES, "utf-8")
    path.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
    mine = path.stat()
    link.symlink_to(path)
    shown, noted = digest_of(path.read_bytes()), list[str]()
    replace_list(link, b"new", shown, lambda: noted.append(path.read_text()))
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o640)
    assert (path.stat().st_uid, path.stat().st_gid) == (mine.st_uid, mine.st_gid)
    assert (link.is_symlink(), noted) == (True, [TABLES])
    with pytest.raises(ChangedListError, match="since it was shown"):
        replace_list(path, b"newer", shown, lambda: noted.append("again"))
    assert (path.read_bytes(), len(noted)) == (b"new", 1)
    assert sorted(tmp_path.iterdir()) == [link, path]


def test_where_it_cannot_be_noted_or_written_nothing_is_changed(tmp_path: Path) -> None:
    path = tmp_path / "words.toml"
    path.write_text(TABLES, "utf-8")
    shown = digest_of(path.read_bytes())

    def refuses() -> None:
        raise ListError("the log is full")

    with pytest.raises(ListError, match="full"):
        replace_list(path, b"new", shown, refuses)

    def meanwhile() -> None:
        path.write_bytes(b"of another")

    with pytest.raises(ChangedListError):
        replace_list(path, b"new", shown, meanwhile)
    assert path.read_bytes() == b"of another"
    path.unlink()
    with pytest.raises(ListError, match="cannot be written"):
        replace_list(path, b"new", shown, meanwhile)
    assert list(tmp_path.iterdir()) == []


def test_a_list_is_searched_as_terms_are_compared() -> None:
    words = read("a.toml", ARRAY.encode())
    assert [e.number for e in search(words, "ＰＩＰＥ", TODAY)] == [1]
    assert [e.number for e in search(words, "fraud", TODAY)] == [2]
    assert [e.number for e in search(words, "li", TODAY)] == [1, 2]
    assert len(search(words, "", TODAY, "active")) == 2
    assert len(search(words, "", TODAY, "soon")) == 0
    assert len(search(words, "", date(2028, 12, 20), "soon")) == 2
    assert len(search(words, "", date(2029, 1, 2), "expired")) == 2
    assert len(search(words, "", TODAY, "unbounded")) == 0
    same = twin(words, " Pipe BOMB")
    assert (same and same.number, twin(words, "pipe")) == (1, None)


def test_a_text_is_tried_against_a_list_that_is_not_in_force_yet() -> None:
    text = TABLES.replace('level = "block"', 'level = "block"\nfolding = "disguise"')
    trial = Trial([read("t.toml", text.encode())], TODAY, 200, {})
    found = [(p.start, p.end, p.list, p.number, p.way) for p in trial.places("a p.i.p.e. b.o.m.b")]
    assert found == [(2, 18, "ops", 1, "look")]
