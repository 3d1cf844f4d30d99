"""What a retriever found goes with the call that its documents go into."""

import hashlib

import pytest
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnablePassthrough
from langchain_given import Given

from chopmark import Chopmark, Policy
from chopmark.sources import gathering
from chopmark.testing import MemoryLog, plugin
from chopmark_langchain import guard, sources_step

TEXT = "The lake covers 6.39 square kilometres."


class Shelf(BaseRetriever):
    """Finds the same two documents for every question."""

    def _get_relevant_documents(self, query, *, run_manager):
        return [
            Document(TEXT, id="d-1", metadata={"title": "Lake"}),
            Document("Two causeways cross the lake."),
        ]


@pytest.fixture
def log():
    return MemoryLog()


@pytest.fixture
def chain(log):
    chop = Chopmark(Policy(name="rag", plugins=("sources",)), plugins=[plugin(log=log)])
    model = guard(Given(message=AIMessage(TEXT), chunks=[AIMessageChunk(w) for w in TEXT]), chop)
    context = Shelf() | sources_step() | (lambda found: "\n".join(d.page_content for d in found))
    prompt = ChatPromptTemplate.from_template("{context}\n\n{question}")
    return {"context": context, "question": RunnablePassthrough()} | prompt | model


def test_ids_titles_and_digests_are_beside_the_answer_and_in_its_record(chain, log):
    with gathering() as found:
        said = chain.invoke("How large is the lake?")
    assert found[0].id == "d-1"
    sources = said.response_metadata["sources"]
    assert (sources["1.id"], sources["1.title"]) == ("d-1", "Lake")
    assert sources["1.sha256"] == hashlib.sha256(TEXT.encode()).hexdigest()
    assert "2.title" not in sources
    [mark] = log.records[-1].marks
    assert dict(mark.data) == sources


async def test_an_async_chain_and_a_stream_carry_them_too(chain, log):
    with gathering():
        async for _ in chain.astream("How large is the lake?"):
            pass
    assert log.records[-1].marks[0].data["1.id"] == "d-1"


def test_where_nobody_gathers_nothing_is_carried(chain, log):
    said = chain.invoke("How large is the lake?")
    assert "sources" not in said.response_metadata
    assert log.records[-1].marks == ()


def test_two_questions_do_not_share_what_was_found(chain, log):
    for _ in range(2):
        with gathering():
            chain.invoke("How large is the lake?")
    assert "3.id" not in log.records[-1].marks[0].data
