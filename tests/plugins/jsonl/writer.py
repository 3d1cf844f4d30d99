"""What appends records in a process that the tests start, fork and kill.

append PATH TAG COUNT [PADDING]     append COUNT records, and say each that is stored
fork PATH TAG COUNT                 the same in 4 children of one log already in use
threads PATH TAG COUNT              fork COUNT children while a thread appends
full PATH TAG LIMIT                 append until a file may not grow over LIMIT bytes
"""

import json
import os
import threading
from dataclasses import replace

from chopmark import Commitment, LogError, Mark, Record
from chopmark_jsonl import JsonlLog

NOTHING = Commitment(digest="0" * 64, characters=0)
SAMPLE = Record(
    id="", time=1_700_000_000_000, policy="test@0123456789abcdef", adapter="python", model="m",
    audience="", stream=True, action="allow", ending="completed", judged=True, request=NOTHING,
    answer=NOTHING, user=NOTHING, messages=1, verdicts=(),
    marks=(Mark(marker="label", kind="visible", where="start"),), failures=(), usage=None,
    holdback=0, duration=12, sdk="0",
)  # fmt: skip


def append(log: JsonlLog, tag: str, count: int, padding: str = "") -> None:
    sample = replace(SAMPLE, model=padding)
    for n in range(count):
        log.append(replace(sample, id=f"{tag}-{n}"))
        os.write(1, f"{tag}-{n}\n".encode())


def fork(log: JsonlLog, tag: str, count: int) -> None:
    append(log, tag, 1)
    children = []
    for child in range(4):
        pid = os.fork()
        if pid == 0:
            append(log, f"{tag}.{child}", count)
            os._exit(0)
        children.append(pid)
    append(log, f"{tag}.parent", count)
    for pid in children:
        assert os.waitpid(pid, 0)[1] == 0


def threads(log: JsonlLog, tag: str, count: int) -> None:
    stop = threading.Event()

    def busy() -> None:
        n = 0
        while not stop.is_set():
            log.append(replace(SAMPLE, id=f"{tag}.thread-{n}"))
            n += 1

    thread = threading.Thread(target=busy)
    thread.start()
    for child in range(count):
        pid = os.fork()
        if pid == 0:
            append(log, f"{tag}.{child}", 1)
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
    stop.set()
    thread.join()


def full(log: JsonlLog, tag: str, limit: int) -> None:
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    stored = 0
    errors = []
    for n in range(5):
        try:
            while True:
                log.append(replace(SAMPLE, id=f"{tag}-{stored}"))
                stored += 1
        except LogError as error:
            errors.append(str(error))
            size = os.path.getsize(log.path)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit + 1000 * (n + 1), hard))
    os.write(1, json.dumps({"stored": stored, "errors": errors, "size": size}).encode())


def main(mode: str, path: str, tag: str, number: int, padding: int = 0) -> None:
    made = JsonlLog({"path": path})
    if mode == "append":
        append(made, tag, number, "x" * padding)
    else:
        {"fork": fork, "threads": threads, "full": full}[mode](made, tag, number)
