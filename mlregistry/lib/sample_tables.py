"""Two made-up tables to learn with, the same to the last byte wherever they are made. The first steps bring them in."""

import csv
import io
import math
import random
from collections.abc import Callable
from dataclasses import dataclass

SEED = 7
N_CUSTOMERS, N_FLATS = 1_200, 1_000
PLANS = (("basic", 19.0), ("plus", 34.0), ("family", 52.0))
CONTRACTS = ("monthly", "yearly", "two years")
DISTRICTS = (("harbour", 1.35), ("old town", 1.2), ("gardens", 1.0), ("north", 0.82), ("railway", 0.7))
Value = str | int | float | None


@dataclass(frozen=True)
class Sample:
    """What a problem on the table is framed as; `rows` begins with the columns' names."""

    key: str
    title: str
    goal: str
    kind: str
    target: str
    metric: str
    threshold: float
    filename: str
    rows: Callable[[], list[list[Value]]]

    def as_csv(self) -> bytes:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(self.rows())
        return text.getvalue().encode()


def customers() -> list[list[Value]]:
    """Who leaves: short contracts, many calls for help and high prices make it likelier; some values are missing."""
    draw = random.Random(SEED)  # noqa: S311 - a table to learn with
    rows: list[list[Value]] = [
        ["age", "plan", "contract", "months", "monthly_charge", "support_calls", "paperless", "churned"]
    ]
    for _ in range(N_CUSTOMERS):
        age, months = draw.randint(18, 79), draw.randint(1, 72)
        plan, base = draw.choice(PLANS)
        contract = draw.choices(CONTRACTS, (55, 30, 15))[0]
        charge = round(base * draw.uniform(0.85, 1.3), 2)
        calls = min(9, int(draw.expovariate(0.7)))
        lean = (
            -1.4
            + 1.6 * (contract == "monthly")
            - 1.1 * (contract == "two years")
            + 0.55 * calls
            - 0.035 * months
        )
        lean += 0.02 * (charge - 30) - 0.008 * (age - 45)
        leaves = draw.random() < 1 / (1 + math.exp(-1.6 * lean))
        missing = draw.random() < 0.04
        rows.append([
            age, plan, contract, months, None if missing else charge, calls, draw.choice(("yes", "no")),
            "yes" if leaves else "no",
        ])  # fmt: skip
    return rows


def flats() -> list[list[Value]]:
    """What a flat is sold for: size, district, age and state, with the noise that prices have."""
    draw = random.Random(SEED + 1)  # noqa: S311 - a table to learn with
    rows: list[list[Value]] = [
        ["square_metres", "rooms", "district", "built", "floor", "lift", "balcony", "km_to_centre", "price"]
    ]
    for _ in range(N_FLATS):
        metres = round(draw.triangular(24, 180, 68))
        rooms = max(1, min(7, round(metres / 27 + draw.uniform(-0.8, 0.8))))
        district, factor = draw.choice(DISTRICTS)
        built, floor = draw.randint(1890, 2023), draw.randint(0, 9)
        lift = built > 1965 or draw.random() < 0.2
        balcony = draw.random() < 0.55
        far = round(draw.uniform(0.3, 12), 1)
        price = metres * 3_900 * factor * (1 - 0.022 * far) * (1 + 0.0016 * (built - 1960))
        price *= 1 + 0.04 * balcony - (0.018 * floor if not lift else -0.006 * floor)
        price *= math.exp(draw.gauss(0, 0.07))
        missing = draw.random() < 0.03
        rows.append([
            metres, rooms, district, None if missing else built, floor, "yes" if lift else "no",
            "yes" if balcony else "no", far, round(price, -2),
        ])  # fmt: skip
    return rows


SAMPLES = {
    sample.key: sample
    for sample in (
        Sample(
            "churn", "Customer churn (sample)", "Know which customers are about to leave, while they can be kept.",
            "classification", "churned", "roc_auc", 0.8, "customers.csv", customers,
        ),
        Sample(
            "flats", "Flat prices (sample)", "Name the price that a flat will be sold for.",
            "regression", "price", "r2", 0.85, "flats.csv", flats,
        ),
    )
}  # fmt: skip
