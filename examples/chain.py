"""A LangChain chain, guarded: the answer streams, labelled, and what is denied does not get out.

pip install 'chopmark[langchain]' langchain-openai
OPENAI_API_KEY=... MODEL=gpt-4o-mini python examples/chain.py "What is the capital of France?"
"""

import os
import sys

from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_openai import ChatOpenAI

from chopmark import Chopmark, PolicyBlocked, calling
from chopmark_langchain import guard

prompt = ChatPromptTemplate.from_messages(
    [("system", "Answer in one sentence."), ("user", "{question}")]
)
model = guard(ChatOpenAI(model=os.environ["MODEL"]), Chopmark(policy="cn"))
chain = prompt | model | StrOutputParser()

question = sys.argv[1]
try:
    with calling(user="user-17"):
        for piece in chain.stream({"question": question}):
            print(piece, end="", flush=True)
    print()
except PolicyBlocked as blocked:
    print(blocked)
