"""What a manifest says of a content: made by a model, by which, and which bytes it is bound to."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Literal, NamedTuple

from chopmark import __version__

Source = Literal["trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"]
Oversight = Literal["fully_autonomous", "prompt_guided", "human_validated"]
SOURCES = "http://cv.iptc.org/newscodes/digitalsourcetype/"


class Exclusion(NamedTuple):
    """Bytes that the hash leaves out: where the manifest itself stands."""

    start: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A `c2pa.hash.data` (C2PA 2.4, 18.5): the SHA-256 of all bytes but the exclusions."""

    digest: bytes
    exclusions: Sequence[Exclusion] = ()

    def assertion(self) -> dict[str, object]:
        """Return it as an assertion of a manifest definition."""
        data = {
            "exclusions": [e._asdict() for e in self.exclusions],
            "alg": "sha256",
            "hash": list(self.digest),
            "pad": [],
        }
        if not self.exclusions:
            del data["exclusions"]
        return {"label": "c2pa.hash.data", "data": data, "created": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is claimed. `model_type` is the format of the model (2.4, 18.28, Table 12).

    Personal data has no place in it: the EU's code (1.1.1) wants it apart from the AI mark.
    """

    model_name: str = ""
    model_type: str = "c2pa.types.model"
    model_identifier: str = ""
    oversight: Oversight | None = None
    source: Source = "trainedAlgorithmicMedia"

    def of_model(self, name: str) -> Claim:
        """Return this claim with the model's name, where it has none yet."""
        return self if self.model_name else replace(self, model_name=_clean(name))

    def definition(
        self, when: datetime, seed: bytes, media_type: str, binding: Binding | None = None
    ) -> dict[str, object]:
        """Return the manifest definition for `c2pa.Builder`.

        `seed` makes the identifiers: the same seed, time and claim give the same ones. The bytes
        still differ, since c2pa-rs salts every assertion.
        """
        stamp = when.astimezone(timezone.utc).isoformat(timespec="milliseconds")
        stamp = stamp.replace("+00:00", "Z")
        name = hashlib.sha256(b"\0".join((seed, stamp.encode(), repr(self).encode()))).digest()
        manifest, instance = (uuid.UUID(bytes=b, version=4) for b in (name[:16], name[16:]))
        assertions = [self._actions(stamp), self._disclosure()]
        if binding is not None:
            assertions.append(binding.assertion())
        return {
            "label": f"urn:c2pa:{manifest}",
            "instance_id": f"xmp:iid:{instance}",
            "claim_generator_info": [
                {"name": "chopmark", "version": __version__, "specVersion": "2.4.0"}
            ],
            "format": media_type,
            "assertions": assertions,
        }

    def _actions(self, stamp: str) -> dict[str, object]:
        created = {
            "action": "c2pa.created",
            "digitalSourceType": SOURCES + self.source,
            "when": stamp,
        }
        return {"label": "c2pa.actions.v2", "data": {"actions": [created]}, "created": True}

    def _disclosure(self) -> dict[str, object]:
        data: dict[str, object] = {"modelType": self.model_type}
        if self.model_name:
            data["modelName"] = self.model_name
        if self.model_identifier:
            data["modelIdentifier"] = self.model_identifier
        if self.oversight:
            data["contentProfile"] = {"humanOversightLevel": self.oversight}
        return {"label": "c2pa.ai-disclosure", "data": data, "created": True}


def _clean(name: str) -> str:
    """Return `name` as it can stand in JSON: a model's name comes from the caller."""
    return name.encode("utf-8", "replace").decode()[:200]
