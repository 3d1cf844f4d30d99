"""Folders as others publish them, each from a policy's option to the verdict of a screening."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from chopmark import Chopmark, Policy, Rules

from .conftest import write_network

pytest.importorskip("onnx")

WORDS = ("you", "are", "a", "nice", "bad", "person", "today", "is", "sunny", "li", "hua", "lives")
HARM = "bad"


def wordpiece() -> Any:
    """Return a tokenizer as BERT's: pieces of words, the later ones with `##`, lower case."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
    letters = tuple("abcdefghijklmnopqrstuvwxyz")
    pieces = dict.fromkeys([*special, *WORDS, *letters, *(f"##{one}" for one in letters), "."])
    numbers = {piece: n for n, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(numbers, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    return framed(tokenizer, "[CLS]", "[SEP]")


def bpe() -> Any:
    """Return a tokenizer as RoBERTa's: pairs of bytes, a word with the space in front of it."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    special = ("<s>", "<pad>", "</s>", "<unk>")
    numbers = {piece: n for n, piece in enumerate(special)}
    for sign in sorted(pre_tokenizers.ByteLevel.alphabet()):
        numbers[sign] = len(numbers)
    merges: list[tuple[str, str]] = []
    for word in WORDS:
        for whole in (f"Ġ{word}", word):
            for end in range(2, len(whole) + 1):
                pair = whole[: end - 1], whole[end - 1]
                if whole[:end] not in numbers:
                    numbers[whole[:end]] = len(numbers)
                    merges.append(pair)
    tokenizer = Tokenizer(models.BPE(numbers, merges, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return framed(tokenizer, "<s>", "</s>")


def unigram() -> Any:
    """Return a tokenizer as XLM-R's: the likeliest pieces, `▁` where a word begins."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    special = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    pieces = [*special, *((f"▁{word}", -2.0) for word in WORDS), ("▁", -4.0)]
    pieces += [(letter, -9.0) for letter in "abcdefghijklmnopqrstuvwxyz."]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    return framed(tokenizer, "<s>", "</s>")


def framed(tokenizer: Any, first: str, last: str) -> Any:
    from tokenizers import processors

    around = [(mark, tokenizer.token_to_id(mark)) for mark in (first, last)]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}", special_tokens=around
    )
    return tokenizer


Make = Callable[[], Any]
TOKENIZERS: Sequence[Make] = (wordpiece, bpe, unigram)
# What the tokenizers call these words where they stand behind another.
WRITTEN = ("{}", "Ġ{}", "▁{}")


def save(
    folder: Path,
    make: Make,
    labels: Sequence[str],
    rows: dict[str, Sequence[float]],
    other: Sequence[float],
    *,
    kind: str,
    types: bool,
    by_token: bool = False,
    **config: Any,
) -> Path:
    """Write a model whose numbers for a word are those in `rows`, and `other` for all else."""
    tokenizer = make()
    tokenizer.save(str(folder / "tokenizer.json"))
    table = [other] * tokenizer.get_vocab_size()
    for word, row in rows.items():
        for written in WRITTEN:
            number = tokenizer.token_to_id(written.format(word))
            if number is not None:
                table[number] = row
    write_network(folder / "model.onnx", table, kind=kind, types=types, every_token=by_token)
    settings = {
        "model_type": "bert",
        "id2label": {str(n): label for n, label in enumerate(labels)},
        "label2id": {label: n for n, label in enumerate(labels)},
        "max_position_embeddings": 64,
        "pad_token_id": 1 if make is not wordpiece else 0,
        **config,
    }
    (folder / "config.json").write_text(json.dumps(settings), "utf-8")
    (folder / "tokenizer_config.json").write_text('{"model_max_length": 64}', "utf-8")
    return folder


def screened(folder: Path, text: str, rules: dict[str, str], **options: Any) -> Any:
    policy = Policy(name="p", plugins=("onnx",), rules=Rules(both=rules))
    chop = Chopmark(policy.with_options("onnx", model=str(folder), **options))
    return chop.screen(text)


