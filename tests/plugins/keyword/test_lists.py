"""List files: what they may hold, and that everything malformed is refused with its cure."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from chopmark import Context, Policy, PolicyError
from chopmark_keyword import KeywordDetector

CONTEXT = Context(direction="output")
HEAD = 'name = "ops"\nversion = "1"\nlanguage = "zh"\n'
ENTRY = '[[entries]]\nterm = "炸药"\ncategory = "weapons"\nlevel = "block"\nreviewer = "Li"\n'
CSV = "# name: ops\n# version: 1\n# language: zh\nterm,category,level,reviewer,expires,score\n"


def load(path: Path, today: date = date(2026, 12, 1)) -> KeywordDetector:
    policy = Policy(name="p", folder=str(path.parent))
    options = {"lists": [path.name], "bundled": False}
    return KeywordDetector.from_policy(
        policy.with_options("keyword", **options), today=lambda: today
    )


def refusal(path: Path, content: str | bytes) -> str:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(PolicyError) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(f"plugin 'keyword': list {path}: ")
    assert "炸药" not in message, "a message must not show the term"
    return message


def test_toml_and_csv_of_the_same_entries_judge_alike(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(
        HEAD + ENTRY + "expires = 2026-12-31\nscore = 0.5\n"
        '[[entries]]\nterm = "bomb"\ncategory = "keyword.weapons"\nlevel = "warn"\n'
        'reviewer = "Wu"\n',
        "utf-8",
    )
    (tmp_path / "b.csv").write_text(
        CSV + "炸药,weapons,block,Li,2026-12-31,0.5\n\n bomb , keyword.weapons ,warn,Wu,,\n",
        "utf-8",
    )
    one, two = load(tmp_path / "a.toml"), load(tmp_path / "b.csv")
    text = "炸药bomb制作"
    assert one.judge(text, CONTEXT) == two.judge(text, CONTEXT)
    assert one.version == two.version
    assert [v.category for v in one.judge(text, CONTEXT)] == ["keyword.weapons"] * 2
    assert [v.score for v in one.judge(text, CONTEXT)] == [0.5, 1.0]


def test_csv_that_a_spreadsheet_saved_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.CSV"
    path.write_bytes(
        b"\xef\xbb\xbf# name: ops,,,,\r\n# version: 1,,,,\r\n# language: zh,,,,\r\n"
        b"Term,Category,Level,Reviewer,Expires\r\n"
        b'"bomb, big",weapons,block,Li,\r\n#tag,weapons,block,Li,,,\r\n'
    )
    found = load(path).judge("a bomb, big #tag", CONTEXT)
    assert [v.detail for v in found] == ["ops#1", "ops#2"]


def test_defaults_fill_what_an_entry_leaves_out(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(
        HEAD
        + '[defaults]\nreviewer = "Li"\ncategory = "x"\nlevel = "warn"\nexpires = "2026-12-31"\n'
        '[[entries]]\nterm = "one"\n[[entries]]\nterm = "two"\nlevel = "block"\n',
        "utf-8",
    )
    assert [v.outcome for v in load(path).judge("one two", CONTEXT)] == ["warn", "deny"]
    assert load(path, date(2027, 1, 1)).judge("one two", CONTEXT) == []


@pytest.mark.parametrize("day", [date(2026, 12, 30), date(2026, 12, 31), date(2027, 1, 1)])
def test_an_entry_holds_up_to_its_last_day(tmp_path: Path, day: date) -> None:
    path = tmp_path / "a.toml"
    path.write_text(HEAD + ENTRY + "expires = 2026-12-31\n", "utf-8")
    assert len(load(path, day).judge("炸药", CONTEXT)) == (day <= date(2026, 12, 31))


def test_expired_entries_are_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "a.toml"
    path.write_text(HEAD + ENTRY + "expires = 2026-12-31\n", "utf-8")
    load(path, date(2027, 1, 1))
    assert "1 of 1 entries have expired" in caplog.text


BROKEN_TOML = {
    "not TOML": ("= 1", ["not TOML", "correct the file"]),
    "nested too deep": ("a = " + "[" * 5000, ["not TOML"]),
    "no entries": (HEAD, ["`entries` is missing", "[[entries]]"]),
    "entries no list": (HEAD + "entries = 3", ["`entries` is of type int"]),
    "entry no table": (HEAD + 'entries = ["炸药"]', ["entry 1", "of type str", "table"]),
    "defaults no table": ("defaults = 1\n" + HEAD + ENTRY, ["`defaults` is of type int"]),
    "default term": (HEAD + '[defaults]\nterm = "x"\n' + ENTRY, ["[defaults]", "`term`"]),
    "unknown key": ("nmae = 1\n" + HEAD + ENTRY, ["unknown key 'nmae'", "name, version"]),
    "no name": (HEAD.replace("name", "#") + ENTRY, ["`name` is missing", "write name"]),
    "bad name": (HEAD.replace("ops", "Ops Li") + ENTRY, ["`name` is 'Ops Li'", "a-z"]),
    "number as version": (HEAD.replace('"1"', "1") + ENTRY, ["`version` is 1", "write version"]),
    "bad language": (HEAD.replace('"zh"', '"Chinese!"') + ENTRY, ["`language` is 'Chinese!'"]),
    "unknown column": (HEAD + ENTRY + "levle = 1\n", ["entry 1", "unknown key 'levle'"]),
    "no term": (HEAD + ENTRY.replace("term", "#"), ["entry 1", "`term` is missing"]),
    "empty term": (HEAD + ENTRY.replace("炸药", " "), ["entry 1", "`term` is empty"]),
    "invisible term": (HEAD + ENTRY.replace("炸药", r"\u200b"), ["entry 1", "invisible"]),
    "damaged term": (HEAD + ENTRY.replace("炸药", "炸\ufffd"), ["entry 1", "U+FFFD", "UTF-8"]),
    "term no text": (HEAD + ENTRY.replace('"炸药"', "3"), ["entry 1", "`term` is of type int"]),
    "no reviewer": (HEAD + ENTRY.replace("reviewer", "#"), ["entry 1", "`reviewer` is missing"]),
    "bad category": (HEAD + ENTRY.replace("weapons", "W x"), ["entry 1", "`category` is 'W x'"]),
    "bad level": (HEAD + ENTRY.replace("block", "deny"), ["entry 1", "'deny'", "allow, warn"]),
    "bad date": (HEAD + ENTRY + 'expires = "31.12.26"\n', ["entry 1", "`expires`", "2027-06-30"]),
    "no such day": (HEAD + ENTRY + 'expires = "2026-02-30"\n', ["entry 1", "`expires`"]),
    "a time": (HEAD + ENTRY + "expires = 2026-12-31T10:00:00\n", ["entry 1", "`expires`"]),
    "score 0": (HEAD + ENTRY + "score = 0\n", ["entry 1", "`score` is 0", "above 0"]),
    "score nan": (HEAD + ENTRY + "score = nan\n", ["entry 1", "`score` is nan"]),
    "score true": (HEAD + ENTRY + "score = true\n", ["entry 1", "`score` is True"]),
    "two faults": (HEAD + ENTRY.replace("block", "no") * 2, ["entry 1", "(and 1 more; see"]),
    "not UTF-8": (
        (HEAD + ENTRY).replace("炸", "烈").encode("gbk"),
        ["not UTF-8 at byte", "save the file as UTF-8 (from GBK: iconv"],
    ),
    "GBK that reads as UTF-8": (
        (HEAD + ENTRY).encode("gbk"),
        ["Chinese without a Chinese character", "(from GBK: iconv"],
    ),
    "UTF-16": ((HEAD + ENTRY).encode("utf-16"), ["save the file as UTF-8 (from UTF-16: iconv"]),
}

BROKEN_CSV = {
    "empty": ("", ["no header row"]),
    "no header": ("炸药,weapons,block,Li,,\n", ["line 1", "no column `term`"]),
    "header only": ("term,category,level,reviewer\n", ["`name` is missing", "# name:"]),
    "column twice": (CSV.replace("score", "level"), ["line 4", "column 'level' is there twice"]),
    "unknown column": (CSV.replace("score", "s") + "a,b,block,Li,,1\n", ["unknown key 's'"]),
    "too many cells": (CSV + "炸药,b,block,Li,,,x\n", ["line 5", "7 cells under 6", "quote"]),
    "missing cell": (CSV + "bomb,b,block\n", ["entry 1 (line 5)", "`reviewer` is missing"]),
    "later line": (CSV + 'bomb,b,block,Li\n"a\nb",c,no,Li\n', ["entry 2 (line 6)", "`level`"]),
    "open quote": (CSV + '"bomb,b,block,Li\n', ["not CSV"]),
    "score no number": (CSV + "bomb,b,block,Li,,high\n", ["`score` is 'high'"]),
    "NUL in a level": (CSV + "bomb,b,blo\0ck,Li\n", [""]),
}  # fmt: skip


@pytest.mark.parametrize(("content", "said"), BROKEN_TOML.values(), ids=BROKEN_TOML.keys())
def test_broken_toml_is_refused_with_place_and_cure(
    tmp_path: Path, content: str | bytes, said: list[str]
) -> None:
    message = refusal(tmp_path / "a.toml", content)
    assert all(part in message for part in said), message


@pytest.mark.parametrize(("content", "said"), BROKEN_CSV.values(), ids=BROKEN_CSV.keys())
def test_broken_csv_is_refused_with_place_and_cure(
    tmp_path: Path, content: str, said: list[str]
) -> None:
    message = refusal(tmp_path / "a.csv", content)
    assert all(part in message for part in said), message


def test_unknown_suffix_and_missing_file_are_refused(tmp_path: Path) -> None:
    assert ".toml, .csv" in refusal(tmp_path / "a.txt", "炸药")
    with pytest.raises(PolicyError, match=r"none\.toml: cannot be read .* correct the path"):
        load(tmp_path / "none.toml")
    (tmp_path / "dir.toml").mkdir()
    with pytest.raises(PolicyError, match=r"dir\.toml: cannot be read"):
        load(tmp_path / "dir.toml")


@pytest.mark.parametrize("term", ["m²", "café", "lǜ u\u0308\u0304", "µº", "🎉é"])
def test_a_chinese_list_may_have_letters_of_other_scripts_alone(tmp_path: Path, term: str) -> None:
    path = tmp_path / "ops.toml"
    path.write_text((HEAD + ENTRY).replace("炸药", term), "utf-8")
    assert [entry.term for entry in load(path).lists[0].entries] == [term]
