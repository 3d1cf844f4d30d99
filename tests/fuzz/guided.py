"""The same as `labels.py`, led by coverage: needs atheris, which is no dependency of ours.

    python -m tests.fuzz.guided [-max_total_time=300] [other options of libFuzzer]

The first byte of an input says of which seed's format the rest is.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-not-found]  # pip install atheris

with atheris.instrument_imports(include=["chopmark_label"]):
    from tests.fuzz.labels import attempt
    from tests.fuzz.seeds import seeds

    from chopmark_label._files._formats import formats

    formats()  # are imported when they are needed


def main() -> None:
    """Run libFuzzer on the seeds; it ends the process itself."""
    with tempfile.TemporaryDirectory() as name:
        made, corpus, work = (Path(name, part) for part in ("seeds", "corpus", "work"))
        for folder in (made, corpus, work):
            folder.mkdir()
        suffixes: list[str] = []
        for number, path in enumerate(seeds(made)):
            suffixes.append(path.suffix)
            (corpus / path.name).write_bytes(bytes([number]) + path.read_bytes())

        def one(data: bytes) -> None:
            if data:
                path = work / f"a{suffixes[data[0] % len(suffixes)]}"
                attempt(path, data[1:], write=data[0] >= 128)
                path.unlink()

        atheris.Setup([*sys.argv, str(corpus)], one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
