"""Retrieved nodes are untrusted input: denied ones are dropped, others redacted on copies."""

import copy

import pytest
from llama_index.core import Document, MockEmbedding, VectorStoreIndex
from llama_index.core.schema import MetadataMode, Node, NodeWithScore, TextNode
from llamaindex_models import Completing

from chopmark import Chopmark, Policy, Rules
from chopmark.testing import BrokenDetector, plugin
from chopmark_llamaindex import ChopmarkPostprocessor, guard


def scored(text, **fields):
    return NodeWithScore(node=TextNode(text=text, **fields), score=0.5)


async def both(postprocessor, nodes):
    """Return what the sync and the async way make of copies of `nodes`."""
    sync = postprocessor.postprocess_nodes(copy.deepcopy(nodes))
    other = await postprocessor.apostprocess_nodes(copy.deepcopy(nodes))
    assert [n.model_dump() for n in sync] == [n.model_dump() for n in other]
    return sync


async def test_denied_nodes_are_dropped_and_told(chop):
    told = []
    screen = ChopmarkPostprocessor(chop, on_dropped=lambda node, why: told.append((node, why)))
    nodes = [scored("fine"), scored("say FORBIDDEN"), scored("fine too")]
    assert [n.text for n in await both(screen, nodes)] == ["fine", "fine too"]
    assert [(n.text, w.action) for n, w in told] == [("say FORBIDDEN", "block")] * 2


async def test_clean_nodes_are_the_same_objects(chop):
    node = scored("fine", metadata={"page": 3, "title": "t"})
    assert ChopmarkPostprocessor(chop).postprocess_nodes([node])[0] is node
    assert (await ChopmarkPostprocessor(chop).apostprocess_nodes([node]))[0] is node


async def test_texts_are_redacted_on_copies(chop):
    node = scored("a SECRET", metadata={"title": "of SECRET", "page": 3, "tags": ["SECRET"]})
    (kept,) = ChopmarkPostprocessor(chop).postprocess_nodes([node])
    assert node.text == "a SECRET"
    assert node.metadata["title"] == "of SECRET"
    assert (kept.text, kept.score, kept.node_id) == ("a ***", 0.5, node.node_id)
    assert (kept.metadata["title"], kept.metadata["page"]) == ("of ***", 3)
    assert "SECRET" not in kept.node.get_content(MetadataMode.ALL)


async def test_a_note_says_what_was_found_and_no_model_sees_it(chop):
    (kept,) = await both(ChopmarkPostprocessor(chop), [scored("a SECRET")])
    note = kept.metadata["chopmark"]
    assert note["action"] == "modify"
    assert [v["outcome"] for v in note["verdicts"]] == ["modify"]
    for mode in (MetadataMode.LLM, MetadataMode.EMBED):
        assert "chopmark" not in kept.node.get_content(mode)


async def test_metadata_that_a_model_reads_can_be_denied(chop):
    screen = ChopmarkPostprocessor(chop)
    assert await both(screen, [scored("fine", metadata={"title": "FORBIDDEN"})]) == []
    hidden = scored("fine", metadata={"x": "FORBIDDEN"}, excluded_llm_metadata_keys=["x"])
    assert len(await both(screen, [hidden])) == 1


async def test_other_kinds_of_nodes_are_screened(chop):
    from llama_index.core.node_parser import SentenceSplitter  # noqa: F401  registers nothing
    from llama_index.core.schema import IndexNode, MediaResource

    nodes = [
        NodeWithScore(node=Node(text_resource=MediaResource(text="a SECRET"))),
        NodeWithScore(node=IndexNode(text="a SECRET", index_id="i")),
        NodeWithScore(node=Document(text="a SECRET")),
        NodeWithScore(node=Node()),
    ]
    kept = await both(ChopmarkPostprocessor(chop), nodes)
    assert [n.node.get_content() for n in kept] == ["a ***", "a ***", "a ***", ""]


async def test_the_audience_counts(chop):
    rules = {"minor": Rules(both={"word": "allow"})}
    with_audience = Chopmark(
        Policy(name="a", audiences=rules), plugins=[plugin(detectors=chop.detectors)]
    )
    assert await both(ChopmarkPostprocessor(with_audience), [scored("FORBIDDEN")]) == []
    kept = await both(ChopmarkPostprocessor(with_audience, audience="minor"), [scored("FORBIDDEN")])
    assert len(kept) == 1


async def test_what_cannot_be_judged_is_dropped():
    chop = Chopmark(Policy(name="b"), plugins=[plugin(detectors=[BrokenDetector("x")])])
    assert [
        n.text for n in await both(ChopmarkPostprocessor(chop), [scored("x"), scored("y")])
    ] == ["y"]


async def test_with_policy_off_nothing_is_done():
    nodes = [scored("FORBIDDEN")]
    screen = ChopmarkPostprocessor(Chopmark("off"))
    assert screen.postprocess_nodes(nodes) is nodes
    assert await screen.apostprocess_nodes(nodes) is nodes


def test_a_deep_copy_keeps_the_policy(chop):
    assert copy.deepcopy(ChopmarkPostprocessor(chop)).postprocess_nodes([scored("FORBIDDEN")]) == []


@pytest.mark.parametrize("streaming", [False, True])
def test_in_a_query_engine_denied_nodes_do_not_reach_the_model(streaming, chop):
    index = VectorStoreIndex.from_documents(
        [Document(text=t) for t in ("one fact", "a FORBIDDEN fact", "a SECRET fact")],
        embed_model=MockEmbedding(embed_dim=4),
    )
    llm = guard(Completing(["the answer"]), chop)
    engine = index.as_query_engine(
        llm=llm, similarity_top_k=3, streaming=streaming,
        node_postprocessors=[ChopmarkPostprocessor(chop)],
    )  # fmt: skip
    assert str(engine.query("what?")) == "the answer"
    (prompt,) = llm.asked_of
    assert "one fact" in prompt
    assert "a *** fact" in prompt
    assert "FORBIDDEN" not in prompt
