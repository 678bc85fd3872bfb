import shutil
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.exc import StatementError

from app.core import migrations
from app.core.database import Database
from app.core.jobs import WorkerSeen
from app.rounds.models import Round, RoundSnapshot, RoundStatus
from app.tables import metadata

SETTINGS: dict[str, Any] = {"objective": "quality", "min_similarity": 0.1, "cost": 0.0, "alternates": 3}


@pytest.mark.postgres
def test_the_migrations_make_exactly_the_tables_of_the_models(any_database_url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations._SCRIPTS))
    config.attributes["url"] = any_database_url

    command.check(config)

    database = Database(any_database_url)
    assert set(inspect(database.engine).get_table_names()) == set(metadata.tables) | {"alembic_version"}
    assert migrations.is_current(database.engine)
    database.dispose()


def test_the_migrations_can_be_undone_and_done_again(database_url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations._SCRIPTS))
    config.attributes["url"] = database_url

    command.downgrade(config, "base")
    database = Database(database_url)
    assert not migrations.is_current(database.engine)
    command.upgrade(config, "head")

    assert migrations.is_current(database.engine)
    database.dispose()


def test_a_migration_that_copies_a_table_keeps_what_hangs_on_it(
    database_url: str, database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """On SQLite a changed table is copied and dropped; what refers to it must not go with it."""
    with database.session() as session:
        session.add(Round(id="rnd_1", title="x", status=RoundStatus.DRAFT, created_at=datetime.now(UTC), **SETTINGS))
        session.flush()
        session.add(RoundSnapshot(round_id="rnd_1", content=b"kept"))
    scripts = tmp_path / "alembic"
    shutil.copytree(migrations._SCRIPTS, scripts)
    head = ScriptDirectory(str(scripts)).get_current_head()
    (scripts / "versions" / "later.py").write_text(
        f"from alembic import op\nimport sqlalchemy as sa\nrevision = 'later'\ndown_revision = {head!r}\n"
        "def upgrade():\n    with op.batch_alter_table('round', recreate='always') as batch:\n"
        "        batch.alter_column('title', type_=sa.String(100))\n"
    )
    monkeypatch.setattr(migrations, "_SCRIPTS", scripts)

    migrations.upgrade(database_url)

    with database.reader() as session:
        assert session.get_one(RoundSnapshot, "rnd_1").content == b"kept"


def test_times_go_in_with_a_zone_and_come_out_in_utc(database: Database) -> None:
    berlin = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    with database.session() as session:
        session.add(WorkerSeen(name="w", seen_at=berlin))

    with database.reader() as session:
        stored = session.get_one(WorkerSeen, "w").seen_at
    assert stored == berlin
    assert stored.tzinfo is UTC
    with pytest.raises(StatementError), database.session() as session:
        session.add(WorkerSeen(name="naive", seen_at=datetime(2026, 7, 1)))  # noqa: DTZ001  the mistake under test


def test_concurrent_read_then_write_loses_nothing(database: Database) -> None:
    with database.session() as session:
        session.execute(text("CREATE TABLE counter (n INTEGER)"))
        session.execute(text("INSERT INTO counter VALUES (0)"))
    failures: list[BaseException] = []

    def count() -> None:
        try:
            for _ in range(25):
                with database.session() as session:
                    n = session.execute(text("SELECT n FROM counter")).scalar_one()
                    session.execute(text("UPDATE counter SET n = :n"), {"n": n + 1})
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    with database.reader() as session:
        assert session.execute(text("SELECT n FROM counter")).scalar_one() == 200


def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    with database.session() as writing:
        writing.add(WorkerSeen(name="w", seen_at=datetime.now(UTC)))
        writing.flush()

        with database.reader() as reading:
            assert reading.get(WorkerSeen, "w") is None
