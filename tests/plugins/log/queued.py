"""An application of Celery whose task is a guarded call, in the log of the folder CHOPMARK_LOG.

For each call that came back a line in the file TAKEN says who made it, the id of its record, and
what was asked. The first is made when this is loaded, which a worker does before it forks.
"""

from __future__ import annotations

import os
import time

from celery import Celery

from chopmark import Chopmark, Policy, Response
from chopmark_log._log import TransparencyLog

app = Celery("queued", broker=os.environ["BROKER"])
app.conf.update(worker_prefetch_multiplier=1, task_ignore_result=True)
chop = Chopmark(Policy(name="queued"), log=TransparencyLog({"path": os.environ["CHOPMARK_LOG"]}))


def note(response: Response) -> None:
    assert response.receipt is not None
    line = f"{os.getpid()} {response.receipt.record} {response.text}\n".encode()
    file = os.open(os.environ["TAKEN"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, line)
    os.close(file)


@chop.guard(on_response=note)
def answer(prompt: str) -> str:
    time.sleep(0.005)
    return prompt


@app.task(name="ask")
def ask(prompt: str) -> None:
    answer(prompt)


answer("first")
