"""The prediction log as a table partitioned by week: `request_id` begins with the time, so its unique key still holds
and retention drops whole weeks. Weeks are made by `serving.partitions` as they come; older rows stay in the default
partition."""

from django.db import migrations

FORWARDS = """
    SET CONSTRAINTS ALL IMMEDIATE;
    ALTER TABLE serving_prediction RENAME TO serving_prediction_whole;
    ALTER INDEX serving_prediction_pkey RENAME TO serving_prediction_whole_pkey;
    ALTER TABLE serving_prediction_whole DROP CONSTRAINT prediction_once;
    DROP INDEX prediction_newest;
    DROP INDEX prediction_by_client_id;
    DROP INDEX prediction_by_unit;
    CREATE SEQUENCE serving_prediction_number AS bigint;
    CREATE TABLE serving_prediction (
        id bigint NOT NULL DEFAULT nextval('serving_prediction_number'),
        request_id uuid NOT NULL,
        client_request_id uuid,
        "row" integer NOT NULL CHECK ("row" >= 0),
        endpoint_id bigint NOT NULL
            CONSTRAINT prediction_of_endpoint REFERENCES serving_endpoint (id) DEFERRABLE INITIALLY DEFERRED,
        variant varchar(60) NOT NULL,
        version_id bigint NOT NULL
            CONSTRAINT prediction_of_version REFERENCES models_app_modelversion (id) DEFERRABLE INITIALLY DEFERRED,
        unit varchar(256) NOT NULL,
        at timestamptz NOT NULL,
        latency_seconds double precision NOT NULL,
        input jsonb NOT NULL,
        output jsonb NOT NULL,
        CONSTRAINT prediction_once UNIQUE (request_id, "row")
    ) PARTITION BY RANGE (request_id);
    ALTER SEQUENCE serving_prediction_number OWNED BY serving_prediction.id;
    CREATE TABLE serving_prediction_rest PARTITION OF serving_prediction DEFAULT;
    CREATE INDEX prediction_by_number ON serving_prediction (id);
    CREATE INDEX prediction_newest ON serving_prediction (endpoint_id, at DESC);
    CREATE INDEX prediction_by_client_id ON serving_prediction (client_request_id)
        WHERE client_request_id IS NOT NULL;
    CREATE INDEX prediction_by_unit ON serving_prediction (endpoint_id, unit, at DESC) WHERE NOT (unit = '');
    INSERT INTO serving_prediction
        (id, request_id, client_request_id, "row", endpoint_id, variant, version_id, unit, at, latency_seconds,
         input, output)
    SELECT id, request_id, client_request_id, "row", endpoint_id, variant, version_id, unit, at, latency_seconds,
           input, output
    FROM serving_prediction_whole;
    SELECT setval('serving_prediction_number', (SELECT coalesce(max(id), 0) + 1 FROM serving_prediction), false);
    DROP TABLE serving_prediction_whole;
    SET CONSTRAINTS ALL DEFERRED;
"""


class Migration(migrations.Migration):

    dependencies = [
        ("serving", "0005_prediction_path"),
    ]

    operations = [
        # Not turned back: what was partitioned keeps its rows, and the migrations before do not need another form.
        migrations.RunSQL(FORWARDS, migrations.RunSQL.noop),
    ]
