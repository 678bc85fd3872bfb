"""Webhooks: what portals are told, how it is signed, and what happens when it cannot be told."""

import json
import ssl
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from sqlmodel import select

from app.access.models import Role
from app.core.settings import Settings
from app.notifications import calling, targets
from app.notifications.models import MessageStatus, WebhookEndpoint
from app.notifications.sending import Sender
from app.notifications.tries import PAUSES
from tests.receivers import SUGGESTION, Receiver, messages, receiving, tell
from tests.world import JsonObject, World

Made = Callable[[Receiver, str], JsonObject]


def answering(status: int, headers: dict[str, str] | None = None, body: bytes = b"") -> Receiver:
    return Receiver(answer=lambda _: (status, headers or {}, body))


def test_an_event_arrives_once_signed_and_with_nothing_but_ids(
    world: World, receiver: Receiver, webhook: Made
) -> None:
    company_id = world.company()
    made = webhook(receiver, company_id)
    with world.database.reader() as session:
        stored = session.exec(select(WebhookEndpoint)).one().secret

    tell(world.database, company_id, "opened-1")
    tell(world.database, company_id, "opened-1")
    world.worker.run_until_idle()
    world.worker.run_until_idle()

    [got] = receiver.received
    [message] = messages(world.database)
    assert got.verified(made["secret"]) == {
        "type": "suggestion.opened",
        "timestamp": message.created_at.isoformat().replace("+00:00", "Z"),
        "data": {"suggestion_id": SUGGESTION},
    }
    assert (got.id, got.headers["content-type"]) == (message.id, "application/json")
    assert (message.status, message.attempts, message.problem) == (MessageStatus.SENT, 1, None)
    listed = world.portal(company_id).get("/v1/webhooks").text
    assert made["secret"] not in listed
    assert made["secret"].removeprefix("whsec_") not in stored


def test_while_a_secret_rotates_both_verify_and_afterwards_only_the_new_one(
    world: World, receiver: Receiver, webhook: Made
) -> None:
    company_id = world.company()
    made, portal = webhook(receiver, company_id), world.portal(company_id)

    rotated = portal.post(f"/v1/webhooks/{made['id']}/rotate", json={"overlap_hours": 2}).json()
    tell(world.database, company_id, "during")
    world.worker.run_until_idle()
    assert rotated["previous_until"] is not None
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2, seconds=1), tick=False):
        tell(world.database, company_id, "after")
        world.worker.run_until_idle()
        assert portal.get(f"/v1/webhooks/{made['id']}").json()["previous_until"] is None
        during, after = receiver.received
        assert after.verified(rotated["secret"])["type"] == "suggestion.opened"
        assert len(after.headers["webhook-signature"].split()) == 1

    assert during.verified(made["secret"]) == during.verified(rotated["secret"])


def test_an_endpoint_gets_the_kinds_that_it_asks_for_and_a_ping_when_tried(world: World, receiver: Receiver) -> None:
    portal = world.portal(world.company())
    company_id = portal.get("/v1/me").json()["company_id"]
    wish = {"url": receiver.url, "kinds": ["tandem.started", "tandem.closed", "tandem.started"]}
    made = portal.post("/v1/webhooks", json=wish).json()

    tell(world.database, company_id, "no", kind="suggestion.opened")
    tell(world.database, company_id, "yes", kind="tandem.started")
    tried = portal.post(f"/v1/webhooks/{made['id']}/test")
    world.worker.run_until_idle()

    assert made["kinds"] == ["tandem.closed", "tandem.started"]
    told = {json.loads(one.body)["type"]: json.loads(one.body)["data"] for one in receiver.received}
    assert told == {"tandem.started": {"suggestion_id": SUGGESTION}, "ping": {"webhook_id": made["id"]}}
    delivery = portal.get(tried.headers["Location"]).json()
    assert (delivery["status"], delivery["attempts"], delivery["due_at"]) == ("sent", 1, None)


