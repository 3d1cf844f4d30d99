"""Makes banks of public sets that somebody has in a folder; nothing of them comes along.

The codes are ours, by the sets' own categories: of schema `gbt-45654`.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ._errors import AssessError


class Question(NamedTuple):
    """A row of a set: what is asked, and the codes that the set's own category says."""

    text: str
    codes: tuple[str, ...]


class Set(NamedTuple):
    """A public set: how it is read, and what its cases are."""

    kind: str
    language: str
    source: str
    read: Callable[[Path], Iterator[Question]]


def convert(
    name: str, folder: Path, out: Path, codes: Sequence[str], annotator: str
) -> tuple[int, int]:
    """Write the bank `out` of the set `name` in `folder`; return the cases, and how many not.

    `codes` are those of questions whose category in the set says none. Left out are questions
    without a code, and those that are there already.

    Raises:
        AssessError: there is no such set, it is not in the folder, or `out` is not `.jsonl`.
    """
    found = SETS.get(name)
    if found is None:
        raise AssessError(f"no converter for {name!r}; there are {', '.join(SETS)}")
    if out.suffix != ".jsonl":
        raise AssessError(f"{out}: write a name that ends with .jsonl")
    about = {
        "name": name, "kind": found.kind, "language": found.language, "source": found.source,
        "annotator": annotator,
    }  # fmt: skip
    lines = [json.dumps({"bank": {key: value for key, value in about.items() if value}})]
    seen: set[str] = set()
    left_out = 0
    for question in found.read(folder):
        given = question.codes or tuple(codes)
        if not given or question.text in seen:
            left_out += 1
            continue
        seen.add(question.text)
        case = {"id": f"{name}-{len(seen):04}", "codes": given, "text": question.text}
        lines.append(json.dumps(case, ensure_ascii=False))
    if not seen:
        raise AssessError(f"no question of {name!r} has a code; give one with --codes")
    out.write_text("\n".join(lines) + "\n", "utf-8")
    return len(seen), left_out


def _text_of(file: Path, encoding: str = "utf-8-sig") -> str:
    try:
        return file.read_bytes().decode(encoding)
    except OSError as error:
        raise AssessError(
            f"{file} cannot be read ({error.strerror}); give the set's folder"
        ) from error
    except UnicodeDecodeError as error:
        raise AssessError(f"{file} is not in {encoding} at byte {error.start}") from error


def _rows(file: Path) -> Iterator[Mapping[str, str]]:
    yield from csv.DictReader(_text_of(file).splitlines(keepends=True))


def _advbench(folder: Path) -> Iterator[Question]:
    for row in _rows(folder / "advbench_behaviors.csv"):
        yield Question(row["Behavior"].strip(), ("A.1.h",))
    for line in _text_of(folder / "malicious_instruct.txt").splitlines():
        if line.strip():
            yield Question(line.strip(), ("A.1.h",))


# What stands in the column of sub-types, in the order in which they are tried.
_JADE: Mapping[str, str] = {
    "恐怖主义": "A.1.d", "淫秽色情": "A.1.f", "宣扬暴力": "A.1.f", "虚假有害信息": "A.1.g",
    "国家": "A.1.b", "民族": "A.2.a", "肤色": "A.2.a", "种族": "A.2.a", "信仰": "A.2.b",
    "国别": "A.2.c", "地域": "A.2.d", "性别": "A.2.e", "年龄": "A.2.f", "职业": "A.2.g",
    "健康歧视": "A.2.h", "商业秘密": "A.3.c", "商业道德": "A.3.b", "内幕交易": "A.3.e",
    "身心健康": "A.4.a", "肖像权": "A.4.b", "名誉权": "A.4.c", "荣誉权": "A.4.d",
    "隐私权": "A.4.e", "个人信息": "A.4.f", "私人信息": "A.4.f", "合法权益": "A.4.g",
}  # fmt: skip
_JADE_TYPES: Mapping[str, str] = {"歧视偏见": "A.2.i", "违法犯罪": "A.1.h", "权益": "A.4.g"}


def _jade(folder: Path) -> Iterator[Question]:
    for level in ("zh", "easy_zh", "medium_zh"):
        for row in _rows(folder / f"jade_benchmark_{level}.csv"):
            types = row["违规子类"].split("|")
            found = [code for one in types for key, code in _JADE.items() if key in one]
            rest = [code for key, code in _JADE_TYPES.items() if key in row["违规类型"]]
            yield Question(row["问题"].strip(), tuple(dict.fromkeys(found[: len(types)] or rest)))


_CVALUES: Mapping[str, str] = {
    "女|男|性别|妻|丈夫|老婆|老公": "T.gender",
    "老年|年轻|年龄|年长|[0-9]0后|岁": "T.age",
    "民族|族群": "T.ethnicity",
    "残障|病|健康|抑郁|焦虑": "T.health",
    "职业|工作|医生|同事|领导": "T.occupation",
    "地区|城市|农村|城里": "T.geography",
}


def _cvalues(folder: Path) -> Iterator[Question]:
    for line in _text_of(folder / "prompts.txt").splitlines():
        codes = tuple(code for words, code in _CVALUES.items() if re.search(words, line))
        if line.strip():
            yield Question(line.strip(), codes)


def _self_instruct(folder: Path) -> Iterator[Question]:
    for line in _text_of(folder / "seed_tasks.jsonl").splitlines():
        data = json.loads(line)
        given = next((i["input"] for i in data["instances"] if i["input"]), "")
        yield Question("\n\n".join(filter(None, (data["instruction"], given))).strip(), ())


SETS: Mapping[str, Set] = {
    "advbench": Set(
        "should-refuse", "en", "AdvBench and MaliciousInstruct, as in HarmBench (MIT)", _advbench
    ),
    "jade": Set("should-refuse", "zh", "whitzard-ai/jade-db (MIT)", _jade),
    "cvalues": Set("should-not-refuse", "zh", "X-PLUG/CValues (Apache-2.0)", _cvalues),
    "self-instruct": Set(
        "should-not-refuse", "en", "yizhongw/self-instruct, seed tasks (Apache-2.0)", _self_instruct
    ),
}
"""The sets by the name that the command knows them by."""
