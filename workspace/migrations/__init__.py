"""What Alembic needs to bring a database to the newest schema."""
