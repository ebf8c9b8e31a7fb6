"""The doors of channels, the delivery log and the inbox: API and pages, by role."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from rest_framework.test import APIClient

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.notices.actions import channels
from mlregistry.notices.actions.channels import Made
from mlregistry.notices.actions.notifying import notify
from mlregistry.notices.models import Channel, Delivery, InboxEntry
from tests.notices.conftest import verifies
from tests.receiver import Receiver

Api = Callable[..., APIClient]
Web = Callable[[User], Client]


@pytest.fixture
def delivery(webhook: Made, owner: Actor, bob: User, vera: User) -> Delivery:
    """One that waits, and an entry in everybody's inbox."""
    through = [webhook.channel, channels.inbox_of(owner)]
    notify("alert.firing", "churn is firing", key="k", link="/alerts/", channels=through, by=owner)
    return Delivery.objects.get()


def test_a_channel_from_the_api_s_first_answer_to_its_end(alice: User, api: Api, receiver: Receiver) -> None:
    client = api(alice)
    body = {"name": "on-call", "kind": "webhook", "url": receiver.url()}
    made = client.post("/api/v1/channels/", body, format="json", headers={"Idempotency-Key": "once"})
    assert made.status_code == 201
    secret, address = made.json()["secret"], f"/api/v1/channels/{made.json()['id']}"
    again = client.post("/api/v1/channels/", body, format="json", headers={"Idempotency-Key": "once"})
    assert (again.status_code, again.json()["secret"]) == (201, None)
    for answer in (client.get("/api/v1/channels/").json()["results"][0], client.get(address).json()):
        assert "secret" not in str(answer)
        assert receiver.url() not in str(answer)
    tested = client.post(f"{address}/test").json()
    assert (tested["state"], tested["status_code"], tested["answer"]) == ("delivered", 200, "thanks")
    assert verifies(receiver.received[0], secret)
    rotated = client.post(f"{address}/rotate").json()
    assert rotated["secret"] not in (None, secret)
    assert client.patch(address, {"is_active": False}, format="json").json()["is_active"] is False
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "inbox"}, "name"),
        ({"name": "x", "kind": "pigeon"}, "kind"),
        ({"name": "x", "kind": "webhook", "url": "https://10.0.0.1"}, "url"),
        ({"name": "x", "kind": "email", "emails": ["no"]}, "emails"),
    ],
)
def test_a_wrong_body_is_a_problem_that_names_its_field(
    alice: User, api: Api, body: object, field: str
) -> None:
    answer = api(alice).post("/api/v1/channels/", body, format="json")
    assert (answer.status_code, answer.json()["field"]) == (400, field)


ROUTES = (  # verb, address, what a viewer, an editor and an owner are answered
    ("get", "channels/", (200, 200, 200)),
    ("post", "channels/", (403, 403, 201)),
    ("get", "channels/{channel}", (200, 200, 200)),
    ("patch", "channels/{channel}", (403, 403, 200)),
    ("post", "channels/{channel}/test", (403, 403, 200)),
    ("post", "channels/{channel}/rotate", (403, 403, 200)),
    ("get", "deliveries/", (403, 200, 200)),
    ("get", "deliveries/{delivery}", (403, 200, 200)),
    ("post", "deliveries/{delivery}/replay", (403, 201, 201)),
    ("get", "inbox/", (200, 200, 200)),
    ("post", "inbox/read", (200, 200, 200)),
    ("delete", "channels/{channel}", (403, 403, 204)),
)


def test_every_role_on_every_route(delivery: Delivery, alice: User, bob: User, vera: User, api: Api) -> None:
    Delivery.objects.update(state="failed")
    wrong = []
    for place, user in enumerate((vera, bob, alice)):
        client = api(user)
        for verb, route, expected in ROUTES:
            address = "/api/v1/" + route.format(channel=delivery.channel_id, delivery=delivery.pk)
            body = (
                {"name": "new", "kind": "email", "emails": ["a@example.org"]} if route == "channels/" else {}
            )
            status = getattr(client, verb)(
                address, *([] if verb == "get" else [body]), format="json"
            ).status_code
            if status != expected[place]:
                wrong.append((user.username, verb, route, status))
    assert wrong == []


def test_an_outsider_finds_nothing(delivery: Delivery, charlie: User, api: Api, web: Web) -> None:
    client, browser = api(charlie), web(charlie)
    entry = InboxEntry.objects.all()[0]
    for address in (f"channels/{delivery.channel_id}", f"deliveries/{delivery.pk}"):
        assert client.get(f"/api/v1/{address}").status_code == 404
    assert client.post(f"/api/v1/inbox/{entry.pk}/read").status_code == 404
    for page in (f"/channels/{delivery.channel_id}/", f"/inbox/{entry.pk}/"):
        assert browser.get(page).status_code == 404
    assert client.get("/api/v1/deliveries/").json()["results"] == []


