"""What passwords, keys and tokens look like: by the prefixes of their makers, or behind a word.

Prefixes as their makers document them: AWS, Alibaba Cloud, Tencent Cloud, GitHub, GitLab, Google,
OpenAI and others (`sk-`), Slack, Stripe, npm, PyPI, Hugging Face, SendGrid; JSON Web Tokens (RFC
7519), private keys (RFC 7468).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ._alphabet import ALNUM

PIECE = 160
"""The most characters of a secret that are one span; a longer one goes on in the next."""

REACH = 256
"""The most characters from the beginning of a cue on that decide on it."""

CUE_MOST = 64
"""The most characters of a cue."""

_WORD = "[A-Za-z0-9_-]"
_MADE = (
    r"(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9])|LTAI[A-Za-z0-9]{12,24}(?![A-Za-z0-9])"
    r"|AKID[A-Za-z0-9]{32}(?![A-Za-z0-9])|gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22}"
    rf"|glpat-{_WORD}{{20}}|AIza{_WORD}{{35}}|sk-(?=[A-Za-z_-]{{0,24}}[0-9]){_WORD}{{20}}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10}|[rs]k_live_[A-Za-z0-9]{16}|npm_[A-Za-z0-9]{36}"
    rf"|pypi-{_WORD}{{40}}|hf_[A-Za-z0-9]{{30}}|SG\.{_WORD}{{22}}\."
)
_JWT = rf"eyJ{_WORD}{{8}}"
_PEM = r"-----BEGIN [A-Z0-9 ]{0,20}PRIVATE KEY(?: BLOCK)?-----"
_PASSWORD = (
    "密码|口令|密碼|验证码|(?:passw(?:or)?d|passphrase|passcode|pwd)|"
    "(?<![A-Za-z])PIN(?: code|码)?(?![A-Za-z])"
)
_KEY = (
    "密钥|秘钥|令牌|access ?key|(?:api|access|secret|auth|client|account|private)[ _-]?"
    "(?:access[ _-]?)?(?:key|token|secret)|token|bearer"
)
_SCHEME = r"://[A-Za-z0-9._%+-]{1,40}:"

CUE = re.compile(
    rf"(?P<made>(?<![A-Za-z0-9])(?:{_MADE}))|(?P<token>(?<![A-Za-z0-9]){_JWT})|(?P<pem>{_PEM})"
    rf"|(?P<url>{_SCHEME})|(?P<password>(?i:{_PASSWORD}))|(?P<key>(?i:{_KEY}))"
).search

_IN_CUE = ALNUM + " _-./:%+" + "密口验证秘令"

_JOINS = (
    r"[\"'”’]?\s{0,2}(?:是|为|：|:|={1,3}|=>|is|was|设成了?|改成了?|改为|设为)\s{0,2}[\"'“‘「`]?"
)
_AFTER_KEY = re.compile(
    rf"(?:[ _-]?(?:ID|secret))?(?:{_JOINS}|\s[\"'“]?)(?P<value>[A-Za-z0-9_./+=-]{{16,{PIECE}}})",
    re.IGNORECASE,
).match
_AFTER_PASSWORD = re.compile(
    rf"(?P<joins>{_JOINS}|\s?[\"'“]?)(?P<value>[!-~]{{4,{PIECE}}})", re.IGNORECASE
).match
_URL_VALUE = re.compile(r"[^\s/@]{1,64}(?=@)").match
_token = re.compile(_JWT).match
_BODY = re.compile(r"(?:\s|\\[nrt]){0,4}[A-Za-z0-9+/=]{16}").match

_RUNS = {
    "secret.key": re.compile(r"[A-Za-z0-9_./+=-]*").match,
    "secret.token": re.compile(r"[A-Za-z0-9_.-]*").match,
    "secret.password": re.compile(r"[!-~]*").match,
    "secret.private_key": re.compile(r"[A-Za-z0-9+/=\s\\]*").match,
}

_has_digit = re.compile("[0-9]").search
_has_letter = re.compile("[A-Za-z]").search
_only_letters = re.compile(r"[A-Za-z_]+[.,;:!?'\"]*").fullmatch
_range = re.compile(r"[0-9]+[-~][0-9]+\S*|\*+|\.+|x+|X+").fullmatch
_is_code = re.compile(r"[(\[{}<>$]|https?:|\A[/\\%*]|\Aos\.|\Aprocess\.").search
_END = ".,;:'\"`)]}”’"


class Secret(NamedTuple):
    """The span of a secret that begins in a text; it may go on behind `end`."""

    kind: str
    start: int
    end: int
    ground: str


def secret(text: str, cue: re.Match[str]) -> Secret | None:
    """Return the secret that `cue` speaks of, of at most `PIECE` characters."""
    at, end = cue.span()
    if cue["made"] is not None:
        return Secret("secret.key", at, run("secret.key", text, at), "format")
    if cue["token"] is not None:
        return Secret("secret.token", at, run("secret.token", text, at), "format")
    if cue["pem"] is not None:
        if _BODY(text, end) is None:
            return None
        return Secret("secret.private_key", end, run("secret.private_key", text, end), "format")
    if cue["url"] is not None:
        value = _URL_VALUE(text, end)
        return None if value is None else Secret("secret.password", end, value.end(), "format")
    return _password(text, end) if cue["password"] is not None else _key(text, end)


def open_in(text: str) -> int:
    """Return how many characters at the end of `text` may begin a cue."""
    return min(len(text) - len(text.rstrip(_IN_CUE)), CUE_MOST)


def run(kind: str, text: str, at: int) -> int:
    """Return where what a secret of `kind` is made of ends behind `at`, at most `PIECE` from it."""
    found = _RUNS[kind](text, at, at + PIECE)
    return at if found is None else found.end()


def _key(text: str, end: int) -> Secret | None:
    found = _AFTER_KEY(text, end)
    if found is None or not (_has_digit(found["value"]) and _has_letter(found["value"])):
        return None
    if _is_code(found["value"]) is not None:
        return None
    kind = "secret.key" if _token(found["value"]) is None else "secret.token"
    return Secret(kind, found.start("value"), found.end("value"), "context")


def _password(text: str, end: int) -> Secret | None:
    """Return the password behind a word for one.

    Without a sign between, letters and digits or signs must be mixed; and it is no expression.
    """
    found = _AFTER_PASSWORD(text, end)
    if found is None:
        return None
    value = found["value"].rstrip(_END) if len(found["value"]) < PIECE else found["value"]
    if len(value) < 4 or _only_letters(value) or _range(value) or _is_code(value):
        return None
    joined = found["joins"].strip(" \"'“")
    if not joined and not (_has_letter(value) and not value.isalpha() and _has_digit(value)):
        return None
    start = found.start("value")
    return Secret("secret.password", start, start + len(value), "context")
