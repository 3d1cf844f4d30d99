"""Has `chopmark inspect` look at each hostile file in a limited process, and prints what it took.

`python -m tests.plugins.label.hostile FOLDER SHARE [NAME...]` makes them of that share of their
sizes, and prints their bytes, the seconds of processor time, the peak of memory, and the answer.
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path

from tests.plugins.label.hostile import MAKERS


def measured(path: Path, seconds: int, memory: int) -> tuple[float, int, str]:
    """Return the seconds of processor time and the bytes of memory a look takes, and its answer."""
    from chopmark import ChopmarkError
    from chopmark_label import inspect_file, readers

    markers = readers("inspect")
    told, telling = os.pipe()
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        try:
            report = inspect_file(path, markers)
            said = f"{len(report.findings)} findings, {len(json.dumps(report.to_json()))} bytes; "
            said += "; ".join(report.notes)
        except ChopmarkError as error:
            said = f"refused: {error}"
        except MemoryError:
            said = "MemoryError"
        os.write(telling, said.encode()[:4000])
        os._exit(0)
    os.close(telling)
    _, status, usage = os.wait4(child, 0)
    with os.fdopen(told, "rb") as file:
        said = (
            file.read().decode("utf-8", "replace")
            or f"killed ({os.waitstatus_to_exitcode(status)})"
        )
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, said


def main(folder: Path, share: float, names: list[str]) -> None:
    for name in names or MAKERS:
        suffix, make, size = MAKERS[name]
        path = folder / f"hostile{suffix}"
        path.write_bytes(make(int(size * share)))
        long = path.stat().st_size
        took, peak, said = measured(path, 6, 4 << 30)
        said = said.replace(str(path), "FILE")
        costs = f"{long / 2**20:7.1f} MiB {took:6.1f} s {peak / 2**20:6.0f} MiB"
        print(f"{name:18} {costs}  {said[:180]}", flush=True)
        path.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3:])
