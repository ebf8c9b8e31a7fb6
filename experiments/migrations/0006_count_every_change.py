"""Triggers that raise a run's count of changes with whatever belongs to it, through whichever door.

What was read of a run is kept in memory under that count, so no write may pass it by. The function
experiments_log and the update of a run's columns raise it themselves; triggers see to the rest.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION experiments_count_new_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE experiments_run SET changes = changes + 1 WHERE id IN (SELECT run_id FROM fresh);
    RETURN NULL;
END $$;
CREATE FUNCTION experiments_count_old_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE experiments_run SET changes = changes + 1 WHERE id IN (SELECT run_id FROM former);
    RETURN NULL;
END $$;
CREATE FUNCTION experiments_count_texts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.changes := GREATEST(NEW.changes, OLD.changes + 1);
    RETURN NEW;
END $$;

CREATE TRIGGER count_texts BEFORE UPDATE OF name, note ON experiments_run FOR EACH ROW
WHEN ((OLD.name, OLD.note) IS DISTINCT FROM (NEW.name, NEW.note))
EXECUTE FUNCTION experiments_count_texts();

CREATE TRIGGER count_deleted AFTER DELETE ON experiments_runtag
REFERENCING OLD TABLE AS former FOR EACH STATEMENT EXECUTE FUNCTION experiments_count_old_rows();
CREATE TRIGGER count_deleted AFTER DELETE ON experiments_param
REFERENCING OLD TABLE AS former FOR EACH STATEMENT EXECUTE FUNCTION experiments_count_old_rows();
CREATE TRIGGER count_deleted AFTER DELETE ON experiments_latestmetric
REFERENCING OLD TABLE AS former FOR EACH STATEMENT EXECUTE FUNCTION experiments_count_old_rows();

CREATE TRIGGER count_new AFTER INSERT ON experiments_runinput
REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION experiments_count_new_rows();
CREATE TRIGGER count_changed AFTER UPDATE ON experiments_runinput
REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION experiments_count_new_rows();
CREATE TRIGGER count_deleted AFTER DELETE ON experiments_runinput
REFERENCING OLD TABLE AS former FOR EACH STATEMENT EXECUTE FUNCTION experiments_count_old_rows();
CREATE TRIGGER count_new AFTER INSERT ON experiments_runmodel
REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION experiments_count_new_rows();
CREATE TRIGGER count_deleted AFTER DELETE ON experiments_runmodel
REFERENCING OLD TABLE AS former FOR EACH STATEMENT EXECUTE FUNCTION experiments_count_old_rows();
"""
DROP = """
DROP FUNCTION experiments_count_new_rows CASCADE;
DROP FUNCTION experiments_count_old_rows CASCADE;
DROP FUNCTION experiments_count_texts CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("experiments", "0005_time_outs_and_purged_runs")]
    operations = [migrations.RunSQL(CREATE, DROP)]
