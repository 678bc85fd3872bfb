"""rounds: previews, pins and bans, runs, release

Revision ID: a1c3f0d20005
Revises: a1c3f0d20004
Create Date: 2026-11-24 17:20:00.000000+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "a1c3f0d20005"
down_revision: str | Sequence[str] | None = "a1c3f0d20004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TIME = sa.DateTime(timezone=True)
_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "round_preview",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("settings", _JSON, nullable=False),
        sa.Column("outcomes", _JSON, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("started_at", _TIME, nullable=True),
        sa.Column("finished_at", _TIME, nullable=True),
        sa.Column("snapshot_hash", sa.String(), nullable=True),
        sa.Column("communities", sa.Integer(), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("problem_values", _JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_round_preview_round_id_round"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_preview")),
    )
    with op.batch_alter_table("round_preview", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_round_preview_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_round_preview_round_id"), ["round_id"], unique=False)

    op.create_table(
        "round_decision",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("round_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("a_id", sa.String(), nullable=False),
        sa.Column("b_id", sa.String(), nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["a_id"], ["community.id"], name=op.f("fk_round_decision_a_id_community")),
        sa.ForeignKeyConstraint(["b_id"], ["community.id"], name=op.f("fk_round_decision_b_id_community")),
        sa.ForeignKeyConstraint(
            ["round_id"], ["round.id"], name=op.f("fk_round_decision_round_id_round"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_decision")),
    )
    with op.batch_alter_table("round_decision", schema=None) as batch_op:
        batch_op.create_index("ix_round_decision_pair", ["round_id", "a_id", "b_id"], unique=True)

    # What is there is of the only run that its round has had.
    with op.batch_alter_table("proposal", schema=None) as batch_op:
        batch_op.add_column(sa.Column("run", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("pinned", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("left_out", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("suggestion_id", sa.String(), nullable=True))
        batch_op.drop_index(batch_op.f("ix_proposal_round_id_rank"))
    with op.batch_alter_table("proposal", schema=None) as batch_op:
        batch_op.alter_column("run", server_default=None)
        batch_op.alter_column("pinned", server_default=None)
        batch_op.drop_constraint("pk_proposal", type_="primary")
        batch_op.create_primary_key("pk_proposal", ["id", "run"])
        batch_op.create_index("ix_proposal_left_out", ["round_id", "run", "left_out", "rank"], unique=False)
        batch_op.create_index("ix_proposal_round_id_run_rank", ["round_id", "run", "rank"], unique=True)

    with op.batch_alter_table("round_unmatched", schema=None) as batch_op:
        batch_op.add_column(sa.Column("run", sa.Integer(), nullable=False, server_default="1"))
    with op.batch_alter_table("round_unmatched", schema=None) as batch_op:
        batch_op.alter_column("run", server_default=None)
        batch_op.drop_constraint("pk_round_unmatched", type_="primary")
        batch_op.create_primary_key("pk_round_unmatched", ["round_id", "run", "community_id"])

    with op.batch_alter_table("round", schema=None) as batch_op:
        batch_op.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("repeat_after", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("max_per_company_pair", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("released_at", _TIME, nullable=True))
        batch_op.add_column(sa.Column("ended_at", _TIME, nullable=True))
        batch_op.add_column(sa.Column("run", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("running", sa.Integer(), nullable=False, server_default="1"))
        batch_op.add_column(sa.Column("rerun_needed", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("problem_values", _JSON, nullable=False, server_default="{}"))
        batch_op.create_index(batch_op.f("ix_round_released_at"), ["released_at"], unique=False)
    with op.batch_alter_table("round", schema=None) as batch_op:
        for column in ("version", "run", "running", "rerun_needed", "problem_values"):
            batch_op.alter_column(column, server_default=None)
    op.execute("UPDATE round SET run = 1 WHERE status = 'proposed'")

    with op.batch_alter_table("round_snapshot", schema=None) as batch_op:
        batch_op.add_column(sa.Column("erased_at", _TIME, nullable=True))


def downgrade() -> None:
    # Only results that count, and only states that were known.
    op.execute("DELETE FROM proposal WHERE run <> (SELECT run FROM round WHERE round.id = proposal.round_id)")
    op.execute(
        "DELETE FROM round_unmatched WHERE run <> (SELECT run FROM round WHERE round.id = round_unmatched.round_id)"
    )
    op.execute(
        "UPDATE round SET status = 'proposed' WHERE status IN ('released', 'closed') OR (run > 0 AND status IN "
        "('withdrawn', 'queued', 'running'))"
    )
    op.execute("UPDATE round SET status = 'failed', problem = 'worker_lost' WHERE status = 'withdrawn'")
    op.execute("UPDATE round SET problem = 'worker_lost' WHERE problem NOT IN ('worker_lost', 'nobody_left')")

    with op.batch_alter_table("round_snapshot", schema=None) as batch_op:
        batch_op.drop_column("erased_at")

    with op.batch_alter_table("round", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_round_released_at"))
        for column in (
            "problem_values",
            "rerun_needed",
            "running",
            "run",
            "ended_at",
            "released_at",
            "max_per_company_pair",
            "repeat_after",
            "version",
        ):
            batch_op.drop_column(column)

    with op.batch_alter_table("round_unmatched", schema=None) as batch_op:
        batch_op.drop_constraint("pk_round_unmatched", type_="primary")
        batch_op.create_primary_key("pk_round_unmatched", ["round_id", "community_id"])
        batch_op.drop_column("run")

    with op.batch_alter_table("proposal", schema=None) as batch_op:
        batch_op.drop_index("ix_proposal_round_id_run_rank")
        batch_op.drop_index("ix_proposal_left_out")
        batch_op.drop_constraint("pk_proposal", type_="primary")
        batch_op.create_primary_key("pk_proposal", ["id"])
        batch_op.create_index(batch_op.f("ix_proposal_round_id_rank"), ["round_id", "rank"], unique=True)
        for column in ("suggestion_id", "left_out", "pinned", "run"):
            batch_op.drop_column(column)

    with op.batch_alter_table("round_decision", schema=None) as batch_op:
        batch_op.drop_index("ix_round_decision_pair")
    op.drop_table("round_decision")

    with op.batch_alter_table("round_preview", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_round_preview_round_id"))
        batch_op.drop_index(batch_op.f("ix_round_preview_created_at"))
    op.drop_table("round_preview")
