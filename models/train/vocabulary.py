"""The tokenizer: the XLM-R vocabulary cut down to Chinese and English, lower case.

The pieces keep their scores, so a text is cut as the full vocabulary would cut it, except where a
piece was dropped. Rows of the e5 embedding are picked by the same cut.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tokenizers import (
    Regex,
    Tokenizer,
    models,
    normalizers,
    pre_tokenizers,
    processors,
)

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
HAN = re.compile("▁?[\u3400-\u9fff]+")
LATIN = re.compile("▁?[a-z]+")
INVISIBLE = "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A tokenizer with a cut vocabulary, and the rows of the full embedding that it kept."""

    tokenizer: Tokenizer
    rows: list[int]


def assemble(pieces: list[tuple[str, float]]) -> Tokenizer:
    """Make a tokenizer of pieces, the first four of which are the special ones."""
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=SPECIAL.index("<unk>")))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Lowercase(),
            normalizers.Replace(Regex(INVISIBLE), ""),
            normalizers.Replace(Regex(r"\s+"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return tokenizer


def lowered(full: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """Put the lower case of a piece in the place of one that has no lower-case twin.

    Texts are lowered before they are cut, and the full vocabulary knows some words by their
    capitals alone: without this, "Hello" is cut as "hell" and "o".
    """
    taken = {piece for piece, _ in full}
    out: list[tuple[str, float]] = []
    for piece, score in full:
        low = piece.lower()
        if piece not in SPECIAL and low not in taken:
            taken.add(low)
            piece = low
        out.append((piece, score))
    return out


def cut(full: list[tuple[str, float]], texts: Iterable[str], size: int) -> Cut:
    """Keep `size` pieces: those that the texts use most, then the likeliest Chinese and English."""
    full = lowered(full)
    whole = assemble(full)
    used: Counter[int] = Counter()
    for encoding in whole.encode_batch_fast(list(texts)):
        used.update(encoding.ids)
    kept = [number for number, (piece, _) in enumerate(full) if piece in SPECIAL]
    wanted = [number for number, count in used.most_common() if count >= 3 and number > 3]
    # The pieces come in order of their score. Chinese needs most of its pieces, since a character
    # that has none is lost; English words outside the training texts are what the rest is for.
    wanted += [
        number
        for number, (piece, _) in enumerate(full)
        if len(piece.strip("▁")) == 1 and HAN.fullmatch(piece)
    ]
    han = [number for number, (piece, _) in enumerate(full) if HAN.fullmatch(piece)]
    latin = [number for number, (piece, _) in enumerate(full) if LATIN.fullmatch(piece)]
    wanted += han[:16_000] + latin[:12_000]
    wanted += [number for number, count in used.most_common() if count < 3 and number > 3]
    rows = sorted(kept + [n for n in dict.fromkeys(wanted) if n not in kept][: size - len(kept)])
    return Cut(tokenizer=assemble([full[row] for row in rows]), rows=rows)