every_tokenizer = pytest.mark.parametrize("make", TOKENIZERS, ids=lambda make: make.__name__)
every_kind = pytest.mark.parametrize("kind", ["int64", "int32"])
with_and_without_types = pytest.mark.parametrize("types", [False, True], ids=["ids", "types"])


@every_tokenizer
@every_kind
@with_and_without_types
def test_one_of_two_nameless_labels_is_the_harm(
    tmp_path: Path, make: Make, kind: str, types: bool
) -> None:
    labels = ("LABEL_0", "LABEL_1")
    folder = save(
        tmp_path, make, labels, {HARM: (0.0, 6.0)}, (2.0, 0.0), kind=kind, types=types,
        architectures=["BertForSequenceClassification"], problem_type="single_label_classification",
    )  # fmt: skip
    heads = {"LABEL_1": "toxic", "LABEL_0": ""}
    found = screened(folder, "you are a bad person", {"toxic": "block"}, heads=heads)
    assert found.action == "block"
    # The highest of each label over the tokens is 2 and 6, and a softmax of that is this:
    assert [(v.category, v.score) for v in found.verdicts] == [("toxic", 0.982)]
    calm = screened(folder, "today is sunny", {"toxic": "block"}, heads=heads)
    assert (calm.action, calm.verdicts) == ("allow", ())


@every_tokenizer
@with_and_without_types
def test_labels_with_names_of_their_own(tmp_path: Path, make: Make, types: bool) -> None:
    folder = save(
        tmp_path, make, ("Not-Toxic", "abusive language"), {HARM: (0.0, 6.0)}, (2.0, 0.0),
        kind="int64", types=types,
    )  # fmt: skip
    found = screened(folder, "you are a bad person", {"abusive language": "block"})
    assert [(v.category, v.outcome) for v in found.verdicts] == [("abusive language", "deny")]


@every_tokenizer
@every_kind
def test_labels_that_stand_for_themselves(tmp_path: Path, make: Make, kind: str) -> None:
    folder = save(
        tmp_path, make, ("toxicity", "insult", "threat"), {HARM: (4.0, 2.0, -6.0)},
        (-6.0, -6.0, -6.0), kind=kind, types=True, problem_type="multi_label_classification",
    )  # fmt: skip
    found = screened(folder, "you are a bad person", {"toxicity": "block"}, threshold=0.9)
    assert [(v.category, v.outcome, v.score) for v in found.verdicts] == [
        ("insult", "warn", 0.8808), ("toxicity", "deny", 0.982),
    ]  # fmt: skip


@every_tokenizer
@every_kind
@with_and_without_types
def test_words_with_labels_that_begin_and_go_on(
    tmp_path: Path, make: Make, kind: str, types: bool
) -> None:
    folder = save(
        tmp_path, make, ("O", "B-PER", "I-PER"), {"li": (0.0, 6.0, 0.0), "hua": (0.0, 0.0, 6.0)},
        (6.0, 0.0, 0.0), kind=kind, types=types, by_token=True,
        architectures=["XLMRobertaForTokenClassification"],
    )  # fmt: skip
    found = screened(
        folder, "today li hua is sunny", {"pii.name": "modify"}, heads={"PER": "pii.name"}
    )
    assert [(v.category, v.start, v.end) for v in found.verdicts] == [("pii.name", 6, 12)]
    assert found.text == "today [pii.name] is sunny"


@every_tokenizer
def test_what_is_harmful_is_found_behind_many_windows(tmp_path: Path, make: Make) -> None:
    folder = save(
        tmp_path, make, ("safe", "toxic"), {HARM: (0.0, 6.0)}, (2.0, 0.0), kind="int64", types=False
    )
    text = "today is sunny you are nice " * 200
    assert screened(folder, text, {"toxic": "block"}).action == "allow"
    assert screened(folder, f"{text} {HARM}", {"toxic": "block"}).action == "block"
