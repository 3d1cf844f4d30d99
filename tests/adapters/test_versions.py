"""A framework of a version that an adapter was not made for is refused when it is imported."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import tomli
from packaging.requirements import Requirement

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
ADAPTERS = {
    "chopmark_langchain": ("langchain-core", "langchain"),
    "chopmark_llamaindex": ("llama-index-core", "llamaindex"),
    "chopmark_openai": ("openai", "openai"),
}
VERSIONS = ("0.0.1", "99.0", "unknown", "")
PRETEND = """
import importlib, json
from importlib import metadata
installed, said = metadata.version, []
def version(name):
    if name != {package!r}:
        return installed(name)
    if pretended is None:
        raise metadata.PackageNotFoundError(name)
    return pretended
metadata.version = version
for pretended in {versions!r}:
    try:
        importlib.import_module({adapter!r})
    except ImportError as error:
        said.append(str(error))
    else:
        said.append("it was imported")
print(json.dumps(said))
"""


def installed_with(extra: str) -> list[Requirement]:
    extras = tomli.loads(PROJECT.read_text("utf-8"))["project"]["optional-dependencies"]
    return [Requirement(line) for line in extras[extra]]


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_an_unknown_version_is_refused_with_the_range_and_the_cure(adapter: str) -> None:
    package, extra = ADAPTERS[adapter]
    code = PRETEND.format(adapter=adapter, package=package, versions=(*VERSIONS, None))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    *unknown, missing = json.loads(done.stdout)
    cure = f'install one with `pip install "chopmark[{extra}]"`'
    for version, said in zip(VERSIONS, unknown, strict=True):
        assert said.startswith(f"{adapter} needs {package} >=")
        assert said.endswith(f", and {version} is installed; {cure}")
        told = said.removeprefix(f"{adapter} needs ").removesuffix(
            f", and {version} is installed; {cure}"
        )
        assert Requirement(told) in installed_with(extra)  # what is refused is what pip refuses
    assert missing == f"{adapter} needs {package}, which is not installed; {cure}"
