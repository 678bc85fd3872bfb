"""Lines of an export, one JSON object each, without what the one who exports may not read."""

import json
from collections.abc import Iterator, Mapping

from app.access.models import Role
from app.access.service import SYSTEM, Caller

Fields = Mapping[str, frozenset[str]]

# What people say of a meetup, and whom they want to meet again, is theirs alone.
_FOR_PEOPLE = frozenset({"again"})
_FIELDS_FOR_PEOPLE: Fields = {"registration": frozenset({"feedback"})}
# What a side has answered and the two have written is theirs: an operator reads it nowhere else by REST.
_FOR_SIDES = _FOR_PEOPLE | {"harvest", "pulse"}
_FIELDS_FOR_SIDES: Fields = {
    "suggestion": frozenset({"status", "own_answer", "next_steps"}),
    "answer": frozenset({"answer", "until", "reason", "why"}),
    "exchange": frozenset({"place", "agenda", "minutes", "own_useful", "topics", "take_away", "next"}),
    "guardrail_note": frozenset({"reason"}),
    "registration": frozenset({"feedback", "excluded_companies", "stays"}),
}
_WITHHELD: Mapping[Role, tuple[frozenset[str], Fields]] = {
    Role.OPERATOR: (_FOR_SIDES, _FIELDS_FOR_SIDES),
    Role.COORDINATOR: (_FOR_PEOPLE, _FIELDS_FOR_PEOPLE),
    Role.PORTAL: (_FOR_PEOPLE, _FIELDS_FOR_PEOPLE),
}


def lines(caller: Caller, record: str, content: Mapping[str, object]) -> Iterator[bytes]:
    """The line of a record; none where all of it is withheld."""
    # Whoever is at the operator's own machine has the database itself.
    records, fields = ((), {}) if caller == SYSTEM else _WITHHELD.get(caller.role, ((), {}))
    if record in records:
        return
    withheld = fields.get(record, frozenset())
    content = {name: value for name, value in content.items() if name not in withheld}
    yield (json.dumps({"record": record} | content, ensure_ascii=False, default=str) + "\n").encode()
