"""Messages from the command line: what was not sent and why, and sending it again."""

from datetime import UTC, datetime

from app.notifications import queries
from app.notifications.models import MessageStatus
from app.notifications.queries import Settled
from tests.app.cli.conftest import Tandem
from tests.receivers import mail, messages
from tests.world import World


def test_parked_messages_are_listed_by_ids_and_sent_again(tandem: Tandem, world: World) -> None:
    person_id = world.person(world.company())
    mail(world.database, person_id)
    [message] = messages(world.database)
    with world.database.session() as session:
        moment = datetime.now(UTC)
        problem = "the recipient is refused (550)"
        queries.settle(session, [Settled(message.id, MessageStatus.PARKED, 1, moment, moment, problem)])

    parked = tandem("message", "list", "--status", "parked")
    again = tandem("message", "resend", message.id)
    once_more = tandem("message", "resend", message.id, "--lang", "de")
    unknown = tandem("message", "resend", "msg_none")

    assert (parked.exit_code, again.exit_code) == (0, 0)
    assert all(one in parked.stdout for one in (message.id, person_id, "test.plain", problem))
    assert "alex@" not in parked.stdout
    assert tandem("message", "list", "--status", "parked").stdout.count("msg_") == 0
    assert messages(world.database)[0].status is MessageStatus.WAITING
    assert (once_more.exit_code, "geparkt ist; diese Nachricht ist waiting" in once_more.stderr) == (2, True)
    assert (unknown.exit_code, unknown.stderr.count("\n")) == (2, 1)


def test_webhooks_are_listed_without_their_secrets(tandem: Tandem, world: World) -> None:
    company_id = world.company()
    url = "https://hooks.nordwerk.example/c3"
    made = world.portal(company_id).post("/v1/webhooks", json={"url": url, "kinds": ["tandem.started"]}).json()

    listed = tandem("webhook", "list", "--company", "Nordwerk")

    assert all(one in listed.stdout for one in (made["id"], company_id, url, "tandem.started"))
    assert "whsec_" not in listed.stdout
