"""The SQL function behind all logging: one call, one transaction, plans kept by the session."""

from django.db import migrations

CREATE = """
CREATE FUNCTION experiments_log(
    the_run uuid, the_team bigint,
    metric_keys text[], metric_values float8[], metric_nans boolean[],
    metric_timestamps bigint[], metric_steps bigint[],
    param_keys text[], param_values text[],
    tag_keys text[], tag_values text[],
    new_name text, new_note text, new_parent uuid
) RETURNS TABLE (problem text, subject text, stored text) LANGUAGE plpgsql AS $$
DECLARE
    place bigint;
    state text;
BEGIN
    -- Locks the run until the end, so that writers of one run take turns; tells readers that it changed.
    UPDATE experiments_run AS run SET changes = run.changes + 1, active_at = now()
    FROM experiments_experiment AS experiment
    WHERE run.id = the_run AND experiment.id = run.experiment_id AND experiment.team_id = the_team
    RETURNING run.experiment_id, run.lifecycle INTO place, state;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'missing'::text, NULL::text, NULL::text;
        RETURN;
    END IF;
    IF state <> 'active' THEN
        RETURN QUERY SELECT 'deleted'::text, NULL::text, NULL::text;
        RETURN;
    END IF;

    IF param_keys IS NOT NULL THEN
        RETURN QUERY
            SELECT 'param'::text, param.key::text, param.value
            FROM unnest(param_keys, param_values) AS given(key, value)
            JOIN experiments_param AS param ON param.run_id = the_run AND param.key = given.key
            WHERE param.value <> given.value
            ORDER BY param.key;
        IF FOUND THEN
            RETURN;
        END IF;
        INSERT INTO experiments_param (run_id, experiment_id, key, value)
        SELECT the_run, place, given.key, given.value
        FROM unnest(param_keys, param_values) AS given(key, value)
        ON CONFLICT DO NOTHING;
    END IF;

    IF metric_keys IS NOT NULL THEN
        INSERT INTO experiments_metricpoint (run_id, key, step, timestamp, value, is_nan)
        SELECT the_run, given.key, given.step, given.at, given.value, given.is_nan
        FROM unnest(metric_keys, metric_steps, metric_timestamps, metric_values, metric_nans)
            AS given(key, step, at, value, is_nan)
        ON CONFLICT DO NOTHING;

        INSERT INTO experiments_latestmetric AS latest
            (run_id, experiment_id, key, step, timestamp, value, is_nan, minimum, maximum)
        SELECT the_run, place, newest.key, newest.step, newest.at, newest.value, newest.is_nan,
               newest.least, newest.greatest
        FROM (
            SELECT DISTINCT ON (given.key) given.*,
                   min(given.value) FILTER (WHERE NOT given.is_nan) OVER same AS least,
                   max(given.value) FILTER (WHERE NOT given.is_nan) OVER same AS greatest
            FROM unnest(metric_keys, metric_steps, metric_timestamps, metric_values, metric_nans)
                AS given(key, step, at, value, is_nan)
            WINDOW same AS (PARTITION BY given.key)
            ORDER BY given.key, given.step DESC, given.at DESC, given.value DESC, given.is_nan
        ) AS newest
        ON CONFLICT (run_id, key) DO UPDATE SET
            step = CASE WHEN (excluded.step, excluded.timestamp, excluded.value)
                           > (latest.step, latest.timestamp, latest.value) THEN excluded.step ELSE latest.step END,
            timestamp = CASE WHEN (excluded.step, excluded.timestamp, excluded.value)
                           > (latest.step, latest.timestamp, latest.value)
                        THEN excluded.timestamp ELSE latest.timestamp END,
            value = CASE WHEN (excluded.step, excluded.timestamp, excluded.value)
                           > (latest.step, latest.timestamp, latest.value) THEN excluded.value ELSE latest.value END,
            is_nan = CASE WHEN (excluded.step, excluded.timestamp, excluded.value)
                           > (latest.step, latest.timestamp, latest.value) THEN excluded.is_nan ELSE latest.is_nan END,
            minimum = LEAST(latest.minimum, excluded.minimum),
            maximum = GREATEST(latest.maximum, excluded.maximum)
        WHERE (excluded.step, excluded.timestamp, excluded.value) > (latest.step, latest.timestamp, latest.value)
           OR excluded.minimum < latest.minimum OR excluded.maximum > latest.maximum
           OR latest.minimum IS NULL;
    END IF;

    IF tag_keys IS NOT NULL THEN
        INSERT INTO experiments_runtag AS tag (run_id, experiment_id, key, value)
        SELECT the_run, place, given.key, given.value
        FROM unnest(tag_keys, tag_values) AS given(key, value)
        ON CONFLICT (run_id, key) DO UPDATE SET value = excluded.value WHERE tag.value <> excluded.value;
    END IF;

    IF new_name IS NOT NULL OR new_note IS NOT NULL OR new_parent IS NOT NULL THEN
        UPDATE experiments_run AS run SET
            name = COALESCE(new_name, run.name),
            note = COALESCE(new_note, run.note),
            parent_id = COALESCE(
                (SELECT other.id FROM experiments_run AS other
                 JOIN experiments_experiment AS around ON around.id = other.experiment_id
                 WHERE other.id = new_parent AND around.team_id = the_team AND other.id <> the_run),
                run.parent_id)
        WHERE run.id = the_run;
    END IF;
END
$$
"""
DROP = "DROP FUNCTION experiments_log"


class Migration(migrations.Migration):
    dependencies = [("experiments", "0003_the_mlflow_nouns")]
    operations = [migrations.RunSQL(CREATE, DROP)]
