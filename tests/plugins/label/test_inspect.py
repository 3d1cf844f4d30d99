"""`chopmark inspect` names every mark, what it proves, and what is forged or contradictory."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.c2pa.issuing import CLAIM, KEYS, WHEN, Issued, issue
from tests.plugins.label.inspected import (
    OTHER,
    PAGE,
    PRODUCER,
    findings,
    private_pem,
    public_pem,
    report,
    run,
    selectors,
)

from chopmark import Mark
from chopmark_c2pa import Claim, Credential, load_credential, sign_text, write_media
from chopmark_label import Aigc, html_fragment, label_file
from chopmark_label._image import label_image
from chopmark_label._inspect import inspect_file, inspect_text
from chopmark_label._inspect_readers import readers
from chopmark_label._wording import DEFAULTS

BLOCK = Aigc(label="1", content_producer="Maker", produce_id="7")


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Issued:
    return issue(tmp_path_factory.mktemp("chain"), KEYS["ed25519"]())


@pytest.fixture(scope="module")
def credential(issued: Issued) -> Credential:
    return load_credential(issued.certificate, issued.key)


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_text(PAGE, "utf-8")
    return path


def labelled(path: Path, block: Aigc = BLOCK) -> Path:
    label_file(path, path, block)
    return path


def changed(path: Path, old: str, new: str) -> Path:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    return path


class Watching:
    """A marker of somebody else, who finds the word `seen`, and files by their name."""

    name, version, kind = "watching", "1", "watermark"

    def __init__(self) -> None:
        self.heard: list[str] = []

    def detect(self, text: str) -> Sequence[Mark]:
        self.heard.append(text)
        where = [m.start() for m in re.finditer("seen", text)]
        return [Mark(marker="watching", kind="watermark", where=f"word {n}") for n in where]

    def detect_file(self, path: Path) -> Sequence[Mark]:
        found = Mark(
            marker="watching", kind="manifest", placed=False, reason="it was cut",
            data={"fault": "cut", "source": "trainedAlgorithmicMedia"},
        )  # fmt: skip
        return [found] if path.name.startswith("cut") else []


# Nothing there.


def test_a_page_without_label_is_told_as_such(page: Path) -> None:
    assert report(page, status=1)["labelled"] is False
    assert "proves nothing" in run("inspect", page).output


@given(
    st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Zs", "Mn", "Me"))).filter(
        lambda text: not re.search("生成|合成|[аеорсухіѕј\u115f\u1160\u3164\uffa0]", text)
    )
)
def test_a_text_without_marks_has_no_finding(text: str) -> None:
    found = inspect_text(text, READERS)
    assert (found.findings, found.labelled, found.sound) == ((), False, True)


@given(st.text())
def test_any_text_can_be_looked_at(text: str) -> None:
    inspect_text(text, READERS)


READERS = readers("inspect")


# The visible label.


@pytest.mark.parametrize(
    ("text", "where", "match"),
    [
        ("（AI生成）\n\n春眠不觉晓", "start", "label"),
        ("春眠不觉晓" * 20 + "\n\n（AI生成）", "end", "label"),
        ("春" * 99 + "\n\n（AI生成）\n\n" + "眠" * 99, "middle", "label"),
        ("本文由 AI 生成。" + "春" * 99, "start", "elements"),
    ],
)
def test_the_visible_label_is_found_where_it_stands(text: str, where: str, match: str) -> None:
    [finding] = report("-", text=text)["findings"]
    assert (finding["technique"], finding["kind"], finding["where"]) == ("label", "visible", where)
    assert (finding["said"]["match"], finding["says"]) == (match, "is")
    assert "AI" in finding["said"]["wording"]


def test_a_label_that_lacks_an_element_of_the_standard_is_told_as_such() -> None:
    [finding] = report("-", text="(AI-generated)\n\nThe sea.")["findings"]
    assert "generation element" in finding["notes"][0]


def test_a_label_of_doubt_says_no_more_than_that() -> None:
    [finding] = report("-", text="该内容疑似由AI生成合成\n" + "海" * 200)["findings"]
    assert finding["says"] == "suspected"


@pytest.mark.parametrize("language", ["zh", "en", "de"])
def test_a_badge_in_a_page_is_seen(page: Path, language: str) -> None:
    changed(page, "<body>", f"<body>\n{html_fragment(language)}")  # type: ignore[arg-type]
    [finding] = report(page)["findings"]
    assert (finding["where"], finding["said"]["match"]) == ("start", "label")


def test_what_no_reader_of_a_page_sees_is_no_label(page: Path) -> None:
    changed(page, "<body>", "<body><!-- （AI生成） --><script>'AI生成'</script>")
    assert report(page, status=1)["findings"] == []


def test_a_label_behind_front_matter_is_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(f"---\ntitle: {'x' * 300}\n---\n\n> AI生成\n\n大海\n", "utf-8")
    [finding] = report(path)["findings"]
    assert finding["where"] == "start"


@pytest.mark.parametrize("place", ["header", "body", "footer"])
def test_a_label_in_a_document_is_seen(tmp_path: Path, place: str) -> None:
    document = docx.Document()
    document.add_paragraph("大海" * 100)
    parts = {
        "header": document.sections[0].header.paragraphs[0],
        "body": document.add_paragraph(),
        "footer": document.sections[0].footer.paragraphs[0],
    }
    for half in ("（AI", "生成）"):
        parts[place].add_run(half)
    document.save(str(tmp_path / "a.docx"))
    [finding] = report(tmp_path / "a.docx")["findings"]
    assert finding["where"] == ("start" if place == "header" else "end")
    assert finding["said"]["wording"] == "AI生成"


@pytest.mark.parametrize(("language", "place"), [("zh", "bottom-right"), ("en", "top-left")])
def test_the_label_that_was_drawn_on_a_picture_is_seen(
    tmp_path: Path, language: str, place: str
) -> None:
    path = tmp_path / "a.jpg"
    pytest.importorskip("PIL.Image").linear_gradient("L").convert("RGB").save(path)
    assert report(path, status=1)["findings"] == []
    label_image(path, language=language, place=place)  # type: ignore[arg-type]
    [finding] = report(path)["findings"]
    assert (finding["where"], finding["said"]["match"]) == (place, "pixels")
    assert finding["said"]["wording"] == DEFAULTS["gb45438"][language]  # type: ignore[index]
    assert "labels of others are not recognised" in finding["proves"]


# The block, and its seal.


def test_a_block_says_who_made_the_content(page: Path) -> None:
    labelled(page, Aigc(label="1", content_producer=PRODUCER, produce_id="7"))
    found = report(page)
    [finding] = findings(found, "AIGC")
    assert (found["format"], finding["state"], finding["says"]) == ("HTML", "conforms", "is")
    assert finding["said"]["ContentProducer"] == PRODUCER
    assert "anybody can have written" in finding["proves"]


def test_a_malformed_block_is_named_with_what_is_wrong(page: Path) -> None:
    changed(labelled(page), '"Label":"1"', '"Label":1')
    [finding] = report(page, status=3)["findings"]
    assert finding["state"] == "malformed"
    assert any("Label" in fault for fault in finding["faults"])


def test_two_blocks_are_named_with_what_they_disagree_on(page: Path) -> None:
    meta = re.search("<meta[^>]*>", labelled(page).read_text("utf-8"))
    assert meta is not None
    changed(page, meta[0], meta[0] + meta[0].replace("Maker", "Other"))
    faults = report(page, status=3)["faults"]
    assert faults[0].startswith("has 2 blocks, where exactly one may stand")
    assert faults[1] == "its blocks contradict each other: ContentProducer is 'Maker' and 'Other'"


def test_a_block_in_json_or_events_on_standard_input_is_found() -> None:
    for text in (f'{{"aigc": {BLOCK.to_bare()}}}', f'data: {{"aigc": {BLOCK.to_bare()}}}\n\n'):
        [finding] = findings(report("-", text=text), "AIGC")
        assert finding["said"]["ContentProducer"] == "Maker"


def test_a_document_on_standard_input_is_read_as_one(page: Path, tmp_path: Path) -> None:
    assert findings(report("-", text=labelled(page).read_bytes()), "AIGC")
    (tmp_path / "a.md").write_text("大海\n", "utf-8")
    assert findings(report("-", text=labelled(tmp_path / "a.md").read_bytes()), "AIGC")
    docx.Document().save(str(tmp_path / "a.docx"))
    found = report("-", text=labelled(tmp_path / "a.docx").read_bytes())
    assert (found["name"], found["format"]) == ("-", "Office Open XML")


def signed(page: Path, folder: Path) -> Path:
    result = run("label", page, "--producer", "Maker", "--sign", private_pem(folder))
    assert result.exit_code == 0, result.output
    return page


def test_a_signature_verifies_by_the_key_that_is_pinned(page: Path, tmp_path: Path) -> None:
    signed(page, tmp_path)
    [seal] = findings(report(page), "ReservedCode1")
    assert seal["state"] == "signed, key not pinned"
    assert "may be a forger" in seal["proves"]
    [seal] = findings(report(page, "--key", public_pem(tmp_path)), "ReservedCode1")
    assert seal["state"] == "verified: maker.pem"
    assert "copied from another file" in seal["proves"]


def test_a_signature_by_another_key_than_the_pinned_one_is_named(
    page: Path, tmp_path: Path
) -> None:
    other = public_pem(tmp_path, OTHER)
    [seal] = findings(report(signed(page, tmp_path), "--key", other, status=3), "ReservedCode1")
    assert (seal["state"], "forged" in seal["faults"][0]) == ("another key", True)


def test_a_transplanted_signature_is_named(page: Path, tmp_path: Path) -> None:
    changed(signed(page, tmp_path), '"ContentProducer":"Maker"', '"ContentProducer":"Other"')
    [seal] = findings(report(page, status=3), "ReservedCode1")
    assert seal["state"] == "does not verify"
    assert "transplanted" in seal["faults"][-1]


def test_a_hash_fits_or_does_not(page: Path) -> None:
    assert run("label", page, "--producer", "Maker", "--hash-form").exit_code == 0
    [seal] = findings(report(page), "ReservedCode1")
    assert (seal["state"], "no key" in seal["proves"]) == ("hash fits", True)
    changed(page, '"Label":"1"', '"Label":"2"')
    seals = findings(report(page, status=3), "ReservedCode1")  # the visible label contradicts, too
    assert seals[0]["state"] == "hash does not fit"


def test_a_private_key_is_no_pin_and_is_not_shown(page: Path, tmp_path: Path) -> None:
    result = run("inspect", page, "--key", private_pem(tmp_path))
    assert result.exit_code == 2
    assert "-pubout" in result.output
    assert "3945208F" not in result.output.upper()


# C2PA.


def test_a_signed_text_is_found_sound(credential: Credential, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(sign_text("大海", CLAIM, credential, WHEN), "utf-8")
    [finding] = report(path)["findings"]
    assert (finding["technique"], finding["state"], finding["says"]) == ("c2pa", "valid", "is")
    assert "only where the certificate is trusted" in finding["proves"]


def test_a_manifest_of_another_text_is_named_as_transplanted(credential: Credential) -> None:
    text = sign_text("大海", CLAIM, credential, WHEN).replace("大海", "小溪")
    [finding] = report("-", text=text, status=3)["findings"]
    assert (finding["state"], finding["says"]) == ("transplanted", "")


def test_a_forged_length_is_named(credential: Credential) -> None:
    head = selectors(b"C2PATXT\0\1\0\0\0\4abcd")
    [finding] = report("-", text=f"大海\ufeff{head}", status=3)["findings"]
    assert (finding["technique"], finding["state"]) == ("c2pa", "no_store")
    long = selectors(b"C2PATXT\0\1\xff\xff\xff\xffabcd")
    [finding] = report("-", text=f"大海\ufeff{long}", status=3)["findings"]
    assert finding["state"] == "forged_length"


def test_a_manifest_in_a_picture_is_found(credential: Credential, tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    path = tmp_path / "a.png"
    image.new("RGB", (32, 16), "red").save(path)
    write_media(path, path, CLAIM, credential, WHEN)
    [finding] = report(path)["findings"]
    assert (finding["where"], finding["state"], finding["says"]) == ("PNG file", "valid", "is")


def test_a_policy_brings_what_is_needed_to_trust(
    credential: Credential, issued: Issued, tmp_path: Path
) -> None:
    policy = tmp_path / "mine.toml"
    policy.write_text(f'extends = "inspect"\n[settings.c2pa]\nanchors = "{issued.root}"\n')
    text = sign_text("大海", CLAIM, credential, WHEN)
    [finding] = report("-", "--policy", policy, text=text)["findings"]
    assert finding["state"] == "trusted"


def test_any_policy_reads_what_the_usual_plugins_find() -> None:
    assert {marker.name for marker in readers("cn")} >= {"label", "c2pa"}
    assert {marker.name for marker in readers("off")} >= {"label", "c2pa"}


# What nobody sees.


def test_hidden_payloads_are_read_and_say_nothing_of_ai() -> None:
    found = report("-", text=f"The sea{selectors(b'user 4711')} is wide.", status=1)
    [finding] = found["findings"]
    assert finding["technique"] == "variation-selectors"
    assert finding["said"]["content"] == "user 4711"
    assert (found["labelled"], found["sound"]) == (False, True)
    assert "anybody can copy them" in finding["proves"]


def test_a_text_of_only_selectors_is_named() -> None:
    found = report("-", text=selectors(bytes(range(64))), status=1)
    assert "none of its 64 characters can be seen" in found["notes"][0]


def test_a_manifest_in_a_document_is_named_and_not_judged(
    credential: Credential, tmp_path: Path
) -> None:
    document = docx.Document()
    document.add_paragraph(sign_text("大海", CLAIM, credential, WHEN))
    document.save(str(tmp_path / "a.docx"))
    [finding] = report(tmp_path / "a.docx", status=1)["findings"]
    assert finding["said"]["manifest"] == "C2PA"
    assert "nobody here verifies" in finding["notes"][-1]


# What contradicts itself.


@pytest.mark.parametrize(("value", "status"), [("1", 0), ("2", 3), ("3", 3)])
def test_a_visible_label_and_a_weaker_block_contradict(page: Path, value: str, status: int) -> None:
    changed(page, "<body>", f"<body>{html_fragment('zh')}")
    block = Aigc(label=value, content_producer="Maker", produce_id="7")  # type: ignore[arg-type]
    faults = report(labelled(page, block), status=status)["faults"]
    assert bool(faults) == (status == 3)
    assert all(f"has Label {value}" in fault for fault in faults)


def test_a_platform_that_suspects_what_is_visible_contradicts_nothing(page: Path) -> None:
    changed(page, "<body>", f"<body>{html_fragment('zh')}")
    block = Aigc(
        label="3", content_producer="", produce_id="", content_propagator="P", propagate_id="1"
    )
    assert report(labelled(page, block))["faults"] == []


def test_a_manifest_of_a_camera_contradicts_a_block(credential: Credential, tmp_path: Path) -> None:
    captured = Claim(source="digitalCapture")  # type: ignore[arg-type]
    text = sign_text("（AI生成）\n\n大海", captured, credential, WHEN)
    [fault] = report("-", text=text, status=3)["faults"]
    assert fault.startswith("c2pa (end) says digitalCapture: that it is not AI-generated, while")


# Markers of others.


def test_a_marker_of_others_hears_what_readers_see(page: Path) -> None:
    changed(page, "大海", "大海 se<b>en</b>")
    marker = Watching()
    found = inspect_file(page, [marker])  # type: ignore[list-item]  # it only reads
    assert marker.heard == ["大海 seen"]
    assert [(f.technique, f.says) for f in found.findings] == [("watching", "is")]


def test_a_marker_of_others_looks_into_files(tmp_path: Path) -> None:
    path = tmp_path / "cut.bin"
    path.write_bytes(b"\0\1\2")
    found = inspect_file(path, [Watching()])  # type: ignore[list-item]
    [finding] = found.findings
    assert (finding.state, finding.faults, finding.says) == ("cut", ("it was cut",), "")
    assert not found.sound


def test_it_says_what_was_looked_for(page: Path, tmp_path: Path) -> None:
    assert report(page, status=1)["looked"] == ["AIGC", "label", "c2pa", "hidden characters"]
    assert (
        "looked for: AIGC block, visible label, C2PA, hidden characters"
        in run("inspect", page).output
    )
    path = tmp_path / "a.png"
    pytest.importorskip("PIL.Image").new("RGB", (9, 9)).save(path)
    assert report(path, status=1)["looked"] == ["AIGC", "label", "c2pa"]


# What cannot be read.


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "cannot be read"), (b"", "is empty"), (b"\0\xff\xfe\1", "neither text nor")],
)
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, content: bytes | None, told: str
) -> None:
    path = tmp_path / "strange.bin"
    if content is not None:
        path.write_bytes(content)
    result = run("inspect", path)
    assert result.exit_code == 2
    assert told in result.output
    assert "strange.bin" in result.output


def test_a_folder_is_named(tmp_path: Path) -> None:
    result = run("inspect", tmp_path)
    assert result.exit_code == 2
    assert "folder" in result.output or "regular file" in result.output


@pytest.mark.parametrize("data", [b"", b"\0\xff\xfe\1\2\3", b"%PDF-1.7 and no more", b"PK\3\4xx"])
def test_garbage_on_standard_input_is_named(data: bytes) -> None:
    result = run("inspect", "-", text=data)
    assert result.exit_code == 2
    assert "standard input" in result.output
    assert "/tmp" not in result.output


def test_a_broken_page_is_named_and_not_shown_as_its_bytes(page: Path) -> None:
    changed(page, "大海", "\x1b[31m\x07（AI生成）")
    assert "\x1b" not in run("inspect", page).output


def test_a_chinese_text_in_its_own_encoding_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("（AI生成）\n\n春眠不觉晓，处处闻啼鸟。".encode("gb18030"))
    assert report(path)["labelled"] is True


def test_the_command_reads_standard_input_of_a_process(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chopmark", "inspect", "-"],
        input="（AI生成）\n\n大海".encode(),
        capture_output=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    assert (done.returncode, done.stderr) == (0, b"")
    table = done.stdout.decode()
    assert re.search(r"1  visible label  start  found  is AI-generated  AI生成", table)
    assert "proves: it says so in words" in table
