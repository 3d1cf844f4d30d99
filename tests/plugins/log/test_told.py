"""What the commands of a log tell whoever gave them something else than they want."""

from __future__ import annotations

import subprocess
import sys

from tests.plugins.log.logs import fill, invoke, settle

from chopmark_log._folder import LogFolder

WITHOUT_PSYCOPG = """
import sys
sys.modules["psycopg"] = None
from chopmark._cli import cli
cli(["log", "migrate", "--store", "postgresql://db.example.org/log"])
"""


def test_the_end_of_an_id_that_the_list_shows_is_told_from_an_id(folder: LogFolder) -> None:
    (record,) = fill(folder, 1)
    settle(folder)
    at = ("--path", str(folder.path))
    assert invoke("log", "show", record, *at).exit_code == 0
    found = invoke("log", "show", "e6df629e52f7", *at)
    assert found.exit_code == 2
    assert "'e6df629e52f7' is no whole id" in found.stderr
    assert "tail --json" in found.stderr


def test_moving_to_postgres_says_what_is_to_be_installed() -> None:
    command = [sys.executable, "-c", WITHOUT_PSYCOPG]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 2
    assert found.stderr == (
        "Error: a log in Postgres needs psycopg: pip install 'chopmark[postgres]'\n"
    )
