"""A toy classifier, generated: every character has its own numbers, the largest one counts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

LABELS = ("toxic", "hate", "threat")
BASE = (-6.0, -6.0, -6.0)
WORDS: Mapping[str, Sequence[float]] = {
    "毒": (6.0, -6.0, -6.0),
    "恨": (-6.0, 6.0, -6.0),
    "怨": (0.0, -6.0, -6.0),
    "x": (2.0, -6.0, -6.0),
}
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
PLAIN = "abcdefghijklmnopqrstuvwyz0123456789 .好的我你们天气很今。！"

Toy = Callable[..., Path]


@pytest.fixture(scope="session")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    """Return a function that writes a toy model and returns its folder."""
    pytest.importorskip("onnx")

    def make(**how: Any) -> Path:
        folder = tmp_path_factory.mktemp("toy")
        write_toy(folder, **how)
        return folder

    return make


@pytest.fixture(scope="session")
def plain(toy: Toy) -> Path:
    """Return the folder of a toy model that nobody changes."""
    return toy(guard={"thresholds": {"strict": {"toxic": 0.9}}})


def write_toy(
    folder: Path,
    *,
    labels: Sequence[str] = LABELS,
    words: Mapping[str, Sequence[float]] = WORDS,
    base: Sequence[float] = BASE,
    columns: int | None = None,
    problem: str | None = "multi_label_classification",
    positions: int = 16,
    config: Mapping[str, Any] | None = None,
    guard: Mapping[str, Any] | None = None,
    place: str = "model.onnx",
    missing: int = 0,
    **network: Any,
) -> None:
    """Write a folder; `guard` may leave `heads` out, then every label is one.

    `missing`: how many tokens the network has fewer than the tokenizer.
    """
    vocabulary = [*SPECIAL, *words, *(c for c in PLAIN if c not in words)]
    rows = [words.get(word, base) for word in vocabulary[: len(vocabulary) - missing]]
    if columns is not None:
        rows = [(list(row) * columns)[:columns] for row in rows]
    (folder / place).parent.mkdir(exist_ok=True)
    write_network(folder / place, rows, **network)
    write_tokenizer(folder / "tokenizer.json", vocabulary)
    settings = {
        "id2label": {str(n): label for n, label in enumerate(labels)},
        "problem_type": problem,
        "max_position_embeddings": positions,
        "pad_token_id": 0,
        **(config or {}),
    }
    (folder / "config.json").write_text(json.dumps(settings), "utf-8")
    if guard is not None:
        full = {"heads": {label: {"label": label} for label in labels}, **guard}
        (folder / "guard.json").write_text(json.dumps(full), "utf-8")


def write_tokenizer(path: Path, vocabulary: Sequence[str]) -> None:
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers, processors

    numbers = {word: n for n, word in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordLevel(numbers, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.add_special_tokens(["[SEP]"])
    tokenizer.enable_truncation(4)  # as many published folders have; it must not count
    tokenizer.enable_padding(length=9)
    tokenizer.save(str(path))


def write_network(
    path: Path,
    rows: Sequence[Sequence[float]],
    *,
    kind: str = "int64",
    types: bool = False,
    other: str | None = None,
    length: int | None = None,
    batch: int | None = None,
    every_token: bool = False,
    output: str = "logits",
    flaw: float | None = None,
    slow: int = 0,
    opset: int = 17,
    ir: int = 8,
) -> None:
    """Write the network.

    `types`: it takes token_type_ids, and anything but zeros there shows. `other`: one more input.
    `length`, `batch`: fixed ones. `every_token`: like an embedding model. `flaw`: what every
    number is multiplied with. `slow`: it multiplies square matrices of this size for nothing.
    `opset`, `ir`: the versions that it says it is written in.
    """
    import numpy as np
    from onnx import TensorProto, checker, helper, numpy_helper, save

    def constant(name: str, value: Any) -> Any:
        return numpy_helper.from_array(np.array(value), name)

    element = {"int64": TensorProto.INT64, "int32": TensorProto.INT32, "float": TensorProto.FLOAT}
    shape = [batch or "batch", length or "tokens"]
    names = ["input_ids", "attention_mask"] + ["token_type_ids"] * types + [other] * bool(other)
    inputs = [helper.make_tensor_value_info(name, element[kind], shape) for name in names]
    table = np.array(rows, np.float32) * (1 if flaw is None else np.float32(flaw))
    nodes = [
        helper.make_node("Cast", ["input_ids"], ["ids"], to=TensorProto.INT64),
        helper.make_node("Gather", ["table", "ids"], ["found"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["mask", "one"], ["absent"]),
        helper.make_node("Mul", ["absent", "much"], ["away"]),
        helper.make_node("Unsqueeze", ["away", "two"], ["away3"]),
        helper.make_node("Add", ["found", "away3"], ["kept"]),
    ]
    constants = [
        constant("table", table),
        constant("one", np.float32(1)),
        constant("much", np.float32(1e4)),
        constant("two", np.array([2])),
    ]
    last = "kept"
    if types:
        nodes += [
            helper.make_node("Cast", ["token_type_ids"], ["types"], to=TensorProto.FLOAT),
            helper.make_node("Unsqueeze", ["types", "two"], ["types3"]),
            helper.make_node("Mul", ["types3", "much"], ["types4"]),
            helper.make_node("Add", [last, "types4"], ["typed"]),
        ]
        last = "typed"
    if slow:
        constants += [
            constant("square", np.full((slow, slow), 1e-6, np.float32)),
            constant("nothing", np.float32(0)),
        ]
        nodes += [
            helper.make_node("ReduceMean", [last], ["mean"], keepdims=0),
            helper.make_node("Add", ["square", "mean"], ["factor"]),
            helper.make_node("MatMul", ["factor", "factor"], ["product"]),
            helper.make_node("ReduceMean", ["product"], ["work"], keepdims=0),
            helper.make_node("Mul", ["work", "nothing"], ["vanished"]),
            helper.make_node("Add", [last, "vanished"], ["late"]),
        ]
        last = "late"
    dimensions: list[Any] = ["batch", len(rows[0])]
    if every_token:
        dimensions.insert(1, "tokens")
        nodes.append(helper.make_node("Identity", [last], [output]))
    else:
        nodes.append(helper.make_node("ReduceMax", [last], [output], axes=[1], keepdims=0))
    outputs = [helper.make_tensor_value_info(output, TensorProto.FLOAT, dimensions)]
    graph = helper.make_graph(nodes, "toy", inputs, outputs, constants)
    versions = [helper.make_opsetid("", opset)]
    network = helper.make_model(graph, opset_imports=versions, ir_version=ir)
    if (opset, ir) == (17, 8):  # the checker refuses what onnx does not know yet
        checker.check_model(network)
    save(network, str(path))
