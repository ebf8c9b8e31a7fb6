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
        n_neighbours=whole(100, 1, 5000),
        shrinkage=number(10.0, 0.0, 1e6),
        weights=WEIGHTS,
    ),
    entry(
        "user_neighbours",
        "User neighbours",
        f"{HERE}.fitting.UsersAlike",
        "What the most similar users had; at most 200,000 users.",
        n_neighbours=whole(20, 1, 5000),
        shrinkage=number(50.0, 0.0, 1e6),
        weights=WEIGHTS,
    ),
    entry(
        "ease",
        "EASE",
        f"{HERE}.fitting.Ease",
        "A linear model from all items to each; often the best, at most 8,000 items or 8,000 users.",
        regularization=number(250.0, 1e-3, 1e9),
        weights=WEIGHTS,
    ),
    entry(
        "svd",
        "Truncated SVD",
        f"{HERE}.fitting.PureSvd",
        "The main directions in who had what (PureSVD); quick on large tables.",
        seeded=True,
        factors=FACTORS,
        weights=WEIGHTS,
    ),
    entry(
        "nmf",
        "Non-negative factors",
        f"{HERE}.fitting.NonNegative",
        "Tastes that add up (NMF); their factors can be read.",
        seeded=True,
        factors=FACTORS,
        max_iter=whole(200, 1, 5000),
        weights=WEIGHTS,
    ),
    entry(
        "als",
        "ALS (implicit)",
        f"{HERE}.alternating.Alternating",
        "Weighted factors by alternating least squares. Needs the extra mlregistry[recommendation].",
        seeded=True,
        factors=whole(64, 1, 1000),
        regularization=number(10.0, 0.0, 1e6),
        alpha=number(1.0, 1e-6, 1e6),
        iterations=whole(15, 1, 500),
        weights=WEIGHTS,
    ),
    entry(
        "bpr",
        "BPR (implicit)",
        f"{HERE}.alternating.Pairwise",
        "Factors that rank pairs of items. Needs the extra mlregistry[recommendation].",
        seeded=True,
        factors=whole(32, 1, 1000),
        regularization=number(0.01, 0.0, 1e3),
        learning_rate=number(0.05, 1e-6, 10.0),
        iterations=whole(100, 1, 5000),
        weights=WEIGHTS,
    ),
    entry(
        "rating_means",
        "Rating means",
        f"{HERE}.rating_factors.RatingMeans",
        "Predicts ratings from how kind a user and how liked an item is. Needs a rating column.",
        damping=number(10.0, 0.0, 1e6),
    ),
    entry(
        "rating_factors",
        "Rating factors",
        f"{HERE}.rating_factors.RatingFactors",
        "Predicts ratings from biases and factors. Needs a rating column.",
        seeded=True,
        factors=whole(16, 1, 500),
        regularization=number(0.1, 0.0, 1e3),
        iterations=whole(15, 1, 200),
        damping=number(10.0, 0.0, 1e6),
    ),
)
RECOMMENDATION: dict[str, Entry] = {row.name: row for row in ENTRIES}
NEED_RATINGS = frozenset({"rating_means", "rating_factors"})
NEED_EXTRA = frozenset({"als", "bpr"})