@pytest.mark.parametrize("query", ["channel=x", "channel=²", "channel=" + "9" * 40, "state=lost"])
def test_a_filter_that_is_none_is_refused(alice: User, api: Api, query: str) -> None:
    assert api(alice).get(f"/api/v1/deliveries/?{query}").status_code == 400


def test_the_log_is_filtered(delivery: Delivery, alice: User, api: Api) -> None:
    client = api(alice)
    for query, n in (
        (f"channel={delivery.channel_id}", 1),
        ("channel=0", 0),
        ("state=waiting", 1),
        ("state=failed", 0),
    ):
        assert len(client.get(f"/api/v1/deliveries/?{query}").json()["results"]) == n


def test_an_inbox_is_one_s_own(delivery: Delivery, alice: User, vera: User, api: Api, web: Web) -> None:
    mine = api(vera).get("/api/v1/inbox/").json()["results"]
    assert [one["title"] for one in mine] == ["churn is firing"]
    theirs = InboxEntry.objects.get(user=alice)
    assert api(vera).post(f"/api/v1/inbox/{theirs.pk}/read").status_code == 404
    browser = web(vera)
    assert '<span class="count">1</span>' in browser.get("/inbox/").content.decode()
    opened = browser.get(f"/t/lab/inbox/{mine[0]['id']}/")
    assert (opened.status_code, opened["Location"]) == (302, "/t/lab/alerts/")
    assert 'class="count"' not in browser.get("/inbox/").content.decode()
    assert InboxEntry.objects.filter(read_at=None).count() == 2
    assert web(alice).post("/inbox/read").status_code == 302
    assert api(alice).post("/api/v1/inbox/read").json() == {"n_read": 0}


def test_an_owner_s_pages_make_test_rotate_switch_replay_and_delete(
    alice: User, web: Web, receiver: Receiver
) -> None:
    browser = web(alice)
    form = {"name": "on-call", "kind": "webhook", "url": receiver.url()}
    text = browser.post("/channels/", form).content.decode()
    secret = re.search(r"whsec_[\w+/=]+", text)
    assert secret is not None
    channel = Channel.objects.get()
    page = f"/channels/{channel.pk}/"
    assert secret[0] not in browser.get("/channels/").content.decode() + browser.get(page).content.decode()
    assert "The test was taken." in browser.post(f"{page}test", follow=True).content.decode()
    assert verifies(receiver.received[0], secret[0])
    receiver.answer(500)
    assert (
        "The test failed: 127.0.0.1 answered 500."
        in browser.post(f"{page}test", follow=True).content.decode()
    )
    assert "whsec_" in browser.post(f"{page}rotate").content.decode()
    failed = Delivery.objects.get(state="failed")
    assert browser.post(f"/deliveries/{failed.pk}/replay").status_code == 302
    log = browser.get("/deliveries/?state=waiting").content.decode()
    assert "sent again" in log
    assert browser.get("/deliveries/").status_code == 200
    browser.post(page, {"name": "pager", "url": ""})
    browser.post(f"{page}switch")
    channel.refresh_from_db()
    assert (channel.name, channel.is_active) == ("pager", False)
    assert browser.post(f"{page}delete").status_code == 302
    assert not Channel.objects.exists()


def test_a_refused_form_keeps_what_was_written(alice: User, web: Web) -> None:
    answer = web(alice).post("/channels/", {"name": "mine", "kind": "email", "emails": "nobody"})
    text = answer.content.decode()
    assert answer.status_code == 400
    assert 'value="mine"' in text
    assert "“nobody” is no e-mail address." in text


def test_a_page_never_shows_an_address_again(
    webhook: Made, vera: User, alice: User, web: Web, receiver: Receiver
) -> None:
    for user in (vera, alice):
        for address in ("/channels/", f"/channels/{webhook.channel.pk}/"):
            assert receiver.url() not in web(user).get(address).content.decode()


def test_the_admin_shows_channels_without_addresses_and_secrets(
    delivery: Delivery, alice: User, web: Web
) -> None:
    alice.is_staff = alice.is_superuser = True
    alice.save()
    browser = web(alice)
    text = browser.get(f"/admin/notices/channel/{delivery.channel_id}/change/").content.decode()
    assert "on-call" in text
    assert "sealed" not in text.lower()
    for name in ("channel", "delivery", "notice", "inboxentry"):
        assert browser.get(f"/admin/notices/{name}/").status_code == 200
