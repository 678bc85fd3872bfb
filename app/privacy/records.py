"""Lines of an export, one JSON object each, without what the one who exports may not read."""

import json
from collections.abc import Iterator, Mapping

from app.access.models import Role
from app.access.service import SYSTEM, Caller

# What a side has answered and the two have written is theirs: an operator reads it nowhere else by REST.
_FOR_SIDES = frozenset({"harvest", "pulse"})
_FIELDS_FOR_SIDES: Mapping[str, frozenset[str]] = {
    "suggestion": frozenset({"status", "own_answer", "next_steps"}),
    "answer": frozenset({"answer", "until", "reason", "why"}),
    "exchange": frozenset({"place", "agenda", "minutes", "own_useful", "topics", "take_away", "next"}),
    "guardrail_note": frozenset({"reason"}),
}


def lines(caller: Caller, record: str, content: Mapping[str, object]) -> Iterator[bytes]:
    """The line of a record; none where all of it is withheld."""
    # Whoever is at the operator's own machine has the database itself.
    if caller.role is Role.OPERATOR and caller != SYSTEM:
        if record in _FOR_SIDES:
            return
        withheld = _FIELDS_FOR_SIDES.get(record, frozenset())
        content = {name: value for name, value in content.items() if name not in withheld}
    yield (json.dumps({"record": record} | dict(content), ensure_ascii=False, default=str) + "\n").encode()
