"""Valid numbers are found where they stand, in any text; those with a wrong check digit are not."""

from __future__ import annotations

import datetime
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.cn import ric, uscc
from stdnum.iso7064 import mod_97_10
from tests.depth import scaled

from chopmark import Context, Policy, Verdict
from chopmark_pii import PiiDetector, chopmark_detectors

OUTPUT = Context(direction="output")
QUICK = settings(max_examples=scaled(50), deadline=None)

# No province, and no word that says what a number is.
SAFE_HAN = (
    "的一是在不了有和人这中大为上个国我以要他时来用们到作地于出就分对成会可主发年动同工也能下过子说"
)
SAFE_LETTERS = "abcdefghijk"

han = st.text(SAFE_HAN, max_size=12)
words = st.lists(st.text(SAFE_LETTERS, min_size=1, max_size=9), max_size=3).map(" ".join)
apart = st.sampled_from(["", " ", "，", "：", "（", "\n", "“", "、"])
# What may stand directly at a number: Han, punctuation, or words that end in a space.
before = st.one_of(
    st.tuples(han, apart).map("".join),
    st.tuples(words, st.sampled_from([" ", ", ", ": ", "("])).map("".join),
)
after = st.one_of(
    st.tuples(st.sampled_from(["", " ", "，", "。", "）", "\n", "”"]), han).map("".join),
    st.tuples(st.sampled_from([" ", ", ", ") ", "; "]), words).map("".join),
)


@pytest.fixture(scope="module")
def detector() -> PiiDetector:
    made, *_ = chopmark_detectors(Policy(name="test"))
    assert isinstance(made, PiiDetector)
    return made


def digits(n: int) -> st.SearchStrategy[str]:
    return st.text(string.digits, min_size=n, max_size=n)


REGIONS = ["110105", "310104", "440306", "650102", "710000", "810000", "820000", "830000"]


@st.composite
def resident_ids(draw: st.DrawFn) -> str:
    born = draw(st.dates(datetime.date(1920, 1, 1), datetime.date(2020, 12, 31)))
    front = f"{draw(st.sampled_from(REGIONS))}{born:%Y%m%d}{draw(digits(3))}"
    return front + ric.calc_check_digit(front + "0")


@st.composite
def companies(draw: st.DrawFn) -> str:
    front = draw(st.sampled_from(["91", "92", "52", "12", "N2"]))
    front += draw(st.sampled_from(["110105", "310104", "440306", "100000"]))
    front += "MA" + draw(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=7, max_size=7))
    return front + uscc.calc_check_digit(front)


@st.composite
def cards(draw: st.DrawFn) -> str:
    issuer, size = draw(
        st.sampled_from(
            [("6222", 19), ("6228", 16), ("4", 16), ("4", 13), ("52", 16), ("37", 15), ("3528", 16)]
        )
    )
    front = issuer + draw(digits(size - 1 - len(issuer)))
    return front + luhn.calc_check_digit(front)


@st.composite
def ibans(draw: st.DrawFn) -> str:
    country, size, letters = draw(
        st.sampled_from([("DE", 18, 0), ("GB", 14, 4), ("FR", 23, 0), ("NO", 11, 0), ("NL", 10, 4)])
    )
    own = draw(st.text(string.ascii_uppercase, min_size=letters, max_size=letters))
    own += draw(digits(size))
    return country + mod_97_10.calc_check_digits(own + country) + own


def one(detector: PiiDetector, text: str) -> Verdict:
    found = detector.judge(text, OUTPUT)
    assert len(found) == 1, (text, found)
    return found[0]


def test_the_generators_make_what_stdnum_accepts() -> None:
    @QUICK
    @given(resident_ids(), companies(), cards(), ibans())
    def tried(resident: str, company: str, card: str, account: str) -> None:
        assert resident[-1] == ric.calc_check_digit(resident)
        assert company[-1] == uscc.calc_check_digit(company[:-1])
        assert luhn.is_valid(card)
        assert mod_97_10.is_valid(account[4:] + account[:4])

    tried()


