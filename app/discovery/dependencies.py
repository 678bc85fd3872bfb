"""The index of an API process, for whoever answers from it."""

from threading import Lock
from typing import Annotated

from fastapi import Depends, Request

from app.core.database import DatabaseDep
from app.discovery.index import DiscoveryIndex, State

_one_at_a_time = Lock()


def _index(request: Request, database: DatabaseDep) -> DiscoveryIndex:
    """The index of this process, of the database that the application has now."""
    with _one_at_a_time:
        index: DiscoveryIndex | None = getattr(request.app.state, "discovery", None)
        if index is None or index.database is not database:
            if index is not None:
                index.stop()
            index = request.app.state.discovery = DiscoveryIndex(database)
        return index


def _state(index: Annotated[DiscoveryIndex, Depends(_index)]) -> State:
    return index.current()


# After the caller is known: nobody without a key waits for an index.
StateDep = Annotated[State, Depends(_state)]
