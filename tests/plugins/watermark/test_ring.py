"""Keys are derived, never shown, and a revoked one neither marks nor finds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chopmark_watermark import Ring, RingError, read_ring, write_ring


def test_a_rotated_ring_marks_with_the_new_key_and_finds_with_both(ring: Ring) -> None:
    rotated = ring.rotate("2026-11")
    assert rotated.active.id != ring.active.id
    names = rotated.finding(["acme"], "2026-12")
    assert [(name.master, name.epoch) for name in names] == [
        (rotated.active.id, "2026-12"),
        (rotated.active.id, "2026-11"),
        (ring.active.id, "2026-11"),
        (ring.active.id, "2026-10"),
    ]


def test_a_revoked_key_neither_marks_nor_finds(ring: Ring) -> None:
    name, _ = ring.marking("gumbel", "", "t", "2026-10")
    revoked = ring.revoke(ring.active.id, "2026-11")
    assert revoked.finding([""], "2026-12") == []
    with pytest.raises(RingError, match="no key of the ring is active"):
        revoked.marking("gumbel", "", "t", "2026-11")
    with pytest.raises(RingError, match="revoked"):
        revoked.derive(name, "gumbel", "t")
    with pytest.raises(RingError, match="for good"):
        revoked.retire(name.master, "2026-12")


def test_scheme_tenant_epoch_and_tokenizer_each_have_a_key_of_their_own(ring: Ring) -> None:
    made = {
        ring.marking(scheme, tenant, tokenizer, epoch)[1]
        for scheme in ("gumbel", "green")
        for tenant in ("", "a")
        for tokenizer in ("t", "u")
        for epoch in ("2026-10", "2026-11")
    }
    assert len(made) == 16


def test_a_tenant_cannot_pass_for_another_by_its_name(ring: Ring) -> None:
    with pytest.raises(RingError, match=r"'\|' cannot stand"):
        ring.marking("gumbel", "a|2026-10", "t", "2026-10")


def test_no_text_made_of_a_ring_shows_a_secret(ring: Ring) -> None:
    secret = ring.active.secret
    shown = repr(ring) + str(ring) + repr(ring.active)
    assert repr(secret)[2:-1] not in shown
    assert secret.hex() not in shown


def test_a_ring_comes_back_from_its_file_which_its_owner_alone_can_read(
    ring: Ring, tmp_path: Path
) -> None:
    path = tmp_path / "ring.json"
    write_ring(ring.rotate("2026-11"), path, new=True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [m.state for m in read_ring(path).masters] == ["retired", "active"]
    with pytest.raises(RingError, match="there already"):
        write_ring(ring, path, new=True)
    assert len(read_ring(path).masters) == 2
    assert [file.name for file in tmp_path.iterdir()] == ["ring.json"]


def test_a_ring_that_others_can_read_is_refused_with_its_cure(ring: Ring, tmp_path: Path) -> None:
    path = tmp_path / "ring.json"
    write_ring(ring, path)
    path.chmod(0o644)
    with pytest.raises(RingError, match="chmod 600"):
        read_ring(path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda d: d.update(version=2), "no ring of version 1"),
        (lambda d: d.update(keys=3), "is no list"),
        (lambda d: d["keys"][0].pop("state"), "must have the texts"),
        (lambda d: d["keys"][0].update(state="lost"), "state is 'lost'"),
        (lambda d: d["keys"][0].update(secret="!"), "not base64"),
        (lambda d: d["keys"][0].update(secret="QUJD"), "3 bytes instead of 32"),
        (lambda d: d["keys"][0].update(id="0" * 16), "not that of its secret"),
        (lambda d: d["keys"][0].update(since="2026-13"), "write a month"),
        (lambda d: d["keys"].append(d["keys"][0]), "one id"),
    ],
)
def test_a_ring_that_was_edited_is_refused_by_name(
    ring: Ring, tmp_path: Path, change: object, told: str
) -> None:
    path = tmp_path / "ring.json"
    write_ring(ring, path)
    data = json.loads(path.read_text())
    change(data)  # type: ignore[operator]
    path.write_text(json.dumps(data))
    with pytest.raises(RingError, match=told) as caught:
        read_ring(path)
    assert "ring.json" in str(caught.value)
    assert ring.active.secret.hex() not in str(caught.value)


def test_a_missing_ring_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(RingError, match="keys new"):
        read_ring(tmp_path / "none.json")
