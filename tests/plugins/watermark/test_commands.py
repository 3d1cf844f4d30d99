"""Keys are kept and marks are found from the command line, and no key is ever printed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tokenizers import Tokenizer

from chopmark_watermark import FileTokenizer, Watermark, read_ring
from chopmark_watermark._commands import watermark

from .conftest import Logits, answer


def run(*words: object) -> Result:
    return CliRunner().invoke(watermark, [str(word) for word in words])


@pytest.fixture
def files(tmp_path: Path, tokenizer: FileTokenizer) -> Path:
    tokenizer._tokenizer.save(str(tmp_path / "tokenizer.json"))
    assert run("keys", "new", tmp_path / "ring.json").exit_code == 0
    return tmp_path


def marked(folder: Path, logits: Logits, n: int, tenant: str = "") -> str:
    known = FileTokenizer(folder / "tokenizer.json")
    drawer = Watermark(ring=read_ring(folder / "ring.json"), tokenizer=known).drawer(tenant=tenant)
    return " ".join(f"w{token}" for token in answer(drawer, logits, n))


def find(folder: Path, text: str, *more: object) -> Result:
    (folder / "text.txt").write_text(text)
    return run(
        "find", folder / "text.txt", "--ring", folder / "ring.json",
        "--tokenizer", folder / "tokenizer.json", *more,
    )  # fmt: skip


def test_a_marked_file_is_found_and_the_exit_code_says_so(files: Path, logits: Logits) -> None:
    found = find(files, marked(files, logits, 120))
    assert found.exit_code == 0, found.output
    assert found.output.startswith("marked: ")
    assert find(files, " ".join(f"w{n}" for n in range(300))).exit_code == 1
    assert find(files, "w1 w2 w3").exit_code == 2


def test_a_tenant_is_named_from_a_file_of_tenants(files: Path, logits: Logits) -> None:
    (files / "tenants.txt").write_text("one\ntwo\n\nthree\n")
    text = marked(files, logits, 120, "two")
    found = find(files, text, "--tenants", files / "tenants.txt", "--json")
    assert found.exit_code == 0, found.output
    assert json.loads(found.output)["key"].split("/")[1] == "two"
    assert find(files, text, "--tenant", "one").exit_code == 1


def test_the_public_sees_no_p_value_and_no_key(files: Path, logits: Logits) -> None:
    found = find(files, marked(files, logits, 120), "--public", "--json")
    assert json.loads(found.output) == {"verdict": "marked", "band": "very strong"}


def test_what_a_retired_key_marked_is_found_and_what_a_revoked_one_did_is_not(
    files: Path, logits: Logits
) -> None:
    text = marked(files, logits, 120)
    first = read_ring(files / "ring.json").active.id
    assert run("keys", "rotate", files / "ring.json").exit_code == 0
    assert find(files, text).exit_code == 0
    assert run("keys", "revoke", files / "ring.json", first, "--yes").exit_code == 0
    assert find(files, text).exit_code == 1
    told = json.loads(run("keys", "list", files / "ring.json", "--json").output)
    assert [key["state"] for key in told] == ["revoked", "active"]


def test_an_engine_s_configuration_is_a_private_file_and_nothing_of_it_is_printed(
    files: Path,
) -> None:
    out = files / "sglang.json"
    told = run(
        "config", out, "--ring", files / "ring.json", "--scheme", "sglang",
        "--tokenizer", files / "tokenizer.json",
    )  # fmt: skip
    assert told.exit_code == 0, told.output
    assert out.stat().st_mode & 0o777 == 0o600
    assert json.loads(out.read_text())["key"] not in told.output


def test_no_command_prints_a_secret(files: Path) -> None:
    secret = json.loads((files / "ring.json").read_text())["keys"][0]["secret"]
    for words in (["list"], ["list", "--json"], ["rotate"], ["retire"], ["revoke", "--yes"]):
        key = [read_ring(files / "ring.json").masters[0].id] if words[0][:2] == "re" else []
        shown = run("keys", words[0], files / "ring.json", *key, *words[1:])
        assert secret not in shown.output


@pytest.mark.parametrize(
    ("text", "told"), [(b"\xc4\xe3\xba\xc3", "not UTF-8 at byte 0"), (None, "No such file")]
)
def test_a_file_that_cannot_be_read_is_named(files: Path, text: bytes | None, told: str) -> None:
    if text is not None:
        (files / "gbk.txt").write_bytes(text)
    found = run(
        "find", files / "gbk.txt", "--ring", files / "ring.json",
        "--tokenizer", files / "tokenizer.json",
    )  # fmt: skip
    assert found.exit_code == 1
    assert told in found.output
    assert "gbk.txt" in found.output


def test_a_tokenizer_of_another_model_finds_nothing(files: Path, logits: Logits) -> None:
    text = marked(files, logits, 120)
    other = Tokenizer.from_file(str(files / "tokenizer.json"))
    other.add_tokens(["another"])
    other.save(str(files / "tokenizer.json"))
    assert find(files, text).exit_code == 1


def test_learnt_passages_are_left_out_of_a_search(files: Path, logits: Logits) -> None:
    template = marked(files, logits, 120)
    (files / "templates").mkdir()
    (files / "templates" / "one.txt").write_text(template)
    (files / "templates" / "picture.png").write_bytes(b"\x89PNG\xff")
    told = run("boilerplate", files / "known", files / "templates")
    assert told.output.endswith(
        "passages of 1 texts, 113 places; 1 files are not UTF-8 and were left out\n"
    )
    assert find(files, template).exit_code == 0
    assert find(files, template, "--boilerplate", files / "known").exit_code == 2
    assert "no boilerplate" in find(files, template, "--boilerplate", files / "ring.json").output


def test_a_folder_without_texts_is_named(files: Path) -> None:
    (files / "short.txt").write_text("too short")
    told = run("boilerplate", files / "known", files / "short.txt")
    assert told.exit_code == 1
    assert "no text of 8 words or more is in 1 files" in told.output
