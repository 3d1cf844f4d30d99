"""Everyday texts full of numbers and of words that cues are made of: none is personal data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from chopmark import Context, Policy
from chopmark.hookspecs import Detector
from chopmark_pii import KINDS, chopmark_detectors

INPUT = Context(direction="input")
# Those that are off by default for being nobody's own, or for being found by other means.
ELSEWHERE = {"cn.resident_id_15", "phone.service", "name", "address", "organisation"}
CHINESE, ENGLISH = (
    part.splitlines()
    for part in (Path(__file__).parent / "data" / "everyday.txt").read_text("utf-8").split("\n\n")
)


@pytest.fixture(scope="module")
def detectors() -> Sequence[Detector]:
    kinds = {name: name not in ELSEWHERE for name in KINDS}
    return list(chopmark_detectors(Policy(name="test", settings={"pii": {"kinds": kinds}})))


def found(detectors: Sequence[Detector], text: str) -> list[tuple[str, str]]:
    verdicts = [v for detector in detectors for v in detector.judge(text, INPUT)]
    return [(v.category.removeprefix("pii."), text[v.start : v.end]) for v in verdicts]


@pytest.mark.parametrize("texts", [CHINESE, ENGLISH], ids=["zh", "en"])
def test_everyday_texts_go_as_they_are(detectors: Sequence[Detector], texts: list[str]) -> None:
    assert len(texts) > 100
    touched = {text: hits for text in texts if (hits := found(detectors, text))}
    assert touched == {}


@pytest.mark.parametrize(
    ("text", "kind", "span"),
    [
        ("网卡00:11:22:33:44:55掉线", "mac", "00:11:22:33:44:55"),
        ("eth0: link/ether 10:20:30:40:50:60 brd", "mac", "10:20:30:40:50:60"),
        ("52:54:00:12:34:56", "mac", "52:54:00:12:34:56"),
        ("host 00-50-56-12-34-56", "mac", "00-50-56-12-34-56"),
        ("MAC 0012.3456.7890", "mac", "0012.3456.7890"),
        ("升级到203.0.113.7那台", "ip", "203.0.113.7"),
        ("el servidor en 9.12.13.14", "ip", "9.12.13.14"),
        ("ip.addr==52.1.2.3", "ip", "52.1.2.3"),
        ("EC2 3.80.12.13", "ip", "3.80.12.13"),
        ("DL F1628235 expires", "driver_licence", "F1628235"),
        ("DL 1234567", "driver_licence", "1234567"),
        ("DL: 123456", "driver_licence", "123456"),
        ("mobile: 3000 4000", "phone", "3000 4000"),
        ("电话：8000 6000", "phone", "8000 6000"),
        ("call 2345 6789 now", "phone", "2345 6789"),
        ("my phone is 2024 2025", "phone", "2024 2025"),
        ("téléphone 01 02 03 04 05", "phone", "01 02 03 04 05"),
        ("Fire Department at 810-237-6800", "phone", "810-237-6800"),
        ("SSN for part 2: 123-45-6789", "us.ssn", "123-45-6789"),
        ("passport E20231124", "cn.passport", "E20231124"),
        ("git.hub@example.com", "email", "git.hub@example.com"),
        ("2x@2x.png.example.com", "email", "2x@2x.png.example.com"),
        ("SECRET_KEY=my_jwt_secret_2024", "secret.key", "my_jwt_secret_2024"),
        ('client_secret: "MyClientSecret2024"', "secret.key", "MyClientSecret2024"),
        ("密钥是my_secret_key_2024", "secret.key", "my_secret_key_2024"),
        ("my api key is OurOwnApiKey2024", "secret.key", "OurOwnApiKey2024"),
        ("token: correct-horse-battery-9", "secret.key", "correct-horse-battery-9"),
        ("password: Password123", "secret.password", "Password123"),
        ("password\nhunter2x", "secret.password", "hunter2x"),
        ("PIN: 4821", "secret.password", "4821"),
    ],
)
def test_what_looks_like_them_and_is_personal_is_found(
    detectors: Sequence[Detector], text: str, kind: str, span: str
) -> None:
    assert found(detectors, text) == [(kind, span)]
