import subprocess
import sys

import pytest
from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from engine.errors import WorkspaceError
from workspace.database import Database
from workspace.schema import REVISION, job, job_revision, metadata, recording

ROW = {
    "name": "105.mat",
    "size_bytes": 3,
    "format": "mat5",
    "channels": [],
    "reading": {},
    "description": {},
    "missing": [],
}
ADD_ROWS = """
import sys
from datetime import UTC, datetime
from sqlalchemy import func, insert, select
from workspace.database import Database
from workspace.schema import recording
database, who = Database(sys.argv[1]), sys.argv[2]
database.migrate()
for number in range(50):
    with database.write() as connection:
        connection.scalar(select(func.count()).select_from(recording))
        connection.execute(insert(recording).values(
            id=f"{who}{number}", sha256=f"{who}{number}", name="", size_bytes=0, format="", channels=[],
            reading={}, description={}, missing=[], added_at=datetime.now(UTC)))
"""


def address_of(path):
    return f"sqlite:///{path}"


@pytest.fixture
def database(tmp_path):
    database = Database(address_of(tmp_path / "vibench.db"))
    yield database
    database.close()


def test_the_migrations_lead_from_nothing_to_the_tables_of_the_schema(database):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    database.migrate()

    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_what_a_workspace_held_before_there_were_jobs_stays_in_it(database):
    from datetime import UTC, datetime

    from alembic import command
    from alembic.config import Config

    from workspace.database import MIGRATIONS

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    values = {**ROW, "id": "a", "sha256": "b", "added_at": datetime(2026, 1, 2, tzinfo=UTC)}
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(insert(recording).values(values))

    database.migrate()

    with database.read() as connection:
        assert connection.scalar(select(recording.c.added_at)) == values["added_at"]
        assert connection.scalar(select(job_revision.c.value)) == 0
        assert connection.execute(select(job)).all() == []


def test_the_newest_migration_is_the_one_that_the_schema_names():
    from alembic.script import ScriptDirectory

    from workspace.database import MIGRATIONS

    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [REVISION]


def test_alembic_is_not_loaded_for_a_database_that_is_up_to_date(database, tmp_path):
    database.migrate()
    script = (
        "import sys; from workspace.database import Database; Database(sys.argv[1]).migrate(); "
        "assert not {'alembic', 'torch', 'onnx'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", script, address_of(tmp_path / "vibench.db")], check=True)


def test_every_connection_is_durable_and_checks_references(database):
    with database.read() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }

    assert settings == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 10000, "foreign_keys": 1}


def test_a_failed_transaction_leaves_nothing(database):
    from datetime import UTC, datetime

    database.migrate()
    values = {**ROW, "id": "a", "sha256": "b", "added_at": datetime.now(UTC)}

    def interrupted():
        with database.write() as connection:
            connection.execute(insert(recording).values(values))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    with database.read() as connection:
        assert connection.execute(select(recording)).all() == []


def test_times_come_back_in_utc(database):
    from datetime import UTC, datetime

    database.migrate()
    moment = datetime(2026, 11, 21, 12, 0, 0, 5, tzinfo=UTC)
    with database.write() as connection:
        connection.execute(insert(recording).values({**ROW, "id": "a", "sha256": "b", "added_at": moment}))

    with database.read() as connection:
        assert connection.scalar(select(recording.c.added_at)) == moment


def test_processes_that_start_and_write_at_once_wait_for_each_other(tmp_path):
    address = address_of(tmp_path / "vibench.db")
    writers = [subprocess.Popen([sys.executable, "-c", ADD_ROWS, address, who]) for who in "abc"]

    assert [writer.wait() for writer in writers] == [0, 0, 0]

    with Database(address).read() as connection:
        assert len(connection.execute(select(recording)).all()) == 150


def test_a_newer_schema_is_refused(database):
    database.migrate()
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(WorkspaceError, match=r"newer Vibench \(schema 9999, known here"):
        database.migrate()


def test_a_database_of_something_else_is_refused_and_left_alone(database):
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE invoices (id INTEGER)")

    with pytest.raises(WorkspaceError, match="belongs to something else"):
        database.migrate()

    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT name FROM sqlite_master").scalars().all() == ["invoices"]


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "vibench.db").write_bytes(b"not a database at all" * 100)

    with pytest.raises(WorkspaceError, match="file is not a database"):
        Database(address_of(tmp_path / "vibench.db")).migrate()


@pytest.mark.parametrize("address", ["nonsense", "oracle9://host/db", "postgresql+nodriver://user:secret@host/db"])
def test_an_address_that_leads_nowhere_is_told_without_its_password(address):
    with pytest.raises(WorkspaceError, match="VIBENCH_DATABASE_URL") as refused:
        Database(address)

    assert "secret" not in str(refused.value)


def test_the_tables_can_be_made_in_postgresql():
    for table in metadata.sorted_tables:
        statement = str(CreateTable(table).compile(dialect=postgresql.dialect()))

        kinds = {type(column.type).__name__ for column in table.columns}
        assert ("UtcDateTime" in kinds) == ("TIMESTAMP WITH TIME ZONE" in statement)
        assert ("JSON" in kinds) == ("JSON" in statement)
