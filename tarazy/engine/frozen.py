"""Tables whose rows never change: the database itself refuses UPDATE, DELETE and TRUNCATE."""

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import RunPython
from django.db.migrations.state import StateApps

SQLITE = """
CREATE TRIGGER {table}_never_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, 'a row of {table} never changes'); END
"""
POSTGRESQL = """
CREATE OR REPLACE FUNCTION {table}_never_changes() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'a row of {table} never changes'; END $$;
CREATE TRIGGER {table}_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION {table}_never_changes();
"""


def freeze(table: str) -> RunPython:
    """Return the migration step that makes a table's rows permanent, on either engine."""

    def guard(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
        if editor.connection.vendor == "sqlite":
            for verb in ("UPDATE", "DELETE"):
                editor.execute(SQLITE.format(table=table, verb=verb))
        else:
            editor.execute(POSTGRESQL.format(table=table))

    return RunPython(guard, RunPython.noop)
