"""What can be done with complaints. Each verb is one step, and a record in the log."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from chopmark import Event
from chopmark.policy import language_of

from ._answers import locate
from ._complaint import (
    CORRECTED,
    DECIDED,
    DECISIONS,
    ERASED,
    GROUNDS,
    NOTIFIED,
    RECEIVED,
    Complaint,
)
from ._erase import Erased, erase
from ._errors import ComplaintError, UnsaidError
from ._notices import write
from ._options import Options
from ._register import MOST_NAMED, Register
from ._store import Kept
from ._subjects import one_of, steps_of
from ._words import append

_WANTED = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)*")


class Complaints:
    """The complaints of a service. Shared by threads.

    All raise `ComplaintError` for what cannot be done, and `UnloggedError` where a step is kept and
    the log could not take it yet; `actor` is who acts, as the operator names its people.
    """

    def __init__(self, register: Register, options: Options) -> None:
        self.register, self.options = register, options

    def receive(
        self,
        text: str,
        *,
        about: str = "",
        answer: str = "",
        ground: str = "other",
        contact: str = "",
        language: str = "",
        actor: str = "",
    ) -> Complaint:
        """Take a complaint, and return it with its number and its deadline.

        Args:
            text: what the complainant says.
            about: what has the id of the call: the id, a receipt, metadata, or an AIGC label.
            answer: the text that it is about, by which the call is sought where `about` is empty.
            ground: one of `GROUNDS`.
            contact: where the complainant can be told; kept beside the text.
            language: of the notices, such as `zh`; by default that of `text`.
            actor: who takes it; nobody where the complainant fills in a form.

        Raises:
            LogError: the log cannot be read.
        """
        if not text.strip():
            raise ComplaintError("the complaint is empty; say what is wrong with the answer")
        ground = one_of("ground", ground, GROUNDS)
        language = one_of("language", language or language_of(text), tuple(self.options.notices))
        found = locate(self.register.log, about, answer)
        data: dict[str, str | int | bool] = {
            "deadline": self.register.clock() + self.options.deadline,
            "ground": ground,
            "language": language,
            "found": found.by,
        }
        if found.same is not None:
            data["same"] = found.same
        if found.note:
            data["note"] = found.note[:MOST_NAMED]
        id = self.register.begin(
            RECEIVED,
            about=[found.record] if found.record else [],
            actor=actor,
            data=data,
            texts={"complaint": text, "answer": answer, "contact": contact},
        )
        return self.get(id)

    def get(self, id: str) -> Complaint:
        """Return a complaint by its number, or by the end of it."""
        return Complaint.of(steps_of(self.register.store, id, RECEIVED))

    def all(self) -> list[Complaint]:
        """Return all complaints, oldest first."""
        return [*map(Complaint.of, self.register.store.all_steps(RECEIVED).values())]

    def latest(self, most: int, before: str = "") -> list[Complaint]:
        """Return the last `most` complaints, the newest first; of those before the number `before`.

        Takes no longer where there are many.
        """
        found = self.register.store.latest(RECEIVED, most, before)
        return [*map(Complaint.of, reversed(found.values()))]

    def waiting(self) -> list[Complaint]:
        """Return those that are to be decided, or whose result is to be told, oldest first."""
        steps = self.register.store.unfinished(RECEIVED, DECIDED, (NOTIFIED, ERASED)).values()
        now = self.register.clock()
        return [one for one in map(Complaint.of, steps) if one.state(now) != "done"]

    def decide(
        self, id: str, decision: str, reason: str, *, actor: str, again: bool = False
    ) -> Complaint:
        """Decide on a complaint: one of `DECISIONS`, for a reason that the complainant is told.

        `again` changes a decision that was made.
        """
        one = self.get(id)
        decision = one_of("decision", decision, DECISIONS)
        if not reason.strip():
            raise ComplaintError("a decision needs a reason, which the complainant is told")

        def once() -> Mapping[str, str | int | bool]:
            now = self.get(one.id)
            if now.erased:
                raise ComplaintError(f"the texts of complaint {one.id} are erased; receive it anew")
            if now.decided and not again:
                raise UnsaidError(
                    f"complaint {one.id} is decided already, {now.decision}; to change that, say",
                    "again=True", "--again",
                )  # fmt: skip
            if again and not now.decided:
                raise ComplaintError(f"complaint {one.id} is not decided yet; leave `again` out")
            return {}

        self.register.take(
            one.id, DECIDED, actor=actor, data={"decision": decision}, texts={"reason": reason},
            meanwhile=once,
        )  # fmt: skip
        return self.get(one.id)

    def correct_words(
        self,
        id: str,
        term: str,
        *,
        category: str,
        level: str,
        actor: str,
        expires: date | None = None,
        words: Path | None = None,
    ) -> Complaint:
        """Correct by an entry in a word list, `words` or the policy's, for which `actor` answers.

        The record names the list, the number of the entry, its category and level, and no term.
        """
        one = self.get(id)
        path = words or self.options.words
        if path is None:
            raise UnsaidError(
                'there is no word list; write words = "words.toml" under [settings.complaints], or '
                "name one here", "words=...", "--words FILE",
            )  # fmt: skip
        cells = {"term": term, "category": category, "level": level, "reviewer": actor}
        if expires is not None:
            cells["expires"] = expires.isoformat()

        def appended() -> Mapping[str, str | int | bool]:
            place = append(path, cells)
            return {"list": place.list, "entry": place.number}

        data = {"by": "word", "category": category, "level": level}
        self.register.take(one.id, CORRECTED, actor=actor, data=data, meanwhile=appended)
        return self.get(one.id)

    def correct_example(self, id: str, wanted: str, *, actor: str, text: str = "") -> Complaint:
        """Correct by an example for retraining: `text`, or the answer, should have had a label.

        `wanted` is a category, or `allow` where nothing is wrong with it. `export` gives it out.
        """
        one = self.get(id)
        if not _WANTED.fullmatch(wanted):
            raise ComplaintError(
                f"label {wanted!r}: write `allow`, or a category in dotted names of a-z, 0-9, _, -"
            )
        example = text or self.text(one.id, "answer")
        if not example.strip():
            raise UnsaidError(
                f"complaint {one.id} came without the text of the answer; give the text of the "
                "example", "text=...", "FILE",
            )  # fmt: skip
        data = {"by": "example", "label": wanted}
        self.register.take(
            one.id, CORRECTED, actor=actor, data=data, texts={"example": example},
            meanwhile=lambda: self._unerased(one.id),
        )  # fmt: skip
        return self.get(one.id)

    def notice(self, id: str, language: str = "") -> str:
        """Return what the complainant is to be told now: the result, or before, the receipt."""
        one = self.get(id)
        language = one_of("language", language or one.language, tuple(self.options.notices))
        reason = self.text(one.id, "reason")
        return write(self.options.notices[language], one, reason, self.options.utc_offset)

    def told(self, id: str, notice: str, *, actor: str) -> Complaint:
        """Record that the complainant was sent `notice`."""
        one = self.get(id)
        data = {"notice": "decided" if one.decided else "received"}
        self.register.take(
            one.id, NOTIFIED, actor=actor, data=data, texts={"notice": notice},
            meanwhile=lambda: self._unerased(one.id),
        )  # fmt: skip
        return self.get(one.id)

    def text(self, id: str, name: str) -> str:
        """Return the last text of that name: complaint, answer, contact, reason, notice."""
        texts = reversed(self.texts(id).values())
        return next((kept[name].value for kept in texts if name in kept), "")

    def texts(self, id: str) -> dict[str, dict[str, Kept]]:
        """Return the texts of a complaint that are not erased, by step and name."""
        return self.register.store.texts(self.get(id).id)

    def history(self, id: str) -> list[Event]:
        """Return the steps of a complaint, as the log has them."""
        return steps_of(self.register.store, id, RECEIVED)

    def of_contact(self, contact: str) -> list[str]:
        """Return the numbers of the complaints that came from `contact`."""
        found = self.register.store.holding("contact", contact)
        if not found:
            raise ComplaintError(f"no complaint is kept of {contact!r}; nothing was changed")
        return found

    def erase(self, ids: Iterable[str], basis: str, *, actor: str) -> list[Erased]:
        """Erase the texts of complaints, examples included; what the log has stays.

        `basis` is why, such as an article of the law; it goes into the log. One that is not decided
        stays: it would be late for ever.
        """
        found = [self.get(id) for id in ids]
        for one in found:
            if not one.decided:
                raise ComplaintError(
                    f"complaint {one.id} is not decided; decide on it first, `withdrawn` where the "
                    "complainant takes it back; nothing was changed"
                )
        return [erase(self.register, one.id, basis, actor) for one in found]

    def _unerased(self, id: str) -> Mapping[str, str | int | bool]:
        if self.get(id).erased:
            raise ComplaintError(f"the texts of complaint {id} are erased; nothing is added to it")
        return {}
