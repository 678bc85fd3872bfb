"""What tests of the service's features share."""

from typing import Any

import pytest
from sqlalchemy import event

from app.core.database import Database
from tests.world import World


@pytest.fixture
def client_queries(world: World) -> list[str]:
    """Every statement that the API runs from now on."""
    statements: list[str] = []
    database: Database = world.client.app.state.database  # type: ignore[attr-defined]  # the application is ours

    def remember(*arguments: Any) -> None:
        statements.append(str(arguments[2]))

    event.listen(database.engine, "before_cursor_execute", remember)
    return statements
