"""What is found, and what is not, in sentences as people write them."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from stdnum import luhn
from stdnum.cn import ric

from chopmark import Context, Policy
from chopmark_pii import PiiDetector, chopmark_detectors

OUTPUT = Context(direction="output")


def make(**options: object) -> PiiDetector:
    made, *_ = chopmark_detectors(Policy(name="test", settings={"pii": options}))
    assert isinstance(made, PiiDetector)
    return made


def found(text: str, detector: PiiDetector | None = None) -> list[tuple[str, str]]:
    verdicts = (detector or make()).judge(text, OUTPUT)
    return [(v.category.removeprefix("pii."), text[v.start : v.end]) for v in verdicts]


@pytest.mark.parametrize(
    ("text", "kind", "span"),
    [
        ("我的邮箱是zhang.san@example.com请尽快联系", "email", "zhang.san@example.com"),
        ("刷的卡是6222021234567890128没错", "bank_card", "6222021234567890128"),
        ("昨晚106.31.73.20这台机器挂了", "ip", "106.31.73.20"),
        ("请打13800138000找王先生", "cn.mobile", "13800138000"),
        ("登记的是11010519491231002X这个人", "cn.resident_id", "11010519491231002X"),
        ("开票税号91110000600037341L麻烦了", "cn.uscc", "91110000600037341L"),
        ("停着一辆京A12345没熄火", "cn.plate", "京A12345"),
    ],
)
def test_seven_of_seven_in_chinese_without_spaces(text: str, kind: str, span: str) -> None:
    assert found(text) == [(kind, span)]


@pytest.mark.parametrize(
    ("text", "kind", "span"),
    [
        ("call +86 138-0013-8000 now", "cn.mobile", "+86 138-0013-8000"),
        ("电话：008613800138000。", "cn.mobile", "008613800138000"),
        ("电话+8613800138000转1", "cn.mobile", "+8613800138000"),
        ("（+86）138 0013 8000", "cn.mobile", "138 0013 8000"),
        ("微信vx13800138000同号", "cn.mobile", "13800138000"),
        ("138.0013.8000", "cn.mobile", "138.0013.8000"),
        ("身份证 110105 19491231 002X", "cn.resident_id", "110105 19491231 002X"),
        ("证号11010519491231002x", "cn.resident_id", "11010519491231002x"),
        ("税号91350100M000100Y43", "cn.uscc", "91350100M000100Y43"),
        ("码：91350100m000100y43", "cn.uscc", "91350100m000100y43"),
        ("Karte 3782 822463 10005.", "bank_card", "3782 822463 10005"),
        ("6222021990010112341", "bank_card", "6222021990010112341"),
        ("4111-1111-1111-1111", "bank_card", "4111-1111-1111-1111"),
        ("4111 1111 1111 1111 123", "bank_card", "4111 1111 1111 1111"),
        ("4111 1111 1111 1111 08/26", "bank_card", "4111 1111 1111 1111"),
        ("卡号：9558801234567890128", "bank_card", "9558801234567890128"),
        ("新能源车粤BD12345违停", "cn.plate", "粤BD12345"),
        ("沪A·12345的车主", "cn.plate", "沪A·12345"),
        ("驾校的京A1234学挡道", "cn.plate", "京A1234学"),
        ("车牌京a12345", "cn.plate", "京a12345"),
        ("护照E12345678快到期", "cn.passport", "E12345678"),
        ("护照号码EA1234567", "cn.passport", "EA1234567"),
        ("公务护照PE1234567", "cn.passport", "PE1234567"),
        ("回乡证号H1234567800", "cn.hk_macau_permit", "H1234567800"),
        ("往来港澳通行证C12345678", "cn.hk_macau_permit", "C12345678"),
        ("台胞证12345678", "cn.taiwan_permit", "12345678"),
        ("IPv6地址是2001:db8::1吗", "ip", "2001:db8::1"),
        ("IPv6:2001:db8:0:0:0:0:2:1", "ip", "2001:db8:0:0:0:0:2:1"),
        ("网关fe80::1，重启", "ip.private", "fe80::1"),
        ("::ffff:203.0.113.7", "ip", "::ffff:203.0.113.7"),
        ("IP203.0.113.7:8080", "ip", "203.0.113.7"),
        ("座机010-62751234有人接", "phone", "010-62751234"),
        ("家里0571-8765432-806", "phone", "0571-8765432-806"),
        ("总机（0532）85901234转人事", "phone", "85901234"),
        ("打027 8765 4321找我", "phone", "027 8765 4321"),
        ("固话02887654321停了", "phone", "02887654321"),
        ("电话：6275 1234", "phone", "6275 1234"),
        ("前台0086-21-61234567", "phone", "0086-21-61234567"),
        ("电话+86 10 6275 1234吧", "phone", "+86 10 6275 1234"),
        ("香港+852 2345 6789", "phone", "+852 2345 6789"),
        ("Call +1 (415) 555-2671 now", "phone", "+1 (415) 555-2671"),
        ("on +44 (0)161 496 0345.", "phone", "+44 (0)161 496 0345"),
        ("ring +33 6 12 34 56 78 or", "phone", "+33 6 12 34 56 78"),
        ("(+4915112345678)", "phone", "+4915112345678"),
        ("(212) 555-0147", "phone", "555-0147"),
        ("212-555-0198x22", "phone", "212-555-0198x22"),
        ("646.555.0173 ext. 22", "phone", "646.555.0173"),
        ("My phone is 4155550134.", "phone", "4155550134"),
        ("mobile 07700 900123", "phone", "07700 900123"),
        ("01.84.17.61.18", "phone", "01.84.17.61.18"),
        ("IPv6 fe80::1c2d:3e4f%eth0上", "ip.private", "fe80::1c2d:3e4f%eth0"),
        ("机器10.23.4.56挂了", "ip.private", "10.23.4.56"),
        ("网卡00:1b:44:11:3a:b7掉线", "mac", "00:1b:44:11:3a:b7"),
        ("AC-DE-48-00-11-22", "mac", "AC-DE-48-00-11-22"),
        ("终端001b.4411.3ab7", "mac", "001b.4411.3ab7"),
        ("QQ号：328574619，加我", "cn.qq", "328574619"),
        ("加qq76543210进群", "cn.qq", "76543210"),
        ("微信号是lihua_1988，", "cn.wechat", "lihua_1988"),
        ("vx chen-kai-007 谢谢", "cn.wechat", "chen-kai-007"),
        ("出生日期：1987-06-15", "birth_date", "1987-06-15"),
        ("她生于1992年3月8日，属猴", "birth_date", "1992年3月8日"),
        ("出生年月：1978年9月。", "birth_date", "1978年9月"),
        ("DOB: 03/14/1985, male", "birth_date", "03/14/1985"),
        ("Birthday: 22.07.1990", "birth_date", "22.07.1990"),
        ("档案编号：440300123456，", "driver_licence", "440300123456"),
        ("driver's license F1628235 expires", "driver_licence", "F1628235"),
        ("查1HGCM82633A004352出险", "vin", "1HGCM82633A004352"),
        ("车架号WVWZZZ1JZXW000001", "vin", "WVWZZZ1JZXW000001"),
        ("付到DE89370400440532013000吧", "iban", "DE89370400440532013000"),
        ("GB82 WEST 1234 5698 7654 32 and", "iban", "GB82 WEST 1234 5698 7654 32"),
        ("gb82west12345698765432", "iban", "gb82west12345698765432"),
        ("SSN 536 90 4399", "us.ssn", "536 90 4399"),
        ("social security number 536904399", "us.ssn", "536904399"),
        ("写给_a.b@x.cn_", "email", "a.b@x.cn"),
        ("mailto:a.b@x.co.uk>", "email", "a.b@x.co.uk"),
        ("wait...foo@bar.com", "email", "foo@bar.com"),
        ("13800138000@qq.com", "email", "13800138000@qq.com"),
        ("o'brien@example.org", "email", "o'brien@example.org"),
    ],
)
def test_written_forms_are_found_whole(text: str, kind: str, span: str) -> None:
    assert found(text, make(kinds={"birth_date": True})) == [(kind, span)]


@pytest.mark.parametrize(
    "text",
    [
        "订单号2023112413800138000已发货",
        "快递单号SF1380013800012",
        "身份证110105194912310021是错的",
        "身份证11010519490231002X没有这一天",
        "税号91110000600037342L",
        "卡号6222021234567890123",
        "时间戳1700000000000毫秒",
        "条码6901234567892",
        "圆周率3.14159265358979",
        "营收13800138000元",
        "1.13800138000",
        "2023-13800138000",
        "a13f13800138000",
        "13800138000b2",
        "d41d8cd98f00b204e9800998ecf8427e",
        "版本1.2.3.4发布，v1.2.3.4，version 1.2.3.4",
        "见第1.2.3.4节，1.2.3.4条",
        "子网255.255.255.0，本机127.0.0.1和::1，0.0.0.0",
        "1.2.3.4.5，1.2.3.456",
        "x[::2] std::vector a::b 12:30:45 [1::2] ff:ff:ff:ff:ff:ff 01:00:5e:00:00:16",
        "12345678这八位数",
        "H12345678型号",
        "台胞证有效期20251231",
        "新闻A1 北京ABCDE 京AB",
        "foo@bar user@localhost @all a@.com @a.com",
        "AB12 CDEF 3456 7890",
        "000-12-3456 666-12-3456 900-12-3456 123-00-4567 123-45-67890",
        "536 90 4399",
        "2021 2022 2023 2024 2025",
        "客服电话400-800-8888，热线010-88888888，1-800-555-0100",
        "订单编号0571-20231124-0098，ISBN 978-0-306-40615-7，7-02-000220-7",
        "从v1.2.3.4到1.2.4.0，8.8.8.8和114.114.114.114，10.0.0.0/8，224.0.0.251",
        "Units sold: 415 555 2671 and 212 300 1450; 112-4567890-1234567",
        "x = 20231231 + 12345678, +12345678, a+33612345678",
        "QQ音乐2023年，QQ群里有300多人，微信8.0.32，微信支付满100减5",
        "生于1881年9月25日，出生率从2016年的12.95‰降到6.77‰，born in 1979",
        "发布日期2022-01-01，会议是03/14/2025，有效期至2026年5月6日",
        "The part code is 1HGCM82613A004352X9, 1HGCM82603A004352.",
        "Call on 2023-11-12 10:30, phone: 2024-03-05, 电话：2023 11 12",
        "双色球02 08 15 17 25 33，05-12-18-23-34-35，00 01 02 03 04 05, 04.06.08.10.12.14.16",
        "",
    ],
)
def test_what_is_no_personal_data_is_left_alone(text: str) -> None:
    assert found(text, make(kinds={"birth_date": True})) == []


def test_what_is_nobodys_own_is_found_only_when_it_is_on() -> None:
    text = "生日1990年5月3日，热线010-82951332，400-820-8820"
    assert found(text) == []
    on = make(kinds={"birth_date": True, "phone.service": True})
    assert [kind for kind, _ in found(text, on)] == ["birth_date", "phone.service", "phone.service"]


def test_a_residents_number_is_not_also_a_card() -> None:
    fronts = [f"62230119900101{n:03}" for n in range(200)]
    both = [n for n in (f + ric.calc_check_digit(f + "0") for f in fronts) if luhn.is_valid(n)]
    assert both
    for number in both:
        assert found(number) == [("cn.resident_id", number)]
        assert found(number, make(kinds=["bank_card"])) == []


def test_a_residents_number_with_a_slip_is_no_card_by_chance() -> None:
    fronts = [f"62230119900101{n:03}" for n in range(200)]
    slips = [f + luhn.calc_check_digit(f) for f in fronts]
    slips = [n for n in slips if ric.calc_check_digit(n) != n[-1]]
    assert slips
    for number in slips:
        assert found(number) == []
        assert found("卡号" + number) == [("bank_card", number)]


def test_a_kind_that_is_off_still_claims_its_span() -> None:
    text = "13800138000@qq.com"
    assert found(text, make(kinds={"email": False})) == []


def test_the_15_digit_form_is_found_only_when_it_is_on() -> None:
    text = "旧身份证110105491231002补办"
    assert found(text) == []
    on = make(kinds={"cn.resident_id_15": True})
    assert found(text, on) == [("cn.resident_id_15", "110105491231002")]
    assert found("110105491331002", on) == []


def test_several_in_one_sentence_come_in_order_and_apart() -> None:
    text = (
        "张三，11010519491231002X，13800138000,13900139000，a@b.cn、京A12345和4111 1111 1111 1111"
    )
    verdicts = make().judge(text, OUTPUT)
    assert [text[v.start : v.end] for v in verdicts] == [
        "11010519491231002X", "13800138000", "13900139000", "a@b.cn", "京A12345",
        "4111 1111 1111 1111",
    ]  # fmt: skip
    assert all(a.end <= b.start for a, b in pairwise(verdicts))


def test_the_score_says_how_sure_it_is() -> None:
    def score(text: str) -> float:
        return make().judge(text, OUTPUT)[0].score

    assert score("4111111111111111") == 1.0
    assert score("护照E12345678") > score("编号E12345678")


@pytest.mark.parametrize(
    "unit",
    [
        "7",
        "a",
        "@",
        "a@",
        ":",
        "1:",
        "1.",
        "1111 ",
        "4111-",
        "京A1",
        "GB82 WEST 1234 ",
        "AB12",
        "a1",
    ],
)
def test_time_grows_no_faster_than_the_text(unit: str, pace: float) -> None:
    detector = make(action="vault")
    budget = 1.0 if unit in "7a" else 8.0  # seconds for 1 MB, on a busy machine
    text = (unit * 250_000)[: 250_000 if unit in "7a" else 60_000]
    begun = time.process_time()
    detector.judge(text, Context(direction="input"))
    assert time.process_time() - begun < budget * pace * len(text) / 1_000_000
