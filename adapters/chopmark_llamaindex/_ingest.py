"""Takes our own marks off nodes before they are split, embedded and indexed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llama_index.core.schema import BaseNode, MetadataMode, TransformComponent
from pydantic import PrivateAttr

from chopmark import Chopmark

from ._binding import a_chopmark

MARKS = "chopmark_marks"
"""The key of a node's metadata that names whose marks were taken off."""


class MarkStripper(TransformComponent):
    """Takes off nodes what the markers of a policy wrote into their text.

    pipeline = IngestionPipeline(transformations=[MarkStripper(chop), SentenceSplitter(), embed])

    Put it first: a label is found where it was written, at the start or the end of a text. An index
    holds then what the text says, no label that all texts have in common, and no manifest of
    thousands of tokens. That the text is marked is not lost: `metadata["chopmark_marks"]` names the
    markers, for example `label, c2pa`; neither models nor embeddings are shown it.

    Only for what a model or an index reads: nobody may take a label off what people get (Labelling
    Measures, Art. 10). Nodes that are given stay as they are.
    """

    policy: str = ""
    """The policy, by which a pipeline's cache tells one stripper from another."""
    _chop: Chopmark = PrivateAttr()

    def __init__(self, chop: Chopmark, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.policy, self._chop = a_chopmark(chop).policy_id, chop

    @classmethod
    def class_name(cls) -> str:
        """Return the name under which LlamaIndex knows this class."""
        return "ChopmarkMarkStripper"

    def __call__(self, nodes: Sequence[BaseNode], **kwargs: Any) -> Sequence[BaseNode]:
        """Return the nodes without marks; those that had none are the same objects."""
        return [self._stripped(node) for node in nodes]

    def _stripped(self, node: BaseNode) -> BaseNode:
        text = node.get_content(metadata_mode=MetadataMode.NONE)
        if (bare := self._chop.strip(text)) == text:
            return node
        copied: BaseNode = node.model_copy()
        copied.set_content(bare)
        copied.metadata = {**node.metadata, MARKS: ", ".join(_markers(self._chop, text))}
        copied.excluded_llm_metadata_keys = [*node.excluded_llm_metadata_keys, MARKS]
        copied.excluded_embed_metadata_keys = [*node.excluded_embed_metadata_keys, MARKS]
        return copied


def _markers(chop: Chopmark, text: str) -> list[str]:
    """Return the names of the markers whose marks `text` carries, each once."""
    found = [mark.marker for marker in chop.markers for mark in marker.detect(text)]
    return list(dict.fromkeys(found))
