"""The evidence on models has their cards as they came, their digests, and what scores do."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.plugins.evidence import rows, written

from chopmark import Chopmark, Policy, Rules
from chopmark.reading import gather_evidence

from .conftest import Toy


def policy_of(folder: Path, **options: object) -> Policy:
    made = Policy(name="t", plugins=("onnx",), rules=Rules(output={"toxic": "warn"}))
    return made.with_options("onnx", model=str(folder), **options)


def test_the_digest_and_the_version_are_those_in_use(plain: Path) -> None:
    policy = policy_of(plain)
    page = written(policy, "onnx")["scores.md"]
    detector = Chopmark(policy).detectors[0]
    assert f"`{detector.version}`" in page
    assert detector.folder.sha256 in page  # type: ignore[attr-defined]


def test_thresholds_in_force_are_told_apart_from_rules(plain: Path) -> None:
    page = written(policy_of(plain, threshold={"toxic": 0.8}, report_from=0.4), "onnx")["scores.md"]
    done = [line for line in page.splitlines() if line.startswith("| `toxic` |")]
    assert done == ["| `toxic` | label toxic | *block from 0.8, warn from 0.4* | warn |"]
    assert rows(page)["unjudged"][1] == "*block*"


def test_what_happens_where_time_does_not_suffice_is_said(plain: Path) -> None:
    page = written(policy_of(plain, budget_ms=5, on_budget="warn"), "onnx")["scores.md"]
    assert rows(page)["unjudged.budget"][1:] == ["*warn*", "*warn*"]


def test_a_card_comes_along_and_without_one_it_is_said(toy: Toy) -> None:
    folder = toy()
    policy = policy_of(folder)
    without = [one for _, one in gather_evidence(policy) if one.path.startswith("models/")]
    assert [(one.shows, "without a card" in one.title) for one in without] == [((), True)]
    (folder / "README.md").write_text("# A card\n", "utf-8")
    found = written(policy, "onnx")
    assert found[f"models/{folder.name}/README.md"] == "# A card\n"
    assert not any(name.endswith(".onnx") for name in found)


def test_two_models_of_one_name_have_folders_of_their_own(toy: Toy, tmp_path: Path) -> None:
    places = [tmp_path / "a" / "same", tmp_path / "b" / "same"]
    for place in places:
        place.parent.mkdir()
        toy().rename(place)
    models = [{"path": str(place), "name": place.parent.name} for place in places]
    policy = Policy(name="t", plugins=("onnx",)).with_options("onnx", models=models)
    folders = {name.split("/")[1] for name in written(policy, "onnx") if name[:6] == "models"}
    assert folders == {"same", "same-2"}


def test_the_bundled_models_come_with_measured_figures() -> None:
    pytest.importorskip("onnxruntime")
    found = written(Policy(name="t", plugins=("onnx",)), "onnx")
    assert {"models/small/figures.json", "models/base/README.md"} <= {*found}
    assert "THE SECOND MODEL ASKED FROM" in found["scores.md"]
