"""What the labels of a policy look like, as evidence for a filing or an audit."""

from __future__ import annotations

from chopmark import Message, Policy, Request
from chopmark.hookspecs import Evidence

from ._evidence_implicit import write_implicit
from ._marker import Label, make_label

_ANSWERS = {
    "zh": ("西湖在哪里？", "西湖在杭州市西湖区，三面环山。\n\n湖上有苏堤和白堤。"),
    "en": ("Where is West Lake?", "West Lake is in Hangzhou.\n\nTwo causeways cross it."),
}
_CLAUSES = {
    "zh": "本服务生成的内容按国家标准 GB 45438-2025 标识：{where}。请您阅读并理解上述标识规则。"
    "向公众发布这些内容时，您应主动声明并使用标识功能；任何人不得恶意删除、篡改、伪造、隐匿标识。",
    "en": "What this service generates is labelled after GB 45438-2025: {where}. Please read and "
    "understand these rules. When you publish such content you must declare it and use the "
    "function for labels; nobody may maliciously delete, tamper with, forge or conceal a label.",
}
_IMPLICIT = {
    "zh": "，文件元数据中含有隐式标识",
    "en": ", and an implicit label in the metadata of files",
}
_WHERE = {
    "zh": {"start": "文字标识在文本起始", "end": "文字标识在文本末尾",
           "both": "文字标识在文本起始和末尾"},
    "en": {"start": "words at the start of the text", "end": "words at its end",
           "both": "words at its start and at its end"},
}  # fmt: skip
_OTHERS = ("eu50.1", "eu50.4", "eucode.label")
_CHINESE = (
    "measures.12", "labelling.4", "labelling.7", "labelling.12", "gb45438.5", *_OTHERS,
)  # fmt: skip


def evidence(policy: Policy) -> list[Evidence]:
    """Return the scheme of the labels of `policy`, the agreement's clause, and a file read back."""
    options, label = policy.options("label"), make_label(policy)
    position = str(options.get("position", "start"))
    producer = options.get("producer")
    chinese = options.get("style", "gb45438") == "gb45438"
    first = ("eu50.5",) if position in ("start", "both") else ()
    found = [
        Evidence(
            path="scheme.md", title="The explicit label: position, and examples as they are given",
            shows=(*(_CHINESE if chinese else _OTHERS), *first),
            write=lambda path: path.write_text(_scheme(label, position), "utf-8"),
        )
    ]  # fmt: skip
    if chinese:
        found.append(
            Evidence(
                path="agreement.md", title="A clause for the service agreement, in two languages",
                shows=("measures.9", "labelling.8", "labelling.10", "eucode.1.2"),
                write=lambda path: path.write_text(_clauses(position, bool(producer)), "utf-8"),
            )
        )  # fmt: skip
    if isinstance(producer, str) and producer:
        found.append(
            Evidence(
                path="implicit",
                title="The implicit label: a technical note, and real files that were read back",
                shows=("labelling.5", "labelling.7", "labelling.12", "gb45438.6", "eu50.2"),
                write=lambda folder: write_implicit(folder, producer),
            )
        )  # fmt: skip
    return found


def _scheme(label: Label, position: str) -> str:
    parts = [f"# The explicit label\n\nIts position in a text: {position}.\n"]
    for language, (asked, said) in _ANSWERS.items():
        message = Message(role="user", text=asked)
        marking = label.open(Request(messages=(message,), locale=language, id="example"))
        given = marking.feed(said)
        tail, marks = marking.finish()
        places = ", ".join(mark.where for mark in marks if mark.placed)
        parts.append(
            f"## Example ({language})\n\nAsked: {asked}\n\nThe answer as it is given (label at: "
            f"{places}):\n\n````text\n{given}{tail}\n````\n"
        )
    return "\n".join(parts)


def _clauses(position: str, implicit: bool) -> str:
    texts = []
    for language, clause in _CLAUSES.items():
        where = _WHERE[language][position] + (_IMPLICIT[language] if implicit else "")
        texts.append(clause.replace("{where}", where))
    return "\n\n".join(["# Clause for the service agreement", *texts]) + "\n"
