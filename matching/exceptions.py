"""What can go wrong in the engine, as one tree.

MatchingError
|-- InvalidParameter      a setting of the matcher is outside its range
|-- InvalidProfile        a profile cannot be matched as it stands
`-- UnreadableProfiles    a file is not what it should be (line and reason are named)
"""


class MatchingError(Exception):
    """Base of every error that the engine raises on purpose."""


class InvalidParameter(MatchingError):
    """A parameter has a value that it cannot have; `name` says which one."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")
        self.name = name
        self.problem = problem


class InvalidProfile(MatchingError):
    """A profile breaks a rule; `profile_id` says which one, `problem` what to mend."""

    def __init__(self, profile_id: str, problem: str) -> None:
        super().__init__(f"profile {profile_id!r}: {problem}")
        self.profile_id = profile_id
        self.problem = problem


class UnreadableProfiles(MatchingError):
    """A line of a profile file (or of judgements) cannot be read."""

    def __init__(self, source: str, line: int | None, problem: str) -> None:
        where = source if line is None else f"{source}, line {line}"
        super().__init__(f"{where}: {problem}")
        self.source = source
        self.line = line
        self.problem = problem
