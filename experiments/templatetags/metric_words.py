"""Names of metrics as people write them, for the templates of experiments."""

from django import template

from mlregistry.ml.metrics import METRICS

register = template.Library()
# Where two kinds share a name, the first kind's title: "RMSE" before "RMSE of the ratings".
TITLES = {name: entry.title for kind in reversed(METRICS.values()) for name, entry in kind.items()}
CROSS_VALIDATED = {"mean": "cross-validated", "std": "spread of cross-validated"}


@register.filter
def ours(key: str) -> str:
    """The same for the names of this server's metrics; any other key stays as it was logged."""
    part, _, name = str(key).partition("_")
    stem = name.rpartition("_")[0] if part == "cv" else name
    return metric(key) if TITLES.keys() & {str(key), name, stem} else str(key)


@register.filter
def metric(key: str) -> str:
    """test_roc_auc → test ROC-AUC; cv_rmse_mean → cross-validated RMSE; keys of other tools only lose underscores."""
    part, _, name = str(key).partition("_")
    stem, _, end = name.rpartition("_")
    if part == "cv" and end in CROSS_VALIDATED and stem in TITLES:
        return f"{CROSS_VALIDATED[end]} {TITLES[stem]}"
    if name in TITLES:
        return f"{part} {TITLES[name]}"
    return TITLES.get(str(key), str(key).replace("_", " "))
