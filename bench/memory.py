"""How much memory a second process with the same model takes, by the form that the weights have.

    python bench/memory.py [--model bundled:small]

Two processes load a model and judge a text, then both are looked at: `resident` is what a process
has in memory, `own` what would be freed if it ended (Pss less what others share, by
/proc/PID/smaps_rollup). The network is taken as it is, with its weights in a file beside it
(which onnxruntime maps), and in onnxruntime's own format (mapped by a session option); each with
weights packed anew for the kernels, as usual, and as they are. Linux only.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from chopmark_onnx._locate import locate

PROGRAM = """
import sys, time
import chopmark_onnx._network as network
from chopmark_onnx._cache import Cache
from chopmark_onnx._folder import read_folder
from chopmark_onnx._onnxruntime import onnxruntime
from chopmark_onnx._running import Running
from chopmark_onnx._scorer import Scorer
from pathlib import Path

class Options(onnxruntime.SessionOptions):
    def __init__(self):
        super().__init__()
        for entry in sys.argv[2:]:
            self.add_session_config_entry(*entry.split("=", 1))

onnxruntime.SessionOptions = Options
scorer = Scorer(read_folder(Path(sys.argv[1])), Running(), Cache())
text = "今天天气很好，我们一起去公园散步吧。" * 5
times = []
for _ in range(60):
    started = time.perf_counter()
    scorer.score(text, 9)
    times.append(time.perf_counter() - started)
print(min(times) * 1000, flush=True)
sys.stdin.read()
"""
RAW = ("session.disable_prepacking=1",)
MAPPED = (
    "session.load_model_format=ORT",
    "session.use_memory_mapped_ort_model=1",
    "session.use_ort_model_bytes_for_initializers=1",
)


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="bundled:small")
    folder = locate(parser.parse_args().model, Path())
    with tempfile.TemporaryDirectory() as room:
        forms: dict[str, tuple[Path, tuple[str, ...]]] = {
            "one file": (folder, ()),
            "one file, not packed": (folder, RAW),
        }
        for name, save, entries in (
            ("weights beside it", beside, ()),
            ("onnxruntime's format", own_format, MAPPED),
        ):
            made = Path(shutil.copytree(folder, Path(room) / name))
            save(made)
            forms[name] = (made, entries)
            forms[f"{name}, not packed"] = (made, (*entries, *RAW))
        print(f"{'':<34}{'resident':>10}{'own':>8}   MB, of each of two processes; ms a text")
        for name, (path, entries) in forms.items():
            print(f"{name:<34}{measured(path, entries)}", flush=True)
    return 0


BESIDE = """
import sys
from pathlib import Path
import onnx
from onnx.external_data_helper import convert_model_to_external_data

file = Path(sys.argv[1])
network = onnx.load(str(file))
convert_model_to_external_data(
    network, location=file.name + ".data", size_threshold=4096, convert_attribute=False
)
file.unlink()
onnx.save(network, str(file))
"""


def beside(folder: Path) -> None:
    """Put the weights of 4 KiB and more into a file beside the network, page by page."""
    # In a process of its own: from this folder, `import onnx` finds bench/onnx.py.
    subprocess.run([sys.executable, "-c", BESIDE, str(folder / "model.onnx")], check=True)
    unpin(folder)


def own_format(folder: Path) -> None:
    """Save the network, as optimised here, in onnxruntime's own format."""
    from chopmark_onnx._onnxruntime import onnxruntime

    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(folder / "model.ort")
    options.add_session_config_entry("session.save_model_format", "ORT")
    onnxruntime.InferenceSession(
        str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
    )
    (folder / "model.ort").replace(folder / "model.onnx")
    unpin(folder)


def unpin(folder: Path) -> None:
    import json

    file = folder / "guard.json"
    guard = json.loads(file.read_text("utf-8"))
    guard.pop("sha256", None)
    file.write_text(json.dumps(guard), "utf-8")


def measured(folder: Path, entries: tuple[str, ...]) -> str:
    command = [sys.executable, "-c", PROGRAM, str(folder), *entries]
    programs = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)
    ]
    try:
        said = [program.stdout.readline() for program in programs if program.stdout]
        if not all(said):
            return "  cannot be loaded"
        sizes = [rolled(program.pid) for program in programs]
    finally:
        for program in programs:
            program.communicate()
    resident = "/".join(f"{size['Rss']:.0f}" for size in sizes)
    own = "/".join(f"{size['Private_Clean'] + size['Private_Dirty']:.0f}" for size in sizes)
    return f"{resident:>10}{own:>8}   {min(map(float, said)):.2f}"


def rolled(pid: int) -> dict[str, float]:
    """Return the sizes in /proc/PID/smaps_rollup in megabytes."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {line.split(":")[0]: int(line.split()[1]) * 1024 / 1e6 for line in lines}


if __name__ == "__main__":
    sys.exit(main())
