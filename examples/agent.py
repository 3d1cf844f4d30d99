"""A LangChain agent with a tool: what the tool returns is untrusted input, and is screened too.

pip install 'chopmark[langchain]' 'langchain>=1.5,<2' langchain-openai
OPENAI_API_KEY=... MODEL=gpt-4o-mini python examples/agent.py "Where is order A1001?"
"""

import os
import sys

from langchain.agents import create_agent
from langchain_openai import ChatOpenAI

from chopmark import Chopmark, PolicyBlocked
from chopmark_langchain import ChopmarkMiddleware


def look_up_order(number: str) -> str:
    """Look up where an order is."""
    return f"order {number} is on its way to Wang Fang, mobile 13987654321"


agent = create_agent(
    ChatOpenAI(model=os.environ["MODEL"]),
    tools=[look_up_order],
    middleware=[ChopmarkMiddleware(Chopmark(policy="cn"))],
)
try:
    asked = {"messages": [{"role": "user", "content": sys.argv[1]}]}
    for message, _ in agent.stream(asked, stream_mode="messages"):
        if message.type == "tool":
            print(f"[the tool said, as the model sees it: {message.text}]")
        else:
            print(message.text, end="", flush=True)
    print()
except PolicyBlocked as blocked:
    print(blocked)
