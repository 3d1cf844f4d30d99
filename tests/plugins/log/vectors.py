"""Makes tests/vectors/log.json: the formats of the log, by example, from a key that all may know.

    python -m tests.plugins.log.vectors

The seed is no secret and signs nothing else. What changes here breaks logs that others keep.
"""

from __future__ import annotations

import base64
import json
import tempfile
from pathlib import Path
from typing import Any

from chopmark import Commitment, Failure, Mark, Record, Usage, Verdict
from chopmark_log._bundles import unpack
from chopmark_log._canonical import encode
from chopmark_log._export import export
from chopmark_log._folder import LogFolder
from chopmark_log._handover import handover_id, handover_note
from chopmark_log._integrate import publish
from chopmark_log._leaf import call_leaf
from chopmark_log._master import Master, Subject
from chopmark_log._signing import SigningKey
from chopmark_log._spool import Spool
from chopmark_log._store import id_of
from chopmark_log.verify import Proof, commit, hash_leaf, root_of

FILE = Path(__file__).parents[2] / "vectors" / "log.json"
ORIGIN = "example.com/chopmark/vectors"
SEED, NEXT_SEED = bytes(range(32)), bytes(range(32, 64))
"""Of the signing key and the next one; and, in the vectors of tags, the master key and the next."""
WRITER = "19b0a1b2c3d-4711-0a1b2c3d"
SIZE = 259
"""Entries: more than a tile of 256, so that the tree has a second level and an open end."""


