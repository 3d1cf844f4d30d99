"""Tells which documents an answer rests on, from a step behind a retriever."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from langchain_core.documents import Document
from langchain_core.runnables import Runnable, RunnableLambda

from chopmark.sources import Source, tell

_TITLES = ("title", "source", "url", "file_name")


def sources_step() -> Runnable[Sequence[Document], Sequence[Document]]:
    """Return a step that lets documents pass, and tells them as sources.

        context = retriever | sources_step() | format_documents
        with gathering():
            chain.invoke("...")

    What is told belongs to the guarded calls inside `chopmark.sources.gathering`.
    """
    return RunnableLambda(_told, name="chopmark_sources")


def _told(documents: Sequence[Document]) -> Sequence[Document]:
    tell(map(_source, documents))
    return documents


def _source(document: Document) -> Source:
    """Return a document as a source; one without an id is known by a digest of its text."""
    text = document.page_content
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    titles = (document.metadata.get(name) for name in _TITLES)
    title = next((str(title) for title in titles if title), "")
    return Source(id=document.id or digest, title=title, text=text)
