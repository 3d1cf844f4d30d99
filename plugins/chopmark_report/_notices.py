"""The notice that a service publishes: what it is for, its limits, how to complain, its labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ._options import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    title: str
    missing: str
    rows: Mapping[str, str]
    ai: str
    days: str
    labels: str
    implicit: str
    keep: str


_WORDS = {
    "zh": _Words(
        title="关于本服务的说明",
        missing="（未填写：请在 [settings.report] 中写明 {key}）",
        rows={
            "service": "服务名称",
            "provider": "提供者",
            "model": "所用模型",
            "filing": "备案编号",
            "purpose": "用途",
            "users": "适用人群和场合",
            "limits": "局限",
            "complaints": "投诉举报",
        },
        ai="您正在与人工智能交互。生成的内容可能有误，请自行核实。",
        days="我们将在 {days} 天内答复。",
        labels="生成的内容带有“AI生成”等文字标识",
        implicit="，文件元数据中含有隐式标识",
        keep="。请勿删除、篡改或隐匿标识。",
    ),
    "en": _Words(
        title="About this service",
        missing="(not given: write {key} under [settings.report])",
        rows={
            "service": "Service",
            "provider": "Provider",
            "model": "Model",
            "filing": "Filing number",
            "purpose": "What it is for",
            "users": "For whom, and when",
            "limits": "Its limits",
            "complaints": "Complaints",
        },
        ai="You are talking to an AI. What it generates may be wrong; please check it.",
        days="We answer within {days} days.",
        labels="What is generated is labelled in words",
        implicit=", and in the metadata of files",
        keep=". Do not delete, change or hide these labels.",
    ),
}


def notice(service: Service, language: str, *, labelled: bool, implicit: bool) -> str:
    """Return the notice as Markdown, in `zh` or `en`; what the operator did not say is named.

    `labelled` is whether the policy puts labels on that it then speaks of, `implicit` whether there
    are some in metadata, too.
    """
    words = _WORDS[language]
    parts = [f"# {words.title}\n\n{words.ai}\n"]
    for key, name in words.rows.items():
        value = getattr(service, key)
        text = value.get(language, "") if isinstance(value, Mapping) else value
        text = text or words.missing.replace("{key}", key)
        if key == "complaints" and service.complaint_days:
            text += f" {words.days.replace('{days}', str(service.complaint_days))}"
        parts.append(f"**{name}**: {text}\n")
    if labelled:
        parts.append(words.labels + (words.implicit if implicit else "") + words.keep)
    return "\n".join(parts).rstrip() + "\n"


def unsaid(service: Service) -> list[str]:
    """Return the names of what the operator did not say."""
    return [
        key for key in _WORDS["en"].rows
        if not (value := getattr(service, key)) or (
            isinstance(value, Mapping) and set(value) != set(_WORDS)
        )
    ]  # fmt: skip