def test_an_endpoint_that_fails_for_two_days_is_told_once_it_works_and_signed_anew(
    world: World, webhook: Made
) -> None:
    company_id = world.company()
    start = datetime.now(UTC)
    with receiving(answering(500)) as receiver:
        made = webhook(receiver, company_id)
        tell(world.database, company_id, "opened")
        moment = start
        for hours in range(0, 49, 4):
            moment = start + timedelta(hours=hours)
            with time_machine.travel(moment, tick=False):
                world.worker.run_until_idle()
        failed = len(receiver.received)
        [message] = messages(world.database)
        assert (message.status, message.problem) == (MessageStatus.WAITING, "answered 500")
        assert 6 <= failed == message.attempts <= 13

        receiver.answer = lambda _: (200, {}, b"fine")
        with time_machine.travel(start + timedelta(days=3), tick=False):
            world.worker.run_until_idle()
            world.worker.run_until_idle()
            last = receiver.received[-1]
            assert last.verified(made["secret"])["data"] == {"suggestion_id": SUGGESTION}

    assert len(receiver.received) == failed + 1
    assert len({(one.id, one.body) for one in receiver.received}) == 1
    assert [one.status for one in messages(world.database)] == [MessageStatus.SENT]


def test_after_three_days_a_message_is_parked_listed_and_can_be_sent_again(world: World, webhook: Made) -> None:
    company_id = world.company()
    portal = world.portal(company_id)
    with receiving(answering(503)) as receiver:
        webhook(receiver, company_id)
        tell(world.database, company_id, "opened")
        moment = datetime.now(UTC)
        for pause in (timedelta(), *PAUSES):
            moment += pause
            with time_machine.travel(moment, tick=False):
                world.worker.run_until_idle()

        [parked] = portal.get("/v1/deliveries", params={"status": "parked"}).json()["items"]
        assert (parked["attempts"], parked["problem"]) == (len(PAUSES) + 1, "answered 503")
        assert timedelta(days=3) <= sum(PAUSES, timedelta()) < timedelta(days=3, hours=1)

        receiver.answer = lambda _: (204, {}, b"")
        again = portal.post(f"/v1/deliveries/{parked['id']}/resend").json()
        world.worker.run_until_idle()

    assert (again["status"], again["attempts"], again["problem"]) == ("waiting", 0, None)
    assert portal.get(f"/v1/deliveries/{parked['id']}").json()["status"] == "sent"
    assert set(receiver.ids) == {parked["id"]}


def test_one_that_hangs_holds_up_no_other_and_its_messages_wait_together(
    world: World, receiver: Receiver, webhook: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "SECONDS", 0.5)
    hung, well = world.company("Hung"), world.company("Well")
    with receiving(Receiver()) as dead:
        dead.answer = dead.hanging
        webhook(dead, hung)
        webhook(receiver, well)
        tell(world.database, hung, *(f"hung-{number}" for number in range(50)))
        tell(world.database, well, *(f"well-{number}" for number in range(50)))
        with time_machine.travel(datetime.now(UTC), tick=False):
            started = time.monotonic()
            world.worker.run_until_idle()
            took = time.monotonic() - started

    found = messages(world.database)
    waiting = [one for one in found if one.status is MessageStatus.WAITING]
    assert len(set(receiver.ids)) == len(receiver.received) == 50
    assert max(one.at for one in receiver.received) - started < 0.5 + took / 2
    assert len(dead.received) == 2
    assert len(waiting) == 50
    assert {(one.attempts, one.problem) for one in waiting} == {(1, "no answer within 0.5 seconds")}
    assert len({one.due_at for one in waiting}) == 1


def test_one_message_that_an_endpoint_hangs_at_holds_up_no_other(
    world: World, receiver: Receiver, webhook: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calling, "SECONDS", 0.5)
    company_id = world.company()
    webhook(receiver, company_id)
    tell(world.database, company_id, *(f"opened-{number}" for number in range(20)))
    bad = messages(world.database)[0].id
    receiver.answer = lambda got: receiver.hanging(got) if got.id == bad else (204, {}, b"")

    with time_machine.travel(datetime.now(UTC), tick=False):
        world.worker.run_until_idle()

    hung, *others = messages(world.database)
    assert (hung.status, hung.attempts, hung.problem) == (MessageStatus.WAITING, 1, "no answer within 0.5 seconds")
    assert {(one.status, one.attempts) for one in others} == {(MessageStatus.SENT, 1)}


def test_a_redirect_is_not_followed_and_a_long_answer_not_read(
    world: World, receiver: Receiver, webhook: Made
) -> None:
    redirected, talkative = world.company("Redirected"), world.company("Talkative")
    with (
        receiving(answering(307, {"Location": receiver.url})) as elsewhere,
        receiving(answering(200, body=b"x" * 50_000_000)) as long,
    ):
        webhook(elsewhere, redirected)
        webhook(long, talkative)
        tell(world.database, redirected, "opened")
        tell(world.database, talkative, "opened")
        world.worker.run_until_idle()

    told = {(one.status, one.problem) for one in messages(world.database)}
    assert told == {
        (MessageStatus.WAITING, "answered 307: redirects are not followed"),
        (MessageStatus.SENT, None),
    }
    assert receiver.received == []


