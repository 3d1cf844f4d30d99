"""A log with all that commands want beside it: texts, a hold, a witness, a parent, an archive."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import Result
from tests.plugins.log.logs import content_of, invoke, log_of

from chopmark.testing import sample_record
from chopmark_log._folder import LogFolder

ORIGIN = "example.com/log"


@dataclass(frozen=True)
class Scene:
    """The folder in which all of it is; names in braces in a command stand for what is in it."""

    path: Path

    @property
    def log(self) -> LogFolder:
        return LogFolder(self.path / "log")

    def words(self, command: str) -> list[str]:
        told = json.loads((self.path / "told.json").read_text("utf-8"))
        return [word.format(here=self.path, log=self.log.path, **told) for word in command.split()]

    def run(self, command: str) -> Result:
        return invoke(*self.words(command))

    def copy(self, to: Path) -> Scene:
        shutil.copytree(self.path, to)
        return Scene(to)

    def digests(self) -> dict[str, str]:
        """Return the digests of all files; what SQLite has for who reads says nothing."""
        return {
            str(path.relative_to(self.path)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.path.rglob("*"))
            if path.is_file() and not path.name.endswith("-shm") and not _is_empty_wal(path)
        }


def _is_empty_wal(path: Path) -> bool:
    return path.name.endswith("-wal") and not path.stat().st_size


def make_scene(path: Path, *, ml_dsa: bool = False) -> Scene:
    """Make one in the new folder `path`; with `ml_dsa` the log signs by ML-DSA-44, too."""
    path.mkdir()
    scene = Scene(path)
    scene.log.create(ORIGIN, ml_dsa=ml_dsa)
    log = log_of(scene.log)
    users = ("anna", "bert", "anna", "carl")
    ids = [
        log.append_with(sample_record(), content_of(user, f"the tide of {user} turns {n} times"))
        for n, user in enumerate(users)
    ]
    log.close()
    told: dict[str, Any] = {"id": ids[0].record}
    (path / "told.json").write_text(json.dumps(told), "utf-8")
    for command in (
        "witness init --path {here}/witness --name witness.example/w",
        "witness add-log {log}/log.pub --path {here}/witness",
        "log parent init --path {here}/parent --origin example.com/all",
        "log parent add {log}/log.pub --path {here}/parent",
        "log parent gather {log} --path {here}/parent",
        f"log parent prove-head {ORIGIN} --path {{here}}/parent -o {{here}}/head.tlog-proof",
        "log parent prove 1 --path {log} --under {here}/head.leaf -o {here}/below.tlog-proof",
        "log prove 1 --path {log} -o {here}/call.tlog-proof",
        "log archive write {here}/archive --path {log} --open-month",
        "log init --path {here}/other --origin example.com/other",
    ):
        done = scene.run(command)
        assert done.exit_code == 0, (command, done.output)
    (path / "older").write_text(scene.run("log checkpoint --path {log}").stdout, "utf-8")
    (path / "text").write_text("the tide of anna turns 0 times", "utf-8")
    held = scene.run("log hold add --subject carl --reason case --path {log}").stdout.strip()
    (path / "told.json").write_text(json.dumps({**told, "hold": held}), "utf-8")
    return scene


def document(done: Result) -> dict[str, Any]:
    """Return the one document that is all of standard output."""
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found
