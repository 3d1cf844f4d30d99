"""`chopmark label` writes labels that `chopmark inspect` reads; nothing is lost on the way."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import wave
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.c2pa.issuing import CLAIM, KEYS, WHEN, issue
from tests.plugins.label.inspected import (
    PAGE,
    PRODUCER,
    PUBLIC,
    SECRET,
    findings,
    private_pem,
    public_pem,
    report,
    run,
)

from chopmark import MarkError, Policy
from chopmark_c2pa import load_credential, sign_text, write_media
from chopmark_label import html_fragment
from chopmark_label._block import from_fields
from chopmark_label._commands_text import put_label, source_of
from chopmark_label._marker import make_label
from chopmark_label._security import check_integrity
from chopmark_label._sm2 import Sm2Signer
from chopmark_label._sm2_keys import KeyPair, fingerprint

MARKDOWN = "---\ntitle: sea\n---\n\n# 海\n\n大海\n"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_text(PAGE, "utf-8")
    return path


def written(*arguments: object) -> list[Any]:
    result = run("label", *arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["written"]  # type: ignore[no-any-return]


def refused(*arguments: object, text: str | bytes = "", status: int = 2) -> str:
    result = run("label", *arguments, text=text)
    assert result.exit_code == status, result.output
    return result.output


# Files.


def test_a_page_gets_both_labels_and_nothing_else_of_it_changes(page: Path) -> None:
    implicit, explicit = written(page, "--producer", PRODUCER, "--id", "7")
    assert (implicit["label"], implicit["AIGC"]["ProduceID"]) == ("implicit", "7")
    assert (explicit["label"], explicit["where"], explicit["what"]) == (
        "explicit", "start", "AI生成",
    )  # fmt: skip
    text = page.read_text("utf-8")
    meta = text[text.index("<meta") : text.index("</head>")]
    assert text.replace(meta, "").replace(f"{html_fragment('zh')}\n\n", "") == PAGE
    found = report(page)
    assert [f["technique"] for f in found["findings"]] == ["label", "AIGC"]


def test_without_explicit_only_the_metadata_change(page: Path) -> None:
    [only] = written(page, "--producer", PRODUCER, "--no-explicit")
    assert only["label"] == "implicit"
    assert findings(report(page), "label") == []


def test_markdown_gets_its_label_behind_the_front_matter(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(MARKDOWN, "utf-8")
    _, start, end = written(path, "--producer", "Maker", "--position", "both")
    assert (start["where"], end["where"]) == ("start", "end")
    body = path.read_text("utf-8").rpartition("---\n")[2]
    assert body == "\n> AI生成\n\n\n# 海\n\n大海\n\n> AI生成\n"


def test_a_second_label_is_not_put_there_again(page: Path) -> None:
    written(page, "--producer", "Maker")
    _, explicit = written(page, "--producer", "Maker", "--replace")
    assert explicit["note"] == "was there already"
    assert page.read_text("utf-8").count("chopmark-label") == 1


def test_plain_text_gets_the_visible_label_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("大海\n", "utf-8")
    explicit, implicit = written(path)
    assert path.read_text("utf-8") == "（AI生成）\n\n大海\n"
    assert (explicit["where"], implicit["where"]) == ("start", "")
    assert "no place for metadata" in implicit["note"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_a_text_keeps_its_encoding_and_its_line_ends(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("大海\r\n小溪，春眠不觉晓\r\n".encode(encoding))
    written(path, "--position", "both")
    text = path.read_bytes().decode(encoding)
    assert text == "（AI生成）\r\n\r\n大海\r\n小溪，春眠不觉晓\r\n\r\n（AI生成）\r\n"


def test_other_files_get_the_implicit_label_and_are_told_of_the_other(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    docx.Document().save(str(path))
    implicit, explicit = written(path, "--producer", "Maker")
    assert implicit["where"] == "docProps/custom.xml property AIGC"
    assert explicit["where"] == ""
    assert "show it in the content" in explicit["note"]


def test_out_leaves_the_file_as_it_was(page: Path, tmp_path: Path) -> None:
    out = tmp_path / "labelled.html"
    written(page, "--producer", PRODUCER, "--out", out)
    assert page.read_text("utf-8") == PAGE
    assert report(out)["labelled"] is True
    assert sorted(os.listdir(tmp_path)) == ["labelled.html", "page.html"]


def test_the_policy_says_whose_label_it_is(page: Path, tmp_path: Path) -> None:
    policy = tmp_path / "mine.toml"
    policy.write_text(
        'extends = "cn"\n[settings.label]\nproducer = "Maker"\nposition = "end"\nseal = "hash"\n'
        'text = { zh = "本文由人工智能合成" }\n',
        "utf-8",
    )
    implicit, explicit = written(page, "--policy", policy)
    assert (implicit["AIGC"]["ContentProducer"], implicit["note"]) == ("Maker", "sealed")
    assert (explicit["where"], explicit["what"]) == ("end", "本文由人工智能合成")
    assert page.read_text("utf-8").rstrip().endswith("</body></html>")


def test_the_readers_language_may_be_chosen(page: Path) -> None:
    _, explicit = written(page, "--producer", "Maker", "--language", "de")
    assert explicit["what"] == "AI生成 · KI-generiert"


# Standard input.


@pytest.mark.parametrize("form", ["plain", "markdown", "html"])
def test_standard_input_goes_to_standard_output_with_its_label(form: str) -> None:
    text = "<p>大海</p>\n" if form == "html" else "大海\n"
    result = run("label", "-", "--format", form, text=text)
    assert result.exit_code == 0
    assert result.stdout.endswith(text)
    assert "explicit  start  AI生成" in result.stderr
    assert report("-", text=result.stdout)["labelled"] is True


def test_what_needs_a_file_is_refused_on_standard_input() -> None:
    assert "no place for metadata" in refused("-", "--producer", "Maker", text="a")
    assert "is not text" in refused("-", text=b"\0\xff")
    assert "empty" in refused("-", text=b"")


def test_the_command_labels_in_a_pipe(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chopmark", "label", "-"],
        input=b"The sea.\r\n",
        capture_output=True,
        check=True,
        cwd=tmp_path,
    )
    assert done.stdout.decode() == "(AI生成 · AI-generated)\r\n\r\nThe sea.\r\n"


@given(st.text(min_size=1), st.sampled_from(["plain", "markdown", "html"]))
def test_a_label_is_all_that_is_put_in(text: str, form: str) -> None:
    policy = Policy(name="p", settings={"label": {"format": form}})
    marker = make_label(policy)
    try:
        done = put_label(text, marker, form)  # type: ignore[arg-type]
    except MarkError:
        assert not text.strip()
        return
    rest = iter(done.text)
    assert all(character in rest for character in text)


@given(st.text() | st.binary())
def test_bytes_come_back_as_they_were(given_: str | bytes) -> None:
    data = given_.encode("utf-8", "replace") if isinstance(given_, str) else given_
    source = source_of(data)
    if source is not None:
        assert source.encode(source.text) == data


# What is refused.


def test_a_second_block_is_refused_and_the_first_kept(page: Path) -> None:
    written(page, "--producer", "First-Co")
    before = page.read_bytes()
    assert "has a block already" in refused(page, "--producer", "Second-Co")
    assert page.read_bytes() == before
    written(page, "--producer", "Second-Co", "--replace")
    [finding] = findings(report(page), "AIGC")
    assert finding["said"]["ContentProducer"] == "Second-Co"


@pytest.mark.parametrize(
    ("producer", "told"),
    [("某公司", "27-position code"), ("001191110102MAD55U9H0A10002", "check character")],
)
def test_a_producer_that_cannot_be_one_is_refused(page: Path, producer: str, told: str) -> None:
    assert told in refused(page, "--producer", producer)
    assert page.read_text("utf-8") == PAGE


def test_who_made_it_must_be_said(page: Path) -> None:
    assert "--producer" in refused(page)
    assert page.read_text("utf-8") == PAGE


def test_a_file_that_can_carry_no_label_is_named_with_those_that_can(tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    path.write_text("大海", "utf-8")
    assert ".txt" in refused(path, "--producer", PRODUCER)
    assert path.read_text("utf-8") == "大海"
    docx.Document().save(str(tmp_path / "a.docx"))
    assert "--format" in refused(tmp_path / "a.docx", "--producer", "Maker", "--format", "plain")


def test_a_signed_text_is_not_labelled_behind_its_signature(tmp_path: Path) -> None:
    issued = issue(tmp_path, KEYS["ed25519"]())
    credential = load_credential(issued.certificate, issued.key)
    path = tmp_path / "a.txt"
    path.write_text(sign_text("大海", CLAIM, credential, WHEN), "utf-8")
    before = path.read_bytes()
    assert "label the text first, then sign it" in refused(path)
    assert path.read_bytes() == before


def test_a_signed_picture_is_not_labelled_behind_its_signature(
    picture: Path, tmp_path: Path
) -> None:
    issued = issue(tmp_path, KEYS["ed25519"]())
    write_media(picture, picture, CLAIM, load_credential(issued.certificate, issued.key), WHEN)
    before = picture.read_bytes()
    assert "then sign it" in refused(picture, "--producer", "Maker")
    assert picture.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"  \n"])
def test_an_empty_text_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    assert "empty" in refused(path)
    assert path.read_bytes() == content
    assert os.listdir(tmp_path) == ["a.txt"]


def test_a_text_that_no_label_can_end_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("```\ncode", "utf-8")
    told = refused(path, "--producer", "Maker", "--position", "end")
    assert "no visible label can stand in it" in told
    assert path.read_text("utf-8") == "```\ncode"


@pytest.mark.skipif(os.name != "posix", reason="no such rights there")
def test_a_read_only_file_is_named_and_stays_whoever_asks(page: Path) -> None:
    page.chmod(stat.S_IRUSR | stat.S_IRGRP)
    told = "read-only" if os.geteuid() == 0 else "may not be written"
    assert told in refused(page, "--producer", "Maker")
    assert page.read_text("utf-8") == PAGE
    assert run("label", page, "--producer", "M", "--out", page.with_name("b.html")).exit_code == 0


def test_a_file_that_is_not_what_its_name_says_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(bytes(4096))
    told = refused(path, "--producer", "Maker")
    assert "does not begin as a file ending in .mp4 does" in told
    assert path.read_bytes() == bytes(4096)


def test_macros_are_named_and_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.docm"
    docx.Document().save(str(path))
    with zipfile.ZipFile(path, "a") as package:
        package.writestr("word/vbaProject.bin", b"macros")
    [implicit, _] = written(path, "--producer", "Maker")
    assert implicit["note"] == "its macros (word/vbaProject.bin) stay as they are"
    with zipfile.ZipFile(path) as package:
        assert package.read("word/vbaProject.bin") == b"macros"
    notes = report(path)["notes"]
    assert notes == ["it has macros (word/vbaProject.bin), which are not looked into"]


def test_a_text_of_which_nothing_is_seen_is_named_and_stays(tmp_path: Path) -> None:
    path, hidden = tmp_path / "a.txt", "".join(map(chr, range(0xE0100, 0xE0150))) + "\n"
    path.write_text(hidden, "utf-8")
    assert "none of its 81 characters can be seen" in refused(path)
    assert path.read_text("utf-8") == hidden
    assert "none of its" in refused("-", text=hidden)


# Sealing.


def test_a_key_signs_and_is_never_shown(page: Path, tmp_path: Path) -> None:
    key = private_pem(tmp_path)
    result = run("label", page, "--producer", "Maker", "--sign", key)
    assert result.exit_code == 0, result.output
    assert SECRET.hex() not in (result.output + page.read_text("utf-8")).lower()
    [seal] = findings(report(page, "--key", public_pem(tmp_path)), "ReservedCode1")
    assert seal["state"] == "verified: maker.pem"


def test_a_key_that_others_can_read_is_told_of(page: Path, tmp_path: Path) -> None:
    key = private_pem(tmp_path)
    assert "chmod 600" not in run("label", page, "--producer", "M", "--sign", key).output
    key.chmod(0o644)
    shown = run("label", page, "--producer", "M", "--sign", key, "--replace")
    assert "chmod 600" in shown.stderr


def test_a_file_that_is_no_key_is_named(page: Path, tmp_path: Path) -> None:
    assert "no private key" in refused(page, "--producer", "M", "--sign", public_pem(tmp_path))
    assert "cannot be read" in refused(page, "--producer", "M", "--sign", tmp_path / "none.pem")
    assert page.read_text("utf-8") == PAGE


def test_a_block_has_one_seal(page: Path, tmp_path: Path) -> None:
    told = refused(page, "--producer", "M", "--hash-form", "--sign", private_pem(tmp_path))
    assert "one seal" in told


class Vault:
    """A key store: it signs, and shows its public key alone."""

    name, key_id = "vault", fingerprint(PUBLIC)
    public_key = PUBLIC

    def __init__(self) -> None:
        self._signer = Sm2Signer(KeyPair(SECRET, PUBLIC))

    def sign(self, message: bytes) -> bytes:
        return self._signer.sign(message)


@pytest.fixture
def vaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A policy with two plugins that are installed: one brings a signer, one with no public key."""
    site = tmp_path / "site"
    for name, body in (
        ("vaulted", "from tests.plugins.label.test_label_commands import Vault as V\n"),
        ("bare", "class V:\n    name = key_id = 'bare'\n    def sign(self, m): return b''\n"),
    ):
        (site / f"{name}-1.dist-info").mkdir(parents=True)
        (site / f"{name}.py").write_text(
            f"from chopmark import hookimpl\n{body}\n@hookimpl\ndef chopmark_signer(policy):\n"
            "    return V()\n"
        )
        (site / f"{name}-1.dist-info/METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: 1\n"
        )
        (site / f"{name}-1.dist-info/entry_points.txt").write_text(f"[chopmark]\n{name} = {name}\n")
        (tmp_path / f"{name}.toml").write_text(f'extends = "cn"\nplugins = ["label", "{name}"]\n')
    monkeypatch.syspath_prepend(str(site))
    yield tmp_path
    for name in ("vaulted", "bare"):
        sys.modules.pop(name, None)


