"""Mails: what they look like, who gets them, and what happens when a server does not take them."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
import time_machine
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import update
from sqlmodel import col

from app.access.models import Role
from app.core import links
from app.core.settings import Settings
from app.notifications import mailing, outbox, personal, preferences, service
from app.notifications.letters import Action, Attachment, Letter, Reading, Template
from app.notifications.models import MessageStatus, Wants
from app.notifications.outbox import Mail
from app.notifications.sending import Sender
from app.people.models import Person, PersonStatus
from tests.receivers import SUGGESTION, TEMPLATES, Mailbox, listening, mail, messages
from tests.world import World

CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"


def text_of(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def sending(world: World, letter: Letter) -> Sender:
    """A sender that knows one letter, `test.plain`."""

    def write(reading: Reading) -> Letter:
        return letter

    return Sender(world.database, world.settings, {"test.plain": Template("test.plain", False, write)})


def test_a_letter_is_a_mail_with_text_html_and_a_way_not_to_get_it(world: World) -> None:
    company_id = world.company()
    reader = world.person(company_id, "Robin", "de-AT")
    letter = Letter(
        "Ein Vorschlag für Ihre Community",
        ("Es gibt eine Community, die zu Ihrer passt.", "Zweiter Absatz\nin zwei Zeilen & mehr."),
        points=("Nachhaltige Lieferketten", "Ein Punkt, der so lang ist, dass er in der Textfassung umbrochen wird."),
        actions=(Action("Antworten", "https://c3.example/answers/abc?x=1&y=2"),),
        after=("Ein Nein braucht keinen Grund.",),
        attachments=(Attachment("treffen.ics", CALENDAR),),
    )
    mail(world.database, reader)

    sent = sending(world, letter).send_due()

    [message] = messages(world.database)
    [got] = world.mails()
    assert (sent, message.status) == (1, MessageStatus.SENT)
    pepper, address = world.settings.key_pepper.get_secret_value(), f"{world.settings.public_url}/mail/"
    preferences_link = got["List-Unsubscribe"].strip("<>")
    assert links.opened("mail", preferences_link.removeprefix(address), pepper) == (reader,)
    assert {name: got[name] for name in got if name not in ("Date", "Content-Type", "List-Unsubscribe")} == {
        "From": "C3 Tandem <c3-tandem@localhost>",
        "To": f"Robin <robin@{company_id}.example>",
        "Subject": "Ein Vorschlag für Ihre Community",
        "Message-ID": f"<{message.id}@localhost>",
        "Content-Language": "de",
        "Auto-Submitted": "auto-generated",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "MIME-Version": "1.0",
    }
    assert text_of(got, "plain") == (
        "Hallo Robin,\n\n"
        "Es gibt eine Community, die zu Ihrer passt.\n\n"
        "Zweiter Absatz in zwei Zeilen & mehr.\n\n"
        "- Nachhaltige Lieferketten\n"
        "- Ein Punkt, der so lang ist, dass er in der Textfassung umbrochen wird.\n\n"
        "Antworten:\nhttps://c3.example/answers/abc?x=1&y=2\n\n"
        "Ein Nein braucht keinen Grund.\n\n"
        "-- \n"
        "Sie bekommen diese Mail, weil Sie bei C3 Tandem für eine Community Ihres\n"
        "Unternehmens sprechen oder für Ihr Unternehmen koordinieren.\n"
        f"Auswählen, was Ihnen geschickt wird: {preferences_link}\n"
    )
    html = text_of(got, "html")
    assert '<html lang="de">' in html
    assert "<p>Zweiter Absatz<br>in zwei Zeilen &amp; mehr.</p>" in html
    assert 'href="https://c3.example/answers/abc?x=1&amp;y=2"' in html
    [attached] = got.iter_attachments()
    assert (attached.get_content_type(), attached.get_filename()) == ("text/calendar", "treffen.ics")
    assert attached["Content-Type"].params["method"] == "REQUEST"
    assert attached.get_content().splitlines() == CALENDAR.decode().splitlines()


def test_nothing_that_somebody_typed_becomes_a_header_or_a_tag(world: World, mailbox: Mailbox) -> None:
    company_id = world.company()
    reader = world.person(company_id)
    evil = 'Al"ex\r\nBcc: <victim@evil.example>\r\n\r\n<script>alert(1)</script>\u2028\u202eÄ'
    with world.database.session() as session:
        session.execute(update(Person).where(col(Person.id) == reader).values(first_name=evil))
    letter = Letter(
        f"Betreff {evil} " + "sehr lang " * 60,
        (f"<b>{evil}</b>",),
        points=(f"<i>{evil}</i>",),
        actions=(Action(evil, "https://c3.example/?\"><script>alert('2')</script>"),),
        attachments=(Attachment(f"{evil}.ics", CALENDAR, method="REQUEST\r\nX-Evil: 1"),),
    )
    mail(world.database, reader)
    world.settings = mailbox.settings(world.settings)

    assert sending(world, letter).send_due() == 1

    [got] = mailbox.mails
    assert mailbox.recipients == [f"alex@{company_id}.example"]
    assert [one for part in got.walk() for one in part if one.lower() in ("bcc", "x-evil")] == []
    assert "\n" not in got["Subject"]
    # The standard library puts a blank where it folds.
    assert 150 <= len(got["Subject"]) < 155
    assert got["To"].addresses[0].display_name.startswith('Al"ex Bcc: <victim@evil.example>')
    html = text_of(got, "html")
    assert "<script" not in html
    assert "<b>" not in html
    assert "&lt;script&gt;" in html


def test_one_of_fifty_who_is_refused_holds_up_nobody(world: World) -> None:
    company_id = world.company()
    people = [world.person(company_id, f"Reader{number}") for number in range(50)]
    said = {f"reader7@{company_id}.example": "550 no such user", f"reader9@{company_id}.example": "450 try later"}
    with listening(Mailbox(refuse=said.get)) as mailbox:
        world.settings = mailbox.settings(world.settings)
        sender = Sender(world.database, world.settings, TEMPLATES)
        mail(world.database, *people)
        with time_machine.travel(datetime.now(UTC), tick=False):
            sender.send_due()
            sender.send_due()

        by_person = {one.person_id: one for one in messages(world.database)}
        assert len(set(mailbox.recipients)) == len(mailbox.mails) == 48
        assert mailbox.connections == 1
        refused, later = by_person[people[7]], by_person[people[9]]
        assert (refused.status, refused.problem) == (MessageStatus.PARKED, "the recipient is refused (550)")
        assert (later.status, later.problem) == (MessageStatus.WAITING, "the recipient is refused (450)")

        del said[f"reader9@{company_id}.example"]
        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=1), tick=False):
            sender.send_due()
        assert mailbox.recipients[-1] == f"reader9@{company_id}.example"


def test_a_recipient_at_which_the_server_hangs_holds_up_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailing, "SECONDS", 0.3)
    company_id = world.company()
    people = [world.person(company_id, f"Reader{number}") for number in range(10)]

    class Hanging(Mailbox):
        async def handle_RCPT(  # noqa: N802  named by the server
            self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
        ) -> str:
            if address.startswith("reader0@"):
                await asyncio.Event().wait()
            return await super().handle_RCPT(server, session, envelope, address, options)

    with listening(Hanging()) as mailbox, time_machine.travel(datetime.now(UTC), tick=False):
        mail(world.database, *people)

        Sender(world.database, mailbox.settings(world.settings), TEMPLATES).send_due()

    hung, *others = messages(world.database)
    assert (hung.status, hung.attempts) == (MessageStatus.WAITING, 1)
    assert hung.problem == "no answer of the mail server within 0.3 seconds"
    assert {(one.status, one.attempts) for one in others} == {(MessageStatus.SENT, 1)}
    assert (len(mailbox.mails), mailbox.connections) == (9, 2)


def test_without_a_server_everything_waits_and_goes_out_once_when_it_is_back(world: World) -> None:
    company_id = world.company()
    people = [world.person(company_id, f"Reader{number}") for number in range(20)]
    mailbox = Mailbox()
    world.settings = mailbox.settings(world.settings)
    sender = Sender(world.database, world.settings, TEMPLATES)
    mail(world.database, *people)
    start = datetime.now(UTC)

    for hours in (0, 1, 5, 30):
        with time_machine.travel(start + timedelta(hours=hours), tick=False):
            sender.send_due()
    waiting = {(one.status, one.attempts, one.problem) for one in messages(world.database)}
    assert waiting == {(MessageStatus.WAITING, 4, "no connection to the mail server (SMTPConnectError)")}

    # The service was off for longer than anything is tried.
    with listening(mailbox), time_machine.travel(start + timedelta(days=9), tick=False):
        sender.send_due()
        sender.send_due()

    assert len(set(mailbox.recipients)) == len(mailbox.mails) == 20
    assert {one.status for one in messages(world.database)} == {MessageStatus.SENT}


def test_what_is_over_not_wanted_or_for_nobody_is_dropped_and_what_breaks_is_tried_later(
    world: World, sender: Sender
) -> None:
    company_id = world.company()
    everything, needs_me, nothing, waiting, erased, waits = (
        world.person(company_id, name) for name in ("All", "Needs", "Nothing", "Waiting", "Erased", "Waits")
    )
    with world.database.session() as session:
        preferences.set_wants(session, needs_me, Wants.NEEDS_ME)
        preferences.set_wants(session, nothing, Wants.ALL)
        preferences.set_wants(session, nothing, Wants.NOTHING)
        for person_id, status in ((waiting, PersonStatus.WAITING), (erased, PersonStatus.ERASED)):
            session.execute(update(Person).where(col(Person.id) == person_id).values(status=status))
    mail(world.database, everything, said="over")
    mail(world.database, everything, said="broken")
    mail(world.database, everything, template="test.unheard-of")
    mail(world.database, everything, needs_me, nothing, waiting, erased, template="test.plain")
    mail(world.database, everything, needs_me, nothing, template="test.needed")
    with world.database.session() as session:
        later = datetime.now(UTC) + timedelta(days=1)
        outbox.queue(session, [Mail("test.plain", waits, SUGGESTION, {}, "later", due_at=later)])

    with time_machine.travel(datetime.now(UTC), tick=False):
        sender.send_due()

    names = {everything: "all", needs_me: "needs", nothing: "nothing", waiting: "waiting", erased: "erased"}
    found = {
        f"{names[one.person_id or '']} {one.template} {one.ids.get('said')}": f"{one.status} {one.problem}"
        for one in messages(world.database)
        if one.person_id != waits
    }
    assert found == {
        "all test.plain over": "dropped it is over",
        "all test.plain broken": "waiting it could not be written (KeyError)",
        "all test.unheard-of said": "waiting the template is not known",
        "all test.plain said": "sent None",
        "needs test.plain said": "dropped not wanted",
        "nothing test.plain said": "dropped not wanted",
        "waiting test.plain said": "dropped nobody to send it to",
        "erased test.plain said": "dropped nobody to send it to",
        "all test.needed said": "sent None",
        "needs test.needed said": "sent None",
        "nothing test.needed said": "dropped not wanted",
    }
    assert len(world.mails()) == 3
    with world.database.session() as session:
        assert outbox.retract(session, SUGGESTION, ["test.plain"]) == 2
    with time_machine.travel(datetime.now(UTC) + timedelta(days=2), tick=False):
        sender.send_due()
    assert len(world.mails()) == 3


def test_a_person_says_what_it_wants_to_be_mailed(world: World) -> None:
    company_id, other = world.company(), world.company("Other")
    person_id = world.person(company_id)
    colleague = world.person(company_id, "Robin")
    manager = world.caller(Role.MANAGER, person_id=person_id)
    address = f"/v1/people/{person_id}/mail-preference"

    unsaid = manager.get(address)
    said = manager.put(address, json={"wants": "needs_me"}, headers={"If-Match": unsaid.headers["ETag"]})
    late = world.portal(company_id).put(address, json={"wants": "all"}, headers={"If-Match": unsaid.headers["ETag"]})

    assert unsaid.json() == {"person_id": person_id, "wants": "all", "changed_at": None}
    assert (said.status_code, said.json()["wants"]) == (200, "needs_me")
    assert late.status_code == 412
    assert world.portal(company_id).get(address).json() == said.json()
    assert manager.get(f"/v1/people/{colleague}/mail-preference").status_code == 404
    assert world.portal(other).get(address).status_code == 404
    assert world.organizer.get(address).status_code == 403


def test_personal_data_is_told_and_erased_and_old_messages_are_forgotten(world: World, sender: Sender) -> None:
    company_id = world.company()
    person_id, colleague = world.person(company_id), world.person(company_id, "Robin")
    with time_machine.travel(datetime.now(UTC), tick=False):
        mail(world.database, person_id, said="first")
        sender.send_due()
        mail(world.database, person_id, colleague, said="second")
    with world.database.session() as session:
        preferences.set_wants(session, person_id, Wants.NEEDS_ME)

    with world.database.session() as session:
        exported = list(personal.export_person(session, person_id))
        personal.erase_person(session, person_id)
        erased = list(personal.export_person(session, person_id))
    sent, waiting, theirs = messages(world.database)

    assert [kind for kind, _ in exported] == ["mail_preference", "message", "message"]
    assert exported[0][1]["wants"] == "needs_me"
    assert exported[1][1] == {
        "id": sent.id,
        "template": "test.plain",
        "subject_id": SUGGESTION,
        "status": "sent",
        "created_at": sent.created_at.isoformat().replace("+00:00", "Z"),
        "finished_at": exported[1][1]["finished_at"],
    }
    assert [data["status"] for _, data in erased] == ["sent", "dropped"]
    assert (waiting.person_id, waiting.status, theirs.status) == (
        person_id,
        MessageStatus.DROPPED,
        MessageStatus.WAITING,
    )
    with world.database.session() as session:
        moment = datetime.now(UTC) + timedelta(seconds=1)
        assert service.forget_finished(session, moment - timedelta(days=1), 10) == []
        assert len(service.forget_finished(session, moment, 10)) == 2
    assert [one.id for one in messages(world.database)] == [theirs.id]


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"smtp_host": "mail.example"}, "TANDEM_MAIL_FROM"),
        ({"mail_from": "nobody"}, "TANDEM_MAIL_FROM"),
        (
            {
                "environment": "production",
                "key_pepper": "p" * 32,
                "smtp_host": "mail.example",
                "mail_from": "a@b.example",
                "smtp_tls": "none",
                "smtp_password": "x",
            },
            "TANDEM_SMTP_TLS",
        ),
    ],
)
def test_settings_that_would_mail_in_vain_or_in_the_open_are_refused(said: dict[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Settings.model_validate(said)
