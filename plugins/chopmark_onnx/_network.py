"""Runs the network of a model folder, and refuses one that is no text classifier."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chopmark import ModelError

from ._folder import Folder
from ._onnxruntime import onnxruntime
from ._providers import CPU
from ._running import Running

_TYPES = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}
_DYNAMIC = b"DynamicQuantizeLinear"
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")


class Network:
    """An onnxruntime session, shared by threads.

    It takes one window at a time, unpadded, or several of them, padded. With dynamic quantisation,
    the usual kind on CPU, the scale of the activations comes from the whole batch: in company the
    score of a text would depend on the others, and on the bundled model a batch is no faster
    (bench/onnx.py). Such a network takes one at a time only.

    Args:
        folder: the model.
        running: how it is run.

    Raises:
        ModelError: it cannot be loaded, is no text classifier, a provider does not start, or it
            cannot be run as is wanted.
    """

    def __init__(self, folder: Folder, running: Running) -> None:
        self._file = str(folder.model)
        self._pad_id = folder.pad_id
        self._by_token = folder.by_token
        self.threadless = running.threads == 1 and running.providers == CPU
        self._session = self._open(running.threads, running.providers)
        self._check_providers(running.providers)
        self.inputs = {given.name: str(given.type) for given in self._session.get_inputs()}
        self._dtypes = {name: self._dtype(name, kind) for name, kind in self.inputs.items()}
        if "input_ids" not in self.inputs:
            raise self._wrong(f"takes {', '.join(self.inputs)}, not `input_ids`")
        self.length = self._fixed_length()
        outputs = [output.name for output in self._session.get_outputs()]
        self.output = "logits" if "logits" in outputs else outputs[0]
        self._outputs = [self.output]
        if running.batch > 1:
            self._check_batches(folder)

    def run(self, ids: list[int]) -> list[float]:
        """Return the numbers that the network gives for the token `ids`, one for each label.

        Raises:
            ModelError: it fails, or a number is not finite.
        """
        try:
            row: list[float] = self._session.run(self._outputs, self._feed(ids))[0][0].tolist()
        except Exception as error:  # onnxruntime's errors have no root but Exception
            raise self._wrong(f"fails on a window of {len(ids)} tokens: {error}") from error
        if not all(map(math.isfinite, row)):
            raise self._wrong("gives a number that is not finite; export it again")
        return row

    def run_tokens(self, ids: list[int]) -> list[list[float]]:
        """Return the numbers that the network gives for each token of `ids`, one for each label.

        Raises:
            ModelError: it fails, or a number is not finite.
        """
        try:
            rows = self._session.run(self._outputs, self._feed(ids))[0][0][: len(ids)]
        except Exception as error:  # onnxruntime's errors have no root but Exception
            raise self._wrong(f"fails on a window of {len(ids)} tokens: {error}") from error
        if not np.isfinite(rows).all():
            raise self._wrong("gives a number that is not finite; export it again")
        found: list[list[float]] = rows.tolist()
        return found

    def run_all(self, windows: Sequence[list[int]]) -> list[Any]:
        """Return for each of the `windows` what `run` or `run_tokens` would.

        Raises:
            ModelError: it fails, or a number is not finite.
        """
        try:
            found = self._session.run(self._outputs, self._feed_all(windows))[0]
        except Exception as error:  # onnxruntime's errors have no root but Exception
            raise self._wrong(f"fails on {len(windows)} windows at once: {error}") from error
        rows = found
        if self._by_token:
            rows = [row[: len(ids)] for row, ids in zip(found, windows, strict=True)]
        if not all(np.isfinite(row).all() for row in rows):
            raise self._wrong("gives a number that is not finite; export it again")
        return [row.tolist() for row in rows]

    def check(self, ids: list[int], labels: int, *, by_token: bool = False) -> None:
        """Raise `ModelError` where the output for `ids` is not one row of `labels` numbers.

        With `by_token` it must be one for each token.
        """
        try:
            found = self._session.run(self._outputs, self._feed(ids))[0]
        except Exception as error:  # onnxruntime's errors have no root but Exception
            raise self._wrong(f"fails on a short text: {error}") from error
        shape = list(getattr(found, "shape", ()))
        wanted = [1, self.length or len(ids), labels] if by_token else [1, labels]
        if shape == wanted and np.issubdtype(found.dtype, np.floating):
            return
        cure = "give config.json the labels that it has (`id2label`), or export the right model"
        if by_token:
            cure = "config.json says that it labels tokens (`architectures`); export it as that"
        elif len(shape) == 3:
            cure = (
                "numbers for every token: this is an embedding model, or one that labels tokens; "
                "export one with a head for sequence classification, or say in config.json that "
                'it labels tokens, "architectures": ["BertForTokenClassification"]'
            )
        raise self._wrong(
            f"puts out {self.output!r} of shape {shape} ({getattr(found, 'dtype', '?')}), wanted "
            f"is {wanted} for the {labels} labels in config.json; {cure}"
        )

    def check_vocabulary(self, ids: list[int]) -> None:
        """Raise `ModelError` where the network knows fewer tokens than are in `ids`."""
        try:
            self._session.run(self._outputs, self._feed(ids))
        except Exception as error:  # onnxruntime's errors have no root but Exception
            raise self._wrong(
                f"has no room for token {max(ids)}, which tokenizer.json has: {error}; the two "
                "belong to different models, copy both again"
            ) from error

    def keep(self) -> None:
        """Never free the session, not even when the interpreter ends."""
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._session))

    def _open(self, threads: int, providers: Sequence[str]) -> Any:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Texts differ in length: an arena would keep the memory of the longest one for ever, and
        # a pattern for each length. Neither makes a small model faster (bench/onnx.py).
        options.enable_cpu_mem_arena = False
        options.enable_mem_pattern = False
        options.log_severity_level = 4
        try:
            return onnxruntime.InferenceSession(
                self._file, options, providers=list(dict.fromkeys((*providers, *CPU)))
            )
        except Exception as error:  # onnxruntime's errors have no root but Exception
            raise self._wrong(
                f"cannot be loaded by onnxruntime {onnxruntime.__version__}: {error}; copy it "
                "again, export it with an older opset, or update onnxruntime"
            ) from error

    def _check_providers(self, providers: Sequence[str]) -> None:
        """Refuse what onnxruntime does in silence: to run on CPU what cannot run elsewhere."""
        started = self._session.get_providers()
        for name in providers:
            if name not in started:
                raise self._wrong(
                    f"does not run on {name}: onnxruntime offers that, but it did not start here "
                    "(a driver or a library of it is missing), and took "
                    f"{', '.join(started)}; mend it, or take it out of `providers`"
                )

    def _dtype(self, name: str, kind: str) -> Any:
        if name not in _INPUTS:
            raise self._wrong(
                f"takes {name!r}, which text does not give; it may take {', '.join(_INPUTS)}"
            )
        if kind not in _TYPES:
            raise self._wrong(f"takes {name!r} as {kind}; it may be {' or '.join(_TYPES)}")
        return _TYPES[kind]

    def _fixed_length(self) -> int | None:
        """Return the length of the texts, where the network was exported for one alone."""
        shape = next(g.shape for g in self._session.get_inputs() if g.name == "input_ids")
        if len(shape) != 2:
            raise self._wrong(f"takes `input_ids` of shape {shape}, wanted is [batch, tokens]")
        if isinstance(shape[0], int) and shape[0] != 1:
            raise self._wrong(f"takes {shape[0]} texts at once; export it with a dynamic batch")
        return shape[1] if isinstance(shape[1], int) else None

    def _feed(self, ids: list[int]) -> dict[str, Any]:
        used = len(ids)
        if self.length is not None:
            ids = ids + [self._pad_id] * (self.length - used)
        size = (1, len(ids))
        feed = {"input_ids": np.array([ids], self._dtypes["input_ids"])}
        if "attention_mask" in self._dtypes:
            mask = feed["attention_mask"] = np.ones(size, self._dtypes["attention_mask"])
            if self.length is not None:
                mask[0, used:] = 0
        if "token_type_ids" in self._dtypes:
            feed["token_type_ids"] = np.zeros(size, self._dtypes["token_type_ids"])
        return feed

    def _feed_all(self, windows: Sequence[list[int]]) -> dict[str, Any]:
        size = (len(windows), self.length or max(map(len, windows)))
        given = {
            "input_ids": np.full(size, self._pad_id),
            "attention_mask": np.zeros(size),
            "token_type_ids": np.zeros(size),
        }
        for number, ids in enumerate(windows):
            given["input_ids"][number, : len(ids)] = ids
            given["attention_mask"][number, : len(ids)] = 1
        return {name: given[name].astype(kind) for name, kind in self._dtypes.items()}

    def _check_batches(self, folder: Folder) -> None:
        """Refuse to join windows where a text's score would then depend on other texts."""
        [shape] = [g.shape for g in self._session.get_inputs() if g.name == "input_ids"]
        if shape[0] == 1:
            raise self._wrong("takes one text at a time; export it with a dynamic batch")
        if "attention_mask" not in self._dtypes:
            raise self._wrong("takes no `attention_mask`, so that padding would count as text")
        if _DYNAMIC in folder.model.read_bytes():
            raise self._wrong(
                "measures its activations while it runs (dynamic quantisation): in a batch the "
                "score of a text would depend on the others; take `batch` out, or export it in "
                "floats, which is what a GPU wants"
            )

    def _wrong(self, what: str) -> ModelError:
        return ModelError(f"{self._file!r} {what}")
