from django.db import migrations, models

SIGNATURE = "uuid, bigint, text, text, boolean, timestamptz, timestamptz, bigint, text"
UPDATE_RUN = """
CREATE FUNCTION experiments_update_run(
    the_run uuid, the_team bigint, new_name text, new_status text, is_live boolean,
    new_start timestamptz, new_end timestamptz, the_user bigint, the_door text{argument}
) RETURNS SETOF experiments_run LANGUAGE plpgsql AS $$
DECLARE
    changed experiments_run;
BEGIN
    UPDATE experiments_run AS run SET
        name = COALESCE(new_name, run.name),{tagged}
        status = COALESCE(new_status, run.status),
        started_at = COALESCE(new_start, run.started_at),
        ended_at = {ended_at},
        active_at = now(),
        changes = run.changes + 1
    WHERE run.id = the_run AND run.lifecycle = 'active'
      AND the_team = (SELECT place.team_id FROM experiments_experiment AS place WHERE place.id = run.experiment_id)
    RETURNING run.* INTO changed;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO accounts_auditevent
        (team_id, user_id, action, target_type, target_id, target_name, details, via, at)
    VALUES (the_team, the_user, 'run.update', 'experiments.run', changed.id::text, changed.name,
            jsonb_build_object('status', changed.status), the_door, now());
    RETURN NEXT changed;
END
$$
"""
AS_GIVEN = UPDATE_RUN.format(
    argument=", ends_now boolean",
    tagged="""
        name_untagged = run.name_untagged AND new_name IS NULL,""",
    ended_at="""CASE WHEN is_live AND (ends_now OR new_end IS NULL) THEN NULL
                        WHEN NOT is_live AND ends_now THEN COALESCE(new_end, run.ended_at, now())
                        ELSE COALESCE(new_end, run.ended_at) END""",
)
BEFORE = UPDATE_RUN.format(
    argument="",
    tagged="",
    ended_at="""CASE WHEN is_live THEN NULL
                        WHEN NOT is_live THEN COALESCE(new_end, run.ended_at, now())
                        ELSE COALESCE(new_end, run.ended_at) END""",
)
DROP = "DROP FUNCTION experiments_update_run({});"


class Migration(migrations.Migration):

    dependencies = [
        ('experiments', '0010_create_run_in_one_call'),
    ]

    operations = [
        migrations.AddField(
            model_name='run',
            name='name_untagged',
            field=models.BooleanField(db_default=False, default=False, help_text="the tag that repeats the name was deleted"),
        ),
        migrations.RunSQL(
            DROP.format(SIGNATURE) + AS_GIVEN, DROP.format(SIGNATURE + ", boolean") + BEFORE
        ),
    ]
