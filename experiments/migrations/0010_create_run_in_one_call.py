"""A function that creates a run with its tags and audit line: one call, one transaction, a plan that is kept."""

from django.db import migrations

CREATE_RUN = """
CREATE FUNCTION experiments_create_run(
    the_run uuid, the_team bigint, the_experiment bigint,  -- NULL: the team's default one
    new_name text, new_start timestamptz, new_user_name text, new_note text, new_timeout int,
    new_parent uuid, new_estimator text, new_recipe jsonb, new_baseline boolean, the_version bigint,
    tag_keys text[], tag_values text[], the_user bigint, the_door text
) RETURNS TABLE (
    place_id bigint, place_location text, place_lifecycle text, place_is_default boolean, place_problem bigint,
    found_parent uuid
) LANGUAGE plpgsql AS $$
BEGIN
    IF the_experiment IS NULL THEN
        SELECT id, artifact_location, lifecycle, is_default, problem_id
        INTO place_id, place_location, place_lifecycle, place_is_default, place_problem
        FROM experiments_experiment WHERE is_default AND team_id = the_team;
    ELSE
        SELECT id, artifact_location, lifecycle, is_default, problem_id
        INTO place_id, place_location, place_lifecycle, place_is_default, place_problem
        FROM experiments_experiment WHERE id = the_experiment AND team_id = the_team;
    END IF;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF place_lifecycle = 'active' THEN
        IF new_parent IS NOT NULL THEN
            found_parent := (
                SELECT other.id FROM experiments_run AS other
                JOIN experiments_experiment AS around ON around.id = other.experiment_id
                WHERE other.id = new_parent AND around.team_id = the_team);
        END IF;
        INSERT INTO experiments_run (
            id, experiment_id, name, status, lifecycle, estimator, is_baseline, recipe, warnings, error, note,
            problem_id, dataset_version_id, parent_id, created_by_id, user_name, changes, active_at,
            timeout_seconds, timed_out, started_at)
        VALUES (
            the_run, place_id, new_name, 'RUNNING', 'active', new_estimator, new_baseline, new_recipe, '[]', '',
            new_note, place_problem, the_version, found_parent, the_user, new_user_name, 0, now(),
            new_timeout, false, new_start);
        IF tag_keys IS NOT NULL THEN
            INSERT INTO experiments_runtag (run_id, experiment_id, key, value)
            SELECT the_run, place_id, given.key, given.value FROM unnest(tag_keys, tag_values) AS given(key, value);
        END IF;
        INSERT INTO accounts_auditevent
            (team_id, user_id, action, target_type, target_id, target_name, details, via, at)
        VALUES (the_team, the_user, 'run.create', 'experiments.run', the_run::text, new_name, '{}', the_door, now());
    END IF;
    RETURN NEXT;
END
$$
"""


class Migration(migrations.Migration):
    dependencies = [("experiments", "0009_points_of_a_chunk"), ("accounts", "0003_leaner_audit_trail")]
    operations = [migrations.RunSQL(CREATE_RUN, "DROP FUNCTION experiments_create_run")]
