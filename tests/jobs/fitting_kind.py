"""The job function that needs scikit-learn: apart from the others, whose processes then start without it."""

from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from mlregistry.jobs.context import JobContext


def fit_in_parallel(context: JobContext) -> dict[str, float]:
    features, target = make_classification(300, random_state=0)
    scores = cross_val_score(LogisticRegression(), features, target, n_jobs=2)
    return {"score": float(scores.mean())}
