"""Screens retrieved nodes before they become part of a prompt: they are untrusted input."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from llama_index.core.postprocessor.types import BaseNodePostprocessor
from llama_index.core.schema import BaseNode, MetadataMode, NodeWithScore, QueryBundle
from pydantic import PrivateAttr

from chopmark import Chopmark, Screening
from chopmark.sources import Source, tell

from ._binding import a_chopmark
from ._pieces import KEY

Dropped = Callable[[NodeWithScore, Screening], None]
_ROLE = "tool"
_TITLES = ("title", "file_name", "url", "source")


class ChopmarkPostprocessor(BaseNodePostprocessor):
    """Drops nodes that the policy denies, and redacts what it modifies, on copies.

    Text and metadata are screened, as far as a model is shown them, and our own marks are taken
    off (`Chopmark.strip`). A node with a verdict, or with marks, gets a note in
    `metadata["chopmark"]` that neither models nor embeddings see. Nothing is recorded: that belongs
    to the call that the nodes go into. Inside `chopmark.sources.gathering` the nodes that are
    kept are told as that call's sources.

    Args:
        chop: the policy.
        audience: for whom, as the policy names it.
        on_dropped: told of every node that was dropped, and why.
    """

    _chop: Chopmark = PrivateAttr()
    _audience: str = PrivateAttr(default="")
    _on_dropped: Dropped | None = PrivateAttr(default=None)

    def __init__(
        self,
        chop: Chopmark,
        *,
        audience: str = "",
        on_dropped: Dropped | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._chop, self._audience, self._on_dropped = a_chopmark(chop), audience, on_dropped

    @classmethod
    def class_name(cls) -> str:
        """Return the name under which LlamaIndex knows this class."""
        return "ChopmarkPostprocessor"

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> ChopmarkPostprocessor:
        """Return a copy with the same policy object: it holds nothing of a call."""
        return self.model_copy()

    def _postprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        if self._chop.inert:
            return nodes
        screen, audience = self._chop.screen, self._audience
        kept = []
        for node in nodes:
            found = [screen(t, audience=audience, role=_ROLE) for _, t in _texts(node.node)]
            kept += self._judged(node, found)
        tell(map(_source, kept))
        return kept

    async def _apostprocess_nodes(
        self, nodes: list[NodeWithScore], query_bundle: QueryBundle | None = None
    ) -> list[NodeWithScore]:
        if self._chop.inert:
            return nodes
        screen, audience = self._chop.ascreen, self._audience
        kept = []
        for node in nodes:
            texts = list(_texts(node.node))
            found = [await screen(t, audience=audience, role=_ROLE) for _, t in texts]
            kept += self._judged(node, found)
        tell(map(_source, kept))
        return kept

    def _judged(self, node: NodeWithScore, found: Sequence[Screening]) -> list[NodeWithScore]:
        """Return the node, a redacted copy of it, or nothing."""
        for screening in found:
            if screening.action in ("block", "escalate"):
                if self._on_dropped is not None:
                    self._on_dropped(node, screening)
                return []
        noted = any(screening.verdicts or screening.failures for screening in found)
        if not noted and [s.text for s in found] == [text for _, text in _texts(node.node)]:
            return [node]
        return [node.model_copy(update={"node": _redacted(node.node, found)})]


def _texts(node: BaseNode) -> Iterator[tuple[str | None, str]]:
    """Yield what a model is shown of `node`: the content under None, metadata by key."""
    content = node.get_content(metadata_mode=MetadataMode.NONE)
    if content:
        yield None, content
    for key, value in node.metadata.items():
        if key in node.excluded_llm_metadata_keys or isinstance(value, int | float | None):
            continue
        yield key, str(value)


def _source(node: NodeWithScore) -> Source:
    metadata = node.node.metadata
    title = next((str(metadata[name]) for name in _TITLES if metadata.get(name)), "")
    text = node.node.get_content(metadata_mode=MetadataMode.NONE)
    return Source(id=node.node.node_id, title=title, text=text)


def _redacted(node: BaseNode, found: Sequence[Screening]) -> BaseNode:
    copied: BaseNode = node.model_copy()
    metadata = dict(node.metadata)
    for (key, text), screening in zip(_texts(node), found, strict=True):
        if screening.text == text:
            continue
        if key is None:
            copied.set_content(screening.text)
        else:
            metadata[key] = screening.text
    metadata[KEY] = _note(found)
    copied.metadata = metadata
    copied.excluded_llm_metadata_keys = [*node.excluded_llm_metadata_keys, KEY]
    copied.excluded_embed_metadata_keys = [*node.excluded_embed_metadata_keys, KEY]
    return copied


def _note(found: Sequence[Screening]) -> dict[str, object]:
    """Return what was found, without content."""
    return {
        "action": "modify" if any(s.action == "modify" for s in found) else "allow",
        "verdicts": [
            {"detector": v.detector, "category": v.category, "outcome": v.outcome}
            for s in found
            for v in s.verdicts
        ],
        "failures": [{"name": f.name, "error": f.error} for s in found for f in s.failures],
    }
