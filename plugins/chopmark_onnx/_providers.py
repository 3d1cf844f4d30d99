"""Which of onnxruntime's execution providers run a network."""

from __future__ import annotations

from collections.abc import Sequence

from chopmark import PolicyError

from ._packages import not_there

CPU = ("CPUExecutionProvider",)
_SUFFIX = "ExecutionProvider"
_PACKAGES = {
    "cuda": "onnxruntime-gpu",
    "dml": "onnxruntime-directml",
    "openvino": "onnxruntime-openvino",
    "tensorrt": "onnxruntime-gpu",
}


def resolve(wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the full names of the providers `wanted`, the CPU where that is empty.

    onnxruntime is imported only where something is wanted. A provider may be named as onnxruntime
    does or without its ending, in any case: `CUDA`, `OpenVINOExecutionProvider`.

    Raises:
        PolicyError: the installed onnxruntime does not offer one.
        PluginError: onnxruntime cannot be imported.
    """
    if not wanted:
        return CPU
    try:
        from ._onnxruntime import onnxruntime
    except ImportError as error:
        raise not_there(error.name or str(error)) from error
    offered = {_short(name): str(name) for name in onnxruntime.get_available_providers()}
    for name in wanted:
        if _short(name) not in offered:
            names = ", ".join(full.removesuffix(_SUFFIX) for full in offered.values())
            package = _PACKAGES.get(_short(name))
            cure = f"install {package} in its place" if package else "install a build that has it"
            raise PolicyError(
                f"plugin 'onnx', option 'providers' = {list(wanted)!r}: the installed onnxruntime "
                f"{onnxruntime.__version__} does not offer {name!r}, it has {names}; {cure}, or "
                "name one of these"
            )
    return tuple(dict.fromkeys(offered[_short(name)] for name in wanted))


def _short(name: str) -> str:
    return name.lower().removesuffix(_SUFFIX.lower())
