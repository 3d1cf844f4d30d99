"""Says which packages are missing, before anything is begun."""

from __future__ import annotations

from importlib.util import find_spec

from ._errors import DeskError

_WANTED = ("starlette", "uvicorn", "jinja2", "python_multipart", "limits", "tomlkit")


def check_packages() -> None:
    """Raise `DeskError` where what serves pages is not installed."""
    missing = [name for name in _WANTED if find_spec(name) is None]
    if missing:
        raise DeskError(f"the desk needs {', '.join(missing)}; run: pip install 'chopmark[desk]'")
