"""The form of a text in which rules look: lower case, plain letters, nothing hidden."""

from __future__ import annotations

from bisect import bisect_right

from ._characters import runs

_LATIN = {
    "а": "a", "е": "e", "о": "o", "р": "p", "с": "c", "у": "y", "х": "x", "і": "i", "ѕ": "s",
    "ј": "j", "к": "k", "м": "m", "т": "t", "н": "h", "в": "b", "ο": "o", "ι": "i", "α": "a",
    "ν": "v", "ρ": "p", "τ": "t", "ɡ": "g", "ı": "i", "ⅼ": "l",
}  # fmt: skip
_SIMPLIFIED = dict(
    zip(
        "無視規則統詞請執輸記憶發轉傳對話碼設開啟從現會後復這們為務讓將應該據讀總結約來導鑰憑證號"
        "過絕說訴給樣顯當時與內並檔實際點機權審查範圍標題彙報讓問員",
        "无视规则统词请执输记忆发转传对话码设开启从现会后复这们为务让将应该据读总结约来导钥凭证号"
        "过绝说诉给样显当时与内并档实际点机权审查范围标题汇报让问员",
        strict=True,
    )
)
_FOLDED: dict[int, int | str] = {
    **{code: code + 32 for code in range(ord("A"), ord("Z") + 1)},
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    **{code: code - 0xFEE0 + 32 for code in range(0xFF21, 0xFF3B)},
    **dict.fromkeys((0xA0, 0x3000, 0x202F, *range(0x2000, 0x200B)), " "),
    **dict.fromkeys(map(ord, "‘’ʼ"), "'"),
    **dict.fromkeys(map(ord, "“”"), '"'),
    **dict.fromkeys(map(ord, "‐‑‒–—"), "-"),
    **{ord(letter): plain for letter, plain in _LATIN.items()},
    **{ord(letter.upper()): plain for letter, plain in _LATIN.items() if letter.upper() != plain},
    **{ord(old): new for old, new in _SIMPLIFIED.items()},
}


class Plain:
    """A text in plain form. `at` gives the place in the original of a place in it."""

    __slots__ = ("_from", "_shift", "text")

    def __init__(self, text: str) -> None:
        self._from: list[int] = []  # places in the plain text behind which the shift changes
        self._shift: list[int] = []
        if text.isascii():
            self.text = text.lower()
            return
        parts: list[str] = []
        last = shift = 0
        for hidden in runs.finditer(text):
            parts.append(text[last : hidden.start()])
            last = hidden.end()
            shift += last - hidden.start()
            self._from.append(last - shift)
            self._shift.append(shift)
        parts.append(text[last:])
        self.text = "".join(parts).translate(_FOLDED)

    def start(self, place: int) -> int:
        """Return where the character at `place` stands in the original."""
        n = bisect_right(self._from, place)
        return place + self._shift[n - 1] if n else place

    def end(self, place: int) -> int:
        """Return where in the original the text before `place` ends."""
        return self.start(place - 1) + 1
