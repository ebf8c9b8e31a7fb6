"""The catalogue of recommenders, one table row each. ml.estimators puts it beside those of the other kinds."""

from __future__ import annotations

from mlregistry.ml.estimator_entry import Entry, choice, entry, number, whole

HERE = "mlregistry.ml.recommendation"
BASELINE = "popularity"
WEIGHTS = choice("all", "liked", "rating")
FACTORS = whole(16, 1, 1000)

ENTRIES = (
    entry(
        BASELINE,
        "Most popular",
        f"{HERE}.fitting.MostPopular",
        "The same list for everybody: what most users had.",
        weights=WEIGHTS,
    ),
    entry(
        "item_neighbours",
        "Item neighbours",
        f"{HERE}.fitting.ItemNeighbours",
        "Items that the same users had; easy to explain, at most 50,000 items.",
        n_neighbours=whole(100, 1, 5000).over(10, 500, log=True),
        shrinkage=number(10.0, 0.0, 1e6).over(0.1, 300.0, log=True),
        weights=WEIGHTS,
    ),
    entry(
        "user_neighbours",
        "User neighbours",
        f"{HERE}.fitting.UsersAlike",
        "What the most similar users had; at most 200,000 users.",
        n_neighbours=whole(20, 1, 5000).over(5, 500, log=True),
        shrinkage=number(50.0, 0.0, 1e6).over(0.1, 300.0, log=True),
        weights=WEIGHTS,
    ),
    entry(
        "ease",
        "EASE",
        f"{HERE}.fitting.Ease",
        "A linear model from all items to each; often the best, at most 8,000 items or 8,000 users.",
        regularization=number(250.0, 1e-3, 1e9).over(5.0, 5_000.0, log=True),
        weights=WEIGHTS,
    ),
    entry(
        "svd",
        "Truncated SVD",
        f"{HERE}.fitting.PureSvd",
        "The main directions in who had what (PureSVD); quick on large tables.",
        seeded=True,
        factors=FACTORS.over(4, 256, log=True),
        weights=WEIGHTS,
    ),
    entry(
        "nmf",
        "Non-negative factors",
        f"{HERE}.fitting.NonNegative",
        "Tastes that add up (NMF); their factors can be read.",
        seeded=True,
        factors=FACTORS.over(4, 128, log=True),
        max_iter=whole(200, 1, 5000),
        weights=WEIGHTS,
    ),
    entry(
        "als",
        "ALS (implicit)",
        f"{HERE}.alternating.Alternating",
        "Weighted factors by alternating least squares. Needs the extra mlregistry[recommendation].",
        seeded=True,
        factors=whole(64, 1, 1000).over(8, 256, log=True),
        regularization=number(10.0, 0.0, 1e6).over(0.01, 300.0, log=True),
        alpha=number(1.0, 1e-6, 1e6).over(0.1, 100.0, log=True),
        iterations=whole(15, 1, 500),
        weights=WEIGHTS,
    ),
    entry(
        "bpr",
        "BPR (implicit)",
        f"{HERE}.alternating.Pairwise",
        "Factors that rank pairs of items. Needs the extra mlregistry[recommendation].",
        seeded=True,
        factors=whole(32, 1, 1000).over(8, 256, log=True),
        regularization=number(0.01, 0.0, 1e3).over(1e-4, 0.3, log=True),
        learning_rate=number(0.05, 1e-6, 10.0).over(0.005, 0.3, log=True),
        iterations=whole(100, 1, 5000),
        weights=WEIGHTS,
    ),
    entry(
        "rating_means",
        "Rating means",
        f"{HERE}.rating_factors.RatingMeans",
        "Predicts ratings from how kind a user and how liked an item is. Needs a rating column.",
        damping=number(10.0, 0.0, 1e6).over(0.1, 100.0, log=True),
    ),
    entry(
        "rating_factors",
        "Rating factors",
        f"{HERE}.rating_factors.RatingFactors",
        "Predicts ratings from biases and factors. Needs a rating column.",
        seeded=True,
        factors=whole(16, 1, 500).over(2, 64, log=True),
        regularization=number(0.1, 0.0, 1e3).over(0.01, 3.0, log=True),
        iterations=whole(15, 1, 200),
        damping=number(10.0, 0.0, 1e6).over(0.1, 100.0, log=True),
    ),
)
RECOMMENDATION: dict[str, Entry] = {row.name: row for row in ENTRIES}
NEED_RATINGS = frozenset({"rating_means", "rating_factors"})
NEED_EXTRA = frozenset({"als", "bpr"})
