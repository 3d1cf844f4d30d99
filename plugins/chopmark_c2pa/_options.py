"""The options of plugin `c2pa` in a policy, checked."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar, get_args

from chopmark import Policy, PolicyError

from ._claim import Claim, Oversight, Source
from ._credential import Credential, load_credential
from ._pointer import LONGEST_URL, is_folder

NAME = "c2pa"
Form = Literal["pointer", "manifest", "read"]
_KNOWN = (
    "form", "url", "certificate", "key", "store", "anchors",
    "model_name", "model_type", "model_identifier", "oversight", "source",
)  # fmt: skip
T = TypeVar("T", bound=str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is put behind an answer, and who signs.

    `pointer` needs `url`, the folder of the manifests; where there is a `credential`, they are
    written to `store`. `manifest` needs a `credential`. `read` puts nothing anywhere: it is for who
    only looks at texts and files. `anchors` is PEM, for reading.
    """

    form: Form = "pointer"
    url: str = ""
    credential: Credential | None = None
    store: Path | None = None
    anchors: str = ""
    claim: Claim = field(default_factory=Claim)


def read_options(policy: Policy) -> Options:
    """Return the options in `policy`; raise `PolicyError` naming the key and the cure."""
    given = policy.options(NAME)
    for key in given:
        if key not in _KNOWN:
            close = difflib.get_close_matches(str(key), _KNOWN, 1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            raise _wrong(key, given[key], f"not an option{hint}; there are {', '.join(_KNOWN)}")
    folder = Path(policy.folder)
    form = _choose(given, "form", "pointer", get_args(Form))
    credential = _credential(given, folder)
    url, store = _text(given, "url"), _text(given, "store")
    if form == "manifest":
        _check_manifest(given, credential)
    elif form == "read":
        _check_read(given)
    else:
        _check_pointer(given, url, store, credential)
    oversight: Oversight | None = None
    if "oversight" in given:
        oversight = _choose(given, "oversight", "prompt_guided", get_args(Oversight))
    model_type = _text(given, "model_type") or "c2pa.types.model"
    if not model_type.startswith("c2pa.types.model"):
        raise _wrong("model_type", model_type, "a format such as 'c2pa.types.model.onnx'")
    return Options(
        form=form,
        url=url,
        credential=credential,
        store=folder / store if store else None,
        anchors=_anchors(given, folder),
        claim=Claim(
            model_name=_text(given, "model_name"),
            model_type=model_type,
            model_identifier=_text(given, "model_identifier"),
            oversight=oversight,
            source=_choose(given, "source", "trainedAlgorithmicMedia", get_args(Source)),
        ),
    )


def _check_read(given: Mapping[str, object]) -> None:
    for key in given:
        if key not in ("form", "anchors"):
            raise _wrong(key, given[key], "with form = 'read' nothing is written; leave it out")


def _check_manifest(given: Mapping[str, object], credential: Credential | None) -> None:
    if credential is None:
        raise _wrong(
            "form", "manifest", "it is signed, so give `certificate` and `key`, paths of PEM files"
        )
    for key in ("url", "store"):
        if key in given:
            raise _wrong(key, given[key], "it belongs to form = 'pointer'; leave it out")


def _check_pointer(
    given: Mapping[str, object], url: str, store: str, credential: Credential | None
) -> None:
    if not is_folder(url):
        raise _wrong(
            "url",
            given.get("url"),
            "give the folder on the web where the manifests are, such as 'https://ai.example/c/':"
            f" ASCII, with a slash at its end, {LONGEST_URL} characters at most; or set"
            " form = 'manifest' to put the whole manifest into the text, or 'read' to put none",
        )
    if bool(store) != bool(credential):
        raise _wrong(
            "store",
            given.get("store"),
            "`store`, `certificate` and `key` belong together: a folder for the manifests and who"
            " signs them; give all three, or none where the manifests are made elsewhere",
        )


def _credential(given: Mapping[str, object], folder: Path) -> Credential | None:
    certificate, key = _text(given, "certificate"), _text(given, "key")
    if not certificate and not key:
        return None
    if not certificate or not key:
        missing = "key" if certificate else "certificate"
        raise _wrong(missing, given.get(missing), "`certificate` and `key` belong together")
    return load_credential(folder / certificate, folder / key)


def _anchors(given: Mapping[str, object], folder: Path) -> str:
    name = _text(given, "anchors")
    if not name:
        return ""
    try:
        text = (folder / name).read_text("utf-8")
    except (OSError, ValueError) as error:
        raise _wrong("anchors", name, f"cannot be read ({error}); name a PEM file") from error
    if "BEGIN CERTIFICATE" not in text:
        raise _wrong("anchors", name, "it holds no certificate in PEM")
    return text


def _wrong(key: object, value: object, cure: str) -> PolicyError:
    return PolicyError(f"plugin {NAME!r}, option {key!r} = {value!r}: {cure}")


def _text(given: Mapping[str, object], key: str) -> str:
    value = given.get(key, "")
    if not isinstance(value, str) or (key in given and not value.strip()):
        raise _wrong(key, value, "write a text in quotes, or leave the option out")
    return value


def _choose(given: Mapping[str, object], key: str, default: T, choices: tuple[T, ...]) -> T:
    value = given.get(key, default)
    for choice in choices:
        if value == choice:
            return choice
    raise _wrong(key, value, f"it may be {', '.join(choices)}")
