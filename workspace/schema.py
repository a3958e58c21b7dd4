"""The tables, as the newest migration leaves them; ``tests/workspace/test_database.py`` holds the two together."""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator

#: Revision of the newest file in ``migrations/versions``.
REVISION = "0002"

DIGEST_LENGTH = 64


class UtcDateTime(TypeDecorator[datetime]):
    """A time in UTC; SQLite forgets the zone, so it is put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002, D102
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(column_0_label)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

recording = Table(
    "recording",
    metadata,
    Column("id", String(16), primary_key=True, comment="Short random text, as addresses of pages hold it."),
    Column("sha256", String(DIGEST_LENGTH), nullable=False, unique=True, comment="Names the blob."),
    Column("name", Text, nullable=False, comment="File name as the user knows it; never a path."),
    Column("size_bytes", BigInteger, nullable=False),
    Column("added_at", UtcDateTime, nullable=False, index=True),
    Column("format", String(32), nullable=False, comment="Key of the reader."),
    Column("channels", JSON, nullable=False, comment="List of ChannelFacts."),
    Column("record_number", Integer, comment="Case Western's number, where the file carries one."),
    Column(
        "reading", JSON, nullable=False, comment="How a text file is laid out, where somebody said so: ReadOptions."
    ),
    Column("description", JSON, nullable=False, comment="What has been said of it: a Description."),
    Column("problem", Text, comment="Why it can't be diagnosed as it is described."),
    Column("missing", JSON, nullable=False, comment="What must still be said of it: list of names."),
    Column("duration_s", Float, comment="Length of the channel to diagnose, once that is known."),
)

variant = Table(
    "variant",
    metadata,
    Column("network", String(64), primary_key=True),
    Column("name", String(64), primary_key=True, comment="Within its network."),
    Column("digest", String(DIGEST_LENGTH), nullable=False, index=True, comment="Names the blob of its weight file."),
    Column("backend", String(16), nullable=False),
    Column("format", String(16), nullable=False),
    Column("parent", String(DIGEST_LENGTH)),
    Column("description", JSON, nullable=False, comment="As variant.json has it, card and steps included."),
    Column("added_at", UtcDateTime, nullable=False),
)

job = Table(
    "job",
    metadata,
    Column("id", String(16), primary_key=True, comment="Short random text, as addresses of pages hold it."),
    Column("kind", String(32), nullable=False, comment="Key of workspace.jobs.kinds.KINDS."),
    Column("title", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("parameters", JSON, nullable=False, comment="As the kind takes them."),
    Column("run_key", String(DIGEST_LENGTH), index=True, comment="Shared by jobs whose results are the same."),
    Column("state", String(16), nullable=False, index=True),
    Column("alone", Boolean, nullable=False, comment="Whether no other job may run beside it."),
    Column("cancelling", Boolean, nullable=False, comment="Whether it runs, and somebody wants it to end."),
    Column("turn", BigInteger, nullable=False, comment="Lower ones run first."),
    Column(
        "attempt", Integer, nullable=False, comment="Starts so far; what the process of another one writes is void."
    ),
    Column("deaths", Integer, nullable=False, comment="Attempts whose process died since it was last asked for."),
    Column("progress", JSON(none_as_null=True), comment="JobProgress, while it runs."),
    Column("result", JSON(none_as_null=True), comment="As the kind says, of one that succeeded."),
    Column("error", JSON(none_as_null=True), comment="Code and message, of one that failed."),
    Column("queued_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime, comment="The last attempt."),
    Column("ended_at", UtcDateTime),
)

job_log = Table(
    "job_log",
    metadata,
    Column("number", Integer, primary_key=True, comment="In the order of writing."),
    Column("job_id", String(16), ForeignKey("job.id", ondelete="CASCADE"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Index("ix_job_log_job_id_number", "job_id", "number"),
)

#: One row, which every change of a job increases first: so writers wait for each other there, in any database.
job_revision = Table("job_revision", metadata, Column("value", BigInteger, nullable=False))
