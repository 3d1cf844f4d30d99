"""The command `chopmark words`: lists compared, brought in, written out, counted against law."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import assume, given
from hypothesis import strategies as st

from chopmark import Context, Policy
from chopmark_keyword import KeywordDetector, chopmark_commands
from chopmark_keyword._lists import FOLDINGS, Entry, WordList
from chopmark_keyword._read import misread, read_file
from chopmark_keyword._write import WRITERS

CONTEXT = Context(direction="output")
HEAD = "# name: a\n# version: 7\n# language: zh\nterm,category,level,reviewer,expires,risks\n"


@pytest.fixture
def run() -> Callable[..., Result]:
    cli = click.Group("chopmark")
    chopmark_commands(cli)

    def run(*arguments: object) -> Result:
        result = CliRunner().invoke(cli, ["words", *map(str, arguments)])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result

    return run


def written(path: Path, rows: str) -> Path:
    path.write_text(HEAD + rows, "utf-8")
    return path


def test_diff_says_what_was_removed_changed_and_added(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    old = written(
        tmp_path / "old.csv", "炸药,x,block,Li,2027-01-31,\n手枪,x,block,Li,,\nab,x,warn,Li,,\n"
    )
    new = written(
        tmp_path / "new.csv",
        "ＡＢ,x,warn,Li,,\n炸药,y,warn,Li,2027-01-31,A.1.f\n子弹,x,warn,Wu,,\n",
    )
    result = run("diff", old, new)
    assert result.exit_code == 1
    assert "手枪" not in result.output
    assert result.stdout.endswith("version 7 to 7, removed: 1, changed: 2, added: 1\n")
    assert "category: x -> y; level: block -> warn; risks: - -> A.1.f" in result.stdout
    shown = run("diff", old, new, "--terms", "--json")
    data = json.loads(shown.stdout)
    kinds = [(c["kind"], (c["new"] or c["old"])["term"], c["keys"]) for c in data]
    assert kinds == [
        ("removed", "手枪", []),
        ("changed", "ＡＢ", ["term"]),
        ("changed", "炸药", ["category", "level", "risks"]),
        ("added", "子弹", []),
    ]


def test_diff_of_a_list_and_itself_is_empty(run: Callable[..., Result], tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "炸药,x,block,Li,,\n炸药,x,warn,Li,,\n")
    result = run("diff", path, path, "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (0, [])


def test_bare_terms_become_a_governed_list(run: Callable[..., Result], tmp_path: Path) -> None:
    source = tmp_path / "terms.txt"
    source.write_bytes("\ufeff炸药\r\n\r\n#tag\n bomb \nBOMB\n".encode())
    target = tmp_path / "out.toml"
    options = ["--name", "ops", "--version", "1", "--language", "zh", "--reviewer", "Li"]
    options += ["--category", "weapons", "--level", "block", "--expires", "2027-12-31"]
    options += ["--folding", "disguise", "--risks", "A.1.f A.4.a", "--to", str(target)]
    result = run("import", source, *options)
    assert result.stdout == f"{target}: 3 entries; left out because doubled: 1\n"
    words = read_file(target).words
    assert words is not None
    assert [e.term for e in words.entries] == ["炸药", "#tag", "bomb"]
    assert {(e.reviewer, e.expires, e.folding, e.risks) for e in words.entries} == {
        ("Li", date(2027, 12, 31), "disguise", ("A.1.f", "A.4.a"))
    }
    again = run("import", source, *options)
    assert again.exit_code == 1
    assert "exists; name another file, or --force" in again.output
    assert run("import", source, *options, "--force").exit_code == 0


def test_a_table_of_another_make_is_taken_by_its_column(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    source = tmp_path / "table.csv"
    source.write_text("id,Word,Level,note\n1,炸药,warn,x\n2,,warn,\n3,手枪,,y\n", "utf-8")
    options = ["--name", "ops", "--version", "1", "--language", "zh", "--reviewer", "Li"]
    options += ["--category", "weapons", "--level", "block", "--to", str(tmp_path / "out.json")]
    assert run("import", source, *options, "--column", "Word").exit_code == 0
    words = read_file(tmp_path / "out.json").words
    assert words is not None
    assert [(e.term, e.level) for e in words.entries] == [("炸药", "warn"), ("手枪", "block")]
    wrong = run("import", source, *options, "--column", "Term", "--force")
    assert wrong.exit_code == 1
    assert "no column 'Term'; the first row names id, Word, Level, note" in wrong.output


@pytest.mark.parametrize(
    ("content", "more", "said"),
    [
        ("炸药\n".encode("gbk"), [], "is not UTF-8: save the file as UTF-8 (from GBK: iconv"),
        ("炸药\n".encode("utf-16"), [], "is not UTF-8: save the file as UTF-8 (from UTF-16: iconv"),
        ("炸药\n\u200b\n".encode(), [], "only invisible characters"),
        ("炸药\n".encode(), ["--level", "bad"], "`level` is 'bad'; write one of"),
        ("炸药\n".encode(), ["--risks", "A.9.z"], "`risks` is 'A.9.z'; write codes of GB/T 45654"),
        ("炸药\n".encode(), ["--name", "Ops!"], "`name` is 'Ops!'"),
    ],
)
def test_what_cannot_be_brought_in_is_refused_with_its_cure(
    run: Callable[..., Result], tmp_path: Path, content: bytes, more: list[str], said: str
) -> None:
    source, target = tmp_path / "terms.txt", tmp_path / "out.csv"
    source.write_bytes(content)
    options = ["--name", "ops", "--version", "1", "--language", "zh", "--reviewer", "Li"]
    options += ["--category", "weapons", "--level", "block", "--to", str(target)]
    result = run("import", source, *options, *more)
    assert result.exit_code == 1
    assert said in result.output
    assert not target.exists()


def test_export_keeps_what_is_asked_for(run: Callable[..., Result], tmp_path: Path) -> None:
    rows = "炸药,w,block,Li,2026-01-31,\n手枪,w.g,block,Li,,\nab c,x,warn,Li,,\n热狗,w,allow,Li,,\n"
    source = written(tmp_path / "a.csv", rows)
    target = tmp_path / "out.txt"
    result = run(
        "export", source, "--to", target, "--active", "--category", "w", "--on", "2026-12-01"
    )
    assert result.stdout == f"{target}: 1 of 4 entries\n"
    assert target.read_text("utf-8") == "手枪\n"
    assert run("export", source, "--to", tmp_path / "out.xml").exit_code == 1


terms = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\r\ufffd"), min_size=1, max_size=8
).filter(lambda t: t.strip() == t and any(c.isalnum() for c in t) and not t.startswith("#"))
entries = st.builds(
    dict,
    term=terms,
    category=st.sampled_from(["keyword", "keyword.fraud", "keyword.a.b-c"]),
    level=st.sampled_from(["block", "warn", "allow", "escalate"]),
    reviewer=st.sampled_from(["Li", '李, "x"', "a\\b"]),
    expires=st.none() | st.dates(),
    score=st.sampled_from([1.0, 0.5, 0.125]),
    folding=st.sampled_from([None, *FOLDINGS]),
    risks=st.sampled_from([(), ("A.1.f",), ("A.1.f", "A.4.a")]),
)


@given(st.lists(entries, max_size=5), st.sampled_from([".toml", ".csv", ".json"]))
def test_a_list_that_is_written_and_read_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]], suffix: str
) -> None:
    made = [Entry(number=n, **row) for n, row in enumerate(rows, 1)]  # type: ignore[arg-type]
    words = WordList(name="a", version="1", language="zh", source="", entries=tuple(made))
    text = WRITERS[suffix](words)
    assume(not misread(text, words.language))
    path = tmp_path_factory.mktemp("round") / f"a{suffix}"
    path.write_bytes(text.encode())
    found = read_file(path)
    assert found.faults == ()
    assert found.words is not None
    kept = [(e.term, e.category, e.level, e.expires, e.score, e.folding, e.risks) for e in made]
    assert kept == [
        (e.term, e.category, e.level, e.expires, e.score, e.folding, e.risks)
        for e in found.words.entries
    ]


def test_coverage_counts_each_term_once_for_each_risk(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    many = "".join(f"词{n},x,block,Li,,A.1.f A.2.e\n" for n in range(150))
    rows = f"{many}词1,x,warn,Li,,A.1.f\n旧,x,warn,Li,2026-01-01,A.1.f\n好,x,allow,Li,,A.1.f\n"
    result = run("coverage", written(tmp_path / "a.csv", rows), "--on", "2026-12-01", "--json")
    assert result.exit_code == 1
    found = {item["code"]: (item["terms"], item["short"]) for item in json.loads(result.stdout)}
    assert (found["A.1.f"], found["A.2.e"]) == ((150, 50), (150, 0))
    assert (found["A.1.a"], found["A.3.a"], found["total"]) == ((0, 200), (0, 0), (150, 9_850))
    assert len(found) == 31 + 1


def test_coverage_says_what_it_counted(run: Callable[..., Result], tmp_path: Path) -> None:
    bundled = run("coverage").output.splitlines()
    assert bundled[-2].startswith("counted: ")
    assert "zh" in bundled[-2]
    assert "name their files" in bundled[-1]
    own = run(
        "coverage", written(tmp_path / "a.csv", "abcd,x,block,Li,,A.1.f\n")
    ).output.splitlines()
    assert own[-1] == "counted: a"


def test_coverage_of_enough_is_a_success(run: Callable[..., Result], tmp_path: Path) -> None:
    codes = [f"A.1.{letter}" for letter in "abcdefgh"] + [f"A.2.{letter}" for letter in "abcdefghi"]
    rows = "".join(
        f"词{n},x,block,Li,,{' '.join(codes) if n < 200 else ''}\n" for n in range(10_000)
    )
    assert run("coverage", written(tmp_path / "a.csv", rows)).exit_code == 0


def test_due_lists_by_reviewer_what_expires(run: Callable[..., Result], tmp_path: Path) -> None:
    days = {1: "Wu,2026-12-20", 2: "Li,2026-11-01", 3: "Li,", 4: "Li,2027-12-01"}
    rows = "".join(f"a{n},x,block,{day},\n" for n, day in days.items())
    path = written(tmp_path / "a.csv", rows)
    found = json.loads(run("due", path, "--on", "2026-12-01", "--json").stdout)
    assert [(d["reviewer"], d["where"], d["expired"]) for d in found] == [
        ("Li", "entry 2 (line 6)", True),
        ("Li", "entry 3 (line 7)", False),
        ("Wu", "entry 1 (line 5)", False),
    ]
    table = run("due", path, "--on", "2026-12-01", "--within", "10").stdout
    assert table.endswith("to review: 2, expired: 1\n")


def test_lint_counts_what_is_too_common_on_benign_text(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    path = written(tmp_path / "a.csv", "大妈,x,block,Li,2027-12-31,\n炸药,x,block,Li,2027-12-31,\n")
    benign = tmp_path / "benign.txt"
    benign.write_text("大妈来了\n" + "今天很好\n" * 98 + "炸药库\n", "utf-8")
    result = run("lint", path, "--benign", benign, "--at-most", "0.01", "--on", "2026-12-01")
    assert (result.exit_code, "benign texts: 100, with a hit: 2" in result.stdout) == (0, True)
    strict = run("lint", path, "--benign", benign, "--on", "2026-12-01", "--json")
    assert strict.exit_code == 1
    assert [f["where"] for f in json.loads(strict.stdout)] == [
        "entry 1 (line 5)",
        "entry 2 (line 6)",
    ]
    gone = run("lint", path, "--benign", tmp_path / "none.txt")
    assert (gone.exit_code, "cannot be read" in gone.output) == (1, True)


def test_lint_says_what_a_disguise_of_a_term_cannot_be(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    rows = "".join(
        f"{t},x,block,Li,2027-12-31,\n" for t in ("大人", "手枪图", "手槍圖", "毒", "kk")
    )
    path = written(tmp_path / "a.csv", rows)
    plain = run("lint", path, "--on", "2026-12-01", "--json")
    deep = run("lint", path, "--on", "2026-12-01", "--json", "--folding", "disguise")
    known = [f["what"] for f in json.loads(plain.stdout)]
    said = [f["what"] for f in json.loads(deep.stdout) if f["what"] not in known]
    assert said == [
        "`term` is of characters so common that hardly a disguise is seen through",
        "`term` is seen as another form of that of entry 2 (line 6); delete one",
        "`term` has too few characters to be seen through a disguise",
        "`term` has too few letters to be seen through a disguise",
    ]


def test_lint_names_a_term_that_another_list_has_too(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    one = written(tmp_path / "a.csv", "炸药,x,block,Li,2027-12-31,\n")
    two = tmp_path / "b.csv"
    two.write_text(one.read_text("utf-8").replace("name: a", "name: b"), "utf-8")
    found = json.loads(run("lint", one, two, "--on", "2026-12-01", "--json").stdout)
    assert [f["what"] for f in found] == ["`term` is also in list 'a'; both are reported"]


def test_a_json_list_judges_like_the_others(tmp_path: Path) -> None:
    entry = {"term": "炸药", "category": "x", "level": "block", "reviewer": "Li"}
    data = {"name": "a", "version": "1", "language": "zh", "entries": [entry]}
    (tmp_path / "a.json").write_text(json.dumps(data), "utf-8")
    policy = Policy(name="p", folder=str(tmp_path))
    policy = policy.with_options("keyword", lists=["a.json"], bundled=False)
    (verdict,) = KeywordDetector.from_policy(policy).judge("炸药", CONTEXT)
    assert verdict.detail == "a#1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "is of type list; write an object with `name` and `entries`"),
        ("{", "not JSON"),
        ('{"entries": [1' + "0" * 5_000 + "]}", "not JSON"),
        (
            '{"name": "a", "version": "1", "language": "zh", "entries": ["x"]}',
            "entry 1: is of type str",
        ),
    ],
)
def test_a_broken_json_list_says_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text, "utf-8")
    assert said in "; ".join(map(str, read_file(path).faults))
