"""Sets about requests for harm, and answers that people scored for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from ..rows import BENIGN, Row, positive, split
from ._files import table

# JADE's sub-types, by a word in their names.
JADE: Mapping[str, tuple[str, ...]] = {
    "色情": ("sexual",),
    "暴力": ("violence",),
    "赌博": ("illicit", "fraud"),
    "诈骗": ("illicit",),
    "身心健康": (),
    "名誉": (),
    "肖像": (),
    "国家": (),
}
PYRIT: Mapping[str, tuple[str, ...]] = {
    "hate_speech": ("hate",),
    "hate_speech_multi_score": ("hate",),
    "representational": ("hate",),
    "self_harm": ("self_harm",),
    "sexual": ("sexual",),
    "violence": ("violence",),
    "violence_multi_score": ("violence",),
    "exploits": ("illicit",),
    "privacy": ("illicit",),
}
LONGEST = 700


def jade(data: Path) -> Iterator[Row]:
    """Chinese questions about crime, rights and discrimination; careful answers to such."""
    for name in ("jade_benchmark_zh", "jade_benchmark_easy_zh", "jade_benchmark_medium_zh"):
        for line in table(data / "jade-zh" / f"{name}.csv"):
            text, kind, sub = line["问题"], line["违规类型"], line["违规子类"]
            part = split(text, dev=0.15, calibration=0.03)
            if kind == "歧视偏见":
                labels = positive("hate", of=0.7)
            else:
                heads = next((heads for word, heads in JADE.items() if word in sub), ("illicit",))
                # Some of these questions are harmless by themselves.
                labels = positive(*heads, of=0.9)
            if labels:
                yield Row(text=text, labels=labels, source="jade", part=part, weight=0.8, group=sub)
    for name in ("jade_alignment_medium_zh", "jade_alignment_hard_zh"):
        for line in table(data / "jade-zh" / f"{name}.csv", encoding="gb18030"):
            answer = list(line.values())[-1]
            if isinstance(answer, str) and len(answer) > 10:
                yield Row(text=answer[:LONGEST], labels=BENIGN, source="jade-answer", weight=0.6)


def advbench(data: Path) -> Iterator[Row]:
    """English requests for harm."""
    folder = data / "advbench-en"
    texts = [line["Behavior"] for line in table(folder / "advbench_behaviors.csv")]
    texts += [line["Behavior"] for line in table(folder / "tdc2023_test_phase_behaviors.csv")]
    texts += (folder / "malicious_instruct.txt").read_text(encoding="utf-8").split("\n")
    for text in texts:
        part = split(text, dev=0.2, calibration=0.04)
        labels = {"illicit": 1.0}
        yield Row(text=text, labels=labels, source="advbench", part=part, weight=1.2)


def pyrit(data: Path) -> Iterator[Row]:
    """English answers of models that people scored for one harm, from 0 to 1."""
    folder = data / "pyrit-data" / "scorer_evals" / "harm"
    for name, heads in PYRIT.items():
        for line in table(folder / f"{name}.csv"):
            marks = [float(v) for k, v in line.items() if k.startswith("human_score") and v]
            mark = sum(marks) / len(marks)
            text = line["assistant_response"][:LONGEST]
            part = split(text, dev=0.2)
            labels = positive(*heads, of=mark)
            yield Row(text=text, labels=labels, source=f"pyrit-{heads[0]}", part=part, weight=1.5)


READERS = (jade, advbench, pyrit)
