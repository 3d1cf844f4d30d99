"""The options of plugin `c2pa` in a policy, checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from chopmark import Policy
from chopmark.options import Table

from ._claim import Claim, Oversight, Source
from ._credential import Credential, load_credential
from ._pointer import LONGEST_URL, is_folder

NAME = "c2pa"
Form = Literal["pointer", "manifest", "read"]
_KNOWN = (
    "form", "url", "certificate", "key", "store", "anchors",
    "model_name", "model_type", "model_identifier", "oversight", "source",
)  # fmt: skip


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
    given = Table.of(policy, NAME, _KNOWN)
    form: Form = given.one_of("form", get_args(Form), "pointer")
    credential = _credential(given)
    url = given.text("url", "")
    store = given.path("store") if "store" in given.data else None
    if form == "manifest":
        _check_manifest(given, credential)
    elif form == "read":
        _check_read(given)
    else:
        _check_pointer(given, url, store, credential)
    return Options(
        form=form,
        url=url,
        credential=credential,
        store=store,
        anchors=_anchors(given),
        claim=_claim(given),
    )


def _claim(given: Table) -> Claim:
    oversight: Oversight | None = None
    if "oversight" in given.data:
        oversight = given.one_of("oversight", get_args(Oversight))
    model_type = given.text("model_type", "c2pa.types.model")
    if not model_type.startswith("c2pa.types.model"):
        raise given.wrong("model_type", "write a format such as 'c2pa.types.model.onnx'")
    return Claim(
        model_name=given.text("model_name", ""),
        model_type=model_type,
        model_identifier=given.text("model_identifier", ""),
        oversight=oversight,
        source=given.one_of("source", get_args(Source), "trainedAlgorithmicMedia"),
    )


def _check_read(given: Table) -> None:
    for key in given.data:
        if key not in ("form", "anchors"):
            raise given.wrong(key, "with form = 'read' nothing is written; leave it out")


def _check_manifest(given: Table, credential: Credential | None) -> None:
    if credential is None:
        cure = "it is signed, so give `certificate` and `key`, paths of PEM files"
        raise given.wrong("form", cure)
    for key in ("url", "store"):
        if key in given.data:
            raise given.wrong(key, "it belongs to form = 'pointer'; leave it out")


def _check_pointer(
    given: Table, url: str, store: Path | None, credential: Credential | None
) -> None:
    if not is_folder(url):
        raise given.wrong(
            "url",
            "give the folder on the web where the manifests are, such as 'https://ai.example/c/':"
            f" ASCII, with a slash at its end, {LONGEST_URL} characters at most; or set"
            " form = 'manifest' to put the whole manifest into the text, or 'read' to put none",
        )
    if bool(store) != bool(credential):
        raise given.wrong(
            "store",
            "`store`, `certificate` and `key` belong together: a folder for the manifests and who"
            " signs them; give all three, or none where the manifests are made elsewhere",
        )


def _credential(given: Table) -> Credential | None:
    missing = [key for key in ("certificate", "key") if key not in given.data]
    if len(missing) == 1:
        raise given.wrong(missing[0], "`certificate` and `key` belong together; give both")
    return None if missing else load_credential(given.path("certificate"), given.path("key"))


def _anchors(given: Table) -> str:
    if "anchors" not in given.data:
        return ""
    try:
        text = given.path("anchors").read_text("utf-8")
    except (OSError, ValueError) as error:
        raise given.wrong("anchors", f"cannot be read ({error}); name a PEM file") from error
    if "BEGIN CERTIFICATE" not in text:
        raise given.wrong("anchors", "it holds no certificate in PEM")
    return text
