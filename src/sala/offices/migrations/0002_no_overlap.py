"""No two persons in a post for one at the same time: the database itself looks at the days.

A partial unique constraint sees only appointments with an open end; days that overlap need a trigger. Whoever alters the
table on SQLite (Django makes it anew there) must run `guard` again.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

CLASH = """
    SELECT 1 FROM offices_appointment other
    WHERE other.office_id = NEW.office_id AND other.post_id = NEW.post_id AND other.id <> NEW.id AND other.single
      AND (NEW."end" IS NULL OR other.start <= NEW."end") AND (other."end" IS NULL OR NEW.start <= other."end")
"""

SQLITE = """
CREATE TRIGGER offices_appointment_overlap_{when} BEFORE {when} ON offices_appointment FOR EACH ROW WHEN NEW.single
BEGIN
    SELECT RAISE(ABORT, 'appointment_no_overlap') WHERE EXISTS ({clash});
END
"""

POSTGRESQL = f"""
CREATE FUNCTION offices_appointment_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.single THEN
        PERFORM 1 FROM offices_office WHERE id = NEW.office_id FOR UPDATE;
        IF EXISTS ({CLASH}) THEN
            RAISE EXCEPTION 'appointment_no_overlap' USING ERRCODE = 'exclusion_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER offices_appointment_overlap BEFORE INSERT OR UPDATE ON offices_appointment
    FOR EACH ROW EXECUTE FUNCTION offices_appointment_overlap();
"""


def guard(apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute(POSTGRESQL)
        return
    for when in ("INSERT", "UPDATE"):
        editor.execute(SQLITE.format(when=when, clash=CLASH))


def unguard(apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        editor.execute("DROP TRIGGER offices_appointment_overlap ON offices_appointment")
        editor.execute("DROP FUNCTION offices_appointment_overlap()")
        return
    for when in ("INSERT", "UPDATE"):
        editor.execute(f"DROP TRIGGER offices_appointment_overlap_{when}")


class Migration(migrations.Migration):
    dependencies = [("offices", "0001_initial")]
    operations = [migrations.RunPython(guard, unguard)]
