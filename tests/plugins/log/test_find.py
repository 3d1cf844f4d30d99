"""A text is found again in the log: by parts, however it is set, and never by a bare yes."""

from __future__ import annotations

import json
import random
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from tests.plugins.log.logs import content_of, invoke, leaves, log_of, settle
from tests.plugins.log.test_find_spans import edited

from chopmark import Chopmark, Content, Message, Policy
from chopmark.reading import open_log
from chopmark.testing import sample_record
from chopmark_log import _find_index
from chopmark_log._epochs import Epochs
from chopmark_log._erase import registrar
from chopmark_log._find import Finding, Match, find
from chopmark_log._folder import LogFolder
from chopmark_log._log import TransparencyLog
from chopmark_log._master import MASTER, Subject, read_master
from chopmark_log._segments import Segments, gaps
from chopmark_log._winnow import Fingerprinter, plain

HAN = [chr(0x4E00 + 7 * n) for n in range(900)]
LATIN = [a + b + c for a in "bdfgklmnprst" for b in ("a", "e", "io", "u") for c in ("n", "r", "st")]


def chinese(seed: int, count: int = 200) -> str:
    chance = random.Random(seed)
    return "".join(chance.choice(HAN) + ("，" if n % 12 == 11 else "") for n in range(count))


def english(seed: int, count: int = 40) -> str:
    chance = random.Random(seed)
    return (
        " ".join(chance.choice(LATIN) + chance.choice(LATIN) for _ in range(count)).capitalize()
        + "."
    )


@pytest.fixture
def folder(tmp_path: Path) -> LogFolder:
    return LogFolder(tmp_path / "log")


def fill(folder: LogFolder, *answers: str, user: str = "anna", asked: str = "hm?") -> list[str]:
    log = log_of(folder)
    ids = []
    for answer in answers:
        content = Content(messages=(Message(role="user", text=asked),), answer=answer, user=user)
        ids.append(log.append_with(sample_record(), content).record)
    log.close()
    return ids


def best(found: Finding) -> Match:
    assert found.found, found
    return found.matches[0]


@pytest.mark.parametrize("make", [chinese, english])
def test_an_answer_is_found_whole_set_otherwise_edited_and_quoted(
    folder: LogFolder, make: Any
) -> None:
    answers = [make(n) for n in range(30)]
    ids = fill(folder, *answers)
    same = best(find(folder, answers[7]))
    assert (same.record, same.how, same.index) == (ids[7], "identical", 7)
    assert same.parts[0].entries == 1
    styled = "> **" + answers[8].upper().replace(" ", "\u00a0 ") + "**\n"
    assert (best(find(folder, styled)).record, best(find(folder, styled)).how) == (
        ids[8],
        "but for formatting",
    )
    for n, answer in enumerate(answers):
        assert best(find(folder, edited(answer, 0.1, n))).record == ids[n]
    quote = answers[3][40:100]
    text = make(98)[:80] + quote + make(99)[:80]
    quoted = best(find(folder, text))
    assert (quoted.record, quoted.how) == (ids[3], "in part")
    (part,) = quoted.parts
    start, end = part.text
    mine, its = text[start:end], answers[3][slice(*part.answer)]
    assert mine == its
    assert quote.strip("， ") in mine


def test_an_unrelated_text_is_not_found(folder: LogFolder) -> None:
    fill(folder, *(make(n) for n in range(20) for make in (chinese, english)))
    for n in range(100, 120):
        for make in (chinese, english):
            assert find(folder, make(n)).matches == ()


def test_what_is_in_many_answers_is_too_common_and_what_is_short_too_short(
    folder: LogFolder,
) -> None:
    formula = "As a language model I cannot give advice on this matter, please ask a professional."
    fill(folder, *(f"{english(n)} {formula} {english(n + 90)}" for n in range(60)))
    said = find(folder, f"{chinese(1)}{formula}{chinese(2)}")
    assert not said.found
    (part,) = said.matches[0].parts
    assert (part.worth, part.entries > 8) == ("common", True)
    assert part.matched == sum(map(str.isalnum, formula))
    part_of = plain(english(5))[:39]  # a fingerprint is kept of any 38
    short = find(folder, f"{chinese(1)}{part_of}{chinese(2)}")
    assert not short.found
    assert {match.worth for match in short.matches} == {"short"}
    whole = find(folder, f"{english(5)} {formula} {english(95)}")
    assert best(whole).how == "identical"


