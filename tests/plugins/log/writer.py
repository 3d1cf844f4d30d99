"""A program that appends to a log: PATH MODE COUNT; it prints the id of each record taken."""

from __future__ import annotations

import os
import sys
import threading
import time

from chopmark.testing import sample_record
from chopmark_log._log import TransparencyLog


def append(log: TransparencyLog, count: int, pause: float = 0.0) -> None:
    for _ in range(count):
        time.sleep(pause)
        os.write(1, f"{log.append(sample_record()).record}\n".encode())  # whole, from any thread


def main(path: str, mode: str, count: str) -> None:
    durability = "disk" if mode == "disk" else "os"
    log = TransparencyLog({"path": path, "durability": durability})
    if mode == "fork":
        append(log, 5)
        children = []
        for _ in range(3):
            child = os.fork()
            if child == 0:
                append(log, int(count))
                log.close()
                os._exit(0)
            children.append(child)
        append(log, int(count))
        for child in children:
            os.waitpid(child, 0)
    elif mode == "threads":
        workers = [threading.Thread(target=append, args=(log, int(count))) for _ in range(8)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    else:
        append(log, int(count), 0.001 if mode == "slowly" else 0.0)
    if mode != "leave":
        log.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
