"""Reads a model folder in the layout of Hugging Face, except for the network itself.

Everything here is local files; nothing is unpickled and no code of the folder is run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from chopmark import ModelError

from ._heads import Head, read_heads
from ._json_file import JsonFile

MODELS = (
    "model.onnx",
    "onnx/model.onnx",
    "model_quantized.onnx",
    "onnx/model_quantized.onnx",
)
"""Where the network may be, first one first."""

_EXTERNAL = ("{}_data", "{}.data")
_MOST_TOKENS = 512
_BY_TOKEN = "ForTokenClassification"
_TOKENIZER_BYTES = 128 * 1024 * 1024
MODEL_BYTES = 2 * 1024**3
"""The most bytes of a network, with its external data, unless a policy says otherwise."""
_POINTER = b"version https://git-lfs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """A model folder, read and checked.

    A window is `max_tokens` long, special tokens included; the next one begins `stride` tokens
    behind it. `prefix` goes before every text. With `by_token` the labels are those of tokens.
    `digest` is a SHA-256 of all files that a score depends on, `sha256` the one of the network,
    `size` its bytes with external data. `pinned` says that guard.json names the same digest.
    """

    path: Path
    model: Path
    tokenizer: Path
    heads: tuple[Head, ...]
    sigmoid: bool
    max_tokens: int
    stride: int
    pad_id: int
    prefix: str
    report_from: float
    by_token: bool
    digest: str
    sha256: str
    pinned: bool
    size: int


def read_folder(path: Path, sha256: str = "", max_bytes: int = MODEL_BYTES) -> Folder:
    """Return the folder at `path`, whose network must have the digest `sha256` where given.

    A network over `max_bytes`, external data included, is refused before any of it is read.

    Raises:
        ModelError: a file is missing or wrong; the message names it and the cure.
    """
    model = _model(path)
    size = _size(model, max_bytes)
    tokenizer = path / "tokenizer.json"
    if not tokenizer.is_file():
        raise ModelError(
            f"{str(tokenizer)!r} is not there; save the fast tokenizer (a vocab.txt or a "
            "sentencepiece.model is not read)"
        )
    if tokenizer.stat().st_size > _TOKENIZER_BYTES:
        raise ModelError(f"{str(tokenizer)!r} is over 128 MiB, which no tokenizer needs")
    config = JsonFile(path / "config.json", needed=True)
    guard = JsonFile(path / "guard.json", needed=False)
    found = read_heads(config, guard)
    max_tokens = _max_tokens(config, guard, JsonFile(path / "tokenizer_config.json", needed=False))
    stride = guard.whole("stride")
    if stride is not None and not 1 <= stride <= max_tokens:
        raise guard.wrong("stride", stride, f"give 1 to {max_tokens} (`max_tokens`)")
    digests = hash_files(path, model)
    measured = digests[model.relative_to(path).as_posix()]
    for wanted, where in ((sha256, "the policy"), (guard.text("sha256"), "guard.json")):
        if wanted and wanted.lower() != measured:
            raise ModelError(
                f"{str(model)!r} has SHA-256 {measured}, but {where} says {wanted}; one of them "
                "was changed: copy the model again, or give its digest"
            )
    return Folder(
        path=path,
        model=model,
        tokenizer=tokenizer,
        heads=found.heads,
        sigmoid=found.sigmoid,
        max_tokens=max_tokens,
        stride=stride or max(1, max_tokens // 2),
        pad_id=config.whole("pad_token_id") or 0,
        prefix=guard.text("prefix"),
        report_from=guard.number("report_from", guard.data.get("report_from", 0.3), 0, 1),
        by_token=_labels_tokens(config),
        digest=digest(digests),
        sha256=measured,
        pinned=bool(guard.text("sha256")),
        size=size,
    )


def is_token_model(path: Path) -> bool:
    """Return whether the model in the folder at `path` labels tokens; raise `ModelError`."""
    return _labels_tokens(JsonFile(path / "config.json", needed=True))


def hash_files(path: Path, model: Path) -> dict[str, str]:
    """Return the SHA-256 of every file that a score depends on, by its name in the folder."""
    names = ("tokenizer.json", "config.json", "guard.json", "tokenizer_config.json")
    beside = [path / name for name in names if (path / name).is_file()]
    files = [model, *_external(model), *beside]
    return {file.relative_to(path).as_posix(): _sha256(file) for file in files}


def digest(digests: dict[str, str]) -> str:
    """Return one SHA-256 for the files of `hash_files`."""
    lines = "".join(f"{name} {value}\n" for name, value in sorted(digests.items()))
    return hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()


def _sha256(file: Path) -> str:
    hashing = hashlib.sha256()
    try:
        with file.open("rb") as opened:
            while block := opened.read(1 << 20):
                hashing.update(block)
    except OSError as error:
        raise ModelError(f"{str(file)!r} cannot be read ({error.strerror})") from error
    return hashing.hexdigest()


def _model(path: Path) -> Path:
    for name in MODELS:
        file = path / name
        if file.is_file():
            _refuse_pointer(file)
            return file
    raise ModelError(
        f"{str(path)!r} has no network; put one of {', '.join(MODELS)} there (with `optimum-cli "
        "export onnx` for a model of transformers)"
    )


def _size(model: Path, most: int) -> int:
    """Return the bytes of the network and its external data; raise where they are over `most`."""
    files = (model, *_external(model))
    size = sum(file.stat().st_size for file in files)
    if size > most:
        what = " with its external data" if len(files) > 1 else ""
        raise ModelError(
            f"{str(model)!r}{what} has {size:,} bytes, and `max_bytes` is {most:,}; take a smaller "
            f"model, or set max_bytes = {size} in [settings.onnx] if this machine has memory for it"
        )
    return size


def _refuse_pointer(file: Path) -> None:
    try:
        with file.open("rb") as opened:
            start = opened.read(len(_POINTER))
    except OSError as error:
        raise ModelError(f"{str(file)!r} cannot be read ({error.strerror})") from error
    if start == _POINTER:
        raise ModelError(f"{str(file)!r} is a Git LFS pointer, not the model; run `git lfs pull`")


def _labels_tokens(config: JsonFile) -> bool:
    """Return whether config.json is that of a token classifier, by the name of its class."""
    named = config.data.get("architectures")
    names = named if isinstance(named, list) else []
    return any(isinstance(name, str) and name.endswith(_BY_TOKEN) for name in names)


def _external(model: Path) -> Iterable[Path]:
    """Return the files beside the network that hold its weights."""
    files = [model.with_name(name.format(model.name)) for name in _EXTERNAL]
    return [file for file in files if file.is_file()]


def _max_tokens(config: JsonFile, guard: JsonFile, tokenizer: JsonFile) -> int:
    positions = config.whole("max_position_embeddings")
    # RoBERTa's positions begin behind the padding's: 514 of them hold 512 tokens.
    if positions is not None and positions > 64 and (positions - 2).bit_count() == 1:
        positions -= 2
    length = tokenizer.whole("model_max_length")  # "no limit" is written as 10^30
    given = guard.whole("max_tokens")
    known = [n for n in (positions, length, given) if n is not None]
    most = min(known) if given is not None else min([*known, _MOST_TOKENS])
    if given is not None and given > most:
        raise guard.wrong("max_tokens", given, f"the model takes {most}")
    if most < 4:
        raise config.wrong("max_position_embeddings", most, "a window needs at least 4 tokens")
    return most