def test_a_short_answer_is_found_where_it_is_all_of_the_text(folder: LogFolder) -> None:
    fill(folder, "The meeting begins at half past nine.", "Yes.")
    assert best(find(folder, "the meeting begins at half past nine")).how == "but for formatting"
    said = find(folder, "Yes.")
    assert (said.found, said.matches[0].how) == (False, "identical")
    assert "3 letters" in said.notes[0]


def test_where_no_answer_has_a_letter_nothing_is_found(folder: LogFolder) -> None:
    fill(folder, "", "...")
    for text in (english(1), english(1, 3000)):
        assert find(folder, text).matches == ()


def test_what_users_wrote_is_not_found(folder: LogFolder) -> None:
    fill(folder, english(1), asked=english(2), user="somebody")
    assert find(folder, english(2)).matches == ()


def test_looking_again_takes_in_only_what_is_new(folder: LogFolder) -> None:
    told: list[tuple[int, int]] = []

    def look(text: str) -> Finding:
        told.clear()
        return find(folder, text, told=lambda *one: told.append(one))

    fill(folder, *(english(n) for n in range(5)))
    look(english(2))
    assert told == [(5, 5)]
    look(english(2))
    assert told == []
    fill(folder, english(9))
    assert best(look(english(9))).index == 5
    assert told == [(1, 1)]


def test_a_log_is_searched_without_a_trace_where_nothing_may_be_written(
    folder: LogFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(folder, *(english(n) for n in range(9)))
    monkeypatch.setattr(_find_index, "CHUNK", 2)
    assert best(find(folder, english(8), writing=False)).index == 8
    assert not (folder.path / "fp").exists()


def test_several_who_look_at_once_find_the_same(
    folder: LogFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(folder, *(english(n) for n in range(12)))
    monkeypatch.setattr(_find_index, "CHUNK", 2)
    found: list[int] = []

    def look(n: int) -> None:
        found.append(best(find(folder, english(n))).index)

    threads = [threading.Thread(target=look, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(6))
    assert gaps(Segments(folder.path / "fp").read(), 12) == []


def test_an_index_that_was_damaged_or_deleted_is_made_anew(folder: LogFolder) -> None:
    fill(folder, *(english(n) for n in range(4)))
    find(folder, english(0))
    for file in (folder.path / "fp").glob("*.fp2"):
        file.write_bytes(file.read_bytes()[:-4])
    assert best(find(folder, english(2))).index == 2


def test_a_content_that_was_changed_is_named_and_not_believed(folder: LogFolder) -> None:
    import sqlite3

    fill(folder, english(1), english(2))
    find(folder, english(1))
    base = sqlite3.connect(folder.path / "side.db")
    base.execute("UPDATE payloads SET data = (SELECT max(data) FROM payloads)")
    base.commit()
    base.close()
    told = [find(folder, english(n)) for n in (1, 2)]
    assert sorted(one.found for one in told) == [False, True]
    (spoilt,) = [one for one in told if not one.found]
    assert "is not the one that was recorded" in spoilt.notes[0]
    for file in (folder.path / "fp").glob("*.fp2"):
        file.unlink()
    assert any("not the one that was sealed" in note for note in find(folder, english(1)).notes)


# --- the command


def test_the_command_says_where_and_how_rare(folder: LogFolder, tmp_path: Path) -> None:
    ids = fill(folder, *(english(n) for n in range(3)))
    file = tmp_path / "text.txt"
    file.write_bytes(b"\xef\xbb\xbf" + f"{chinese(5)}\n{english(1)}".encode())
    done = invoke("log", "find", str(file), "--path", str(folder.path))
    assert done.exit_code == 0, done.output
    assert f"in the answer of record {ids[1]}" in done.output
    assert "1 of 3" in done.output
    told = json.loads(invoke("log", "find", str(file), "--path", str(folder.path), "--json").output)
    assert told["found"] is True
    (match,) = told["matches"]
    assert (match["record"], match["worth"], match["parts"][0]["entries"]) == (ids[1], "enough", 1)
    start, end = match["parts"][0]["text"]
    assert file.read_text("utf-8-sig")[start:end] == english(1)[:-1]


def test_the_command_exits_with_1_where_it_is_not_found(folder: LogFolder) -> None:
    fill(folder, english(1))
    done = invoke("log", "find", "--text", english(2), "--path", str(folder.path))
    assert (done.exit_code, "not found" in done.output) == (1, True)
    done = invoke("log", "find", "--text", english(1)[:30], "--path", str(folder.path))
    assert (done.exit_code, "too short" in done.output) == (1, True)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "say which text"),
        (["x.txt", "--text", "x"], "say which text"),
        (["missing.txt"], "missing.txt"),
        (["--text", "… !"], "no letters"),
        (["binary"], "no text in UTF-8"),
    ],
)
def test_the_command_exits_with_2_where_it_cannot_look(
    folder: LogFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: list[str], said: str
) -> None:
    fill(folder, english(1))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00\xd8\x00")
    done = invoke("log", "find", *given, "--path", str(folder.path))
    assert done.exit_code == 2
    assert said in done.output


