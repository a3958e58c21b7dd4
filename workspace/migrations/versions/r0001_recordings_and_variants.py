"""Recordings and variants."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "recording",
        sa.Column("id", sa.String(16), nullable=False, comment="Short random text, as addresses of pages hold it."),
        sa.Column("sha256", sa.String(64), nullable=False, comment="Names the blob."),
        sa.Column("name", sa.Text, nullable=False, comment="File name as the user knows it; never a path."),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("format", sa.String(32), nullable=False, comment="Key of the reader."),
        sa.Column("channels", sa.JSON, nullable=False, comment="List of ChannelFacts."),
        sa.Column("record_number", sa.Integer, comment="Case Western's number, where the file carries one."),
        sa.Column(
            "reading",
            sa.JSON,
            nullable=False,
            comment="How a text file is laid out, where somebody said so: ReadOptions.",
        ),
        sa.Column("description", sa.JSON, nullable=False, comment="What has been said of it: a Description."),
        sa.Column("problem", sa.Text, comment="Why it can't be diagnosed as it is described."),
        sa.Column("missing", sa.JSON, nullable=False, comment="What must still be said of it: list of names."),
        sa.Column("duration_s", sa.Float, comment="Length of the channel to diagnose, once that is known."),
        sa.PrimaryKeyConstraint("id", name="pk_recording"),
        sa.UniqueConstraint("sha256", name="uq_recording_sha256"),
    )
    op.create_index("ix_recording_added_at", "recording", ["added_at"])
    op.create_table(
        "variant",
        sa.Column("network", sa.String(64), nullable=False),
        sa.Column("name", sa.String(64), nullable=False, comment="Within its network."),
        sa.Column("digest", sa.String(64), nullable=False, comment="Names the blob of its weight file."),
        sa.Column("backend", sa.String(16), nullable=False),
        sa.Column("format", sa.String(16), nullable=False),
        sa.Column("parent", sa.String(64)),
        sa.Column("description", sa.JSON, nullable=False, comment="As variant.json has it, card and steps included."),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("network", "name", name="pk_variant"),
    )
    op.create_index("ix_variant_digest", "variant", ["digest"])


def downgrade() -> None:
    op.drop_table("variant")
    op.drop_table("recording")