def test_a_key_store_signs_in_the_place_of_a_file(page: Path, vaults: Path) -> None:
    [block, _] = written(page, "--producer", "M", "--signer", "--policy", vaults / "vaulted.toml")
    found = check_integrity(from_fields(block["AIGC"]), {fingerprint(PUBLIC): "vault"})
    assert (found.verdict, found.signer) == ("intact", "vault")


def test_a_signer_that_cannot_be_used_is_named(page: Path, vaults: Path) -> None:
    told = refused(page, "--producer", "M", "--signer", "--policy", vaults / "bare.toml")
    assert "public_key" in told
    assert "chopmark_signer" in refused(page, "--producer", "M", "--signer")
    assert page.read_text("utf-8") == PAGE


# Pictures and sounds.


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    image = pytest.importorskip("PIL.Image")
    path = tmp_path / "a.png"
    image.new("RGB", (400, 300), "orange").save(path)
    return path


def test_a_picture_is_drawn_upon_where_asked(picture: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    arguments = (picture, "--producer", "Maker", "--visible", "--place", "top-left")
    implicit, explicit = written(*arguments)
    assert (implicit["label"], explicit["where"], explicit["what"]) == (
        "implicit", "top-left", "AI生成",
    )  # fmt: skip
    with image.open(picture) as labelled:
        colours = {labelled.getpixel((x, y)) for x in range(100) for y in range(40)}
    assert {(0, 0, 0), (255, 255, 255), (255, 165, 0)} <= colours
    assert findings(report(picture), "AIGC")
    [_, again] = written(*arguments, "--replace")
    assert again["note"] == "was there already"


def test_without_visible_the_pixels_stay(picture: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    _, explicit = written(picture, "--producer", "Maker")
    assert (explicit["where"], "--visible" in explicit["note"]) == ("", True)
    with image.open(picture) as labelled:
        assert labelled.getcolors() == [(400 * 300, (255, 165, 0))]


def test_a_picture_without_a_place_for_metadata_is_drawn_upon_alone(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    path = tmp_path / "a.bmp"
    image.new("RGB", (400, 300), "orange").save(path)
    explicit, implicit = written(path, "--visible", "--language", "en")
    assert (explicit["what"], implicit["where"]) == ("AI生成 · AI-generated", "")


def test_a_sound_gets_the_rhythm_where_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(2 * 8000))
    implicit, explicit = written(path, "--producer", "M", "--audible", "--position", "both")
    assert (implicit["label"], explicit["where"]) == ("implicit", "start and end")
    with wave.open(str(path)) as sound:
        assert sound.getnframes() > 3 * 8000
    assert findings(report(path), "AIGC")


@pytest.mark.parametrize("option", ["--visible", "--audible"])
def test_what_is_no_picture_or_sound_is_refused(page: Path, option: str) -> None:
    assert option in refused(page, "--producer", "Maker", option)
    assert page.read_text("utf-8") == PAGE
