"""What Alembic runs: the revisions, on the connection and in the transaction that ``migrations.upgrade`` hands over."""

from alembic import context

from geoportal.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by rebuilding it
)
with context.begin_transaction():
    context.run_migrations()
