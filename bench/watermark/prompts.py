"""What the model is asked: 200 questions, all different, of no data set."""

from __future__ import annotations

_FORMS = (
    "Write a short story about {}.",
    "Explain to a beginner what matters about {}.",
    "Write a letter to a friend about {}.",
    "Describe a morning that has to do with {}.",
    "Write a newspaper article about {}.",
    "What are common mistakes with {}? Explain each.",
    "Write the opening of a talk about {}.",
    "Tell how people have thought about {} over time.",
    "Write a dialogue between two neighbours about {}.",
    "Give advice to someone who is worried about {}.",
)
_TOPICS = (
    "a lighthouse", "baking bread", "learning the piano", "a long train journey",
    "growing tomatoes", "an old library", "moving to another city", "the night sky",
    "repairing a bicycle", "a village festival", "teaching children to read", "a river in flood",
    "starting a small shop", "the first day at work", "a walk in the mountains", "saving money",
    "a family recipe", "the history of maps", "caring for an old dog", "a football match",
)  # fmt: skip

QUESTIONS = tuple(form.format(topic) for topic in _TOPICS for form in _FORMS)
