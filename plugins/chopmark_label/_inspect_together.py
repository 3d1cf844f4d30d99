"""What marks say against each other: a file may say one thing of its content, not two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ._inspect_report import Finding


def contradictions(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield which findings contradict each other, and what each says.

    A platform that finds a visible label and no block, or a user's word and no block, writes a
    block with `Label` 3 or 2 beside it (Labelling Measures, Article 6), which is as it should be;
    a producer who labels the content as generated and writes another value contradicts itself.
    """
    blocks = [finding for finding in findings if finding.technique == "AIGC"]
    visible = [finding for finding in findings if finding.kind == "visible"]
    for label in visible:
        for block in blocks:
            said = block.said
            weaker = block.says in ("may be", "suspected") and label.says == "is"
            stronger = block.says == "is" and label.says in ("may be", "suspected")
            if stronger or (weaker and not said.get("ContentPropagator")):
                words = label.said.get("wording", "")
                yield (
                    f"the visible label at the {label.where} ({words}) says that it "
                    f"{_words(label)}, while the block in {block.where}, which is of no "
                    f"propagator, has Label {said.get('Label')}: that it {_words(block)}"
                )
    against = [finding for finding in findings if finding.says == "is not"]
    marked = [finding for finding in findings if finding.says not in ("", "is not")]
    for denying in against:
        for other in marked:
            yield (
                f"{denying.technique} ({denying.where}) says {denying.said.get('source', 'so')}: "
                f"that it is not AI-generated, while {other.technique} ({other.where}) says that "
                f"it {_words(other)}"
            )


def _words(finding: Finding) -> str:
    verb = {"may be": "may be", "suspected": "is suspected to be"}.get(finding.says, "is")
    return f"{verb} AI-generated"
