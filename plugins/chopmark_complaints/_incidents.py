"""What can be done with incidents: the steps of Art. 14, each a record in the log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from chopmark import Event

from ._answers import ID
from ._complaint import GROUNDS, RECEIVED
from ._erase import Erased, erase
from ._errors import ComplaintError, UnsaidError
from ._incident import CLOSED, OPENED, STEPS, TAKEN_BACK, Incident, standing
from ._register import Register
from ._store import Kept
from ._subjects import named, one_of, steps_of


class Incidents:
    """The incidents of a service. Shared by threads.

    All raise `ComplaintError` for what cannot be done, and `UnloggedError` where a step is kept and
    the log could not take it yet; `actor` is who acts, as the operator names its people.
    """

    def __init__(self, register: Register) -> None:
        self.register = register

    def open(
        self, text: str, *, about: Iterable[str] = (), ground: str = "illegal", actor: str
    ) -> Incident:
        """Open an incident: `text` says what was found, `about` are ids of calls or complaints."""
        if not text.strip():
            raise ComplaintError("say what was found")
        named(actor)
        id = self.register.begin(
            OPENED,
            about=[self._id(one) for one in about],
            actor=actor,
            data={"ground": one_of("ground", ground, GROUNDS)},
            texts={"found": text},
        )
        return self.get(id)

    def _id(self, given: str) -> str:
        """Return the id of a call, or of a complaint that is named by the end of it."""
        if ID.fullmatch(given.strip()):
            return given.strip().lower()
        return steps_of(self.register.store, given, RECEIVED)[0].id

    def get(self, id: str) -> Incident:
        """Return an incident by its number, or by the end of it."""
        return Incident.of(self.history(id))

    def all(self) -> list[Incident]:
        """Return all incidents, oldest first."""
        return [*map(Incident.of, self.register.store.all_steps(OPENED).values())]

    def latest(self, most: int, before: str = "") -> list[Incident]:
        """Return the last `most` incidents, the newest first; of those before the number `before`.

        Takes no longer where there are many.
        """
        found = self.register.store.latest(OPENED, most, before)
        return [*map(Incident.of, reversed(found.values()))]

    def history(self, id: str) -> list[Event]:
        """Return the steps of an incident, as the log has them."""
        return steps_of(self.register.store, id, OPENED)

    def texts(self, id: str) -> dict[str, dict[str, Kept]]:
        """Return the texts of an incident that are not erased, by step and name."""
        return self.register.store.texts(self.get(id).id)

    def step(
        self, id: str, step: str, note: str = "", *, to: str = "", reference: str = "", actor: str
    ) -> Incident:
        """Record that a step of `STEPS` was taken; one may be taken several times.

        `note` says what was done. A report names `to` whom it went, and its `reference` where it
        has one: both go into the log, and a note is not needed beside them.
        """
        one = self.get(id)
        step = one_of("step", step, tuple(STEPS))
        if (step == "report") != bool(to.strip()):
            raise UnsaidError("say of a report, and of it alone, to whom it was", "to=...", "--to")
        if step != "report" and not note.strip():
            raise UnsaidError("say what was done", "note=...", "--note")
        given = {"to": to.strip(), "reference": reference.strip()}
        self.register.take(
            one.id, STEPS[step], actor=actor, texts={"note": note},
            data={key: value for key, value in given.items() if value},
            meanwhile=lambda: self._is_open(one.id),
        )  # fmt: skip
        return self.get(one.id)

    def take_back(self, id: str, step: str, why: str, *, actor: str) -> Incident:
        """Record that a step was not taken after all, or not so: the last one of its name.

        What the log has stays, as it must; one that was taken before stands again. `why` is kept
        beside the log.
        """
        one = self.get(id)
        step = one_of("step", step, tuple(STEPS))
        if not why.strip():
            raise UnsaidError("say why the step is taken back", "why=...", "--why")

        def last() -> Mapping[str, str | int | bool]:
            self._is_open(one.id)
            taken = standing(self.history(one.id)).get(step)
            if taken is None:
                raise ComplaintError(
                    f"incident {one.id} has no {step} to take back; nothing was changed"
                )
            return {"step": step, "taken": taken.id}

        self.register.take(one.id, TAKEN_BACK, actor=actor, texts={"why": why}, meanwhile=last)
        return self.get(one.id)

    def close(
        self, id: str, note: str = "", *, without: Iterable[str] = (), actor: str
    ) -> Incident:
        """Close an incident; `without` names the steps that were not taken, and `note` says why."""
        one = self.get(id)
        left = [one_of("step", step, tuple(STEPS)) for step in without]
        if left and not note.strip():
            raise ComplaintError(f"say why there was no {' and no '.join(left)}")

        def complete() -> Mapping[str, str | int | bool]:
            self._is_open(one.id)
            missing = self.get(one.id).missing
            if set(missing) - set(left):
                raise UnsaidError(
                    f"incident {one.id} lacks {', '.join(missing)}; take these steps, or say which "
                    "were not needed, and why",
                    "without=..., note=...",
                    "--without STEP --note WHY",
                )
            return {"without": " ".join(missing)} if missing else {}

        self.register.take(one.id, CLOSED, actor=actor, texts={"note": note}, meanwhile=complete)
        return self.get(one.id)

    def erase(self, id: str, basis: str, *, actor: str) -> Erased:
        """Erase the texts of an incident that is closed; what the log has stays."""
        one = self.get(id)
        if not one.closed:
            raise ComplaintError(f"incident {one.id} is open; close it first; nothing was changed")
        return erase(self.register, one.id, basis, actor)

    def _is_open(self, id: str) -> Mapping[str, str | int | bool]:
        if self.get(id).closed:
            raise ComplaintError(f"incident {id} is closed; open another one about it")
        return {}
