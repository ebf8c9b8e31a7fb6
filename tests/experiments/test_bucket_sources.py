"""Buckets as sources: every table under a prefix once, then only new objects; a server of S3's protocol."""

import gzip
import socket
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
from experiments.sources import bucket_requests
from mlregistry.accounts.actor import Actor
from mlregistry.errors import Invalid, Unavailable
from mlregistry.outgoing import request
from tests.receiver import listening

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint(settings: Settings) -> Iterator[str]:
    settings.ALLOWED_NETWORKS = ["127.0.0.0/8"]
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    _, port = server.get_host_and_port()
    request("POST", f"http://127.0.0.1:{port}/moto-api/reset", allow_http=True)  # what the test before left
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


def test_names_of_objects_may_hold_any_sign(source: DataSource, bucket: Any, editor: Actor) -> None:
    bucket.put_object(Bucket="tables", Key="in/a b+c%20ä=(1)&.csv", Body=b"a,b\n3,z\n")
    assert refresh(source, editor).n_rows == 3


def test_an_open_bucket_is_asked_without_a_signature(bucket: Any, endpoint: str, editor: Actor) -> None:
    bucket.put_bucket_acl(Bucket="tables", ACL="public-read")
    for key in ("in/a.csv", "in/b.csv.gz"):
        bucket.put_object_acl(Bucket="tables", Key=key, ACL="public-read")
    dataset = dataset_actions.create_dataset("Open", by=editor)
    config = {"bucket": "tables", "prefix": "in/", "endpoint": endpoint}
    assert refresh(actions.create_source(dataset, "bucket", config=config, by=editor), editor).n_rows == 2


class Names:
    """The system's resolver, for which one name leads to one address after another."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = list(addresses)
        self.asked: list[str] = []
        self._real = socket.getaddrinfo

    def __call__(self, host: Any, port: Any, *args: Any, **options: Any) -> Any:
        self.asked.append(str(host))
        if host == "s3.us-east-1.amazonaws.com":
            host = self.addresses.pop(0) if len(self.addresses) > 1 else self.addresses[0]
        return self._real(host, port, *args, **options)


@pytest.fixture
def named(source: DataSource, endpoint: str, editor: Actor, settings: Settings) -> DataSource:
    settings.SOURCES_OVER_HTTP = True
    config = {**source.config, "endpoint": endpoint.replace("127.0.0.1", "s3.us-east-1.amazonaws.com")}
    return actions.update_source(source, config=config, secrets={"secret": "key-of-tests"}, by=editor)


def test_every_request_goes_to_the_very_address_that_was_checked(
    named: DataSource, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names("127.0.0.1")
    monkeypatch.setattr(socket, "getaddrinfo", names)
    assert refresh(named, editor).n_rows == 2
    # The check beforehand, the list and two objects; each connection is made to the address and not to the name.
    assert names.asked.count("s3.us-east-1.amazonaws.com") == 4
    assert names.asked.count("127.0.0.1") == 3


@pytest.mark.parametrize("n_good", [1, 2, 3])
def test_a_name_that_turns_to_an_inner_address_is_refused(
    n_good: int, named: DataSource, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names(*["127.0.0.1"] * n_good, "169.254.169.254")
    monkeypatch.setattr(socket, "getaddrinfo", names)
    with pytest.raises(Invalid, match=r"s3\.us-east-1\.amazonaws\.com is not a public address"):
        refresh(named, editor)
    assert "169.254.169.254" not in names.asked
    assert Dataset.objects.get().last_number == 0


def test_a_store_that_redirects_inward_is_not_followed(
    editor: Actor, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ALLOWED_NETWORKS = ["127.0.0.0/8"]
    with listening() as server:
        server.answer(307, b"", Location="http://169.254.169.254/latest/meta-data/")
        dataset = dataset_actions.create_dataset("Moved", by=editor)
        config = {"bucket": "tables", "endpoint": server.url("")}
        source = actions.create_source(dataset, "bucket", config=config, by=editor)
        names = Names()
        monkeypatch.setattr(socket, "getaddrinfo", names)
        with pytest.raises(Unavailable, match="redirects elsewhere"):
            refresh(source, editor)
    assert "169.254.169.254" not in names.asked


def test_a_bucket_of_another_region_is_named(editor: Actor, settings: Settings) -> None:
    settings.ALLOWED_NETWORKS = ["127.0.0.0/8"]
    with listening() as server:
        server.answer(301, b"", **{"x-amz-bucket-region": "eu-west-1"})
        dataset = dataset_actions.create_dataset("Moved", by=editor)
        config = {"bucket": "tables", "endpoint": server.url("")}
        source = actions.create_source(dataset, "bucket", config=config, by=editor)
        with pytest.raises(Unavailable, match="region eu-west-1; set it"):
            refresh(source, editor)


def test_an_object_that_changes_while_it_is_read_is_said_so(
    source: DataSource, bucket: Any, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    download = bucket_requests.Store.download

    def late(store: Any, key: str, etag: str, file: Any) -> None:
        bucket.put_object(Bucket="tables", Key=key, Body=b"a,b\n7,q\n")
        download(store, key, etag, file)

    monkeypatch.setattr(bucket_requests.Store, "download", late)
    with pytest.raises(Unavailable, match="changed"):
        refresh(source, editor)
