"""A plugin is imported without the heavy packages that it may need later."""

from __future__ import annotations

import subprocess
import sys

import pytest

from chopmark._plugins import installed

BLOCKED = ("onnxruntime", "tokenizers", "numpy", "langchain_core", "llama_index", "openai", "rich")
LIGHT = {"ahocorasick_rs", "click", "orjson", "stdnum"}  # each of them loads in some milliseconds
MOST = 80  # modules, those of the standard library and of the plugin itself included
CODE = """
import importlib, sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked!r}:
            raise ImportError(f"{{name}} is imported too early")
sys.meta_path.insert(0, Blocked())
import chopmark.hookspecs
before = set(sys.modules)
importlib.import_module({module!r})
print(*sorted(set(sys.modules) - before))
"""


@pytest.mark.parametrize("module", [plugin.module for plugin in installed()])
def test_a_plugin_imports_light(module: str) -> None:
    code = CODE.format(blocked=BLOCKED, module=module)
    run = [sys.executable, "-c", code]
    loaded = subprocess.run(run, check=True, capture_output=True, text=True).stdout.split()
    tops = {name.split(".")[0] for name in loaded} - set(sys.stdlib_module_names)
    others = {top for top in tops if not top.startswith(("chopmark", "_sysconfigdata"))}
    assert others <= LIGHT
    assert len(loaded) <= MOST
