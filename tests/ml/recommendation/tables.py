"""Small tables of who had what that the tests of recommendation share."""

import numpy as np
import pandas as pd

from mlregistry.ml.problems import ProblemSpec

IMPLICIT = ProblemSpec("recommendation", (), "", "ndcg_at_10", "maximize", None, ("user", "item"), "moment")
EXPLICIT = ProblemSpec(
    "recommendation", (), "stars", "ndcg_at_10", "maximize", None, ("user", "item"), "moment"
)


def two_tastes(n_users: int = 60, n_items: int = 40, seed: int = 0) -> pd.DataFrame:
    """Half of the users want even items, half odd ones; a few popular items go to everybody."""
    chance = np.random.default_rng(seed)
    rows = []
    for user in range(n_users):
        own = [item for item in range(n_items) if item % 2 == user % 2]
        wanted = chance.choice(own, 10, replace=False).tolist()
        others = [int(item) for item in chance.integers(0, n_items, 2)]
        for moment, item in enumerate(dict.fromkeys([*wanted, *others])):
            stars = 4 + int(chance.integers(0, 2)) if item % 2 == user % 2 else 1 + int(chance.integers(0, 2))
            rows.append((f"u{user}", item, stars, moment * 1000 + user))
    return pd.DataFrame(rows, columns=["user", "item", "stars", "moment"])