def lead(least: int, most: int) -> st.SearchStrategy[int]:
    return st.integers(least, most)


@st.composite
def vins(draw: st.DrawFn) -> str:
    """Made anew from 49 CFR 565.15: letters count by their place in the alphabet's three rows."""
    rows = ("ABCDEFGH", "JKLMN P R", " STUVWXYZ")
    worth = {c: n for row in rows for n, c in enumerate(row, 1) if c != " "}
    worth |= {digit: int(digit) for digit in string.digits}
    letters = "ABCDEFGHJKLMNPRSTUVWXYZ" + string.digits
    front = "L" + draw(st.text(letters, min_size=7, max_size=7))
    back = draw(st.text(letters, min_size=4, max_size=4)) + draw(digits(4))
    weights = (8, 7, 6, 5, 4, 3, 2, 10, 9, 8, 7, 6, 5, 4, 3, 2)
    total = sum(worth[c] * weight for c, weight in zip(front + back, weights, strict=True))
    return f"{front}{'0123456789X'[total % 11]}{back}"


VALID = {
    "cn.resident_id": resident_ids(),
    "cn.uscc": companies(),
    "cn.mobile": st.builds("1{}{}".format, st.sampled_from("3456789"), digits(9)),
    "bank_card": cards(),
    "iban": ibans(),
    "email": st.builds(
        "{}@{}.{}".format,
        st.from_regex(r"[a-z][a-z0-9]{0,8}([._+-][a-z0-9]{1,8})?", fullmatch=True),
        st.from_regex(r"[a-z0-9]{1,10}(-[a-z0-9]{1,4})?(\.[a-z]{2,5})?", fullmatch=True),
        st.sampled_from(["com", "cn", "com.cn", "org", "museum"]),
    ),
    "ip": st.ip_addresses(v=4).filter(lambda a: a.is_global and not a.is_multicast).map(str),
    "ip.private": st.builds(
        "{}{}.{}".format,
        st.sampled_from(["10.9.", "172.16.", "172.31.", "192.168.", "100.64.", "169.254."]),
        st.integers(0, 255),
        st.integers(1, 255),
    ),
    "mac": st.builds(
        lambda first, pairs, mark: mark.join([first, *pairs]),
        st.sampled_from(["3C", "a4", "00"]),
        st.lists(st.sampled_from(["0f", "1A", "b7", "33"]), min_size=5, max_size=5),
        st.sampled_from(":-"),
    ),
    "phone": st.one_of(
        st.builds("0{}-{}{}".format, st.sampled_from(["10", "21", "571"]), lead(2, 8), digits(7)),
        st.builds("{}{}-{}{}-{}".format, lead(2, 9), digits(2), lead(2, 7), digits(2), digits(4)),
        st.builds("+44 20 {} {}".format, digits(4), digits(4)),
        st.builds("+49{}{}".format, lead(1, 9), digits(9)),
    ).filter(lambda number: number[:3] not in ("800", "833", "844", "855", "866", "877", "888")),
    "vin": vins(),
    "us.ssn": st.builds(
        "{:03}-{:02}-{:04}".format, st.integers(1, 665), st.integers(1, 99), st.integers(1, 9999)
    ).filter(lambda s: s not in ("078-05-1120", "457-55-5462", "219-09-9999")),
    "cn.plate": st.builds(
        "{}{}{}".format,
        st.sampled_from("京沪粤苏浙川"),
        st.sampled_from("ABCDEFG"),
        st.one_of(digits(5), digits(5).map("D{}".format), digits(4).map("B{}".format)),
    ),
    "cn.passport": st.one_of(digits(8).map("E{}".format), digits(7).map("EK{}".format)),
}


@pytest.mark.parametrize("kind", VALID)
def test_a_valid_number_is_found_at_its_exact_place(detector: PiiDetector, kind: str) -> None:
    @QUICK
    @given(before, VALID[kind], after)
    def tried(left: str, number: str, right: str) -> None:
        verdict = one(detector, left + number + right)
        assert verdict.category == f"pii.{kind}"
        assert (verdict.start, verdict.end) == (len(left), len(left) + len(number))

    tried()


