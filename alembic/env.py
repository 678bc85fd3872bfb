"""Migrations run on the address in the settings, or on the one handed over by the service itself."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.types import Enum
from sqlmodel.sql.sqltypes import AutoString

from app.core.database import Database, JsonColumn, UtcDateTime
from app.core.settings import get_settings
from app.tables import metadata


def plain_type(kind: str, item: Any, autogen: Any) -> str | Literal[False]:
    """Types in migrations are the database's own, so that an old migration needs none of today's code."""
    if kind != "type":
        return False
    if isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, Enum):
        return f"sa.String(length={item.length})"
    if isinstance(item, AutoString):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    if item is JsonColumn:
        autogen.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


def run(connection: Connection) -> None:
    """Run the migrations in one transaction; batch mode makes SQLite's ALTER possible."""
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, render_item=plain_type)
    with context.begin_transaction():
        context.run_migrations()


database = Database(context.config.attributes.get("url") or get_settings().database_url)
try:
    with database.engine.connect() as connection:
        on_sqlite = connection.dialect.name == "sqlite"
        if on_sqlite:
            # A changed table is copied and dropped there; with foreign keys on, the drop deletes what hangs on it.
            connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
        run(connection)
        if on_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
            raise RuntimeError("the migration leaves rows whose other end is gone; nothing was changed")
        connection.commit()
finally:
    database.dispose()
