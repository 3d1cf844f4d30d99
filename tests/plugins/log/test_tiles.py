"""A published log is what any reader of C2SP tlog-tiles expects, and never less than it says."""

from __future__ import annotations

import functools
import http.server
import json
import random
import re
import shutil
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled
from tests.plugins.log.logs import fill, invoke, settle

from chopmark_log._folder import LogFolder
from chopmark_log._signing import read_verifier_key
from chopmark_log._tiles import Tile, bundles_of, tiles_of
from chopmark_log.verify import (
    Checkpoint,
    hash_leaf,
    hash_node,
    open_checkpoint,
    root_of,
    split_note,
)


def read(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return bytes(answer.read())


def place(number: int) -> str:
    """Write a number of a tile by the words of the specification: 1234067 is x001/x234/067."""
    found = f"{number % 1000:03d}"
    while number := number // 1000:
        found = f"x{number % 1000:03d}/{found}"
    return found


def path_of(kind: str, number: int, width: int) -> str:
    return f"tile/{kind}/{place(number)}" + (f".p/{width}" if width < 256 else "")


def root_by_tiles(base: str, size: int) -> bytes:
    """Return the root of a tree by its tiles alone, each level from the one below.

    A whole tile is one hash of the next level; what is left at each is folded from the right.
    """
    right: bytes | None = None
    level, below = 0, [b""] * 0
    while count := size >> 8 * level:
        hashes: list[bytes] = []
        for number in range(-(-count // 256)):
            width = min(256, count - number * 256)
            data = read(f"{base}/{path_of(str(level), number, width)}")
            assert len(data) == 32 * width
            hashes += [data[n : n + 32] for n in range(0, len(data), 32)]
        for number, root in enumerate(below):
            assert hashes[number] == root  # the whole tiles of the level below
        below = [perfect(hashes[n : n + 256]) for n in range(0, count // 256 * 256, 256)]
        for height in range(8):
            if count >> height & 1:
                end = count % 256 >> height << height
                start = end - (1 << height)
                node = perfect(hashes[count // 256 * 256 :][start:end])
                right = node if right is None else hash_node(node, right)
        level += 1
    assert right is not None
    return right


def perfect(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        hashes = [hash_node(*hashes[n : n + 2]) for n in range(0, len(hashes), 2)]
    return hashes[0]


def entries_of(base: str, size: int, first: int = 0) -> list[bytes]:
    found: list[bytes] = []
    for number in range(first, -(-size // 256)):
        data = read(f"{base}/{path_of('entries', number, min(256, size - number * 256))}")
        while data:
            length = int.from_bytes(data[:2], "big")
            found.append(data[2 : 2 + length])
            data = data[2 + length :]
    return found


def head_of(base: str, folder: LogFolder) -> Checkpoint:
    keys = [read_verifier_key(str(folder.public))]
    return open_checkpoint(read(f"{base}/checkpoint").decode(), keys).checkpoint


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """Serve a folder as any web server would."""
    out = tmp_path / "site"
    out.mkdir()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(out))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield out, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_any_reader_of_tiles_computes_the_root_that_was_signed(
    tmp_path: Path, site: tuple[Path, str]
) -> None:
    out, base = site
    folder = LogFolder(tmp_path / "log")
    words = ("log", "tiles", str(out), "--path", str(folder.path), "--json")
    seen = 0
    for more in (1, 3, 252, 1, 260):  # to 1, 4, 256, 257 and 517
        fill(folder, more)
        settle(folder)
        told = json.loads(invoke(*words).stdout)
        head = head_of(base, folder)
        assert head.size == told["entries"] > seen
        entries = entries_of(base, head.size)
        assert len(entries) == head.size
        assert root_of(map(hash_leaf, entries)) == head.root == root_by_tiles(base, head.size)
        seen = head.size
    assert not list(out.glob("tile/0/000.p/*"))  # the whole one is there
    again = json.loads(invoke(*words).stdout)
    assert (again["entries"], again["files"]) == (seen, 0)


def test_hashes_alone_say_nothing_of_the_records(tmp_path: Path, site: tuple[Path, str]) -> None:
    out, base = site
    folder = LogFolder(tmp_path / "log")
    fill(folder, 5)
    settle(folder)
    words = ("log", "tiles", str(out), "--path", str(folder.path))
    assert invoke(*words, "--hashes-only").exit_code == 0
    head = head_of(base, folder)
    assert root_by_tiles(base, head.size) == head.root
    with pytest.raises(urllib.error.HTTPError):
        entries_of(base, head.size)
    assert invoke(*words).exit_code == 0  # all of them, not only new ones
    assert len(entries_of(base, head.size)) == head.size
    refused = invoke(*words, "--hashes-only")
    assert refused.exit_code == 2
    assert "another folder" in refused.stderr


def test_of_what_is_not_what_was_signed_nothing_is_published(
    tmp_path: Path, site: tuple[Path, str]
) -> None:
    out, _ = site
    folder = LogFolder(tmp_path / "log")
    fill(folder, 3)
    settle(folder)
    words = ("log", "tiles", str(out), "--path", str(folder.path))
    assert invoke(*words).exit_code == 0
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    fill(folder, 3)
    settle(folder)
    store = folder.open(writing=True)
    try:
        store.tables.rows("UPDATE tiles SET hashes = zeroblob(length(hashes))")  # type: ignore[attr-defined]
    finally:
        store.close()
    failed = invoke(*words)
    assert failed.exit_code == 1
    assert "not what was signed" in failed.stdout + failed.stderr
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_a_log_goes_on_where_it_was_published_under_its_former_key(tmp_path: Path) -> None:
    folder, out = LogFolder(tmp_path / "log"), str(tmp_path / "out")
    words = ("log", "tiles", out, "--path", str(folder.path))
    fill(folder, 2)
    settle(folder)
    assert invoke(*words).exit_code == 0
    former = read_verifier_key(str(folder.public))
    assert invoke("log", "keys", "rotate", "signing", "--path", str(folder.path)).exit_code == 0
    fill(folder, 2)
    settle(folder)
    assert invoke(*words).exit_code == 0
    assert read_verifier_key(str(folder.public)) != former
    note = (tmp_path / "out" / "checkpoint").read_text("utf-8")
    assert open_checkpoint(note, [read_verifier_key(str(folder.public))]).checkpoint.size == 5


def test_a_log_that_was_taken_back_or_a_foreign_folder_is_refused(tmp_path: Path) -> None:
    one, other = LogFolder(tmp_path / "one"), LogFolder(tmp_path / "other")
    for folder in (one, other):
        fill(folder, 2)
        settle(folder)
    out = str(tmp_path / "out")
    assert invoke("log", "tiles", out, "--path", str(one.path)).exit_code == 0
    refused = invoke("log", "tiles", out, "--path", str(other.path))
    assert refused.exit_code == 2
    assert "no checkpoint of this log" in refused.stderr
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    refused = invoke("log", "tiles", str(tmp_path / "home"), "--path", str(one.path))
    assert refused.exit_code == 2
    assert "letter.txt" in refused.stderr


@given(st.integers(0, 2**40), st.integers(0, 2**40))
@settings(max_examples=scaled(200), deadline=None)
def test_what_is_new_and_what_was_there_are_all_there_is(one: int, other: int) -> None:
    before, size = sorted((one % 3000, other % 3000))
    for names in (tiles_of, bundles_of):
        assert {*names(size)} <= {*names(before), *names(size, before)}
        assert all(tile.width == 256 or tile in {*names(size)} for tile in names(size, before))
    assert Tile(3, other, 256).path == f"tile/3/{place(other)}"


def test_a_tree_of_70000_has_the_tiles_of_the_specification() -> None:
    counts: dict[tuple[int | None, int], int] = {}
    for tile in tiles_of(70_000):
        counts[tile.level, tile.width] = counts.get((tile.level, tile.width), 0) + 1
    assert counts == {(0, 256): 273, (0, 112): 1, (1, 256): 1, (1, 17): 1, (2, 1): 1}
    assert Tile(None, 1_234_067, 17).path == "tile/entries/x001/x234/067.p/17"


def test_a_loss_of_power_leaves_a_checkpoint_that_has_all_that_it_wants(tmp_path: Path) -> None:
    crashes = pytest.importorskip("tests.plugins.log.crashes", reason="records by apsw")
    folder, out = LogFolder(tmp_path / "log"), tmp_path / "site"
    words = ("log", "tiles", str(out), "--path", str(folder.path))
    fill(folder, 5)
    settle(folder)
    assert invoke(*words).exit_code == 0
    before = shutil.copytree(out, tmp_path / "before")
    fill(folder, 300)
    settle(folder)
    with crashes.recording(out) as journal:
        assert invoke(*words).exit_code == 0
    whole = {5: before, 305: out}
    chance, sizes, last = random.Random(1), set(), len(journal.events)
    for number in range(scaled(60)):
        image = tmp_path / f"image-{number}"
        after = chance.randint(0, last) if number > 1 else number * last  # its ends in any case
        crashes.crash(journal, after, chance, image)
        size = Checkpoint.parse_body(split_note((image / "checkpoint").read_text())[0]).size
        for tile in (*tiles_of(size), *bundles_of(size)):
            assert (image / tile.path).read_bytes() == (whole[size] / tile.path).read_bytes()
        sizes.add(size)
        shutil.rmtree(image)
    assert sizes == set(whole)


def test_only_what_was_written_is_waited_for(tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("asks strace")
    folder, trace = LogFolder(tmp_path / "log"), tmp_path / "trace"
    fill(folder, 5)
    settle(folder)
    run = [sys.executable, "-m", "chopmark", "log", "tiles", "site", "--path", "log"]
    watch = ["strace", "-f", "-o", str(trace), "-e", "trace=sync,syncfs,fsync"]
    done = subprocess.run([*watch, *run], cwd=tmp_path, capture_output=True, text=True, check=False)
    if "PTRACE" in done.stderr or "ptrace" in done.stderr:
        pytest.skip("strace may not look into a child")
    assert done.returncode == 0, done.stderr
    calls = re.findall(r"\b(\w+)\(", trace.read_text())
    assert set(calls) == {"fsync"}