@pytest.mark.parametrize("kind", ["cn.resident_id", "cn.uscc", "cn.mobile", "bank_card", "email"])
def test_full_width_is_found_with_offsets_in_the_original(detector: PiiDetector, kind: str) -> None:
    wide = str.maketrans(
        {c: chr(ord(c) + 0xFEE0) for c in string.ascii_letters + string.digits + "@.-+"}
    )

    @QUICK
    @given(han, VALID[kind], han)
    def tried(left: str, number: str, right: str) -> None:
        verdict = one(detector, left + number.translate(wide) + "，" + right)
        assert verdict.category == f"pii.{kind}"
        assert (verdict.start, verdict.end) == (len(left), len(left) + len(number))

    tried()


@pytest.mark.parametrize("kind", ["cn.resident_id", "cn.uscc", "bank_card", "iban"])
def test_a_wrong_check_digit_is_not_found(detector: PiiDetector, kind: str) -> None:
    @QUICK
    @given(before, VALID[kind], st.integers(1, 9), after)
    def tried(left: str, number: str, shift: int, right: str) -> None:
        at = 3 if kind == "iban" else len(number) - 1
        old = number[at]
        new = str((int(old) + shift) % 10) if old.isdigit() else str(shift)
        spoilt = number[:at] + new + number[at + 1 :]
        if kind == "iban" and int(spoilt[2:4]) in (int(number[2:4]) - 97, int(number[2:4]) + 97):
            return
        kinds = {v.category for v in detector.judge(left + spoilt + right, OUTPUT)}
        assert f"pii.{kind}" not in kinds
        if kind == "cn.resident_id":
            assert not kinds

    tried()


@pytest.mark.parametrize("kind", ["cn.resident_id", "cn.mobile", "bank_card"])
def test_digits_of_a_longer_number_are_not_found(detector: PiiDetector, kind: str) -> None:
    @QUICK
    @given(han, digits(3), VALID[kind], digits(3), han)
    def tried(left: str, more: str, number: str, rest: str, right: str) -> None:
        for text in (left + more + number + right, left + number.rstrip("X") + rest + right):
            found = detector.judge(text, OUTPUT)
            assert f"pii.{kind}" not in {
                v.category for v in found if v.end - v.start < len(number) + 3
            }

    tried()


@pytest.mark.parametrize("mark", [" ", "-", "\u2011", "\u00a0", "\u3000"])
def test_groups_are_found_whole(detector: PiiDetector, mark: str) -> None:
    @QUICK
    @given(han, cards(), digits(8), han)
    def tried(left: str, card: str, rest: str, right: str) -> None:
        sizes = (4, 6, 5) if card.startswith("37") else (4, 4, 4, 4, 3)
        groups, at = [], 0
        for size in sizes:
            groups.append(card[at : at + size])
            at += size
        number = mark.join(group for group in groups if group)
        verdict = one(detector, f"{left}{number}，{right}")
        assert verdict.category == "pii.bank_card"
        assert (verdict.start, verdict.end) == (len(left), len(left) + len(number))
        mobile = mark.join(("138", rest[:4], rest[4:]))
        verdict = one(detector, f"{left}{mobile}{right}")
        assert (verdict.category, verdict.end) == ("pii.cn.mobile", len(left) + len(mobile))

    tried()


def test_lone_surrogates_and_astral_characters_do_not_move_offsets(detector: PiiDetector) -> None:
    odd = st.text(st.sampled_from("\ud800\udfff\x00😀𠮷好"), max_size=8)

    @QUICK
    @given(odd, st.sampled_from(["a.b@example.com", "13800138000", "京A12345"]), odd)
    def tried(left: str, number: str, right: str) -> None:
        verdict = one(detector, left + number + right)
        assert (verdict.start, verdict.end) == (len(left), len(left) + len(number))

    tried()
