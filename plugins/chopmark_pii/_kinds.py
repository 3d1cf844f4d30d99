"""The kinds of personal data that are looked for, and what they are called.

Formats: regulation by regulation they stand where they are matched (`_numbers`, `_papers`,
`_phones`, `_network`, `_email`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: its verdict category without `pii.`, and its names in placeholders.

    `tag` is what a language model sees (`<EMAIL_...>`): capitals only. `default` is False where
    nothing can be checked and too much else looks like it.
    """

    name: str
    zh: str
    en: str
    tag: str
    default: bool = True

    @property
    def category(self) -> str:
        """The category of its verdicts."""
        return f"pii.{self.name}"


_ALL = (
    Kind("cn.resident_id", "身份证号", "RESIDENT_ID", "IDNO"),
    Kind("cn.resident_id_15", "身份证号", "RESIDENT_ID", "IDNO", default=False),
    Kind("cn.uscc", "统一社会信用代码", "USCC", "USCC"),
    Kind("cn.mobile", "手机号", "MOBILE", "PHONE"),
    Kind("phone", "电话号码", "PHONE", "PHONE"),
    Kind("phone.service", "服务电话", "SERVICE_PHONE", "PHONE", default=False),
    Kind("cn.passport", "护照号", "PASSPORT", "PASSPORT"),
    Kind("cn.plate", "车牌号", "PLATE", "PLATE"),
    Kind("cn.hk_macau_permit", "港澳通行证号", "HK_MACAU_PERMIT", "PERMIT"),
    Kind("cn.taiwan_permit", "台湾通行证号", "TAIWAN_PERMIT", "PERMIT"),
    Kind("cn.qq", "QQ号", "QQ", "QQ"),
    Kind("cn.wechat", "微信号", "WECHAT", "WECHAT"),
    Kind("bank_card", "银行卡号", "BANK_CARD", "CARD"),
    Kind("email", "邮箱", "EMAIL", "EMAIL"),
    Kind("ip", "IP地址", "IP", "IP"),
    Kind("ip.private", "IP地址", "IP", "IP"),
    Kind("mac", "MAC地址", "MAC", "MAC"),
    Kind("iban", "国际银行账号", "IBAN", "IBAN"),
    Kind("us.ssn", "社会安全号", "SSN", "SSN"),
    Kind("birth_date", "出生日期", "BIRTH_DATE", "BORN", default=False),
    Kind("driver_licence", "驾驶证号", "DRIVER_LICENCE", "LICENCE"),
    Kind("vin", "车架号", "VIN", "VIN"),
    Kind("secret.password", "密码", "PASSWORD", "PASSWORD"),
    Kind("secret.key", "密钥", "KEY", "KEY"),
    Kind("secret.token", "令牌", "TOKEN", "TOKEN"),
    Kind("secret.private_key", "私钥", "PRIVATE_KEY", "PRIVKEY"),
    Kind("name", "姓名", "NAME", "NAME", default=False),
    Kind("address", "地址", "ADDRESS", "ADDRESS", default=False),
    Kind("organisation", "机构", "ORGANISATION", "ORG", default=False),
)

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}
"""Every kind by name, in the order in which they are documented."""

ENTITIES = frozenset({"name", "address", "organisation"})
"""The kinds that are found by rules and gazetteers, in units of the text (`_entities`)."""

SECRETS = frozenset(name for name in KINDS if name.startswith("secret."))
"""The kinds that a detector of their own finds (`_secrets`)."""

PLACEHOLDER = "placeholder"
"""Not a kind: text of a user that looks like a placeholder of the vault (`_vault`)."""
