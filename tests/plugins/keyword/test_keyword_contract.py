"""The keyword detector keeps the contract of a detector, on the bundled lists and on hard ones."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.depth import scaled

from chopmark import Policy
from chopmark.hookspecs import StreamDetector
from chopmark.testing import DetectorContract
from chopmark_keyword import KeywordDetector, chopmark_detectors

HARD = """
name = "hard"
version = "1"
language = "mul"
defaults = { category = "test", level = "block", reviewer = "Li" }
entries = [
    { term = "炸" }, { term = "炸药" }, { term = "炸药包" }, { term = "药包裹" },
    { term = "反炸药", level = "allow" }, { term = "ab" }, { term = "ab ab ab" },
    { term = "ab cd", level = "allow" }, { term = "x炸" }, { term = "ﬀ" }, { term = "straße" },
    { term = "a…b" }, { term = "100" },
]
"""


class TestBundled(DetectorContract):
    finds = ("你这个傻逼", "go kill yourself now", "冰毒货到付款，联系我", "求自杀方法", "ＦＵＣＫ")
    clean = ("警方查获冰毒三公斤。", "The class assessed the passage.", "", " \n", "\u200b")

    def make(self) -> KeywordDetector:
        (detector,) = chopmark_detectors(Policy(name="p"))
        assert isinstance(detector, KeywordDetector)
        assert isinstance(detector, StreamDetector)
        return detector


class TestHard(DetectorContract):
    finds = (
        "炸炸药包裹",
        "x炸药",
        "ab ab ab ab",
        "ﬀ ff",
        "STRASSE",
        "a...b",
        "炸\u200b药",
        "第100",
    )
    clean = ("cab", "反 药", "ab cd", "1000", "aab", "")
    examples = scaled(80)

    def make(self) -> KeywordDetector:
        with TemporaryDirectory() as folder:
            Path(folder, "hard.toml").write_text(HARD, "utf-8")
            policy = Policy(name="p", folder=folder).with_options(
                "keyword", lists=["hard.toml"], bundled=False, reload_seconds=float("inf")
            )
            return KeywordDetector.from_policy(policy)
