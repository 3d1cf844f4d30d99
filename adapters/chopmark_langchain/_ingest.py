"""Takes our own marks off documents before they are split, embedded and indexed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.documents import BaseDocumentTransformer, Document

from chopmark import Chopmark

from ._guarding import a_chopmark

MARKS = "chopmark_marks"
"""The key of a document's metadata that names whose marks were taken off."""


class MarkStripper(BaseDocumentTransformer):
    """Takes off documents what the markers of a policy wrote into their text.

    documents = MarkStripper(chop).transform_documents(loader.load())

    Put it before the splitter: a label is found where it was written, at the start or the end of a
    text. An index holds then what the text says, no label that all texts have in common, and no
    manifest of thousands of tokens. That the text is marked is not lost: the markers are named in
    `metadata["chopmark_marks"]`, for example `label, c2pa`; a string, as vector stores want.

    Only for what a model or an index reads: nobody may take a label off what people get (Labelling
    Measures, Art. 10). Documents that are given stay as they are.
    """

    def __init__(self, chop: Chopmark) -> None:
        self._chop = a_chopmark(chop)

    def transform_documents(
        self, documents: Sequence[Document], **kwargs: Any
    ) -> Sequence[Document]:
        """Return the documents without marks; those that had none are the same objects."""
        return [self._stripped(document) for document in documents]

    async def atransform_documents(
        self, documents: Sequence[Document], **kwargs: Any
    ) -> Sequence[Document]:
        """Return the documents without marks; those that had none are the same objects."""
        return self.transform_documents(documents)

    def _stripped(self, document: Document) -> Document:
        text = document.page_content
        if (bare := self._chop.strip(text)) == text:
            return document
        metadata = {**document.metadata, MARKS: ", ".join(_markers(self._chop, text))}
        return document.model_copy(update={"page_content": bare, "metadata": metadata})


def _markers(chop: Chopmark, text: str) -> list[str]:
    """Return the names of the markers whose marks `text` carries, each once."""
    found = [mark.marker for marker in chop.markers for mark in marker.detect(text)]
    return list(dict.fromkeys(found))
