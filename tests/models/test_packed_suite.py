"""What is packed of the functional suite is what the scripts make of it today."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import pytest

if sys.version_info < (3, 11):
    pytest.skip("the scripts that train want Python 3.11", allow_module_level=True)

sys.path.insert(0, str(Path(__file__).parents[2]))

from models.evaluate.pack import FOLDER, REQUESTS, SAMPLES, SUITE, bank, lines


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_files_are_those_that_python_m_models_evaluate_pack_writes(language: str) -> None:
    packed = gzip.decompress((FOLDER / f"{language}.jsonl.gz").read_bytes())
    assert packed.decode("utf-8") == lines(language)
    assert (SAMPLES / f"suite-{language}.csv").read_text("utf-8") == bank(language)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_files_that_a_bank_is_made_of_are_there(language: str) -> None:
    for name in REQUESTS:
        assert (SUITE / language / f"{name}.toml").is_file()
