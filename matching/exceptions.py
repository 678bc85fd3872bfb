"""What can go wrong in the engine, as one tree.

MatchingError
|-- InvalidAttendee       an attendee of a meetup cannot be seated as it stands
|-- InvalidParameter      a setting of the matcher is outside its range
|-- InvalidPin            a pair that must be a tandem may not be one
|-- InvalidProfile        a profile cannot be matched as it stands
|-- SeatingImpossible     no seating keeps the sizes of the groups and everybody apart who is to be
`-- UnreadableProfiles    a file (of profiles, pairs, judgements) is not what it should be (line and reason are named)
"""

from typing import Self


class MatchingError(Exception):
    """Base of every error that the engine raises on purpose; each can travel between processes."""

    def __reduce__(self) -> tuple[object, ...]:
        return self._as_it_was, (str(self), self.__dict__)

    @classmethod
    def _as_it_was(cls, message: str, facts: dict[str, object]) -> Self:
        error = cls.__new__(cls, message)
        error.__dict__.update(facts)
        return error


class InvalidAttendee(MatchingError):
    """An attendee cannot be seated as it stands; `attendee_id` says which one, `problem` what to mend."""

    def __init__(self, attendee_id: str, problem: str) -> None:
        super().__init__(f"attendee {attendee_id!r}: {problem}")
        self.attendee_id = attendee_id
        self.problem = problem


class InvalidParameter(MatchingError):
    """A parameter has a value that it cannot have; `name` says which one."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")
        self.name = name
        self.problem = problem


class InvalidPin(MatchingError):
    """A pair that must be a tandem breaks a rule.

    `pair` are its two ids, `rule` the name of the rule: a `Rule`, "unknown" for an id that no profile has, or
    "max_per_company_pair" for more pins between two companies than may be tandems; `problem` says it in words.
    """

    def __init__(self, pair: tuple[str, str], rule: str, problem: str) -> None:
        super().__init__(f"pin {pair[0]!r} - {pair[1]!r}: {problem}")
        self.pair = pair
        self.rule = rule
        self.problem = problem


class InvalidProfile(MatchingError):
    """A profile breaks a rule; `profile_id` says which one, `problem` what to mend."""

    def __init__(self, profile_id: str, problem: str) -> None:
        super().__init__(f"profile {profile_id!r}: {problem}")
        self.profile_id = profile_id
        self.problem = problem


class SeatingImpossible(MatchingError):
    """No seating keeps the sizes of the groups and everybody apart who is to be.

    `kind` is a `SeatingProblem`, `people` are the ids that stand in the way (none where sizes alone do), `problem`
    says it in words, with what would help.
    """

    def __init__(self, kind: str, problem: str, people: tuple[str, ...] = ()) -> None:
        super().__init__(problem)
        self.kind = kind
        self.problem = problem
        self.people = people


class UnreadableProfiles(MatchingError):
    """A line of a profile file (or of judgements) cannot be read."""

    def __init__(self, source: str, line: int | None, problem: str) -> None:
        where = source if line is None else f"{source}, line {line}"
        super().__init__(f"{where}: {problem}")
        self.source = source
        self.line = line
        self.problem = problem
