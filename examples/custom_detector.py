"""A detector of your own, in ten lines, beside the built-in ones.

python examples/custom_detector.py
"""

from chopmark import Chopmark, Needs, Verdict, hookimpl


class Codenames:
    """Keeps the names of secret projects inside the house."""

    name, version, blocking, needs = "codenames", "1", False, Needs.window(16)

    def judge(self, text, context):
        """Return a verdict for every name; the policy, or the advice here, decides."""
        at = text.find("Project Kestrel")
        if at < 0:
            return []
        return [
            Verdict(category="codename", start=at, end=at + 15, outcome="modify",
                    replacement="a project")
        ]  # fmt: skip


class Plugin:
    """Brings it."""

    @hookimpl
    def chopmark_detectors(self, policy):
        """Return the detectors."""
        return [Codenames()]


chop = Chopmark(policy="cn", plugins=[Plugin()])


@chop.guard
def answer(prompt):
    """A model that says too much, one letter at a time."""
    yield from "We call it Project Kestrel; write to li.hua@example.com."


print("".join(answer("What are you working on?")))
