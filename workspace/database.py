"""The database: opened, brought to the newest schema, read and written in short transactions."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, select, text, union_all
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError, OperationalError

from engine.errors import WorkspaceError
from workspace.schema import REVISION, recording, variant

MIGRATIONS = Path(__file__).parent / "migrations"
#: FULL rather than NORMAL: what was acknowledged outlasts a power cut too. Waits are for other writers, in ms.
SQLITE_SETTINGS = ("busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")


class Database:
    """One database; safe to use from several threads.

    Parameters
    ----------
    address : str or URL
        As SQLAlchemy writes it.

    Raises
    ------
    WorkspaceError
        If the address can't be understood, or the driver for it is not installed.
    """

    def __init__(self, address: str | URL) -> None:
        try:
            self.engine = create_engine(make_url(address))
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise WorkspaceError(
                "VIBENCH_DATABASE_URL is no address of a database that can be reached from here: it reads like "
                "postgresql+psycopg://user:password@host/name, and the package psycopg must be installed."
            ) from error
        if self.engine.dialect.name == "sqlite":
            prepare_sqlite(self.engine)

    @property
    def name(self) -> str:
        """Where the database is, without its password."""
        return self.engine.url.database or "" if self.engine.dialect.name == "sqlite" else str(self.engine.url)

    def read(self) -> AbstractContextManager[Connection]:
        """Begin a transaction that only reads: it sees one state of the database from start to end.

        Raises
        ------
        WorkspaceError
            If the database can't be reached, or its disk fails.
        """
        return self._transaction(self.engine)

    def write(self) -> AbstractContextManager[Connection]:
        """Begin a transaction that writes; it is kept as a whole or, after an error, not at all.

        Raises
        ------
        WorkspaceError
            If the database can't be reached, its disk is full, or others write for too long.
        """
        return self._transaction(self.engine.execution_options(vibench_write=True))

    def names_blob(self, digest: str) -> bool:
        """Whether a row names the blob of a digest."""
        recordings = select(recording.c.sha256).where(recording.c.sha256 == digest)
        variants = select(variant.c.digest).where(variant.c.digest == digest)
        with self.read() as connection:
            return connection.scalar(union_all(recordings, variants).limit(1)) is not None

    def migrate(self) -> None:
        """Bring the database to the newest schema; quick where it is there already.

        Raises
        ------
        WorkspaceError
            If it can't be opened or written, holds something else, or was written by a newer Vibench.
        """
        try:
            with self.read() as connection:
                revision = current_revision(connection)
            if revision == REVISION:
                return
            if revision is not None and revision > REVISION:
                raise WorkspaceError(
                    f"The database {self.name} was written by a newer Vibench (schema {revision}, known here "
                    f"{REVISION}): update Vibench, or choose another workspace."
                )
            with self.write() as connection:
                if current_revision(connection) is None and inspect(connection).get_table_names():
                    raise WorkspaceError(
                        f"The database {self.name} belongs to something else: choose another workspace or database."
                    )
                upgrade(connection)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    @contextmanager
    def _transaction(self, engine: Engine) -> Iterator[Connection]:
        try:
            with engine.begin() as connection:
                yield connection
        except DatabaseError as error:
            if type(error) not in {DatabaseError, OperationalError}:
                raise  # a row or a statement that can't be: our mistake, not the database's
            reason = str(error.orig).splitlines()[0]
            raise WorkspaceError(
                f"The database {self.name} can't be used ({reason}): check it and its disk, or choose another "
                "workspace."
            ) from error


def prepare_sqlite(engine: Engine) -> None:
    """Set up every connection, and let writers queue at BEGIN instead of failing half-way through.

    A transaction that begins as a reader and then writes is refused at once while another one writes, whatever
    the waiting time; one that says at BEGIN that it will write waits for its turn.
    """

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we send BEGIN ourselves
        for setting in SQLITE_SETTINGS:
            connection.execute(f"PRAGMA {setting}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("vibench_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def current_revision(connection: Connection) -> str | None:
    """Return the schema's revision, ``None`` where there is none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing, in the transaction of ``connection``."""
    from alembic import command  # half a second that an up-to-date database does not cost
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
