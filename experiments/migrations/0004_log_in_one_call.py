"""Histories as chunks of arrays, and the SQL function behind all logging: one call, one transaction."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

CHUNKS = """
INSERT INTO experiments_metricchunk (run_id, key, change, first_at, last_at, timestamps, steps, numbers)
SELECT run_id, key, chunk - count(*) OVER (PARTITION BY run_id, key) + 1, min(timestamp), max(timestamp),
       array_agg(timestamp ORDER BY place), array_agg(step ORDER BY place), array_agg(number ORDER BY place)
FROM (
    SELECT run_id, key, timestamp, step, CASE WHEN is_nan THEN 'NaN' ELSE value END AS number, place,
           (place - 1) / 4096 AS chunk
    FROM (
        SELECT *, row_number() OVER (PARTITION BY run_id, key ORDER BY timestamp, step, value, is_nan) AS place
        FROM experiments_metricpoint
    ) AS numbered
) AS cut GROUP BY run_id, key, chunk;
DROP TABLE experiments_metricpoint;
-- Compressed where it is long, but in the row as long as it fits there.
ALTER TABLE experiments_metricchunk SET (toast_tuple_target = 8160);
CREATE VIEW experiments_metricpoint AS
SELECT DISTINCT chunk.run_id, chunk.key, point.timestamp, point.step,
       CASE WHEN point.number = 'NaN' THEN 0 ELSE point.number END AS value,
       point.number = 'NaN' AS is_nan
FROM experiments_metricchunk AS chunk
CROSS JOIN LATERAL unnest(chunk.timestamps, chunk.steps, chunk.numbers) AS point(timestamp, step, number);
"""
LOG = """
CREATE FUNCTION experiments_log(
    the_run uuid, the_team bigint,
    -- One element for each metric: its key, the place of its points in the next three, then what is derived.
    metric_keys text[], starts int[], stops int[],
    all_timestamps bigint[], all_steps bigint[], all_numbers float8[],
    first_ats bigint[], last_ats bigint[],
    latest_steps bigint[], latest_timestamps bigint[], latest_values float8[], latest_nans boolean[],
    minimums float8[], maximums float8[],
    param_keys text[], param_values text[],
    tag_keys text[], tag_values text[],
    new_name text, new_note text, new_parent uuid
) RETURNS TABLE (problem text, subject text, stored text) LANGUAGE plpgsql AS $$
DECLARE
    place bigint;
    state text;
    this_change bigint;
BEGIN
    -- Locks the run until the end, so that writers of one run take turns; tells readers that it changed.
    -- A subquery and no join: it is asked again for a run that was moved while this waited for its lock.
    UPDATE experiments_run AS run SET changes = run.changes + 1, active_at = now()
    WHERE run.id = the_run
      AND the_team = (SELECT place.team_id FROM experiments_experiment AS place WHERE place.id = run.experiment_id)
    RETURNING run.experiment_id, run.lifecycle, run.changes INTO place, state, this_change;
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
        INSERT INTO experiments_metricchunk
            (run_id, key, change, first_at, last_at, timestamps, steps, numbers)
        SELECT the_run, given.key, this_change, given.first_at, given.last_at,
               all_timestamps[given.start:given.stop], all_steps[given.start:given.stop],
               all_numbers[given.start:given.stop]
        FROM unnest(metric_keys, starts, stops, first_ats, last_ats)
            AS given(key, start, stop, first_at, last_at);

        INSERT INTO experiments_latestmetric AS latest
            (run_id, experiment_id, key, step, timestamp, value, is_nan, minimum, maximum)
        SELECT the_run, place, given.*
        FROM unnest(metric_keys, latest_steps, latest_timestamps, latest_values, latest_nans, minimums, maximums)
            AS given
        ON CONFLICT (run_id, key) DO UPDATE SET
            (step, timestamp, value, is_nan) = (
                SELECT later.step, later.timestamp, later.value, later.is_nan
                FROM (VALUES (excluded.step, excluded.timestamp, excluded.value, excluded.is_nan),
                             (latest.step, latest.timestamp, latest.value, latest.is_nan))
                    AS later(step, timestamp, value, is_nan)
                ORDER BY later.step DESC, later.timestamp DESC, later.value DESC, later.is_nan LIMIT 1),
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


class Migration(migrations.Migration):
    dependencies = [("experiments", "0003_the_mlflow_nouns")]
    operations = [
        migrations.CreateModel(
            name="MetricChunk",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "run_id",
                        "key",
                        "change",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("key", models.CharField(max_length=250)),
                (
                    "change",
                    models.BigIntegerField(help_text="the run's count of changes when this was logged"),
                ),
                ("first_at", models.BigIntegerField(help_text="the least of `timestamps`")),
                ("last_at", models.BigIntegerField(help_text="the greatest of `timestamps`")),
                (
                    "timestamps",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(help_text="milliseconds since 1970"), size=None
                    ),
                ),
                (
                    "steps",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                (
                    "numbers",
                    django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=None),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="metric_chunks",
                        to="experiments.run",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(
            CHUNKS,
            state_operations=[
                migrations.DeleteModel("MetricPoint"),
                migrations.CreateModel(
                    name="MetricPoint",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "run_id",
                                "key",
                                "timestamp",
                                "step",
                                "value",
                                "is_nan",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("key", models.CharField(max_length=250)),
                        ("step", models.BigIntegerField(default=0)),
                        ("timestamp", models.BigIntegerField(help_text="milliseconds since 1970")),
                        ("value", models.FloatField()),
                        ("is_nan", models.BooleanField(default=False)),
                        (
                            "run",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="metric_points",
                                to="experiments.run",
                            ),
                        ),
                    ],
                    options={"db_table": "experiments_metricpoint", "managed": False},
                ),
            ],
        ),
        migrations.RunSQL(LOG, "DROP FUNCTION experiments_log"),
    ]
