"""Names of metrics on pages."""

import pytest

from experiments.templatetags.metric_words import metric, ours


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


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("expected_roc_auc", "expected ROC-AUC"),
        ("roc_auc", "ROC-AUC"),
        ("val_loss", "val_loss"),
        ("fit_seconds", "fit_seconds"),
    ],
)
def test_a_key_that_is_no_metric_of_ours_stays_as_it_was_logged(key: str, words: str) -> None:
    assert ours(key) == words
