"""The table of the profile's rows: 30 columns of all types, with gaps, the same for everybody. Made by DuckDB."""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.data_work.row import Ground

GAUSS = "sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())"
TOWNS = (
    "['Ulm', 'Bonn', 'Köln', 'Mainz', 'Trier', 'Worms', 'Speyer', 'Fulda', 'Kassel', 'Hanau', 'Gera', 'Jena']"
)
COLUMNS = {
    **{f"normal_{n}": f"{GAUSS} * {10**n} + {n}" for n in range(4)},
    **{f"gaps_{n}": f"CASE WHEN random() > {0.02 + 0.1 * n} THEN {GAUSS} END" for n in range(3)},
    "price": f"round(exp(3 + {GAUSS}), 2)",
    "share": "random()",
    "zero_heavy": "CASE WHEN random() < 0.6 THEN 0 ELSE -ln(1 - random()) END",
    "temperature": f"round(20 + 5 * {GAUSS}, 1)",
    "flag_float": "CASE WHEN random() < 0.1 THEN 1.0 ELSE 0.0 END",
    "age": "CAST(18 + floor(random() * 70) AS BIGINT)",
    "visits": "CAST(floor(-ln(1 - random()) * 4) AS BIGINT)",
    "amount_cents": "CAST(floor(random() * 1e7) AS BIGINT)",
    "row_id": "range",
    "grade": "CAST(1 + floor(random() * 5) AS BIGINT)",
    "year": "CAST(1990 + floor(random() * 35) AS BIGINT)",
    "active": "random() < 0.7",
    "consent": "CASE WHEN random() > 0.05 THEN random() < 0.4 END",
    "town": f"{TOWNS}[1 + CAST(floor(random() * 12) AS INT)]",
    "plan": "CASE WHEN random() < 0.5 THEN 'basic' WHEN random() < 0.6 THEN 'plus' ELSE 'pro' END",
    "segment": "'segment ' || CAST(floor(random() * random() * 200) AS INT)",
    "postcode": "lpad(CAST(floor(random() * 9000) + 1000 AS INT)::VARCHAR, 5, '0')",
    "remark": "CASE WHEN random() > 0.3 THEN 'note ' || CAST(floor(random() * 900) AS INT) || ' on the order' END",
    "customer": "'C-' || CAST(floor(random() * 400000) AS INT)",
    "order_key": "md5(range::VARCHAR)",
    "created_at": "TIMESTAMP '2024-01-01' + to_seconds(CAST(floor(random() * 6e7) AS BIGINT))",
    "shipped_on": "CAST(DATE '2024-01-01' + CAST(floor(random() * 700) AS INT) AS TIMESTAMP)",
    "churned": "CASE WHEN random() < 0.2 THEN 'yes' ELSE 'no' END",
}


def made(ground: Ground, n_rows: int) -> Path:
    """The Parquet file, made on first use."""
    path = ground.folder / f"mixed-{n_rows}.parquet"
    if not path.exists():
        chosen = ", ".join(f"{expression} AS {name}" for name, expression in COLUMNS.items())
        with duckdb.connect() as connection:
            connection.execute("SET threads = 1")
            connection.execute("SELECT setseed(0.5)")
            connection.execute(
                f"COPY (SELECT {chosen} FROM range({n_rows})) TO '{path}' (FORMAT parquet, COMPRESSION zstd)"  # noqa: S608  # no text of anybody else's
            )
    return path