def disclosure(name: str, value: str) -> str:
    salt = base64.urlsafe_b64encode(bytes(16)).decode().rstrip("=")
    data = json.dumps([salt, name, value], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(data.encode()).decode().rstrip("=")


OPENED = {"request": '[["user","西湖在哪里？"]]', "answer": "在杭州。", "user": "u-17"}


def record(number: int, full: bool) -> Record:
    """Return a record that says as little as one can, or as much."""
    nothing = Commitment(digest="", characters=0)
    plain = Record(
        id=f"0190c8f2-7a3b-7c1d-9e2f-{number:012x}", time=1_760_000_000_000 + number,
        policy="cn@0123456789abcdef", adapter="openai", model="qwen-plus", audience="",
        stream=False, action="allow", ending="completed", judged=True, request=nothing,
        answer=nothing, user=nothing, messages=1, verdicts=(), marks=(), failures=(), usage=None,
        holdback=0, duration=12, sdk="0.1.0",
    )  # fmt: skip
    if not full:
        return plain
    values = {name: getattr(plain, name) for name in plain.__dataclass_fields__}
    return Record(**{
        **values, "audience": "minor", "stream": True, "action": "modify", "ending": "abandoned",
        "judged": False, "messages": 3, "holdback": 24,
        "request": Commitment(digest="", characters=6),
        "answer": Commitment(digest="", characters=4),
        "verdicts": (
            Verdict(category="pii.mobile", start=12, end=23, outcome="modify", detector="pii",
                    version="3f2a"),
            Verdict(category="harm.violence", start=0, end=40, score=0.312, outcome="warn",
                    detail="a", detector="onnx", direction="input", kind="reasoning", part=1),
        ),
        "marks": (
            Mark(marker="label", kind="visible", where="start", data={"ContentProducer": "甲"}),
            Mark(marker="watermark", kind="watermark", placed=False, reason="too short"),
        ),
        "failures": (Failure(role="detector", name="d", error="ValueError", handled="allow"),),
        "usage": Usage(input_tokens=211, output_tokens=388),
    })  # fmt: skip


def leaves() -> list[bytes]:
    opened = {name: commit(disclosure(name, text)) for name, text in OPENED.items()}
    full = call_leaf(record(1, full=True), WRITER, 1, opened, "A" * 43)
    found = [
        encode(full if n == 1 else call_leaf(record(n, full=False), WRITER, n, {}))
        for n in range(SIZE - 1)
    ]
    gap = {
        "v": 1, "k": "gap", "t": 1_760_000_001_000,
        "w": {"h": "recover-19b0a1b2c3e-0a1b2c3d", "n": 0},
        "why": "a process ended while it wrote the last frame", "file": f"{WRITER}.torn",
        "bytes": 14, "from": 0, "taken": 0, "lacking": 0, "sha256": "00" * 32,
    }  # fmt: skip
    return [*found, encode(gap)]


REFUSED = {
    "a float": '{"k":"x","s":0.5,"v":1,"w":{"h":"a","n":0}}',
    "a number of 2^53": '{"k":"x","s":9007199254740992,"v":1,"w":{"h":"a","n":0}}',
    "white space": '{"k":"x", "v":1,"w":{"h":"a","n":0}}',
    "keys that are not in order": '{"v":1,"k":"x","w":{"h":"a","n":0}}',
    "a key in capitals": '{"K":"x","v":1,"w":{"h":"a","n":0}}',
    "a key twice": '{"k":"x","k":"x","v":1,"w":{"h":"a","n":0}}',
    "an escape where none is needed": '{"k":"\\u00e4","v":1,"w":{"h":"a","n":0}}',
    "a lone surrogate": '{"k":"\\ud800","v":1,"w":{"h":"a","n":0}}',
    "another version": '{"k":"x","v":2,"w":{"h":"a","n":0}}',
    "no object": '["k"]',
    "what must be left out": '{"judged":true,"k":"call","v":1,"w":{"h":"a","n":0}}',
    "a usual value in a verdict": '{"k":"call","v":1,"verdicts":[{"part":0}],"w":{"h":"a","n":0}}',
}


def made() -> dict[str, Any]:
    """Return the vectors, all from this code."""
    key = SigningKey.of_seed(ORIGIN, SEED)
    masters = [first := Master(SEED), first.followed_by(NEXT_SEED)]
    entries = leaves()
    hashes = [hash_leaf(entry) for entry in entries]
    with tempfile.TemporaryDirectory() as there:
        folder = LogFolder(Path(there) / "log")
        folder.create(ORIGIN)
        folder.key.write_text(key.to_text() + "\n")
        folder.public.write_text(f"{key.public}\n")
        store = folder.open(writing=True)
        store.take([(id_of(entry), entry) for entry in entries], {})
        note = publish(folder, store)
        assert note is not None
        tree = store.tree(SIZE)
        proof = Proof(1, tuple(tree.inclusion(1)), note)
        consistency = [base64.b64encode(one).decode() for one in tree.consistency(100)]
        tile = store.tile(1, 0).hex()
        (pressed,) = store.file.rows("SELECT leaves FROM bundles")[0]
        assert unpack(pressed) == entries[:256]
        export(store, key.public, 1, 2, Path(there) / "bundle")
        line = (Path(there) / "bundle" / "records.jsonl").read_text("utf-8")
        store.close()
        spool = Spool(Path(there), "one")
        spool.append(entries[0])
        spool.close()
        frame = (Path(there) / "one.spool").read_bytes().hex()
    return {
        "seed": SEED.hex(),
        "origin": ORIGIN,
        "key": str(key.public),
        "leaf_of_little": entries[0].decode(),
        "leaf_of_everything": entries[1].decode(),
        "leaf_of_a_gap": entries[-1].decode(),
        "refused": REFUSED,
        "disclosures": {name: disclosure(name, text) for name, text in OPENED.items()},
        "leaf_hashes": [hashes[n].hex() for n in (0, 1, SIZE - 1)],
        "roots": {
            str(n): root_of(hashes[:n]).hex() for n in (0, 1, 2, 3, 7, 100, 255, 256, 257, SIZE)
        },
        "tile_1_0": tile,
        "checkpoint": note,
        "proof": str(proof),
        "consistency_100": consistency,
        "bundle_line": line,
        "spool_frame": frame,
        "next_seed": NEXT_SEED.hex(),
        "handover": handover_note(key, SigningKey.of_seed(ORIGIN, NEXT_SEED)),
        "handover_id": handover_id(key.public).hex(),
        "tags_of_user_u-17": [one.tag(Subject.of("u-17", "")).hex() for one in masters],
    }


def main() -> None:
    FILE.write_text(json.dumps(made(), indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
