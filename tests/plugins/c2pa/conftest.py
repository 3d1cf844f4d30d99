"""One chain for all tests of this folder, made when they run."""

from __future__ import annotations

import pytest
from tests.plugins.c2pa.issuing import KEYS, Issued, issue

from chopmark_c2pa import Credential, load_credential


@pytest.fixture(scope="session")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Issued:
    return issue(tmp_path_factory.mktemp("chain"), KEYS["ed25519"]())


@pytest.fixture(scope="session")
def credential(issued: Issued) -> Credential:
    return load_credential(issued.certificate, issued.key)


@pytest.fixture(scope="session")
def anchors(issued: Issued) -> str:
    return issued.root.read_text()
