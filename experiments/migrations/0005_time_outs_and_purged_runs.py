"""Runs that show no sign of life end, and come back with the next one; histories of purged runs."""

import uuid

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

# Whatever raises active_at (a log, a heartbeat, an update) takes up a run that only the time-out ended. A
# trigger, for then the statement behind all logging pays for it with one comparison of a flag.
REVIVE = """
CREATE FUNCTION experiments_run_revive() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status <> OLD.status OR NEW.ended_at IS DISTINCT FROM OLD.ended_at THEN
        NEW.timed_out := FALSE;
        NEW.error := CASE WHEN NEW.error = OLD.error THEN '' ELSE NEW.error END;
    ELSIF NEW.active_at > OLD.active_at THEN
        NEW.status := 'RUNNING';
        NEW.ended_at := NULL;
        NEW.error := '';
        NEW.timed_out := FALSE;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER experiments_run_revive BEFORE UPDATE ON experiments_run
    FOR EACH ROW WHEN (OLD.timed_out) EXECUTE FUNCTION experiments_run_revive();
"""
FORGET = """
DROP TRIGGER experiments_run_revive ON experiments_run;
DROP FUNCTION experiments_run_revive;
"""


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("experiments", "0004_log_in_one_call")]
    operations = [
        migrations.CreateModel(
            name="PurgedRun",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.AddField(
            model_name="run",
            name="timed_out",
            field=models.BooleanField(
                default=False, help_text="ended by time-out; a sign of life revives it"
            ),
        ),
        migrations.AlterField(
            model_name="run",
            name="timeout_seconds",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="ended as KILLED after this time without a sign of life; 0: never; empty: the server's default",
                null=True,
            ),
        ),
        AddIndexConcurrently(
            model_name="run",
            index=models.Index(
                condition=models.Q(("job__isnull", True), ("status", "RUNNING")),
                fields=["started_at"],
                name="run_live_without_job",
            ),
        ),
        migrations.RunSQL(REVIVE, FORGET),
    ]
