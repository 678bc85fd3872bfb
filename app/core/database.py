"""The database: SQLite wired so that it neither locks nor loses, PostgreSQL as it comes."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

import anyio
import anyio.to_thread
from fastapi import Depends, Request
from pydantic_core import from_json
from sqlalchemy import JSON, Connection, DateTime, Dialect, Engine, Enum, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator
from sqlmodel import Session, SQLModel, create_engine

# Every constraint has a name, so that a later migration can change it, on SQLite too.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# More connections than the thread pool has threads: a smaller pool and a waiting dependency deadlock each other.
_POOL = {"pool_size": 20, "max_overflow": 40}
# Requests that write at the same time, in one process: half of the threads. SQLite has one writer anyway, and those
# that wait here come in their order, while its own lock is asked for again and again.
_WRITERS, _WRITERS_ON_SQLITE = 20, 1
_READERS = 4


def stored_as_text(kind: type[StrEnum]) -> Enum:
    """A column for an enum's values as text: a later state is then no change of the table."""
    return Enum(kind, native_enum=False, length=40, values_callable=lambda members: [one.value for one in members])


JsonColumn = JSON().with_variant(postgresql.JSONB(), "postgresql")


def no_items() -> list[Any]:
    """The default of a column that holds a list. For each row the model looks up what such a function takes, which is
    fifteen times as long for `list` itself: 0.2 ms."""
    return []


def no_values() -> dict[str, Any]:
    """As `no_items`, of a column that holds an object."""
    return {}


class UtcDateTime(TypeDecorator[datetime]):
    """Times with a zone in, UTC out, also where the database forgets the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Database:
    """The engines of one process, and sessions on them.

    On SQLite a writing session takes the write lock at its start and a reading one never waits for it.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.on_sqlite = url.startswith("sqlite")
        self.engine = _engine(url)
        self._reading = self.engine.execution_options(readonly=True)

    def opened(self) -> Session:
        """A session for whoever commits and closes it."""
        return Session(self.engine, expire_on_commit=False)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session that commits at the end, or rolls back when the block raises."""
        with self.opened() as session:
            yield session
            session.commit()

    @contextmanager
    def reader(self) -> Iterator[Session]:
        """A session for reading only; what it would change is not kept."""
        with Session(self._reading, expire_on_commit=False) as session:
            yield session

    def dispose(self) -> None:
        self.engine.dispose()


def _engine(url: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, hide_parameters=True, **_POOL)
    file = make_url(url).database
    if file:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        connect_args={"timeout": 30, "check_same_thread": False},
        hide_parameters=True,
        # A dozen JSON columns a community: the parser of pydantic takes a tenth of the standard library's time.
        json_deserializer=from_json,
        **_POOL,
    )
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, record: ConnectionPoolEntry) -> None:
    # The driver's own transactions begin late and lose updates: ours begin in `_begin_sqlite`.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get("readonly", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def inserting(session: Session, kind: type[SQLModel]) -> postgresql.Insert | sqlite.Insert:
    """An insert that can tell what is to happen where the row is there already."""
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    return postgresql.insert(kind) if on_postgresql else sqlite.insert(kind)


async def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


class _Turns:
    """Of the requests that write in one process: how many may at once, and threads for them to end in."""

    def __init__(self, writers: int) -> None:
        self.begin = anyio.Semaphore(writers)
        self.end = anyio.CapacityLimiter(writers)


async def _writing(request: Request, database: Annotated[Database, Depends(_database)]) -> AsyncIterator[Session]:
    """Waits, without a thread or a connection, until it is this request's turn to write.

    Otherwise all threads would wait for the write lock, and whoever holds it for a thread to finish its answer in.
    """
    state = request.app.state
    if not hasattr(state, "turns"):
        state.turns = _Turns(_WRITERS_ON_SQLITE if database.on_sqlite else _WRITERS)
    turns: _Turns = state.turns
    async with turns.begin:
        # It asks the database nothing before its first statement: a thread is needed only there, and at the end.
        session = database.opened()
        end = session.close
        try:
            yield session
            end = partial(_commit, session)
        finally:
            await anyio.to_thread.run_sync(end, limiter=turns.end)


def _commit(session: Session) -> None:
    with session:
        session.commit()


def _reading(database: Annotated[Database, Depends(_database)]) -> Iterator[Session]:
    with database.reader() as session:
        yield session


Answer = TypeVar("Answer")


class Reading:
    """Runs what only reads in one of a few threads: many at once mostly wait for each other's turn in Python."""

    def __init__(self, request: Request) -> None:
        self._state = request.app.state

    async def __call__(self, look: Callable[[Session], Answer]) -> Answer:
        """What `look` finds in a session that is closed before the answer is sent."""
        if not hasattr(self._state, "readers"):
            self._state.readers = anyio.CapacityLimiter(_READERS)
        database: Database = self._state.database

        def looked() -> Answer:
            with database.reader() as session:
                return look(session)

        return await anyio.to_thread.run_sync(looked, limiter=self._state.readers)


async def _reading_in_few_threads(request: Request) -> Reading:
    return Reading(request)


ReadingDep = Annotated[Reading, Depends(_reading_in_few_threads)]
DatabaseDep = Annotated[Database, Depends(_database)]
# Function scope: the commit comes before the answer, so that a failing one is no 201.
SessionDep = Annotated[Session, Depends(_writing, scope="function")]
ReaderDep = Annotated[Session, Depends(_reading, scope="function")]
