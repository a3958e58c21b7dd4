"""Jobs and their logs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.String(16), nullable=False, comment="Short random text, as addresses of pages hold it."),
        sa.Column("kind", sa.String(32), nullable=False, comment="Key of workspace.jobs.kinds.KINDS."),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("parameters", sa.JSON, nullable=False, comment="As the kind takes them."),
        sa.Column("run_key", sa.String(64), comment="Shared by jobs whose results are the same."),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("alone", sa.Boolean, nullable=False, comment="Whether no other job may run beside it."),
        sa.Column("cancelling", sa.Boolean, nullable=False, comment="Whether it runs, and somebody wants it to end."),
        sa.Column("turn", sa.BigInteger, nullable=False, comment="Lower ones run first."),
        sa.Column(
            "attempt",
            sa.Integer,
            nullable=False,
            comment="Starts so far; what the process of another one writes is void.",
        ),
        sa.Column(
            "deaths", sa.Integer, nullable=False, comment="Attempts whose process died since it was last asked for."
        ),
        sa.Column("progress", sa.JSON, comment="JobProgress, while it runs."),
        sa.Column("result", sa.JSON, comment="As the kind says, of one that succeeded."),
        sa.Column("error", sa.JSON, comment="Code and message, of one that failed."),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), comment="The last attempt."),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
    )
    op.create_index("ix_job_run_key", "job", ["run_key"])
    op.create_index("ix_job_state", "job", ["state"])
    op.create_table(
        "job_log",
        sa.Column("number", sa.Integer, nullable=False, comment="In the order of writing."),
        sa.Column("job_id", sa.String(16), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_job_log"),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name="fk_job_log_job_id", ondelete="CASCADE"),
    )
    op.create_index("ix_job_log_job_id_number", "job_log", ["job_id", "number"])
    revision_table = op.create_table("job_revision", sa.Column("value", sa.BigInteger, nullable=False))
    op.bulk_insert(revision_table, [{"value": 0}])


def downgrade() -> None:
    op.drop_table("job_revision")
    op.drop_table("job_log")
    op.drop_table("job")
