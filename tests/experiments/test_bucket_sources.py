"""Buckets as sources: every table under a prefix once, then only new objects; a server of S3's protocol."""

import gzip
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer
from pytest_django import Settings

from experiments.actions import datasets as dataset_actions
from experiments.actions import sources as actions
from experiments.models import Dataset, DataSource
from experiments.queries import datasets as queries
from mlregistry.accounts.actor import Actor
from mlregistry.errors import Invalid, Unavailable

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint(settings: Settings) -> Iterator[str]:
    settings.ALLOWED_NETWORKS = ["127.0.0.0/8"]
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    _, port = server.get_host_and_port()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str) -> Any:
    keys = {"aws_access_key_id": "k", "aws_secret_access_key": "key-of-tests", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=endpoint, **keys)
    client.create_bucket(Bucket="tables")
    client.put_object(Bucket="tables", Key="in/a.csv", Body=b"a,b\n1,x\n")
    client.put_object(Bucket="tables", Key="in/b.csv.gz", Body=gzip.compress(b"b,a\ny,2\n"))
    client.put_object(Bucket="tables", Key="other/c.csv", Body=b"a,b\n9,z\n")
    return client


@pytest.fixture
def source(bucket: Any, endpoint: str, editor: Actor) -> DataSource:
    dataset = dataset_actions.create_dataset("Orders", by=editor)
    config = {"bucket": "tables", "prefix": "in/", "endpoint": endpoint, "access_key": "k"}
    return actions.create_source(
        dataset, "bucket", config=config, secrets={"secret": "key-of-tests"}, by=editor
    )


def refresh(source: DataSource, by: Actor) -> Any:
    source.refresh_from_db()
    return actions.refresh(source, lambda fraction, message: None, by=by)


def test_only_new_objects_are_fetched_and_appended(source: DataSource, bucket: Any, editor: Actor) -> None:
    version = refresh(source, editor)
    assert queries.preview(version) == [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]
    assert refresh(source, editor) is None
    bucket.put_object(Bucket="tables", Key="in/d.csv", Body=b"a,b\n3,w\n")
    version = refresh(source, editor)
    assert (version.number, version.n_rows, version.parts.count()) == (2, 3, 2)


def test_an_object_that_is_no_table_is_named_and_changes_nothing(
    source: DataSource, bucket: Any, editor: Actor
) -> None:
    refresh(source, editor)
    bucket.put_object(Bucket="tables", Key="in/e.csv", Body=b"a\n1\n")
    with pytest.raises(Invalid, match="do not fit"):
        refresh(source, editor)
    bucket.put_object(Bucket="tables", Key="in/e.csv", Body=b"a,b\n1\n")
    with pytest.raises(Invalid, match=r"in/e\.csv.*Row 2"):
        refresh(source, editor)
    assert Dataset.objects.get().last_number == 1


def test_a_bucket_that_is_not_there_is_said_so(source: DataSource, editor: Actor) -> None:
    actions.update_source(
        source, config={**source.config, "bucket": "nothing"}, secrets={"secret": "key-of-tests"}, by=editor
    )
    with pytest.raises(Unavailable, match="NoSuchBucket"):
        refresh(source, editor)


def test_an_inner_address_is_refused(source: DataSource, editor: Actor, settings: Settings) -> None:
    settings.ALLOWED_NETWORKS = []
    with pytest.raises(Invalid, match="not a public address"):
        refresh(source, editor)
