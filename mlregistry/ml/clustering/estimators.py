"""The catalogue of clusterings, one table row each. ml.estimators puts it beside those of the other kinds."""

from __future__ import annotations

from typing import Any

from mlregistry.ml.estimator_entry import Entry, Param, choice, entry, whole

HERE = "mlregistry.ml.clustering.clusterers"
NUMBER: dict[str, Any] = {
    "n_clusters": whole(None, 2, 200).over(2, 20, log=True),
    "most_clusters": whole(10, 2, 50),
}

ENTRIES = (
    entry(
        "k_means",
        "k-means",
        f"{HERE}.Means",
        "Round clusters about their means; quick, and every row belongs to one.",
        seeded=True,
        fixed={"batch": False},
        **NUMBER,
        n_init=whole(10, 1, 100),
    ),
    entry(
        "mini_batch_k_means",
        "Mini-batch k-means",
        f"{HERE}.Means",
        "k-means on small batches, for tables of millions of rows.",
        seeded=True,
        fixed={"batch": True},
        **NUMBER,
        n_init=whole(3, 1, 100),
    ),
    entry(
        "gaussian_mixture",
        "Gaussian mixture",
        f"{HERE}.Mixture",
        "Stretched clusters that may overlap; their number by BIC.",
        seeded=True,
        **NUMBER,
        covariance=choice("full", "tied", "diag", "spherical").among(),
    ),
    entry(
        "agglomerative",
        "Agglomerative",
        f"{HERE}.Agglomerated",
        "Clusters merged from below; a new row goes to the nearest centroid. At most 20,000 rows.",
        seeded=True,
        **NUMBER,
        linkage=choice("ward", "average", "complete", "single").among(),
    ),
    entry(
        "dbscan",
        "DBSCAN",
        f"{HERE}.DensityReach",
        "Dense regions of any shape, the rest is noise (−1); a new row goes by the nearest core point within eps.",
        eps=Param(None, 1e-9, 1e9, nullable=True).over(0.05, 5.0, log=True),
        min_samples=whole(5, 1, 1000).over(2, 50, log=True),
    ),
    entry(
        "hdbscan",
        "HDBSCAN",
        f"{HERE}.DensityTree",
        "Dense regions of differing density, the rest is noise (−1); a new row goes by the nearest clustered row.",
        min_cluster_size=whole(15, 2, 10_000).over(5, 200, log=True),
        min_samples=whole(None, 1, 1000).over(1, 50, log=True),
    ),
)
CLUSTERING: dict[str, Entry] = {row.name: row for row in ENTRIES}
