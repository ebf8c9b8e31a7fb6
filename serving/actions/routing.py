"""Tells every process that routing changed. Called in the transaction that changes endpoints or access."""

from django.db import connection

CHANNEL = "mlregistry_routing"
# Microseconds, so that a number is not met again after a database was restored from a backup.
RAISE = """
    INSERT INTO serving_routingepoch (id, number)
    VALUES (1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
    ON CONFLICT (id) DO UPDATE SET number = greatest(serving_routingepoch.number + 1, excluded.number)
    RETURNING number
"""


def raise_epoch() -> int:
    """The new epoch; listeners hear of it when the transaction commits."""
    with connection.cursor() as cursor:
        cursor.execute(RAISE)
        number = int(cursor.fetchone()[0])
        cursor.execute(f"NOTIFY {CHANNEL}")
    return number
