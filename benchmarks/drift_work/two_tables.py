"""A baseline and a window of 30 columns, some of which have drifted; the same rows for everybody. Made by DuckDB."""

from __future__ import annotations

from pathlib import Path

import duckdb

GAUSS = "sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())"
TOWNS = (
    "['Ulm', 'Bonn', 'Köln', 'Mainz', 'Trier', 'Worms', 'Speyer', 'Fulda', 'Kassel', 'Hanau', 'Gera', 'Jena']"
)
# {0} is the drift: 0 in the baseline, 1 in the window.
COLUMNS = {
    **{f"normal_{n}": f"{GAUSS} + {0.03 * n} * {{0}}" for n in range(8)},
    **{f"scaled_{n}": f"{GAUSS} * {10**n} * (1 + 0.05 * {n} * {{0}}) + {n}" for n in range(4)},
    "price": f"round(exp(3 + {GAUSS} + 0.1 * {{0}}), 2)",
    "share": "random()",
    "waiting": "-ln(1 - random()) * (1 + 0.2 * {0})",
    "zero_heavy": "CASE WHEN random() < 0.6 - 0.1 * {0} THEN 0 ELSE -ln(1 - random()) END",
    "temperature": f"round(20 + 5 * {GAUSS} + {{0}}, 1)",
    "age": "CAST(18 + floor(random() * 70) AS BIGINT)",
    "visits": "CAST(floor(-ln(1 - random()) * 4) AS BIGINT)",
    "cents": "CAST(floor(random() * 1e7) AS BIGINT)",
    "grade": "CAST(1 + floor(random() * (5 - 0.5 * {0})) AS BIGINT)",
    "year": "CAST(1990 + floor(random() * (35 - 3 * {0})) AS BIGINT)",
    "town": f"{TOWNS}[1 + CAST(floor(random() * (12 - 2 * {{0}})) AS INT)]",
    "plan": "CASE WHEN random() < 0.5 - 0.1 * {0} THEN 'basic' WHEN random() < 0.6 THEN 'plus' ELSE 'pro' END",
    "segment": "'segment ' || CAST(floor(random() * random() * 200) AS INT)",
    "channel": "CASE WHEN random() < 0.02 * {0} THEN 'partner' WHEN random() < 0.5 THEN 'web' ELSE 'shop' END",
    "postcode": "lpad(CAST(floor(random() * 90) + 10 AS INT)::VARCHAR, 5, '0')",
    "churned": "CASE WHEN random() < 0.2 + 0.05 * {0} THEN 'yes' ELSE 'no' END",
    "late": "CASE WHEN random() < 0.1 THEN 'yes' ELSE 'no' END",
    "device": "CASE WHEN random() < 0.7 THEN 'phone' ELSE 'desk' END",
}


def made(folder: Path, n_rows: int) -> tuple[Path, Path]:
    """Baseline and window as Parquet files, made on first use; the window has an eighth fewer rows."""
    paths = (folder / f"baseline-{n_rows}.parquet", folder / f"window-{n_rows}.parquet")
    for drift, path in enumerate(paths):
        if not path.exists():
            chosen = ", ".join(f"{sql.format(drift)} AS {name}" for name, sql in COLUMNS.items())
            n = n_rows - drift * (n_rows // 8)
            with duckdb.connect() as connection:
                connection.execute("SET threads = 1")
                connection.execute(f"SELECT setseed({0.5 - drift / 4})")
                connection.execute(f"COPY (SELECT {chosen} FROM range({n})) TO '{path}' (FORMAT parquet)")  # noqa: S608  # our own names
    return paths
