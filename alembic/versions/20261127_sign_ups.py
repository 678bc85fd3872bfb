"""people who are known by a form only, guests of meetups, and how many forms were sent

Revision ID: a1c3f0d20018
Revises: a1c3f0d20017
Create Date: 2026-11-27 20:00:00.000000+00:00
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "a1c3f0d20018"
down_revision: str | Sequence[str] | None = "a1c3f0d20017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_person = sa.table("person", sa.column("id"), sa.column("status"), sa.column("guest", sa.Boolean()))
_registration = sa.table(
    "registration", sa.column("person_id"), sa.column("number"), sa.column("made_person", sa.Boolean())
)


def upgrade() -> None:
    op.create_table(
        "sign_up",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("meetup_id", sa.String(), nullable=False),
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("network", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["meetup_id"], ["meetup.id"], name=op.f("fk_sign_up_meetup_id_meetup"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_up")),
    )
    with op.batch_alter_table("sign_up") as batch:
        batch.create_index("ix_sign_up_address_sent_at", ["address", "sent_at"], unique=False)
        batch.create_index("ix_sign_up_meetup_id_sent_at", ["meetup_id", "sent_at"], unique=False)
        batch.create_index(batch.f("ix_sign_up_sent_at"), ["sent_at"], unique=False)

    with op.batch_alter_table("person") as batch:
        batch.add_column(sa.Column("guest", sa.Boolean(), nullable=False, server_default=sa.false()))
    made = sa.select(_registration.c.person_id).where(_registration.c.made_person)
    op.execute(_person.update().where(_person.c.id.in_(made)).values(guest=True))
    # Nobody has vouched for a guest of whom no address was confirmed.
    confirmed = sa.select(_registration.c.person_id).where(_registration.c.number.is_not(None))
    op.execute(
        _person.update()
        .where(_person.c.guest, _person.c.status == "active", _person.c.id.not_in(confirmed))
        .values(status="unconfirmed")
    )
    with op.batch_alter_table("person") as batch:
        batch.alter_column("guest", server_default=None)
    with op.batch_alter_table("registration") as batch:
        batch.drop_column("made_person")


def downgrade() -> None:
    with op.batch_alter_table("registration") as batch:
        batch.add_column(sa.Column("made_person", sa.Boolean(), nullable=False, server_default=sa.false()))
    guests = sa.select(_person.c.id).where(_person.c.guest)
    op.execute(_registration.update().where(_registration.c.person_id.in_(guests)).values(made_person=True))
    op.execute(_person.update().where(_person.c.status == "unconfirmed").values(status="active"))
    with op.batch_alter_table("registration") as batch:
        batch.alter_column("made_person", server_default=None)
    with op.batch_alter_table("person") as batch:
        batch.drop_column("guest")
    op.drop_table("sign_up")
