"""The detector for everybody as evidence: what it looks for under a policy, and what it says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chopmark import Policy
from chopmark.hookspecs import Evidence
from chopmark.showing import cell, page, table, writing
from chopmark.wording import Wording

from ._inspecting import Inspector
from ._log_search import Search
from ._options import Options, read_options
from ._ours import Answer, Names, answer_of

_EXAMPLE = "内容由AI生成 / AI-generated\n\n西湖在杭州市西湖区，三面环山。West Lake is in Hangzhou."
_SAYS = (
    "`chopmark desk --public` is a page for strangers, without a login and free of charge: they "
    "paste a text or choose a file, and are told by which technique something was found and how "
    "hard that is to forge. It says of no text who wrote it, and finding nothing proves nothing. "
    "Whether the page is served, and where people find it, is the operator's to show."
)
_EXAMPLES = (
    "What the page says of a text with a visible label alone, looked into under this policy when "
    "the pack was written. The log was not asked."
)


def evidence(policy: Policy) -> Iterable[Evidence]:
    """Return what the public page looks for under `policy`; raise `PolicyError`."""
    options = read_options(policy)
    yield Evidence(
        path="detector.md",
        title="The detector for everybody: what it looks for, and what its results rest on",
        write=writing(lambda: _detector(policy, options)),
        shows=("eucode.2", "eu50.2"),
    )


def _detector(policy: Policy, options: Options) -> str:
    inspector = Inspector(policy=policy, keys=options.keys, seconds=options.seconds)
    report = inspector.text(_EXAMPLE)
    answer = answer_of(report, Search(unasked="no_search"), Names.of(policy))
    words, chinese = (Wording.of(__package__, language) for language in ("en", "zh"))
    about = [
        ("host name of the page", cell(options.name or "not written; this machine's")),
        ("largest file", f"{options.upload // 2**20} MB"),
        ("seconds for a file", f"{options.seconds:g}"),
        ("keys of producers that are known", str(len(options.keys))),
    ]
    head = ("TECHNIQUE", "技术", "WHAT A RESULT SHOWS AND WHAT NOT")
    found = ("TECHNIQUE", "STRENGTH", "WHAT IS SAID", "所示结果")
    return page(
        "The detector for everybody",
        _SAYS,
        table(("WHAT", "VALUE"), about),
        "## What it looks for\n\nEach result names one of these:",
        table(head, [*_techniques(answer, words, chinese)]),
        f"## An example\n\n{_EXAMPLES}\n\n```text\n{_EXAMPLE}\n```",
        table(found, [*_told(answer, words, chinese)]),
    )


def _techniques(answer: Answer, words: Wording, chinese: Wording) -> Iterator[tuple[str, ...]]:
    for row in answer.rows:
        key = f"ours.technique.{row.technique}"
        yield words(key), chinese(key), cell(words(f"ours.caveat.{row.technique}"))


def _told(answer: Answer, words: Wording, chinese: Wording) -> Iterator[tuple[str, ...]]:
    for row in answer.rows:
        state = f"ours.state.{row.technique}.{row.state}"
        strength = words(f"ours.strength.{row.strength}")
        yield words(f"ours.technique.{row.technique}"), strength, words(state), chinese(state)
