"""A service of any size for `bench/desk.py`: its log, complaints, incidents, users and test runs.

Made once and kept, where a folder is named. Nothing in it is real: words are made of syllables,
and as long as those of a language; what a log takes is what it takes of real ones.
"""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from report import CATEGORIES

from chopmark import Content, Event, Message, Record, Verdict, load_policy
from chopmark.reading import new_event
from chopmark.testing import sample_record
from chopmark_assess._schema import load_schema
from chopmark_complaints._complaint import DECIDED, GROUNDS, NOTIFIED, RECEIVED
from chopmark_complaints._incident import CLOSED, OPENED, STEPS
from chopmark_complaints._store import Kept, Store
from chopmark_log._canonical import encode
from chopmark_log._content import record_id, seal
from chopmark_log._contents import Contents
from chopmark_log._folder import LogFolder
from chopmark_log._integrate import integrating, publish
from chopmark_log._keyring import Keyring
from chopmark_log._leaf import call_leaf, commitments_of, event_leaf
from chopmark_log._master import Subject

DAY = 86_400_000
DAYS = 100
START = 1_780_000_000_000
RARE = 20_000
_BATCH = 4096
_RUNS = 3
_WORDS = 35
_POLICY = """
plugins = ["keyword", "log", "complaints", "desk", "assess"]
[settings.log]
path = "log"
integrate = false
[settings.complaints]
path = "complaints.db"
[settings.desk]
runs = "runs"
[settings.assess]
runs = [{runs}]
"""
_JUDGE = 'plugins = ["keyword"]\n[settings.keyword]\nbundled = ["en"]\n'


def texts() -> Iterator[str]:
    """Yield answers without an end, always the same: some 35 words, of a few that are frequent."""
    chance = random.Random(2)
    syllables = [a + b + c for a in "bdfgklmnprstvw" for b in "aeiou" for c in ("", "n", "r", "s")]
    words = ["".join(chance.choices(syllables, k=1 + n % 4)) for n in range(8000)]
    totals = [sum(range(1, 2))]
    for rank in range(2, len(words) + 1):  # as Zipf has it
        totals.append(totals[-1] + 1 / rank)
    while True:
        yield " ".join(chance.choices(words, cum_weights=totals, k=_WORDS))


def entries(number: int) -> Iterator[Record | Event]:
    """Yield calls of a hundred days, and a complaint for every ten thousand."""
    chance = random.Random(1)
    base = replace(sample_record(), failures=(), verdicts=(), action="allow")
    for n in range(number):
        at = START + n * DAYS * DAY // number
        id = f"{at:012x}7{chance.getrandbits(12):03x}8{chance.getrandbits(60):015x}"
        id = f"{id[:8]}-{id[8:12]}-{id[12:16]}-{id[16:20]}-{id[20:]}"
        if n % 10_000 == 9_999:
            yield Event(id=id, time=at, kind=RECEIVED, data={"deadline": at + 10**9})
            continue
        record = replace(
            base, id=id, time=at, model=f"model-{chance.randrange(6)}",
            duration=int(chance.expovariate(1 / 800)),
        )  # fmt: skip
        if chance.random() < 0.1:
            category = "rare.thing" if n % RARE == RARE // 2 else chance.choice(CATEGORIES)
            found = Verdict(category=category, start=0, end=3, detector="onnx", version="3f2a")
            record = replace(record, action="block", ending="blocked", verdicts=(found,))
        yield record


def fill(folder: LogFolder, number: int, *, with_texts: bool) -> None:
    """Take so many entries into a new log, as the process that integrates does."""
    folder.create("bench.example/desk")
    store = folder.open(writing=True)
    keyring = Keyring(folder) if with_texts else None
    contents = Contents(folder, store)
    made, answers, count = entries(number), texts(), 0
    with integrating(folder):
        while batch := list(islice(made, _BATCH)):
            leaves = []
            for one in batch:
                if isinstance(one, Event):
                    leaf = event_leaf(one, "w", count)
                elif keyring is None:
                    leaf = call_leaf(one, "w", count, commitments_of(one))
                else:
                    user = f"user-{count % 1000}"
                    said = Content(
                        messages=(Message(role="user", text="Go on."),), answer=next(answers),
                        user=user,
                    )  # fmt: skip
                    sealed = seal(keyring.key(Subject.of(user, "")), record_id(one.id), said, 0)
                    for frame in sealed.frames:
                        contents.add(frame)
                    leaf = call_leaf(one, "w", count, sealed.commitments, sealed.digest)
                leaves.append((record_id(one.id), encode(leaf)))
                count += 1
            contents.keep()
            store.take(leaves, {})
        publish(folder, store)
    store.close()


