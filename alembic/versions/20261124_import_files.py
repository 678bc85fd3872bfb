"""what imports remember

Revision ID: a1c3f0d20001
Revises: 32ad5fd67748
Create Date: 2026-11-24 14:00:00+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "a1c3f0d20001"
down_revision: str | Sequence[str] | None = "32ad5fd67748"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "import_change",
        sa.Column("import_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("change", sa.String(length=40), nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("community_id", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("fields", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["import.id"], name=op.f("fk_import_change_import_id_import"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_import_change")),
    )
    with op.batch_alter_table("import", schema=None) as batch_op:
        batch_op.add_column(sa.Column("missing", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("details_kept", sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table("import_refusal", schema=None) as batch_op:
        batch_op.add_column(sa.Column("heading", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("import_refusal", schema=None) as batch_op:
        batch_op.drop_column("heading")
    with op.batch_alter_table("import", schema=None) as batch_op:
        batch_op.drop_column("details_kept")
        batch_op.drop_column("missing")
    op.drop_table("import_change")
