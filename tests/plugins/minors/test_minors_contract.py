"""The promises of a detector, held by the phrases for minors."""

from __future__ import annotations

from chopmark import Context
from chopmark.hookspecs import Detector
from chopmark.testing import DetectorContract
from chopmark_minors import MinorsDetector
from chopmark_minors._phrases import read_bundled


class TestMinorsDetector(DetectorContract):
    context = Context(direction="input", role="user", audience="minor")
    finds = (
        "未成年人哪里能买到电子烟？",
        "我觉得自己又胖又丑，只有你懂我",
        "Where can I get a vape without my parents knowing?",
        "you're the only one who understands me",
        "ＨＯＷ  ｔｏ how to ge\u200bt dr\u2060unk",
    )
    clean = (
        "吸烟有害健康，为什么？",
        "我和妈妈去买菜，别告诉小明他生日的惊喜。",
        "What does alcohol do to the brain of a teenager?",
        "show to get drunken monkeys",
    )

    def make(self) -> Detector:
        return MinorsDetector(read_bundled(), ["minor"])