def test_a_disabled_endpoint_parks_what_waits_and_a_deleted_one_takes_it_along(
    world: World, receiver: Receiver, webhook: Made
) -> None:
    company_id = world.company()
    made, portal = webhook(receiver, company_id), world.portal(company_id)
    address = f"/v1/webhooks/{made['id']}"
    tell(world.database, company_id, "before")

    disabled = portal.patch(address, json={"status": "disabled"}, headers={"If-Match": '"1"'})
    tell(world.database, company_id, "while")
    world.worker.run_until_idle()

    assert disabled.json()["status"] == "disabled"
    assert [(one.status, one.problem) for one in messages(world.database)] == [
        (MessageStatus.PARKED, "the endpoint is disabled")
    ]
    assert portal.post(f"{address}/test").json()["type"] == "/problems/webhook-disabled"
    assert portal.ask("DELETE", address, headers={"If-Match": "*"}).status_code == 204
    assert messages(world.database) == []
    assert receiver.received == []


REFUSED = {
    "https://127.0.0.1/x": "private",
    "https://10.1.2.3/x": "private",
    "https://169.254.169.254/latest/meta-data": "private",
    "https://[::1]/x": "private",
    "https://[::ffff:10.0.0.1]/x": "private",
    "https://[64:ff9b::a00:1]/x": "private",
    "https://[fd00::1]/x": "private",
    "https://localhost/x": "private",
    "https://within.example/x": "private",
    "https://both.example/x": "private",
    "http://8.8.8.8/x": "only https",
    "https://user:pass@8.8.8.8/x": "leave them out",
    "https://8.8.8.8/x#part": "leave them out",
    "ftp://8.8.8.8/x": "complete web address",
    "https://": "complete web address",
    "https://a.example:99999/": "complete web address",
    "https://a b.example/": "complete web address",
    "javascript:alert(1)": "complete web address",
    "nonsense": "complete web address",
}


def test_what_is_not_on_the_open_internet_cannot_be_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    settings: Settings = world.client.app.state.settings  # type: ignore[attr-defined]  # ours
    monkeypatch.setattr(settings, "webhook_private_targets", False)
    monkeypatch.setattr(settings, "environment", "production")
    leads = {"within.example": ["192.168.1.1"], "both.example": ["8.8.8.8", "127.0.0.1"], "localhost": ["127.0.0.1"]}

    async def look_up(host: str, port: int) -> list[str]:
        return leads.get(host, [host])

    monkeypatch.setattr(targets, "look_up", look_up)
    portal = world.portal(world.company())

    for url, says in REFUSED.items():
        refused = portal.post("/v1/webhooks", json={"url": url})

        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/webhook-target-not-usable"), url
        assert says in refused.json()["detail"], url
    assert portal.post("/v1/webhooks", json={"url": "https://8.8.8.8/x"}).status_code == 201


def test_a_name_that_leads_elsewhere_later_is_not_connected_to(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: Settings = world.client.app.state.settings  # type: ignore[attr-defined]  # ours
    monkeypatch.setattr(settings, "webhook_private_targets", False)
    monkeypatch.setattr(world.settings, "webhook_private_targets", False)
    leads = ["8.8.8.8"]

    async def look_up(host: str, port: int) -> list[str]:
        return leads

    monkeypatch.setattr(targets, "look_up", look_up)
    company_id = world.company()
    url = receiver.url.replace("127.0.0.1", "rebinding.example")
    made = world.portal(company_id).post("/v1/webhooks", json={"url": url})
    assert made.status_code == 201, made.text

    leads[:] = ["127.0.0.1"]
    tell(world.database, company_id, "opened")
    world.worker.run_until_idle()
    leads[:] = ["8.8.8.8", "127.0.0.1"]
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=1), tick=False):
        world.worker.run_until_idle()

    assert receiver.received == []
    [message] = messages(world.database)
    assert (message.status, message.attempts, message.problem) == (
        MessageStatus.WAITING,
        2,
        "the address is private",
    )


