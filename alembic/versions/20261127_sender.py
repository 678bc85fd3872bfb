"""who sends the messages of this database, and what is due for whom

Revision ID: a1c3f0d20014
Revises: a1c3f0d20013
Create Date: 2026-11-27 15:30:00.000000+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "a1c3f0d20014"
down_revision: str | Sequence[str] | None = "a1c3f0d20013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "sender_lease",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sender_lease")),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index("ix_message_endpoint_id")
        batch_op.create_index(
            "ix_message_endpoint_id_status_due_at", ["endpoint_id", "status", "due_at"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index("ix_message_endpoint_id_status_due_at")
        batch_op.create_index("ix_message_endpoint_id", ["endpoint_id"], unique=False)
    op.drop_table("sender_lease")