def test_who_has_no_log_no_contents_or_another_key_is_told(
    folder: LogFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = ["log", "find", "--text", english(1), "--path", str(folder.path)]
    assert (invoke(*look).exit_code, "is no log" in invoke(*look).output) == (2, True)
    log = log_of(folder, contents=False)
    log.append(sample_record())
    log.close()
    assert (invoke(*look).exit_code, "keeps no contents" in invoke(*look).output) == (2, True)
    fill(folder, english(1))
    assert invoke(*look).exit_code == 0
    monkeypatch.setenv(MASTER, "A" * 43 + "=")
    assert (invoke(*look).exit_code, "is not that of log" in invoke(*look).output) == (2, True)


# --- what was erased


LAW = "erasure as the law wants it"


def of_both(folder: LogFolder) -> None:
    """Fill a log with ten answers to Anna, between ten to Bert, and look for one."""
    log = log_of(folder)
    for n in range(10):
        for user, answer in (("anna", english(n)), ("bert", english(n + 50))):
            log.append_with(sample_record(), Content(messages=(), answer=answer, user=user))
    log.close()
    assert find(folder, english(1)).found


def traces(folder: LogFolder, text: str) -> int:
    """Return how many fingerprints of `text` stand in a file of the log."""
    keys = Epochs(folder.path / "fp", read_master(folder).fingerprints).read().values()
    assert keys
    made = [Fingerprinter(key) for key in keys]
    words = [
        word
        for one in made
        for word in (*one.parts([plain(text)]).words, *one.wholes([plain(text)]))
    ]
    data = b"".join(file.read_bytes() for file in folder.path.rglob("*") if file.is_file())
    return sum(int(word).to_bytes(5, "little") in data for word in words)


def test_what_was_erased_is_not_found_and_its_fingerprints_are_gone(folder: LogFolder) -> None:
    of_both(folder)
    assert all(traces(folder, english(n)) > 10 for n in range(10))
    with registrar(folder) as by:
        by.erase(Subject.of("anna", ""), LAW)
    for n in range(10):
        assert traces(folder, english(n)) == 0
        assert find(folder, english(n)).matches == ()
        assert best(find(folder, english(n + 50))).how == "identical"
    fill(folder, english(77), user="anna")
    assert find(folder, english(77)).found


def test_what_is_restricted_is_not_found_either(folder: LogFolder) -> None:
    of_both(folder)
    with registrar(folder) as by:
        hold = by.hold("case 4", Subject.of("anna", ""))
        assert by.erase(Subject.of("anna", ""), LAW).restricted == 10
    assert all(traces(folder, english(n)) == 0 for n in range(10))
    shutil.rmtree(folder.path / "fp")
    assert find(folder, english(3)).matches == ()
    assert all(traces(folder, english(n)) == 0 for n in range(10))
    with registrar(folder) as by:
        by.release(hold.name)
        assert by.prune().erased == 10


@pytest.mark.parametrize("when", ["due", "kept"])
def test_an_erasure_that_was_cut_short_is_finished_by_prune(
    folder: LogFolder, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    of_both(folder)

    def fails(*_: object) -> None:
        raise KeyboardInterrupt

    anna = Subject.of("anna", "")
    with monkeypatch.context() as broken, registrar(folder) as by:
        if when == "kept":
            by.hold("case 4", anna)
        broken.setattr(_find_index, "clear", fails)
        with pytest.raises(KeyboardInterrupt):
            by.erase(anna, LAW)
    assert find(folder, english(1)).matches == ()  # already
    with registrar(folder) as by:
        by.prune()
    assert all(traces(folder, english(n)) == 0 for n in range(10))
    assert find(folder, english(51)).found


def test_an_erasure_and_a_first_search_at_once_leave_no_fingerprint(
    folder: LogFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_both(folder)
    shutil.rmtree(folder.path / "fp")
    monkeypatch.setattr(_find_index, "CHUNK", 1)
    looking = threading.Thread(target=find, args=(folder, english(55)))
    looking.start()
    while not list((folder.path / "fp").glob("*.fp2")):
        time.sleep(0.001)
    with registrar(folder) as by:
        by.erase(Subject.of("anna", ""), LAW)
    looking.join()
    assert all(traces(folder, english(n)) == 0 for n in range(10))
    assert find(folder, english(55)).found


# --- `chopmark inspect`


def inspected(folder: LogFolder, file: Path, *more: str) -> Result:
    policy = folder.path.with_name("mine.toml")
    policy.write_text(
        'name = "mine"\nextends = "inspect"\nplugins = ["label", "c2pa", "log"]\n'
        f'[settings.log]\npath = "{folder.path}"\nfind = true\n'
    )
    return invoke("inspect", str(file), "--policy", str(policy), *more)


def test_inspect_asks_the_log_and_writes_nothing(folder: LogFolder, tmp_path: Path) -> None:
    ids = fill(folder, english(1), english(2))
    file = tmp_path / "text.txt"
    file.write_text(f"{chinese(4)}\n{english(2)}", "utf-8")
    done = inspected(folder, file, "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.output)
    (found,) = told["findings"]
    assert (found["technique"], found["kind"], found["says"]) == ("log", "record", "is")
    assert found["said"]["record"] == ids[1]
    assert found["said"]["entries"] == "1 of 2"
    assert "others may have given it, too" in found["proves"]
    assert "log" in told["looked"]
    assert not (folder.path / "fp").exists()
    file.write_text(english(3), "utf-8")
    assert inspected(folder, file).exit_code == 1
    file.write_text("… !", "utf-8")
    assert inspected(folder, file).exit_code == 1
    shutil.rmtree(folder.path)
    file.write_text(english(3), "utf-8")
    assert inspected(folder, file).exit_code == 2


def test_a_log_that_can_be_asked_changes_no_answer(folder: LogFolder) -> None:
    settings = {"log": {"path": str(folder.path), "find": True}}
    chop = Chopmark(Policy(name="p", plugins=("log",), settings=settings))

    @chop.guard
    def answer(prompt: str) -> str:
        return english(1)

    assert answer("hm?") == english(1)
    chop.close()
    log = open_log(Policy(name="p", plugins=("log",), settings=settings))
    assert isinstance(log, TransparencyLog)
    assert best(log.find(english(1))).how == "identical"
    assert leaves(folder)[0].get("marks", []) == []


@pytest.mark.parametrize("spoilt", [None, b"no texts"])
def test_texts_that_cannot_be_read_are_no_verdict_and_are_found_when_they_are_back(
    folder: LogFolder, spoilt: bytes | None
) -> None:
    said = "the tide turns twice a day in any harbour"
    log = log_of(folder)
    log.append_with(sample_record(), content_of(answer=said))
    log.close()
    settle(folder)
    texts = folder.path / "side.db"
    kept = texts.read_bytes()
    texts.unlink()
    if spoilt is not None:
        texts.write_bytes(spoilt)
    words = ("log", "find", "--text", said, "--path", str(folder.path))
    found = invoke(*words)
    assert (found.exit_code, "side.db" in found.stderr) == (2, True), found.output
    texts.write_bytes(kept)
    assert invoke(*words).exit_code == 0
