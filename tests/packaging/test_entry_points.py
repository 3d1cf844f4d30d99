"""A plugin is imported without the heavy packages that it may need later."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from chopmark._plugins import installed

BLOCKED = ("onnxruntime", "tokenizers", "numpy", "langchain_core", "llama_index", "openai", "rich")
LIGHT = {"ahocorasick_rs", "click", "orjson", "stdnum"}  # each of them loads in some milliseconds
MOST = 80  # modules, those of the standard library and of the plugin itself included
CODE = """
import importlib, os, sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked!r}:
            raise ImportError(f"{{name}} is imported too early")
sys.meta_path.insert(0, Blocked())
import chopmark.hookspecs
before = set(sys.modules)
for module in {modules!r}:
    child = os.fork()  # nothing of the SDK is imported anew, and nothing of another plugin is there
    if not child:
        try:
            importlib.import_module(module)
            os.write(1, " ".join([module, *sorted(set(sys.modules) - before), "\\n"]).encode())
        except BaseException as error:
            print(module, repr(error), file=sys.stderr, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""
PLUGINS = [plugin.module for plugin in installed()]
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")


@pytest.fixture(scope="module")
def imported() -> tuple[dict[str, list[str]], str]:
    """What the import of each plugin brings into a process that has the SDK, and what failed."""
    code = CODE.format(blocked=BLOCKED, modules=PLUGINS)
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    lines = (line.split() for line in done.stdout.splitlines())
    return {module: loaded for module, *loaded in lines}, done.stderr


@pytest.mark.parametrize("module", PLUGINS)
def test_a_plugin_imports_light(imported: tuple[dict[str, list[str]], str], module: str) -> None:
    found, failed = imported
    assert module in found, failed
    loaded = found[module]
    tops = {name.split(".")[0] for name in loaded} - set(sys.stdlib_module_names)
    others = {top for top in tops if not top.startswith(("chopmark", "_sysconfigdata"))}
    assert others <= LIGHT
    assert len(loaded) <= MOST
