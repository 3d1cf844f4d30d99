"""Passwords, keys and tokens: found whole in requests, however long and however cut."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import Chopmark, Context, Policy, Rules, Verdict
from chopmark.hookspecs import Detector
from chopmark.testing import DetectorContract
from chopmark_pii import SecretDetector, chopmark_detectors

INPUT = Context(direction="input")
OUTPUT = Context(direction="output")

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0." + "dozjgNryP4J3jVmN" * 30
PEM = "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----"
BODY = "\n".join(["MIIEowIBAAKCAQEA0/xyzABC+def" * 2 + "12345678"] * 12)
SAMPLES = (
    "密码：abc123456", "口令P@ssw0rd#77", "wifi密码是Hello2023!", "验证码是839201",
    "password: hunter2", "pwd=Tr0ub4dor&3", '"password": "x1y2z3"', "PIN is 4821",
    "postgres://app:s3cr3t@db.corp.cn/x", "AKIAIOSFODNN7EXAMPLE", "LTAI5tQx7yZ8abCdEfGhJkLm",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "sk-proj-T3BlbkFJq8w7e6r5t4y3u2i1o0",
    "xoxb-123456789012-abcdefGHIJKL", "AIzaSyA1b2C3d4E5f6G7h8I9j0KlMnOpQrStUvW",
    "api_key = 3f2a9c7e8b1d4056af93c2e17b60d845", "密钥：9f86d081884c7d659a2feaa0c55ad015",
    "Authorization: Bearer abcDEF0123456789xyz", JWT, PEM.format(BODY),
)  # fmt: skip
CLEAN = (
    "忘记密码了怎么办？", "密码至少8位，要有字母和数字。", "密码学第3章讲RSA。",
    "The password policy has 12 rules.",
    "password must be at least 8 characters", 'password = os.environ["DB_PASSWORD_1"]',
    "password: 8-20 characters", "password: ********", "token count is 4096", "api key 是什么？",
    "commit 9fceb02d0ae598e95dc970b74767f19372d61af8", "uuid 123e4567-e89b-12d3-a456-426614174000",
    "-----BEGIN PRIVATE KEY----- is how the file begins", "https://example.com:8080/a@b",
    "def get_token(self, key: str) -> str:", "sk-learn is a library", "MAX_TOKENS = 1024",
)  # fmt: skip
BITS = (
    *"aB1:=是，。 \n\"'@/.-_+\\", "密码", "password", "token", "eyJ", "sk-", "AKIA", "x" * 170,
    "Ab1" * 90,
    "-----BEGIN ", "PRIVATE KEY-----", "://a:", "\ud800", "好" * 40,
)  # fmt: skip


def make(**options: object) -> SecretDetector:
    _, made = chopmark_detectors(Policy(name="test", settings={"pii": options}))
    assert isinstance(made, SecretDetector)
    return made


class TestSecrets(DetectorContract):
    finds = SAMPLES
    clean = CLEAN
    context = INPUT

    def make(self) -> Detector:
        return make()


class TestVaultedSecretsInAnswers(DetectorContract):
    finds = SAMPLES
    clean = CLEAN

    def make(self) -> Detector:
        return make(action="vault", secrets="both")


def spans(text: str) -> list[tuple[str, str]]:
    return [(v.category, text[v.start : v.end]) for v in make().judge(text, INPUT)]


@pytest.mark.parametrize(
    ("text", "kind", "span"),
    [
        ("登录密码：abc123456，进去以后改掉。", "password", "abc123456"),
        ("口令P@ssw0rd#77麻烦收好", "password", "P@ssw0rd#77"),
        ("my password is “hunter2”.", "password", "hunter2"),
        ("mysql://root:p4ss:word@10.0.0.3/db", "password", "p4ss:word"),
        ("AWS key AKIAIOSFODNN7EXAMPLE was leaked", "key", "AKIAIOSFODNN7EXAMPLE"),
        ("密钥：9f86d081884c7d65，写进去", "key", "9f86d081884c7d65"),
        ("secret_key='abcdef0123456789/+=='", "key", "abcdef0123456789/+=="),
        ("token=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOjF9.c2ln", "token",
         "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOjF9.c2ln"),
    ],
)  # fmt: skip
def test_a_secret_is_found_whole(text: str, kind: str, span: str) -> None:
    assert spans(text) == [(f"pii.secret.{kind}", span)]


@pytest.mark.parametrize("text", CLEAN)
def test_what_speaks_of_secrets_is_left_alone(text: str) -> None:
    assert spans(text) == []


@pytest.mark.parametrize("secret", [JWT, PEM.format(BODY)])
def test_nothing_of_a_long_secret_goes_to_the_model_and_one_word_stands_for_it(secret: str) -> None:
    policy = Policy(name="t", plugins=("pii",), rules=Rules(both={"pii": "modify"}))
    screened = Chopmark(policy).screen(f"看看这个 {secret} 对吗", direction="input")
    kept = secret.partition("\n")[2].rpartition("\n")[0] or secret
    for at in range(0, len(kept) - 8, 8):
        assert kept[at : at + 8] not in screened.text
    assert screened.text.count("[") == 1
    assert screened.text.endswith(" 对吗")


def test_a_vaulted_secret_comes_back_whole() -> None:
    policy = Policy(
        name="t",
        plugins=("pii",),
        rules=Rules(both={"pii": "modify"}),
        settings={"pii": {"kinds": {"secret": "vault"}}},
    )
    asked: list[str] = []

    @Chopmark(policy).guard
    def model(question: str) -> str:
        asked.append(question)
        return question

    assert model(f"token {JWT} end") == f"token {JWT} end"
    assert JWT[:20] not in asked[0]


def test_a_mask_shows_neither_a_character_nor_the_length() -> None:
    for text in ("密码：abc123456", "密码：abcd1"):
        (verdict,) = make(action="mask").judge(text, INPUT)
        assert verdict.replacement == "********"


@pytest.mark.parametrize("length", [159, 160, 161, 320, 321, 2_000])
@pytest.mark.parametrize("action", ["hash", "pseudonym", "vault", "redact", "mask"])
def test_one_stand_in_is_for_one_secret_however_long(
    action: str, length: int, tmp_path: Path
) -> None:
    (tmp_path / "key").write_bytes(bytes(range(32)))
    settings = {"pii": {"action": action, "hash_key_file": "key"}}
    policy = Policy(
        name="t",
        plugins=("pii",),
        rules=Rules(both={"pii": "modify"}),
        settings=settings,
        folder=str(tmp_path),
    )
    chop = Chopmark(policy)
    secret = ("Ab1" * length)[: length - 1]
    one, other, same = (
        chop.screen(f"token: {value}, end", direction="input").text
        for value in (secret + "x", secret + "y", secret + "x")
    )
    assert one == same
    assert one.startswith("token: ")
    assert one.endswith(", end")
    assert "Ab1" not in one
    assert (one != other) == (action in ("hash", "pseudonym", "vault"))
    if action != "vault":  # which keeps a long one in pieces
        assert len(one) < 50


def test_passwords_that_differ_in_case_have_two_pseudonyms() -> None:
    detector = make(action="pseudonym")
    one, other, same = (
        detector.judge(f"密码：{value}", INPUT)[0].replacement
        for value in ("abcD1234", "abcd1234", "abcD1234")
    )
    assert one == same != other


def test_answers_are_judged_only_where_the_policy_says_so() -> None:
    policy = Policy(name="t", plugins=("pii",), rules=Rules(both={"pii": "modify"}))
    text = "密码：abc123456"
    assert Chopmark(policy).screen(text, direction="output").text == text
    both = policy.with_options("pii", secrets="both")
    assert Chopmark(both).screen(text, direction="output").text == "密码：[密码]"


def test_without_its_kinds_there_is_no_such_detector() -> None:
    policy = Policy(name="t", settings={"pii": {"kinds": {"secret": False}}})
    assert [d.name for d in chopmark_detectors(policy)] == ["pii"]


def texts() -> st.SearchStrategy[str]:
    whole = st.sampled_from(SAMPLES)
    piece = st.builds(lambda s, a, n: s[a : a + n], whole, st.integers(0, 40), st.integers(1, 300))
    bits = st.lists(st.sampled_from(BITS), min_size=1, max_size=5).map("".join)
    return st.lists(st.one_of(whole, piece, bits), max_size=6).map("".join)


def scan(detector: Detector, fed: Sequence[str]) -> list[Verdict]:
    scanner = detector.open(INPUT)  # type: ignore[attr-defined]
    found: list[Verdict] = []
    settled = seen = 0
    for piece in fed:
        new = scanner.feed(piece)
        seen += len(piece)
        assert all(v.start >= settled for v in new)
        assert settled <= scanner.settled <= seen
        settled = scanner.settled
        assert seen - settled <= detector.needs.characters
        found += new
    new = scanner.finish()
    assert all(v.start >= settled for v in new)
    assert scanner.settled == seen
    found += new
    assert all(a.end <= b.start for a, b in pairwise(found))
    return found


def test_any_cut_gives_what_the_whole_text_gives() -> None:
    detectors = [make(action=action, secrets="both") for action in ("vault", "pseudonym")]

    @settings(max_examples=scaled(200), deadline=None)
    @given(st.sampled_from(detectors), texts(), st.lists(st.integers(0, 10_000), max_size=12))
    def tried(detector: SecretDetector, text: str, places: list[int]) -> None:
        whole = list(detector.judge(text, INPUT))
        edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
        assert scan(detector, [text]) == whole
        assert scan(detector, list(text)) == whole
        assert scan(detector, [text[a:b] for a, b in pairwise(edges)]) == whole

    tried()


@pytest.mark.parametrize(
    "unit",
    ["密码", "password ", "password=a1", "eyJaaaaaaaa", "-----BEGIN ", "://a:", "a1", "token "],
)
def test_time_grows_no_faster_than_the_text(unit: str, pace: float) -> None:
    detector = make()
    text = (unit * 250_000)[:250_000]
    begun = time.process_time()
    detector.judge(text, INPUT)
    assert time.process_time() - begun < 4.0 * pace
    scanner = detector.open(INPUT)
    begun = time.process_time()
    for at in range(0, 20_000, 10):
        scanner.feed(text[at : at + 10])
    scanner.finish()
    assert time.process_time() - begun < 4.0 * pace
