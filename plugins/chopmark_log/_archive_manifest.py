"""The manifest of an archive: which entries of which log are in which of its files."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

from chopmark import LogError

from ._files import write_whole

FORMAT = "chopmark/archive/1"
MANIFEST = "manifest.json"
is_name = re.compile(r"entries-\d{12}-\d{12}\.parquet").fullmatch


@dataclass(frozen=True, slots=True)
class File:
    """A file with the entries from `first` to before `end`; its size, and its SHA-256."""

    name: str
    first: int
    end: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Period:
    """The entries from `first` to before `end`, the size of the signed `checkpoint`, in files."""

    name: str
    first: int
    end: int
    checkpoint: str
    files: tuple[File, ...] = ()

    @property
    def reached(self) -> int:
        """Behind the last entry that is in a file."""
        return self.files[-1].end if self.files else self.first


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive has: of which log, whose keys sign its checkpoints, and its periods."""

    origin: str
    keys: tuple[str, ...] = ()
    periods: tuple[Period, ...] = ()
    format: str = field(default=FORMAT)

    @property
    def files(self) -> tuple[File, ...]:
        """Its files, in the order of their entries."""
        return tuple(file for period in self.periods for file in period.files)

    @property
    def size(self) -> int:
        """How many entries are in whole periods: all before are in the archive."""
        whole = [one.end for one in self.periods if one.reached == one.end]
        return whole[-1] if whole else 0

    @property
    def reached(self) -> int:
        """Behind the last entry that is in a file."""
        return self.periods[-1].reached if self.periods else 0

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Return the manifest of the archive in a folder.

        Raises:
            LogError: there is none, or it is damaged, or of another format.
        """
        path = folder / MANIFEST
        try:
            data = json.loads(path.read_text("utf-8"))
            if data["format"] != FORMAT:
                raise LogError(f"{str(path)!r} is of format {data['format']!r}, not {FORMAT!r}")
            periods = tuple(
                Period(**{**one, "files": tuple(File(**file) for file in one["files"])})
                for one in data["periods"]
            )
            found = cls(str(data["origin"]), tuple(data["keys"]), periods)
            found.check()
            return found
        except FileNotFoundError:
            raise LogError(
                f"{str(folder)!r} is no archive; make one with `chopmark log archive write`"
            ) from None
        except OSError as error:
            raise LogError(f"{str(path)!r} cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise LogError(f"{str(path)!r} is no manifest of an archive: {error!r}") from error

    def check(self) -> None:
        """Raise unless its periods and files stand side by side, and none is outside of its folder.

        Raises:
            ValueError: they do not.
        """
        at = 0
        for period in self.periods:
            if period.first != at or period.end <= at:
                raise ValueError(f"period {period.name!r} does not follow entry {at}")
            for one in period.files:
                if (
                    one.first != at
                    or one.end <= at
                    or one.end > period.end
                    or not is_name(one.name)
                ):
                    raise ValueError(f"file {one.name!r} does not follow entry {at}")
                at = one.end

    def write(self, folder: Path) -> None:
        """Keep it, whole or not at all."""
        text = json.dumps(asdict(self), indent=1, ensure_ascii=False)
        write_whole(folder / MANIFEST, text + "\n")
