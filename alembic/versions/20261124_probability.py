"""how sure a suggestion is

Revision ID: a1c3f0d20006
Revises: a1c3f0d20005
Create Date: 2026-11-24 20:50:00.000000+00:00
"""

from collections.abc import Callable, Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "a1c3f0d20006"
down_revision: str | Sequence[str] | None = "a1c3f0d20005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

Outcome = dict[str, object]

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
_PREVIEW = sa.table("round_preview", sa.column("id", sa.String()), sa.column("outcomes", _JSON))


def upgrade() -> None:
    # What was compared before has no probability: unknown, not zero.
    with op.batch_alter_table("proposal", schema=None) as batch_op:
        batch_op.add_column(sa.Column("correction", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("probability", sa.Float(), nullable=True))
    with op.batch_alter_table("suggestion", schema=None) as batch_op:
        batch_op.add_column(sa.Column("score", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("probability", sa.Float(), nullable=True))
    with op.batch_alter_table("round", schema=None) as batch_op:
        batch_op.add_column(sa.Column("expected", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("calibration_source", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("calibration_answers", sa.Integer(), nullable=True))
    _change_outcomes(lambda outcome: outcome | {"expected": None})
    # Their terms are made from fewer texts and by other rules than now: the worker makes them anew.
    op.execute("UPDATE discovery_entry SET version = 0 WHERE NOT hidden")


def downgrade() -> None:
    op.execute("UPDATE discovery_entry SET version = 0 WHERE NOT hidden")
    _change_outcomes(lambda outcome: {name: value for name, value in outcome.items() if name != "expected"})
    with op.batch_alter_table("round", schema=None) as batch_op:
        for column in ("calibration_answers", "calibration_source", "expected"):
            batch_op.drop_column(column)
    with op.batch_alter_table("suggestion", schema=None) as batch_op:
        for column in ("probability", "score"):
            batch_op.drop_column(column)
    with op.batch_alter_table("proposal", schema=None) as batch_op:
        for column in ("probability", "correction"):
            batch_op.drop_column(column)


def _change_outcomes(change: Callable[[Outcome], Outcome]) -> None:
    """Of the previews of the last day."""
    connection = op.get_bind()
    for preview_id, outcomes in connection.execute(sa.select(_PREVIEW.c.id, _PREVIEW.c.outcomes)).all():
        connection.execute(
            sa.update(_PREVIEW).where(_PREVIEW.c.id == preview_id).values(outcomes=[change(one) for one in outcomes])
        )
