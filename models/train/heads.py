"""What the models are asked, and in which order."""

from __future__ import annotations

HEADS = ("toxic", "hate", "sexual", "violence", "self_harm", "illicit", "fraud", "injection")
