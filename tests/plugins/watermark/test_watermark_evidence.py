"""The evidence on watermarks names keys and never shows one, and has the measured rates."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.plugins.evidence import rows, written
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from chopmark import Policy
from chopmark.reading import gather_evidence
from chopmark_watermark import FileTokenizer, Ring, write_ring


@pytest.fixture
def ring_file(tmp_path: Path) -> Path:
    write_ring(Ring().rotate("2026-09").rotate("2026-10"), tmp_path / "ring.json", new=True)
    return tmp_path / "ring.json"


@pytest.fixture
def policy(ring_file: Path) -> Policy:
    file = ring_file.with_name("tokenizer.json")
    words = Tokenizer(WordLevel({f"w{n}": n for n in range(50)}, unk_token="w0"))
    words.save(str(file))
    return Policy(name="t", plugins=("watermark",)).with_options(
        "watermark", ring=str(ring_file), tokenizer=str(file), tenants=["", "acme"], alpha=1e-4
    )


def test_keys_are_named_with_their_state_and_not_shown(policy: Policy, ring_file: Path) -> None:
    from chopmark_watermark import read_ring

    found = written(policy, "watermark")
    retired, active = read_ring(ring_file).masters
    said = rows(found["scheme.md"])
    assert said[retired.id] == ["retired", "2026-09", "2026-10"]
    assert said[active.id][0] == "active"
    for master in (retired, active):
        assert master.secret.hex() not in "".join(found.values())
    assert "acme" not in found["scheme.md"], "tenants are counted"
    assert said["tenants"] == ["2"]


def test_the_scheme_and_the_level_in_force_are_said(policy: Policy, ring_file: Path) -> None:
    said = rows(written(policy, "watermark")["scheme.md"])
    assert said["scheme"] == ["gumbel"]
    assert said["alpha"] == ["0.0001"]
    assert said["tokenizer, SHA-256"] == [
        FileTokenizer(ring_file.with_name("tokenizer.json")).digest
    ]


def test_passages_that_the_policy_names_are_left_out_and_that_is_said(
    policy: Policy, tmp_path: Path
) -> None:
    from chopmark_watermark import Boilerplate
    from chopmark_watermark._options import read_options

    Boilerplate.of(["one two three four five six seven eight nine"]).write(tmp_path / "known")
    policy = policy.with_options("watermark", boilerplate=str(tmp_path / "known"))
    known = read_options(policy).watermark.boilerplate
    assert known is not None
    assert len(known.hashes) == 2
    assert rows(written(policy, "watermark")["scheme.md"])["passages known and left out"] == ["yes"]


def test_the_measured_false_alarms_come_along(policy: Policy) -> None:
    page = written(policy, "watermark")["figures.md"]
    assert "### False alarms" in page


def test_synonyms_need_no_tokenizer_and_say_how_long_a_text_must_be(ring_file: Path) -> None:
    policy = Policy(name="t", plugins=("watermark",)).with_options(
        "watermark", ring=str(ring_file), synonyms=True
    )
    found = written(policy, "watermark")
    said = rows(found["synonyms.md"])
    assert int(said["places with a choice that a text needs to be found"][0]) > 16
    assert "scheme.md" not in found


def test_a_vendors_declaration_names_its_source() -> None:
    policy = Policy(name="t", plugins=("watermark",)).with_options("watermark", vendor="anthropic")
    found = written(policy, "watermark")
    assert {*found} == {"vendor.md"}
    said = rows(found["vendor.md"])
    assert {*said} == {"PROVIDER", "---", "anthropic"}
    assert said["anthropic"][3].startswith("http")


def test_without_options_there_is_nothing_to_show() -> None:
    assert not gather_evidence(Policy(name="t"), ["watermark"])
