"""The page “Monitoring”, its form and buttons; and quality by truths and by estimate."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient
from sklearn.metrics import accuracy_score

from mlregistry.accounts.models import User
from mlregistry.errors import Invalid
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job
from mlregistry.ml.monitoring import calibrations, estimated
from models_app.models import ModelVersion
from serving.actions import drift_baselines, drift_checks
from serving.model_files import load_whole
from serving.models import DriftCheck, DriftWatch, Endpoint, Feedback, Prediction
from serving.queries import drift, quality
from serving.queries.routing import handle_of
from tests.models_app.trained import FEATURES, cancer_frame
from tests.serving.drifting import check_due, count_all, log_rows, some_rows

Api = Callable[..., APIClient]
Web = Callable[[User], Client]


def test_the_page_tells_what_drifts_first(
    watched: Endpoint, bob: User, vera: User, web: Web, tmp_path: Path
) -> None:
    page = f"/endpoints/{watched.name}/monitoring/"
    assert "No predictions in this window" in web(vera).get(page).content.decode()
    now = timezone.now()
    log_rows(watched, some_rows(300), tmp_path, at=now - timedelta(days=3))
    log_rows(watched, some_rows(300, shift=2), tmp_path, at=now)
    assert "600 logged rows" in web(vera).get(page).content.decode()
    count_all(watched)
    for back in (timedelta(days=3), timedelta()):
        DriftWatch.objects.update(next_at=now - timedelta(days=4))
        check_due(now - back)
    shown = web(bob).get(page).content.decode()
    assert shown.index(FEATURES[0]) < shown.index(FEATURES[1])
    assert "compared columns" in shown
    assert "Kolmogorov–Smirnov test" in shown
    assert "chart-history" in shown
    assert "Check now" in shown
    assert "Check now" not in web(vera).get(page).content.decode()
    assert web(vera).get(f"{page}?window=30d").status_code == 200
    assert web(vera).get(f"{page}?version=tumour/7").status_code == 404
    assert web(vera).get(f"{page}?version=tumour/{'9' * 5000}").status_code == 400
    assert "Monitoring" in web(vera).get(f"/endpoints/{watched.name}/").content.decode()


def test_a_version_without_a_baseline_is_explained_and_tried_again(
    endpoint: Endpoint, versions: list[ModelVersion], bob: User, web: Web
) -> None:
    page = f"/endpoints/{endpoint.name}/monitoring/"
    assert "is being made" in web(bob).get(page).content.decode()
    drift_baselines.ask_missing()
    assert "Waiting for a worker" in web(bob).get(page).content.decode()
    for job in Job.objects.filter(kind=drift_baselines.KIND):
        run_here(job)
    shown = web(bob).get(page).content.decode()
    assert "not trained on a dataset version" in shown
    assert "Try again" in shown
    sent = {"version": f"tumour/{versions[0].number}"}
    assert web(bob).post(f"{page}baseline", sent).status_code == 302
    assert "Waiting for a worker" in web(bob).get(page).content.decode()
    assert web(bob).get(f"{page}declaration").status_code == 200


def test_a_check_is_asked_for_on_the_page(
    watched: Endpoint, bob: User, vera: User, web: Web, tmp_path: Path
) -> None:
    page = f"/endpoints/{watched.name}/monitoring/"
    assert web(vera).post(f"{page}check").status_code == 403
    assert web(bob).post(f"{page}check", {"window": "7d"}).status_code == 302
    check = DriftCheck.objects.get()
    assert check.until - check.since == timedelta(days=7)
    run_here(Job.objects.get(kind=drift_checks.KIND))
    check.refresh_from_db()
    assert (check.verdict, check.error) == ("too_few", "")


def test_the_form_declares_methods_and_keeps_what_was_sent_when_it_is_refused(
    watched: Endpoint, known: ModelVersion, bob: User, web: Web
) -> None:
    page = f"/endpoints/{watched.name}/monitoring/declaration"
    names = [f"input:{FEATURES[0]}", f"input:{FEATURES[1]}"]
    sent = {
        "enabled": "on", "every_minutes": "30", "window_hours": "48", "drifted_share": "25", "least_rows": "50",
        "numeric": "psi", "categorical": "", "alpha": "0.01", "correction": "holm",
        "column": names, "method": ["ks", ""], "threshold": ["0.2", ""], "unwatched": [names[1]],
    }  # fmt: skip
    assert web(bob).post(page, sent).status_code == 302
    declared = drift.declaration(watched)
    assert declared.methods == {"numeric": "psi"}
    assert (declared.alpha, declared.correction, declared.drifted_share) == (0.01, "holm", 0.25)
    assert (declared.columns[names[0]].method, declared.columns[names[0]].threshold) == ("ks", 0.2)
    assert not declared.watches(names[1])
    watch = DriftWatch.objects.get()
    assert (watch.every_minutes, watch.window_hours, watch.enabled) == (30, 48, True)
    answer = web(bob).post(page, {**sent, "method": ["chi", ""]})
    assert answer.status_code == 400
    assert "is no drift method" in answer.content.decode()
    assert drift.declaration(watched) == declared


def asked(watched: Endpoint, known: ModelVersion, folder: Path, n: int) -> np.ndarray:
    """n patients through the model into the log, three quarters of their truths given; the truths of all."""
    frame = cancer_frame().sample(n, replace=True, random_state=3).reset_index(drop=True)
    log_rows(watched, frame.drop(columns="target"), folder, at=timezone.now() - timedelta(minutes=5))
    model = load_whole(handle_of(known))
    rows = list(Prediction.objects.order_by("pk"))
    scores = model.score([row.input for row in rows])
    for row, prediction, sure in zip(rows, scores["predictions"], scores["probabilities"], strict=True):
        row.output = {"prediction": prediction, "probabilities": sure}
    Prediction.objects.bulk_update(rows, ["output"])
    truths = frame["target"].to_numpy()
    Feedback.objects.bulk_create(
        [
            Feedback(endpoint=watched, request_id=row.request_id, row=row.row, truth=int(truth))
            for row, truth in zip(rows[: 3 * n // 4], truths, strict=False)
        ]
    )
    return truths


def test_quality_is_told_by_truths_and_estimated_for_the_others(
    watched: Endpoint, known: ModelVersion, vera: User, api: Api, web: Web, tmp_path: Path
) -> None:
    n = 400
    truths = asked(watched, known, tmp_path, n)
    found = api(vera).get(f"/api/v1/endpoints/{watched.name}/quality").json()
    predicted = [row.output["prediction"] for row in Prediction.objects.order_by("pk")]
    told = 3 * n // 4
    assert (found["n"], found["n_truths"], found["metric"]) == (n, told, "roc_auc")
    assert found["metrics"]["accuracy"] == pytest.approx(accuracy_score(truths[:told], predicted[:told]))
    low, high = found["intervals"]["accuracy"]
    assert low < found["metrics"]["accuracy"] < high
    assert found["expected"]["accuracy"] == pytest.approx(accuracy_score(truths, predicted), abs=0.05)
    assert sum(found["delays"]) == told
    assert 290 <= found["median_delay_seconds"] <= 900
    count_all(watched)
    check_due(timezone.now())
    assert DriftCheck.objects.get().quality["n_truths"] == told
    shown = web(vera).get(f"/endpoints/{watched.name}/monitoring/").content.decode()
    assert "How late truths come" in shown
    assert f"by {told} truths" in shown


def test_truths_that_are_none_are_left_out_of_quality(
    watched: Endpoint, known: ModelVersion, tmp_path: Path
) -> None:
    log_rows(watched, some_rows(4), tmp_path, at=timezone.now() - timedelta(minutes=1))
    rows = Prediction.objects.order_by("pk")
    for row, truth in zip(rows, (1, "perhaps", {"a": 1}, [1]), strict=True):
        Feedback.objects.create(endpoint=watched, request_id=row.request_id, row=row.row, truth=truth)
    found = quality.of_window(watched, known, drift.newest_window(24, now=timezone.now()))
    assert found.n_truths == 4
    assert found.metrics["accuracy"] in (0.0, 1.0)


def test_a_calibration_is_the_same_after_json() -> None:
    rng = np.random.default_rng(4)
    scores = rng.random(500)
    scores = np.column_stack([1 - scores, scores])
    truth = (rng.random(500) < scores[:, 1] ** 2).astype(np.int64)
    calibration = estimated.calibrated(scores, truth)
    again = calibrations.from_json(calibrations.to_json(calibration))
    np.testing.assert_allclose(again.probabilities(scores), calibration.probabilities(scores), atol=1e-12)
    with pytest.raises(Invalid, match="no calibration"):
        calibrations.from_json([{"x": [0.1]}])
