"""Names of metrics on pages."""

import pytest

from experiments.templatetags.metric_words import metric


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("test_roc_auc", "test ROC-AUC"),
        ("train_ndcg_at_10", "train NDCG@10"),
        ("cv_rmse_mean", "cross-validated RMSE"),
        ("cv_rmse_std", "spread of cross-validated RMSE"),
        ("silhouette", "Silhouette"),
        ("val_loss", "val loss"),
        ("n_rows_train", "n rows train"),
        ("cv_mine_mean", "cv mine mean"),
    ],
)
def test_a_metric_key_reads_as_people_write_it(key: str, words: str) -> None:
    assert metric(key) == words