def test_an_endpoint_is_called_by_its_name_at_the_address_that_was_looked_at(
    world: World, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look_up(host: str, port: int) -> list[str]:
        # The first one refuses connections, as one does that is not there any more.
        return ["127.0.0.2", "127.0.0.1"]

    monkeypatch.setattr(targets, "look_up", look_up)
    company_id = world.company()
    url = receiver.url.replace("127.0.0.1", "hooks.nordwerk.example")
    world.portal(company_id).post("/v1/webhooks", json={"url": url + "?portal=1"})

    tell(world.database, company_id, "opened")
    world.worker.run_until_idle()

    [got] = receiver.received
    assert got.headers["host"] == url.split("/")[2]


def test_a_certificate_must_be_of_the_name_that_is_called(
    world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    certificate = _certificate_of("hooks.nordwerk.example", tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    async def look_up(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    monkeypatch.setattr(targets, "look_up", look_up)

    def over_tls(server: ThreadingHTTPServer) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)

    right, wrong = world.company("Right"), world.company("Wrong")
    with receiving(Receiver(), over_tls) as receiver:
        port = receiver.url.split(":")[2]
        for company_id, name in ((right, "hooks.nordwerk.example"), (wrong, "hooks.other.example")):
            world.portal(company_id).post("/v1/webhooks", json={"url": f"https://{name}:{port}"})
            tell(world.database, company_id, "opened")
        world.worker.run_until_idle()

    assert [one.headers["host"] for one in receiver.received] == [f"hooks.nordwerk.example:{port.split('/')[0]}"]
    assert {(one.status, one.problem) for one in messages(world.database)} == {
        (MessageStatus.SENT, None),
        (MessageStatus.WAITING, "the certificate is not accepted"),
    }


def _certificate_of(name: str, folder: Path) -> Path:
    """A certificate that vouches for itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    moment = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(days=1))
        .not_valid_after(moment + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, SHA256())
    )
    file = folder / "certificate.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(certificate.public_bytes(Encoding.PEM) + private)
    return file


def test_webhooks_and_deliveries_are_the_companys_own(world: World, receiver: Receiver, webhook: Made) -> None:
    own, other = world.company("Own"), world.company("Other")
    made = webhook(receiver, own)
    tell(world.database, own, "opened")
    world.worker.run_until_idle()
    [sent] = world.portal(own).get("/v1/deliveries").json()["items"]
    stranger, manager = world.portal(other), world.caller(Role.MANAGER, person_id=world.person(own))

    assert sent["data"] == {"suggestion_id": SUGGESTION}
    assert [stranger.get(f"/v1/{one}").json()["items"] for one in ("webhooks", "deliveries")] == [[], []]
    refused = [
        stranger.get(f"/v1/webhooks/{made['id']}"),
        stranger.patch(f"/v1/webhooks/{made['id']}", json={}, headers={"If-Match": "*"}),
        stranger.ask("DELETE", f"/v1/webhooks/{made['id']}", headers={"If-Match": "*"}),
        stranger.post(f"/v1/webhooks/{made['id']}/rotate", json={}),
        stranger.post(f"/v1/webhooks/{made['id']}/test"),
        stranger.get(f"/v1/deliveries/{sent['id']}"),
        stranger.post(f"/v1/deliveries/{sent['id']}/resend"),
    ]
    assert [one.status_code for one in refused] == [404] * 7
    assert stranger.get("/v1/deliveries", params={"webhook_id": made["id"]}).json()["items"] == []
    assert stranger.get("/v1/webhooks", params={"company": own}).status_code == 403
    assert manager.get("/v1/webhooks").status_code == 403
    assert world.operator.post("/v1/webhooks", json={"url": receiver.url}).json()["type"] == (
        "/problems/company-not-named"
    )
    for_other = world.operator.post("/v1/webhooks", params={"company": other}, json={"url": receiver.url})
    assert for_other.json()["company_id"] == other
    assert [one["id"] for one in stranger.get("/v1/webhooks").json()["items"]] == [for_other.json()["id"]]


def test_secrets_of_another_pepper_are_told_and_a_rotation_mends_them(
    world: World, receiver: Receiver, webhook: Made
) -> None:
    company_id = world.company()
    made = webhook(receiver, company_id)
    tell(world.database, company_id, "opened")
    changed = world.settings.model_copy(update={"key_pepper": type(world.settings.key_pepper)("another-pepper")})

    Sender(world.database, changed, {}).send_due()

    [message] = messages(world.database)
    assert (message.status, message.problem) == (MessageStatus.WAITING, "the secret cannot be read; rotate it")
    rotated = world.portal(company_id).post(f"/v1/webhooks/{made['id']}/rotate", json={"overlap_hours": 0}).json()
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=1), tick=False):
        world.worker.run_until_idle()
        assert receiver.received[0].verified(rotated["secret"])
