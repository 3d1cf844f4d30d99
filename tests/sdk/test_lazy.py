"""Names of a package come from modules that are loaded when one of them is first used."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

LAZY = (
    "chopmark.testing", "chopmark_assess", "chopmark_label", "chopmark_langchain", "chopmark_otel",
    "chopmark_watermark",
)  # fmt: skip
PACKAGE = "lazy_package_of_a_test"
INIT = """
from chopmark.lazy import lazily

__getattr__, __dir__ = lazily(__name__, {"_one": ["Sum", "sums"], "_inner._two": ["tell"]})
__all__ = ["Sum", "sums", "tell"]
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    files = {
        "__init__.py": INIT,
        "_one.py": "class Sum: ...\ndef sums(): ...\nhidden = 1\n",
        "_inner/__init__.py": "",
        "_inner/_two.py": "import no_such_module_anywhere\n",
    }
    for name, text in files.items():
        path = tmp_path / PACKAGE / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield importlib.import_module(PACKAGE)
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def test_a_module_is_loaded_when_one_of_its_names_is_used(package: ModuleType) -> None:
    assert f"{PACKAGE}._one" not in sys.modules
    assert package.Sum.__module__ == f"{PACKAGE}._one"
    assert package.sums is package._one.sums
    assert f"{PACKAGE}._inner" not in sys.modules


def test_every_name_is_listed_before_its_module_is_loaded(package: ModuleType) -> None:
    assert {"Sum", "sums", "tell", "__all__", "__name__"} <= set(dir(package))
    assert f"{PACKAGE}._one" not in sys.modules


def test_other_names_are_none_of_the_package(package: ModuleType) -> None:
    assert not hasattr(package, "hidden")
    with pytest.raises(AttributeError, match=f"module '{PACKAGE}' has no attribute 'sum'"):
        package.sum  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'hidden'"):
        exec(f"from {PACKAGE} import hidden", {})


def test_what_a_module_lacks_is_said_where_its_name_is_used(package: ModuleType) -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_module_anywhere"):
        package.tell  # noqa: B018


@pytest.mark.parametrize("name", LAZY)
def test_all_that_a_package_promises_can_be_had(name: str) -> None:
    found: dict[str, object] = {}
    exec(f"from {name} import *", found)
    package = importlib.import_module(name)
    assert set(package.__all__) <= set(found)
    assert set(package.__all__) <= set(dir(package))
