"""An entry is added to a list of any form by plugin `keyword`, and all else stays as it was."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import chopmark_keyword
from chopmark_complaints import ComplaintError
from chopmark_complaints._words import append
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
    "list.csv": "\ufeff# name: desk\r\n# version: 1\r\n# language: en\r\nLevel,term,category,"
    'reviewer\r\nwarn,"a ]",fraud,Li',
    "list.json": '{"name": "desk", "version": "1", "language": "en", "entries": [{"term": "a ]", '
    '"category": "fraud", "level": "warn", "reviewer": "Li"}]}',
}
NEW = {"term": "new", "category": "drugs", "level": "block", "reviewer": "Wang"}


@pytest.mark.parametrize("form", FORMS)
def test_what_is_added_is_read_by_plugin_keyword(form: str, tmp_path: Path) -> None:
    path = tmp_path / form
    path.write_bytes(FORMS[form].encode())
    path.chmod(0o640)
    before = load_file(path).entries
    place = append(path, NEW | {"expires": "2027-01-31"})
    place2 = append(path, NEW | {"term": 'second, "with" quotes and ] and \''})
    after = load_file(path).entries
    assert (place.list, place.number, place2.number) == ("desk", 2, 3)
    assert after[:1] == before
    assert [e.term for e in after[1:]] == ["new", 'second, "with" quotes and ] and \'']
    assert (after[1].category, after[1].level) == ("keyword.drugs", "block")
    assert (after[1].reviewer, str(after[1].expires)) == ("Wang", "2027-01-31")
    assert path.stat().st_mode & 0o777 == 0o640
    assert path.read_bytes().decode().count("#") == FORMS[form].count("#"), "comments stay"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("more", [{}, {"expires": "2027-01-31"}])
def test_the_same_entry_is_not_written_twice(
    form: str, more: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / form
    path.write_bytes(FORMS[form].encode())
    first = append(path, NEW | more)
    kept = path.read_bytes()
    assert append(path, NEW | more) == first
    assert append(path, NEW | {"term": " new ", "category": "keyword.drugs"}) == first
    assert path.read_bytes() == kept


@pytest.mark.parametrize(
    "other", [{"level": "allow"}, {"term": "ＮＥＷ"}, {"reviewer": "Li"}, {"expires": "2028-01-01"}]
)
def test_a_term_with_another_meaning_is_refused_with_its_number(
    other: dict[str, str], tmp_path: Path
) -> None:
    """Full width and case make no other term: one of the two would be there in vain."""
    path = tmp_path / "tables.toml"
    path.write_text(FORMS["tables.toml"])
    append(path, NEW)
    kept = path.read_bytes()
    with pytest.raises(ComplaintError, match=r"already, as entry 2 \(keyword.drugs, block\)"):
        append(path, NEW | other)
    assert path.read_bytes() == kept


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("words.txt", "a\n", r"not one of \.toml, \.csv, \.json"),
        ("words.toml", "entries = [", "not TOML"),
        ("words.toml", "entries = []\n", "`name` is missing"),
        ("words.toml", HEAD + "entries = 3\n", "`entries` is of type int"),
        ("words.json", "[]", "write an object"),
        ("words.json", "{", "not JSON"),
        ("words.csv", '# name: desk\nterm,"category\n', "not CSV"),
        ("words.csv", "# name: desk\nterm,category,level\na,b,warn\n", "`version` is missing"),
    ],
)
def test_a_list_that_cannot_take_it_stays_as_it_is(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(ComplaintError, match=message):
        append(path, NEW)
    assert path.read_text() == text
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_list_that_is_not_there_or_not_utf_8_is_named(tmp_path: Path) -> None:
    with pytest.raises(ComplaintError, match="chopmark words import"):
        append(tmp_path / "none.toml", NEW)
    (tmp_path / "gbk.csv").write_bytes("# name: 词\n".encode("gbk"))
    with pytest.raises(ComplaintError, match=r"gbk\.csv: not UTF-8 at byte"):
        append(tmp_path / "gbk.csv", NEW)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"category": "Drugs"}, "use dotted names"),
        ({"level": "blok"}, r"did you mean 'block'"),
        ({"term": "\u200b\u00a0 "}, "only invisible characters"),
        ({"term": "\u3164\ufe0f"}, "only invisible characters"),
        ({"term": "a\ufffd"}, r"U\+FFFD"),
        ({"term": "a\udcff"}, "not UTF-8"),
    ],
)
@pytest.mark.parametrize("form", ["tables.toml", "list.csv", "list.json"])
def test_an_entry_that_no_list_could_have_is_refused(
    form: str, changes: dict[str, str], message: str, tmp_path: Path
) -> None:
    path = tmp_path / form
    path.write_bytes(FORMS[form].encode())
    with pytest.raises(ComplaintError, match=message):
        append(path, NEW | changes)
    assert path.read_bytes() == FORMS[form].encode()


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real.toml").write_text(FORMS["tables.toml"])
    (tmp_path / "link.toml").symlink_to(tmp_path / "real.toml")
    append(tmp_path / "link.toml", NEW)
    assert (tmp_path / "link.toml").is_symlink()
    assert len(load_file(tmp_path / "real.toml").entries) == 2


def test_what_another_one_writes_meanwhile_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "words.toml"
    path.write_text(FORMS["tables.toml"])
    amend = chopmark_keyword.amend

    def slow(*given: object) -> object:
        made = amend(*given)  # type: ignore[arg-type]
        path.write_text(FORMS["one-line.toml"])
        return made

    monkeypatch.setattr(chopmark_keyword, "amend", slow, raising=False)
    with pytest.raises(ComplaintError, match="was changed since"):
        append(path, NEW)
    assert path.read_text() == FORMS["one-line.toml"]
    assert [file.name for file in tmp_path.iterdir()] == ["words.toml"]


@pytest.mark.parametrize(
    ("without", "forms"),
    [
        (
            "tomlkit",
            {
                "tables.toml": "needs tomlkit; install with: pip install 'chopmark[words]'",
                "list.csv": "entry 2",
                "list.json": "entry 2",
            },
        ),
        ("ahocorasick_rs", {"list.csv": "ahocorasick_rs; install with: pip install 'chopmark["}),
        ("chopmark_keyword", {"list.csv": "chopmark_keyword; install with: pip install 'chopmark"}),
    ],
)
def test_where_something_is_not_installed_the_extra_is_named(
    without: str, forms: dict[str, str], tmp_path: Path
) -> None:
    for form in forms:
        (tmp_path / form).write_bytes(FORMS[form].encode())
    code = f"""
import sys
from pathlib import Path
sys.modules[{without!r}] = None
from chopmark_complaints import ComplaintError
from chopmark_complaints._words import append
for form in {[*forms]!r}:
    try:
        print("entry", append(Path({str(tmp_path)!r}, form), {NEW!r}).number)
    except ComplaintError as error:
        print(error)
"""
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    for (form, said), line in zip(forms.items(), ran.stdout.splitlines(), strict=True):
        assert said in line
        unchanged = (tmp_path / form).read_bytes() == FORMS[form].encode()
        assert unchanged == ("entry 2" not in said)