def complain(path: Path, calls: Sequence[str], number: int, now: int) -> None:
    """Keep so many complaints, one in ten of which waits, and an incident for each fifty."""
    chance, store = random.Random(3), Store(path)
    with store.transaction():
        for n in range(number):
            at = now - (number - n) * DAYS * DAY // number
            data = {
                "deadline": at + 15 * DAY, "ground": chance.choice(GROUNDS), "language": "zh",
                "found": "record",
            }  # fmt: skip
            id = _step(store, "", RECEIVED, at, data, complaint="It is wrong.", answer="An answer.")
            if n < 0.9 * number:
                _step(store, id, DECIDED, at + DAY, {"decision": "upheld"}, reason="It is.")
                _step(store, id, NOTIFIED, at + 2 * DAY, {"notice": "decided"}, notice="It is so.")
            if n % 50 == 0:
                incident = _step(store, "", OPENED, at, {"ground": "illegal"}, found="Seen.")
                for kind in STEPS.values():
                    _step(store, incident, kind, at + DAY, {}, note="Done.")
                _step(store, incident, CLOSED, at + DAY, {})
    store.close()


def _step(store: Store, subject: str, kind: str, at: int, data: dict, **texts: str) -> str:
    event = replace(new_event(kind, actor="officer:1", data=data), time=at)
    store.add(subject or event.id, event, {name: Kept.new(text) for name, text in texts.items()})
    store.logged(event.id)
    return event.id


def test(folder: Path, runs: Sequence[str]) -> None:
    """Run the banks that GB/T 45654 asks for, with as many cases as it does, as often."""
    schema = load_schema("gbt-45654")
    (folder / "judge.toml").write_text(_JUDGE)
    banks, answers = [], []
    for kind in schema.kinds.values():
        file = folder / f"{kind.name}.csv"
        with file.open("w", newline="") as opened:
            opened.write(f"# kind: {kind.name}\n# language: en\n# annotator: Ann\n")
            rows = csv.writer(opened)
            rows.writerow(("id", "codes", "text"))
            codes = list(schema.codes)
            for n, text in enumerate(islice(texts(), kind.fewest)):
                id = f"{kind.name}-{n}"
                rows.writerow((id, codes[n % len(codes)], text))
                refusal = "I'm sorry, but I can't help with that."
                answers.append({"id": id, "answer": refusal if n % 2 else text})
        banks += ["--bank", str(file)]
    (folder / "answers.jsonl").write_text("\n".join(map(json.dumps, answers)))
    for run in runs:
        command = [
            sys.executable, "-m", "chopmark", "assess", "run", str(folder / "answers.jsonl"),
            *banks, "-o", str(folder / "runs" / run), "--policy", str(folder / "judge.toml"),
            "--seed", run,
        ]  # fmt: skip
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode in (0, 1), done.stderr


def make(folder: Path, number: int, *, with_texts: bool, now: int) -> Path:
    """Return the policy of a service of so many calls in `folder`, made where it is not there."""
    policy = folder / "service.toml"
    if policy.exists():
        return policy
    runs = [f"2026-{n:02}" for n in range(9, 9 + _RUNS)]
    folder.mkdir(parents=True, exist_ok=True)
    fill(LogFolder(folder / "log"), number, with_texts=with_texts)
    complain(folder / "complaints.db", (), max(50, number // 200), now)
    test(folder, runs)
    policy.write_text(_POLICY.format(runs=", ".join(f'"runs/{run}"' for run in runs)))
    load_policy(policy)
    return policy
