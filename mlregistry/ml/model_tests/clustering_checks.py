"""Checks of clusterings alone. Rows of the table of checks."""

from __future__ import annotations

import numpy as np

from mlregistry.ml.model_tests.check import WARNS, Check
from mlregistry.ml.model_tests.result import Result, held, skipped
from mlregistry.ml.model_tests.subject import Subject

GROUP = "Clusters"
KIND = ("clustering",)
LEAST_ROWS = 20


def noise_share(subject: Subject) -> Result:
    """Rows that belong to no cluster."""
    labels = np.array(subject.answers.labels)
    share = float((labels < 0).mean())
    return held(
        share, subject.bounds["noise_share"], good=f"{share:.0%} of the rows are in no cluster.",
        bad=f"{share:.0%} of the rows are in no cluster. Widen the reach, or take another method.",
    )  # fmt: skip


def one_cluster(subject: Subject) -> Result:
    """No cluster holds nearly all rows."""
    labels = np.array([label for label in subject.answers.labels if label >= 0])
    if len(labels) < LEAST_ROWS:
        return skipped("Too few rows are in clusters.")
    share = float(np.unique(labels, return_counts=True)[1].max() / len(labels))
    return held(
        share, 0.95, good=f"The largest cluster holds {share:.0%} of the rows.",
        bad=f"One cluster holds {share:.0%} of the rows: they are hardly told apart. Scale the columns, or ask for more"
        " clusters.",
    )  # fmt: skip


def known_clusters(subject: Subject) -> Result:
    """Every number answered is one of the fitted clusters, or −1."""
    last = subject.model.steps[-1][1] if hasattr(subject.model, "steps") else subject.model
    if not hasattr(last, "labels_"):
        return skipped("The model does not keep its fitted clusters.")
    known = set(np.unique(last.labels_).tolist()) | {-1}
    strange = sorted({label for label in subject.answers.labels if label not in known})
    return held(
        len(strange), 0, good=f"All rows are in one of {len(known - {-1})} fitted clusters.",
        bad="A cluster is answered that training never made. Fit the model again.",
        evidence=[{"cluster": label} for label in strange],
    )  # fmt: skip


CHECKS = (
    Check("known_clusters", "Clusters of training", GROUP, known_clusters,
          "each answer is a fitted cluster or −1", KIND),
    Check("noise_share", "Few rows are noise", GROUP, noise_share, "share of rows in no cluster", KIND, severity=WARNS),
    Check("one_cluster", "No cluster holds all", GROUP, one_cluster,
          "share of the largest cluster", KIND, severity=WARNS),
)  # fmt: skip
