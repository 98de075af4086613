"""Run by Alembic: applies the steps on the connection that `mdreader.migrations` opened."""

from alembic import context

config = context.config
context.configure(
    connection=config.attributes["connection"],
    target_metadata=config.attributes.get("metadata"),
    transactional_ddl=True,
    render_as_batch=True,  # SQLite changes a column by building the table anew
    compare_type=True,
)
context.run_migrations()
