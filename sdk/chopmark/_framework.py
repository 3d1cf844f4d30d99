"""Says which versions of a framework an adapter was made for, and refuses others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """The `package` that `adapter` connects: from version `least` on, and under `before`.

    `extra` is that of chopmark which installs one: `langchain` for `chopmark[langchain]`.
    """

    adapter: str
    package: str
    least: tuple[int, ...]
    before: tuple[int, ...]
    extra: str

    def check(self, version: str) -> None:
        """Raise `ImportError` where `version` of the package is not one that is supported."""
        found = tuple(int(part) for part in re.findall(r"\d+", version)[: len(self.least)])
        if not self.least <= found < self.before:
            raise ImportError(
                f"{self.adapter} needs {self.package} >={_dotted(self.least)},"
                f"<{_dotted(self.before)}, and {version} is installed; {self._cure}"
            )

    def check_installed(self) -> None:
        """Do so for the version that is installed; raise `ImportError` where none is, too."""
        try:
            version = metadata.version(self.package)
        except metadata.PackageNotFoundError:
            raise ImportError(
                f"{self.adapter} needs {self.package}, which is not installed; {self._cure}"
            ) from None
        self.check(version)

    @property
    def _cure(self) -> str:
        return f'install one with `pip install "chopmark[{self.extra}]"`'


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)
