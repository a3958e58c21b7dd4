"""How Alembic runs the migrations: inside the transaction that `workspace.database` has begun."""

from alembic import context

from workspace.schema import metadata

# SQLite alters a table by copying it (batch), and takes part in transactions like any other database here,
# because `workspace.database` sends BEGIN itself: a migration that is killed leaves no trace.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
