"""Tools for tests: what they return is given, or they raise."""

from langchain_core.tools import StructuredTool, tool


def raising(error):
    @tool
    def look(query: str) -> str:
        """Look something up."""
        raise error

    return look


def given(result, response_format="content"):
    """A tool with one way of its own, sync, that returns `result`."""
    return StructuredTool.from_function(
        func=lambda query: result, name="look", description="d", response_format=response_format
    )


def async_given(result, response_format="content"):
    """The same, async alone."""

    async def look(query: str):
        return result

    return StructuredTool.from_function(
        coroutine=look, name="look", description="d", response_format=response_format
    )


def leaks(pieces):
    return [p for p in map(repr, pieces) if "FORBIDDEN" in p or "SECRET" in p]
