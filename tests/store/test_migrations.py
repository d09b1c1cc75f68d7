import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from geoportal.model.access import Action, Actor, Role
from geoportal.store import datasets, events, migrations, people, tables
from geoportal.store.register import Register
from tests.store.things import beside, register_in

FIRST_ROWS = (
    "INSERT INTO datasets VALUES ('d', 'PUBLIC', '[]', 'published', "
    """'{"name": "bebas", "profile": "bebas"}', '2026-01-01 00:00:00.000000')""",
    """INSERT INTO records VALUES ('d', 1, '{"title": {"id": "Desa", "en": ""}}', '2026-01-01 00:00:00.000000')""",
    "INSERT INTO versions (dataset_id, number, digest, created_at, created_by, source_name, features, verdict) "
    "VALUES ('d', 1, 'aa', '2026-01-01 00:00:00.000000', 'ani', 'd.zip', 3, 'accept')",
    "INSERT INTO publications (dataset_id, number, build, specification, published_at, published_by, retired) "
    """VALUES ('d', 1, 'bb', '{"name": "bebas", "profile": "bebas"}', '2026-01-01 00:00:00.000000', 'ani', 0)""",
    "INSERT INTO tokens (name, prefix, digest, classes, datasets, created_at, expires_at) "
    """VALUES ('t', 'p', 'x', '["PUBLIC"]', '[]', '2026-01-01 00:00:00.000000', '2026-02-01 00:00:00.000000')""",
    "UPDATE counters SET value = 7",
)


def at_revision(data, revision):
    """A register as an older program left it."""
    register = Register(data / "register.db")
    (data / "locks").mkdir()
    register._create()
    with register._connect("BEGIN IMMEDIATE") as conn:
        migrations.upgrade(conn, revision)
        conn.commit()
    return register


def differences(register):
    with register.read() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True, "compare_server_default": True})
        return compare_metadata(context, tables.metadata)


def triggers(register):
    with register.read() as conn:
        return (
            conn.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name").scalars().all()
        )


def test_from_nothing_to_the_tables_of_the_program(register):
    assert differences(register) == []
    with register.read() as conn:
        assert migrations.revision_of(conn) == migrations.REVISIONS[-1]


@pytest.mark.parametrize("revision", migrations.REVISIONS)
def test_from_every_revision_with_its_rows(data_dir, register, tmp_path, revision):
    (old := tmp_path / "old").mkdir()
    before = at_revision(old, revision)
    with before.begin() as conn:
        for statement in FIRST_ROWS:
            conn.exec_driver_sql(statement)
    before.close()
    after = register_in(old)
    assert differences(after) == []
    assert triggers(after) == triggers(register)
    assert after.generation() == 7
    with after.begin() as conn:
        assert [p.build for p in datasets.publications(conn)] == ["bb"]
        assert [token.name for token in people.list_tokens(conn)] == ["t"]
        assert events.record(conn, Actor("ani", Role.ADMIN), Action.DATASET_PUBLISH, "d").sequence == 1
        assert conn.exec_driver_sql("PRAGMA foreign_key_check").fetchall() == []


def test_the_list_of_revisions_is_that_of_the_files():
    config = Config()
    config.set_main_option("script_location", str(migrations.FOLDER))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    found = [script.revision for script in scripts.walk_revisions()]
    assert tuple(reversed(found)) == migrations.REVISIONS


def test_a_revision_that_fails_leaves_the_register_as_it_was(data_dir, monkeypatch):
    before = at_revision(data_dir, "0001")
    with before.begin() as conn:
        conn.exec_driver_sql("CREATE TRIGGER versions_no_delete BEFORE DELETE ON versions BEGIN SELECT 1; END")
    with pytest.raises(sa.exc.OperationalError, match="versions_no_delete"):
        before.upgrade()
    with before.read() as conn:
        assert migrations.revision_of(conn) == "0001"
    assert triggers(before) == ["versions_no_delete"]


def test_a_dangling_reference_is_not_let_through(data_dir):
    register = at_revision(data_dir, "0001")
    with register._connect(None) as conn:
        conn.exec_driver_sql("PRAGMA foreign_keys = OFF")
        conn.exec_driver_sql("INSERT INTO records VALUES ('gone', 1, '{}', '2026-01-01 00:00:00.000000')")
        conn.commit()
    with pytest.raises(RuntimeError, match="without a row"):
        register.upgrade()
    with register.read() as conn:
        assert migrations.revision_of(conn) == "0001"


def test_processes_that_start_at_once_upgrade_once(data_dir):
    assert beside("upgrade", data_dir, 4) == [0, 0, 0, 0]
    register = Register(data_dir / "register.db")
    with register.read() as conn:
        assert conn.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all() == [
            migrations.REVISIONS[-1]
        ]
    assert differences(register) == []


def test_an_upgrade_that_is_not_needed_does_not_cost_alembic(data_dir, register):
    assert beside("modules-after-upgrade", data_dir) == [[]]
