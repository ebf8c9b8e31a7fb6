"""The model card: what is known of a version in one place, as JSON, Markdown and a page."""

import io
from collections.abc import Callable

import pytest
from django.test import Client
from rest_framework.test import APIClient

from experiments.actions import datasets
from experiments.models import Dataset, Evaluation, Run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from models_app.actions import aliases
from models_app.actions.cards import LONGEST, write_card
from models_app.actions.versions import register
from models_app.card_markdown import markdown
from models_app.models import ModelVersion
from models_app.queries.cards import card
from tests.models_app.trained import cancer_frame, finished_run
from tests.models_app.with_tests import with_tests

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
ONE = "/api/v1/models/tumour/versions/1"


@pytest.fixture
def by(bob: User, actor_of: Callable[..., Actor]) -> Actor:
    return actor_of(bob)


@pytest.fixture
def version(by: Actor) -> ModelVersion:
    """Of a run with data and an interval."""
    dataset = Dataset.objects.create(team=by.team, name="cancer", created_by=by.user)
    body = cancer_frame().to_csv(index=False).encode()
    data = datasets.add_version(dataset, io.BytesIO(body), filename="cancer.csv", by=by)
    run = finished_run(by, score=0.93)
    Run.objects.filter(pk=run.pk).update(
        dataset_version=data, recipe={"split": {"kind": "random", "test": 0.2}}
    )
    document = {"intervals": {"roc_auc": [0.9, 0.95]}}
    Evaluation.objects.create(run=run, metric="roc_auc", target="target", document=document)
    run.refresh_from_db()
    return register(run, "tumour", by=by)


def test_it_holds_data_metrics_formats_and_who_did_what(version: ModelVersion, by: Actor) -> None:
    other = register(version.run, "tumour", by=by)  # type: ignore[arg-type]  # it has a run
    aliases.set_alias(version.model, "champion", version, by=by)
    with_tests(other)
    aliases.set_alias(version.model, "champion", other, by=by)
    write_card(version, intended_use="**Screening**", by=by)
    found = card(version)
    assert found["data"]["n_rows"] == 569
    assert len(found["data"]["digest"]) == 64
    assert found["data"]["split"] == {"kind": "random", "test": 0.2}
    (auc,) = [one for one in found["metrics"] if one["name"] == "test_roc_auc"]
    assert (auc["value"], auc["low"], auc["high"]) == (0.93, 0.9, 0.95)
    forms = {one["format"]: one for one in found["formats"]}
    assert forms["joblib"]["runs_code"]
    assert forms["joblib"]["loaded_here"] == "as the native model"
    assert (forms["skops"]["runs_code"], forms["skops"]["loaded_here"]) == (False, "")
    assert [(one["what"], one["by"]) for one in found["history"]] == [
        ("registered it from a run", "bob"),
        ("had it compiled", "bob"),
        ("pointed the alias at it", "bob"),
        ("pointed the alias elsewhere", "bob"),
        ("wrote on its card", "bob"),
    ]
    assert (found["intended_use"], found["written_by"]) == ("**Screening**", "bob")


def test_markdown_says_the_same_and_lets_no_name_break_out(version: ModelVersion, by: Actor) -> None:
    write_card(version, limits="Not for *children*.", by=by)
    version.description = "<b>bold</b>"
    version.model.name = "a|b_c"
    text = markdown(card(version))
    for line in (
        "# a\\|b\\_c, version 1",
        "Not for *children*.",
        "Nobody has written this yet.",
        "| test\\_roc\\_auc | 0.93 | 0.9 to 0.95 |",
        "569 rows, digest `",
        "Split: kind random, test 0.2",
        "bob registered it from a run",
    ):
        assert line in text
    assert text.count("## ") >= 7


def test_it_is_read_written_and_taken_away_through_the_api(
    version: ModelVersion, bob: User, vera: User, charlie: User, api: Api
) -> None:
    assert api(vera).get(f"{ONE}/card").data["model"] == "tumour"
    assert api(vera).patch(f"{ONE}/card", {"limits": "x"}, format="json").status_code == 403
    assert api(charlie).get(f"{ONE}/card").status_code == 404
    changed = api(bob).patch(f"{ONE}/card", {"limits": "Adults only."}, format="json")
    assert (changed.status_code, changed.data["limits"], changed.data["intended_use"]) == (
        200,
        "Adults only.",
        "",
    )
    too_long = api(bob).patch(f"{ONE}/card", {"limits": "x" * (LONGEST + 1)}, format="json")
    assert (too_long.status_code, too_long.data["field"]) == (400, "limits")
    text = api(vera).get(f"{ONE}/card.md")
    assert text["Content-Type"].startswith("text/markdown")
    assert b"Adults only." in text.content


def test_the_page_shows_it_with_what_people_wrote_made_safe(
    version: ModelVersion, bob: User, client: Client
) -> None:
    client.force_login(bob)
    page = client.get("/models/tumour/versions/1/card").content.decode()
    for text in (
        "Nobody has written this yet",
        "cancer v1",
        "0.9000 to 0.9500",
        "registered it from a run",
        "skops",
    ):
        assert text in page
    client.post(
        "/models/tumour/versions/1/card/write",
        {"intended_use": "**Screening** <script>x</script>", "limits": ""},
    )
    page = client.get("/models/tumour/versions/1/card").content.decode()
    assert "<strong>Screening</strong>" in page
    assert "<script>x" not in page
    assert client.get("/models/tumour/versions/1/card.md").status_code == 200


def test_a_version_of_which_little_is_known_has_a_card_too(by: Actor, bob: User, client: Client) -> None:
    register(finished_run(by), "bare", by=by)
    client.force_login(bob)
    assert client.get("/models/bare/versions/1/card").status_code == 200
    assert client.get("/models/bare/versions/1/card.md").status_code == 200
