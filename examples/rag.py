"""A LlamaIndex query engine over your own texts: what is retrieved is untrusted, too.

pip install 'chopmark[llamaindex]' llama-index-llms-openai-like
OPENAI_API_KEY=... MODEL=gpt-4o-mini python examples/rag.py "When is the office open?"
"""

import os
import sys

from llama_index.core import Document, SimpleKeywordTableIndex
from llama_index.llms.openai_like import OpenAILike

from chopmark import Chopmark, PolicyBlocked
from chopmark_llamaindex import ChopmarkPostprocessor, guard

chop = Chopmark(policy="cn")
llm = guard(
    OpenAILike(
        model=os.environ["MODEL"],
        api_base=os.environ.get("OPENAI_BASE_URL", "https://api.openai.com/v1"),
        api_key=os.environ["OPENAI_API_KEY"],
        is_chat_model=True,
    ),
    chop,
)
texts = [
    "The office is open from 9 to 5. Ask for Li Hua, li.hua@example.com.",
    "The office moved in 2024.",
]
index = SimpleKeywordTableIndex.from_documents([Document(text=t) for t in texts], llm=llm)
engine = index.as_query_engine(
    llm=llm,
    retriever_mode="simple",
    node_postprocessors=[ChopmarkPostprocessor(chop=chop)],
    streaming=True,
)
try:
    answer = engine.query(sys.argv[1])
    for piece in answer.response_gen:
        print(piece, end="", flush=True)
    print()
    for node in answer.source_nodes:
        print(f"[source, as the model saw it: {node.text}]")
except PolicyBlocked as blocked:
    print(blocked)
