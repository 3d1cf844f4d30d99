"""A pack holds what the plugins have, says what is missing, and shows when it was changed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from markdown_it import MarkdownIt

from chopmark import Chopmark, ChopmarkError
from chopmark._cli import cli
from chopmark.hookspecs import Evidence
from chopmark.reading import gather_evidence
from chopmark.showing import cell
from chopmark.wording import Wording
from chopmark_label import read_labels
from chopmark_report._index import missing
from chopmark_report._pack import faults_of, write_pack
from chopmark_report._provisions import provisions

EN = Wording.of("chopmark_report", "en")
POLICY = """
plugins = ["keyword", "pii", "label", "usage", "jsonl", "report"]
[settings.jsonl]
path = "records.jsonl"
[settings.label]
producer = "Example-Co"
[settings.report]
service = "Example"
provider = "Example Co"
model = "m-1"
complaints = "https://example.com/complaints"
complaint_days = 15
purpose = { zh = "回答产品问题", en = "Answers questions on products." }
users = { zh = "成年人", en = "Adults." }
limits = { zh = "可能出错", en = "It errs." }
"""


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    path = tmp_path / "service.toml"
    path.write_text(POLICY, "utf-8")
    return path


def run(*arguments: object) -> Any:
    return CliRunner().invoke(cli, ["evidence", *map(str, arguments)])


def text(words: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(words, "utf-8")


def test_a_pack_has_what_each_plugin_of_the_policy_has(policy: Path, tmp_path: Path) -> None:
    out = tmp_path / "pack"
    found = run("--policy", policy, "--out", out, "--json")
    assert found.exit_code == 0, found.output
    written = json.loads(found.output)["written"]
    assert {"label/scheme.md", "label/implicit", "report/notice.zh.md", "usage/limits.json"} <= {
        *written
    }
    assert "（AI生成）" in (out / "label/scheme.md").read_text("utf-8")
    read_back = json.loads((out / "label/implicit/read-back.json").read_text("utf-8"))
    assert len({one["format"] for one in read_back["files"]}) >= 4
    for one in read_back["files"]:
        file = out / "label/implicit" / one["file"]
        _, blocks = read_labels(file)
        assert [dict(block.reading.fields) for block in blocks] == [read_back["written"]]
        assert json.loads(blocks[0].text) == one["fields"] == read_back["written"]
        assert hashlib.sha256(file.read_bytes()).hexdigest() == one["sha256"]
    note = (out / "label/implicit/technical-note.md").read_text("utf-8")
    assert all(part in note for part in (*read_back["written"], "Example-Co", "docProps/custom"))
    assert note.count("是 / yes") == len(read_back["files"])
    notice = (out / "report/notice.zh.md").read_text("utf-8")
    assert "回答产品问题" in notice
    assert "15 天内" in notice


def html_of(text: str) -> str:
    return str(MarkdownIt("commonmark").renderInline(cell(text)))


def test_the_index_names_for_every_provision_what_is_inside_or_that_nothing_is(
    policy: Path, tmp_path: Path
) -> None:
    out = tmp_path / "pack"
    without = json.loads(run("--policy", policy, "--out", out, "--json").output)["missing"]
    html = MarkdownIt("commonmark").enable("table").render((out / "README.md").read_text("utf-8"))
    rows = re.findall(r"<tr>\n<td>([\w.]+)</td>\n<td>.*?</td>\n<td>(.*?)</td>", html)
    assert len(rows) == len(provisions())
    assert sum("nothing in this pack" in files for _, files in rows) == len(without)
    assert "gbt45654.bank" in without
    assert "gbt45654.service" not in without
    for link in re.findall(r'href="([^":]+)"', html):
        assert (out / link).exists(), link
    of = {one.id.partition(".")[2]: one for one in provisions().values() if one.id in without}
    for article, files in rows:
        if "nothing in this pack" in files and article in ("7", "5.4", "3.4", "bank"):
            assert html_of(of[article].without["en"]) in files
    assert "no statement that a service conforms" in html.replace("\n", " ")


def test_what_the_operator_did_not_say_is_named_and_shows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text('plugins = ["report"]\n')
    found = json.loads(run("--policy", path, "--out", tmp_path / "pack", "--json").output)
    assert "write purpose under" in (tmp_path / "pack/report/notice.en.md").read_text("utf-8")
    assert {"measures.10", "measures.15"} <= {*found["missing"]}


def test_a_report_of_nothing_is_evidence_of_nothing(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text('plugins = ["jsonl", "report"]\n[settings.jsonl]\npath = "records.jsonl"\n')
    found = json.loads(run("--policy", path, "--out", tmp_path / "pack", "--json").output)
    assert "report/report.html" in found["written"]
    assert "measures.14" in found["missing"]
    Chopmark(str(path)).guard(lambda prompt: "Hello.")("Hi!")
    found = json.loads(run("--policy", path, "--out", tmp_path / "after", "--json").output)
    assert "measures.14" not in found["missing"]
    assert "measures.15" in found["missing"], "nobody complained"


@pytest.mark.parametrize("producer", ["", 'producer = "Example-Co"'])
def test_the_notice_speaks_of_metadata_where_there_is_a_label_in_it(
    tmp_path: Path, producer: str
) -> None:
    path = tmp_path / "p.toml"
    path.write_text(f'plugins = ["label", "report"]\n[settings.label]\n{producer}\n')
    run("--policy", path, "--out", tmp_path / "pack")
    notice = (tmp_path / "pack/report/notice.en.md").read_text("utf-8")
    assert "labelled in words" in notice
    assert ("metadata of files" in notice) == bool(producer)


def test_plugins_name_only_provisions_that_there_are(policy: Path) -> None:
    from chopmark import load_policy

    for plugin, one in gather_evidence(load_policy(policy), ["watermark", "c2pa"]):
        assert {*one.shows} <= {*provisions()}, (plugin, one.path)


def test_a_pack_that_was_changed_shows_where(tmp_path: Path) -> None:
    out = tmp_path / "pack"
    evidence = [("p", Evidence(path=f"{n}.txt", title="", write=text("x"))) for n in "abc"]
    write_pack(out, evidence, policy="p@1", signer=None, words=EN)
    assert faults_of(out) == []
    (out / "p/a.txt").write_text("y")
    (out / "p/b.txt").unlink()
    (out / "p/d.txt").write_text("z")
    assert faults_of(out) == ["p/b.txt is missing", "p/d.txt was added", "p/a.txt was changed"]
    assert run("--check", out).exit_code == 1


class Signs:
    name, key_id = "test", "key-1"

    def sign(self, message: bytes) -> bytes:
        return b"signed:" + message[:7]


def test_a_signer_signs_the_bytes_of_the_manifest(tmp_path: Path) -> None:
    import base64

    out = tmp_path / "pack"
    assert write_pack(out, [], policy="p@1", signer=Signs(), words=EN).signed_by == "key-1"
    signature = json.loads((out / "manifest.sig").read_text())
    signed = base64.b64decode(signature["signature"])
    assert signed == b"signed:" + (out / "manifest.json").read_bytes()[:7]
    assert faults_of(out) == []


def test_evidence_that_breaks_is_named_and_the_rest_stands(tmp_path: Path) -> None:
    def half(path: Path) -> None:
        path.mkdir()
        (path / "x").write_text("half")
        raise RuntimeError("broken on purpose")

    def lacking(path: Path) -> None:
        raise ChopmarkError("it needs more")

    out = tmp_path / "pack"
    pack = write_pack(
        out,
        [
            ("p", Evidence(path="half", title="Half", write=half, shows=("measures.4",))),
            ("p", Evidence(path="none", title="None", write=lambda path: None)),
            ("p", Evidence(path="less", title="Less", write=lacking)),
            ("p", Evidence(path="good.md", title="Good", write=text("fine"))),
        ],
        policy="p@1",
        signer=None,
        words=EN,
    )
    assert [(one.path, one.problem) for one in pack.failed] == [
        ("p/half", "RuntimeError: broken on purpose"), ("p/none", "nothing was written"),
        ("p/less", "it needs more"),
    ]  # fmt: skip
    assert "measures.4" in missing(pack.written)
    assert not (out / "p/half").exists()
    assert "broken on purpose" in (out / "README.md").read_text("utf-8")
    assert (out / "p/good.md").read_text() == "fine"


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x"])
def test_no_evidence_gets_out_of_the_pack(tmp_path: Path, path: str) -> None:
    evidence = [("p", Evidence(path=path, title="", write=text("x")))]
    with pytest.raises(ChopmarkError, match="has the path"):
        write_pack(tmp_path / "pack", evidence, policy="p@1", signer=None, words=EN)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(policy: Path, tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    found = run("--policy", policy, "--out", tmp_path / "pack")
    assert (found.exit_code, "name a new folder" in found.output) == (2, True)


def test_machines_are_told_why_there_is_no_pack(policy: Path, tmp_path: Path) -> None:
    found = run("--policy", policy, "--out", tmp_path, "--json")
    assert found.exit_code == 2
    why = f"{tmp_path} is there already; name a new folder"
    assert json.loads(found.stdout) == {"holds": None, "why": why}


def test_what_is_no_pack_is_told(tmp_path: Path) -> None:
    found = run("--check", tmp_path)
    assert (found.exit_code, "is no evidence pack" in found.output) == (2, True)


def test_the_index_is_written_in_chinese_for_who_asks(policy: Path, tmp_path: Path) -> None:
    found = run("--policy", policy, "--out", tmp_path / "pack", "--language", "zh")
    assert found.exit_code == 0, found.output
    index = (tmp_path / "pack/README.md").read_text("utf-8")
    assert "不构成对服务符合任何法律或标准的声明" in index
    assert "对生成内容进行标识" in index
    assert "nothing in this pack" not in index
    assert 'href="report/report.html"' in MarkdownIt("commonmark").enable("table").render(index)
    assert '<html lang="zh">' in (tmp_path / "pack/report/report.html").read_text("utf-8")


def test_who_asks_in_chinese_is_told_in_chinese_what_there_is_and_what_not(
    policy: Path, tmp_path: Path
) -> None:
    found = run("--policy", policy, "--out", tmp_path / "pack", "--language", "zh")
    assert f"已写入 {tmp_path / 'pack'}，证据" in found.stdout
    lacking = found.stdout.split("以下条款尚无证据：\n")[1].splitlines()
    assert lacking[0].split() == ["编号", "法规", "要求"]
    assert not re.search("[A-Z][a-z]", "".join(one.split(maxsplit=1)[1] for one in lacking))
    one = provisions()[lacking[1].split()[0]]
    assert lacking[1].split(maxsplit=1)[1].split() == [
        *one.law["zh"].split(),
        *one.asks["zh"].split(),
    ]


def test_the_provisions_are_listed_in_both_languages() -> None:
    found = json.loads(run("--provisions", "--json").output)
    assert all({"zh", "en"} <= {*one["law"]} & {*one["asks"]} for one in found)
    assert all(one["url"].startswith("https://") for one in found)
    assert "labelling.4" in run("--provisions").output
