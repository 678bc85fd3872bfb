"""Registration by the public page: confirmed by the owner of the address, telling nobody who is known."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from app.core.errors import Problem
from app.core.events import Event
from app.core.settings import get_settings
from app.meetups.models import Meetup, MeetupStatus
from app.meetups.service import MeetupNotFound
from app.people import service as people
from app.people.models import Person, PersonStatus
from app.registrations import limits
from app.registrations import service as registrations
from app.registrations.limits import MAILS_A_DAY, OF_A_DOMAIN, OF_A_MEETUP, OF_A_NETWORK, TooManySignUps
from app.registrations.models import Registration, RegistrationStatus, SentSignUp
from app.registrations.places import CompanyIsOut, MeetupCalledOff, RegistrationNotOpen, RegistrationOver
from app.registrations.schemas import RegistrationUpdate, SignUp
from app.registrations.service import NothingOffered
from app.registrations.signing_up import MailDomainUnknown
from tests.app.privacy.test_a_person import found_anywhere, in_words
from tests.app.registrations.conftest import START, Gathering, done, refused
from tests.app.registrations.post import Post
from tests.app.registrations.test_forgetting import passes
from tests.world import JsonObject


@pytest.fixture(autouse=True)
def domain(gathering: Gathering) -> None:
    gathering.with_domain()


def sign_up(gathering: Gathering, meetup: str, name: str = "Alex", client: str = "192.0.2.1", **more: object) -> None:
    form = SignUp.model_validate({"email": f"{name.lower()}@nordwerk.example", "first_name": name} | more)
    with gathering.world.database.session() as session:
        registrations.sign_up(session, meetup, form, client, "pepper")


def only(gathering: Gathering) -> Registration:
    with gathering.world.database.reader() as session:
        return session.exec(select(Registration)).one()


def confirm(gathering: Gathering, registration_id: str) -> Registration:
    with gathering.world.database.session() as session:
        return registrations.confirm_address(session, registration_id)


def only_registrations(gathering: Gathering) -> Sequence[Registration]:
    with gathering.world.database.reader() as session:
        return session.exec(select(Registration)).all()


def person_of(gathering: Gathering, email: str) -> Person:
    with gathering.world.database.reader() as session:
        return session.exec(select(Person).where(Person.email == email)).one()


def told(gathering: Gathering) -> list[str]:
    """What became known of registrations, in order."""
    with gathering.world.database.reader() as session:
        kinds = session.exec(select(Event.kind).order_by(Event.id))
        return [kind.removeprefix("registration.") for kind in kinds if kind.startswith("registration.")]


def test_an_address_takes_no_place_before_its_owner_confirms_it(gathering: Gathering) -> None:
    meetup = gathering.meetup(capacity=1)

    sign_up(gathering, meetup, language="en", learn=["how others begin"], stays=True)

    entered = only(gathering)
    assert (entered.status, entered.number) == (RegistrationStatus.UNCONFIRMED, None)
    assert (entered.learn, entered.stays) == (["how others begin"], True)
    assert (gathering.stored(meetup).taken, told(gathering)) == (0, ["signed_up"])
    gathering.register(meetup, "Kim")
    confirmed = confirm(gathering, entered.id)
    assert (confirmed.status, confirmed.number) == (RegistrationStatus.WAITING, 2)
    assert confirm(gathering, entered.id).number == 2
    assert told(gathering) == ["signed_up", "registered", "waiting"]
    stored = gathering.stored(meetup)
    assert (stored.taken, stored.waiting, stored.last_number) == (1, 1, 2)


def test_whoever_is_registered_already_gets_a_mail_now_and_then_and_nothing_else_happens(
    gathering: Gathering,
) -> None:
    meetup = gathering.meetup()
    alex = gathering.register(meetup, "Alex", learn=["barcamps"])

    for hours in (0, 8, 8, 7):
        gathering.pass_(hours=hours)
        sign_up(gathering, meetup, learn=["what somebody else has entered"])
    assert told(gathering) == ["registered", *["known"] * MAILS_A_DAY]
    gathering.pass_(hours=1)
    sign_up(gathering, meetup)

    assert gathering.read(alex) == alex
    assert told(gathering) == ["registered", *["known"] * (MAILS_A_DAY + 1)]


def test_somebody_who_is_known_keeps_name_and_language_and_is_no_guest(gathering: Gathering) -> None:
    meetup = gathering.meetup()
    contact = {"email": "alex@nordwerk.example", "first_name": "Alex", "language": "de"}
    person = done(gathering.portal().post("/v1/people", json=contact))

    sign_up(gathering, meetup, first_name="Somebody", language="en")

    assert done(gathering.portal().get(f"/v1/people/{person['id']}")) == person
    assert not person_of(gathering, "alex@nordwerk.example").guest


def test_entered_again_before_it_is_confirmed_the_new_wishes_count_and_a_day_has_few_mails(
    gathering: Gathering,
) -> None:
    meetup, other = gathering.meetup(), gathering.meetup()

    for number in range(MAILS_A_DAY):
        sign_up(gathering, meetup, learn=[f"wish {number}"])
    sign_up(gathering, other)
    sign_up(gathering, meetup, learn=["the last wish"])

    assert told(gathering) == ["signed_up"] * MAILS_A_DAY
    with gathering.world.database.reader() as session:
        entered = session.exec(select(Registration).where(Registration.meetup_id == meetup)).one()
    assert entered.learn == ["the last wish"]
    sign_up(gathering, meetup, "Kim")
    gathering.pass_(days=1)
    sign_up(gathering, meetup)
    assert told(gathering) == ["signed_up"] * (MAILS_A_DAY + 2)


def sent(
    gathering: Gathering, meetup: str, number: int, client: str = "192.0.2.1", company: str = "Nordwerk"
) -> None:
    """So many forms have come from there, each with another address."""
    with gathering.world.database.session() as session:
        stored = session.get_one(Meetup, meetup)
        for at in range(number):
            limits.count(session, stored, f"p{at}@{company.lower()}.example", client, "pepper")


@pytest.mark.parametrize(
    ("number", "clients", "companies", "passing"),
    [
        (OF_A_NETWORK, ["192.0.2.1"], ["Nordwerk", "Suedbank"], {"hours": 1}),
        (OF_A_DOMAIN, ["192.0.2.1", "192.0.2.2", "192.0.2.3"], ["Nordwerk"], {"hours": 1}),
        (OF_A_MEETUP, [f"192.0.2.{at}" for at in range(1, 10)], [f"C{at}" for at in range(10)], {"days": 1}),
    ],
)
def test_the_page_takes_so_many_forms_and_refuses_the_next_one_whoever_it_names(
    gathering: Gathering, number: int, clients: list[str], companies: list[str], passing: dict[str, int]
) -> None:
    meetup = gathering.meetup()
    gathering.register(meetup, "Known")
    for at in range(10):
        sent(gathering, meetup, number // 10, clients[at % len(clients)], companies[at % len(companies)])

    for name in ("New", "Known", "P1"):
        with pytest.raises(TooManySignUps) as refusal:
            sign_up(gathering, meetup, name)
        assert refusal.value.status == 429
        assert "ask your company's coordinator" in refusal.value.told("en")

    sign_up(gathering, gathering.meetup(), "New")
    gathering.pass_(**passing)
    sign_up(gathering, meetup, "New")


def test_one_fewer_is_taken_for_who_is_known_and_counts_as_for_everybody(gathering: Gathering) -> None:
    """So that nobody learns from the next refusal whether the one before was of somebody known."""
    for is_known in (True, False):
        meetup = gathering.meetup()
        if is_known:
            gathering.register(meetup, "Target")
        sent(gathering, meetup, OF_A_NETWORK - 1)

        sign_up(gathering, meetup, "Target")

        with pytest.raises(TooManySignUps):
            sign_up(gathering, meetup, "Fresh")


@pytest.mark.parametrize(
    ("first", "second", "is_one"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("a socket", "a socket", True),
    ],
)
def test_a_network_is_an_address_or_of_ipv6_the_first_half(
    gathering: Gathering, first: str, second: str, is_one: bool
) -> None:
    gathering.go(START.replace(hour=23, minute=50))
    meetup = gathering.meetup()
    sent(gathering, meetup, OF_A_NETWORK, first)
    # Another day has begun, and the hour is not over.
    gathering.pass_(minutes=20)

    if is_one:
        with pytest.raises(TooManySignUps):
            sign_up(gathering, meetup, client=second)
    else:
        sign_up(gathering, meetup, client=second)


def test_a_mailbox_has_few_mails_a_day_by_whatever_tag_and_for_whatever_meetup(gathering: Gathering) -> None:
    first, second = gathering.meetup(), gathering.meetup()
    gathering.register(first, "Alex")
    tags = ("", "+one", "+two", "+three", "+four")

    for tag in tags:
        for meetup in (first, second):
            sign_up(gathering, meetup, email=f"alex{tag}@nordwerk.example")

    assert len(told(gathering)) == 1 + MAILS_A_DAY


def test_forms_are_counted_for_two_days_and_name_nobody(
    gathering: Gathering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TANDEM_MAIL_FOLDER", str(gathering.world.settings.mail_folder))
    get_settings.cache_clear()
    sign_up(gathering, gathering.meetup(), "Kimberley")
    with gathering.world.database.reader() as session:
        [counted] = session.exec(select(SentSignUp))
    assert "kimberley" not in str(vars(counted))
    assert "192.0.2.1" not in str(vars(counted))

    passes(gathering.world, START + timedelta(days=3))

    with gathering.world.database.reader() as session:
        assert session.exec(select(SentSignUp)).all() == []
    assert found_anywhere(gathering.world, "kimberley") == []


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"status": MeetupStatus.DRAFT}, MeetupNotFound),
        ({"status": MeetupStatus.ANNOUNCED}, RegistrationNotOpen),
        ({"status": MeetupStatus.CANCELLED}, MeetupCalledOff),
        ({"registration_until": START}, RegistrationOver),
    ],
)
def test_at_the_wrong_moment_nobody_signs_up(
    gathering: Gathering, values: dict[str, object], refusal: type[Problem]
) -> None:
    meetup = gathering.meetup(**values)

    with pytest.raises(refusal):
        sign_up(gathering, meetup)

    assert (gathering.line(meetup), told(gathering)) == ([], [])


def test_an_address_that_is_confirmed_after_registration_ended_takes_no_place(gathering: Gathering) -> None:
    meetup = gathering.meetup(registration_until=START + timedelta(hours=1))
    sign_up(gathering, meetup)
    gathering.pass_(hours=1)

    with pytest.raises(RegistrationOver):
        confirm(gathering, only(gathering).id)

    assert gathering.stored(meetup).taken == 0


@pytest.mark.parametrize("address", ["alex@elsewhere.example", "alex@unverified.example", "alex@leaving.example"])
def test_an_address_of_no_participating_company_is_told_what_to_do(gathering: Gathering, address: str) -> None:
    meetup = gathering.meetup()
    with gathering.world.database.session() as session:
        people.set_domains(session, gathering.company("Third"), ["unverified.example"], vouched=False)
    gathering.with_domain("Leaving")
    done(gathering.world.operator.post(f"/v1/companies/{gathering.company('Leaving')}/leave"))

    with pytest.raises(MailDomainUnknown) as refusal:
        sign_up(gathering, meetup, email=address)

    assert refusal.value.values == {"domain": address.partition("@")[2]}
    assert gathering.line(meetup) == []


def test_somebody_of_a_domain_that_was_unknown_once_is_approved_by_confirming_not_by_a_form(
    gathering: Gathering, session: Session
) -> None:
    meetup = gathering.meetup()
    waits = done(gathering.portal().post("/v1/people", json={"email": "eve@new.example", "first_name": "Eve"}))
    assert waits["status"] == "waiting"

    people.set_domains(session, gathering.company(), ["nordwerk.example", "new.example"], vouched=True)
    session.commit()

    sign_up(gathering, meetup, "Eve", email="eve@new.example")

    assert person_of(gathering, "eve@new.example").status is PersonStatus.WAITING
    [mail] = Post(gathering).new()
    confirm(gathering, only(gathering).id)
    assert mail.to == "eve@new.example"
    assert person_of(gathering, "eve@new.example").status is PersonStatus.ACTIVE


def test_by_the_link_one_comes_again_after_cancelling_and_changes_wishes(gathering: Gathering) -> None:
    meetup = gathering.meetup(capacity=1)
    sign_up(gathering, meetup)
    [registration_id] = [only(gathering).id]
    with gathering.world.database.session() as session:
        registrations.leave(session, registration_id)
    assert told(gathering) == ["signed_up"]

    confirm(gathering, registration_id)
    with gathering.world.database.session() as session:
        registrations.rewrite(session, registration_id, RegistrationUpdate(show=["podcasts"]))
        registrations.leave(session, registration_id)
        left = registrations.leave(session, registration_id)
    assert (left.status, left.show, left.turn) == (RegistrationStatus.CANCELLED, ["podcasts"], 1)
    again = confirm(gathering, registration_id)
    assert (again.status, again.number, again.turn) == (RegistrationStatus.REGISTERED, 2, 2)
    with gathering.world.database.session() as session:
        assert registrations.keep_place(session, registration_id).status is RegistrationStatus.REGISTERED
        registrations.leave(session, registration_id)
        with pytest.raises(NothingOffered):
            registrations.keep_place(session, registration_id)


@pytest.mark.parametrize("status", [RegistrationStatus.CANCELLED, RegistrationStatus.LAPSED])
def test_a_form_changes_nothing_of_who_has_cancelled_and_leads_to_ones_own_place(
    gathering: Gathering, status: RegistrationStatus
) -> None:
    meetup, post = gathering.meetup(), Post(gathering)
    gathering.register(meetup, "Alex", learn=["barcamps"], stays=True)
    with gathering.world.database.session() as session:
        registrations.leave(session, only(gathering).id)
        session.exec(select(Registration)).one().status = status
    post.new()
    before = only(gathering)

    sign_up(gathering, meetup, learn=["what somebody else has entered"], stays=False)

    mail = post.only()
    assert only(gathering) == before
    assert mail.says("Then register again on your page")
    assert post.opened(mail.links[0])[0] == before.id
    confirmed = confirm(gathering, before.id)
    assert (confirmed.number, confirmed.learn, confirmed.stays) == (2, ["barcamps"], True)


def test_a_person_of_a_form_is_nobodys_before_the_address_is_confirmed(gathering: Gathering) -> None:
    meetup = gathering.meetup()
    gathering.register(meetup, "Kim")

    sign_up(gathering, meetup, first_name="Somebody", language="de")
    typed = person_of(gathering, "alex@nordwerk.example")
    sign_up(gathering, meetup, first_name="Alex", language="en")

    assert (typed.status, typed.first_name, typed.guest) == (PersonStatus.UNCONFIRMED, "Somebody", True)
    portal = gathering.portal()
    assert [one["first_name"] for one in done(portal.get("/v1/people"))["items"]] == ["Kim"]
    address = f"/v1/people/{typed.id}"
    assert refused(portal.get(address)) == (404, "person-not-found")
    assert refused(portal.patch(address, json={"first_name": "X"}, headers={"If-Match": "*"})) == (
        404,
        "person-not-found",
    )
    by_id = portal.post(f"/v1/meetups/{meetup}/registrations", json={"person_id": typed.id})
    assert refused(by_id) == (404, "person-not-found")
    key = {"role": "participant", "label": "x", "person_id": typed.id}
    assert refused(gathering.world.operator.post("/v1/keys", json=key)) == (404, "person-not-found")

    with gathering.world.database.reader() as session:
        [mine] = session.exec(select(Registration).where(Registration.person_id == typed.id))
    confirm(gathering, mine.id)

    shown = done(portal.get(address))
    assert (shown["first_name"], shown["language"], shown["status"]) == ("Alex", "en", "active")
    sign_up(gathering, meetup, first_name="Mallory")
    assert done(portal.get(address)) == shown


@pytest.mark.parametrize("confirmed", [False, True])
@pytest.mark.parametrize("way", ["people", "manager", "patch"])
def test_whom_its_company_enters_is_named_and_kept_as_the_company_says(
    gathering: Gathering, monkeypatch: pytest.MonkeyPatch, way: str, confirmed: bool
) -> None:
    monkeypatch.setenv("TANDEM_MAIL_FOLDER", str(gathering.world.settings.mail_folder))
    get_settings.cache_clear()
    meetup = gathering.meetup()
    sign_up(gathering, meetup, first_name="Somebody", language="de")
    person_id = person_of(gathering, "alex@nordwerk.example").id
    if confirmed:
        confirm(gathering, only(gathering).id)
    contact: JsonObject = {"email": "alex@nordwerk.example", "first_name": "Alex", "language": "en"}

    if way == "people":
        assert done(gathering.portal().post("/v1/people", json=contact))["id"] == person_id
        assert refused(gathering.portal().post("/v1/people", json=contact)) == (409, "person-exists")
    elif way == "manager":
        document = {"name": "Circle", "managers": [contact]}
        done(gathering.portal().put("/v1/sources/intranet/communities/circle", json=document))
        done(gathering.portal().put("/v1/sources/intranet/communities/circle", json=document | {"managers": []}))
    else:
        address, match = f"/v1/people/{person_id}", {"If-Match": "*"}
        done(gathering.world.operator.patch(address, json=contact, headers=match))

    shown = done(gathering.portal().get(f"/v1/people/{person_id}"))
    assert (shown["first_name"], shown["language"], shown["status"]) == ("Alex", "en", "active")
    passes(gathering.world, START + timedelta(days=3))
    passes(gathering.world, START + timedelta(days=365))
    assert only_registrations(gathering) == []
    assert done(gathering.portal().get(f"/v1/people/{person_id}")) == shown


def test_a_portal_that_registers_somebody_of_a_form_names_the_guest(gathering: Gathering) -> None:
    meetup = gathering.meetup()
    sign_up(gathering, meetup, first_name="Somebody", learn=["what somebody else has entered"], stays=True)

    shown = gathering.register(meetup, "Alex")

    assert (shown["first_name"], shown["learn"], shown["status"]) == ("Alex", [], "registered")
    person = person_of(gathering, "alex@nordwerk.example")
    assert (person.status, person.guest) == (PersonStatus.ACTIVE, True)


def test_mails_to_a_typed_address_show_nothing_that_was_typed(gathering: Gathering) -> None:
    meetup, post = gathering.meetup(), Post(gathering)
    typed: JsonObject = {
        "first_name": "Win at evil.example",
        "learn": ["Go to evil.example"],
        "show": ["evil.example"],
    }

    sign_up(gathering, meetup, **typed)
    post.new()
    confirm(gathering, only(gathering).id)
    post.new()
    sign_up(gathering, meetup, **typed)
    post.new()

    answers = [mail for mail in gathering.world.mails() if "place" not in str(mail["Subject"])]
    assert [str(mail["Subject"]).partition(":")[0] for mail in answers] == [
        "Please confirm your registration",
        "You had registered already",
    ]
    for mail in answers:
        assert "evil" not in in_words(mail)
        assert mail["To"] == "alex@nordwerk.example"
        assert "hello," in in_words(mail)


@pytest.mark.parametrize("way", ["confirm", "come again", "keep"])
def test_a_link_gives_no_place_to_anybody_of_a_company_that_leaves(gathering: Gathering, way: str) -> None:
    meetup = gathering.meetup()
    sign_up(gathering, meetup)
    mine = only(gathering).id
    if way != "confirm":
        confirm(gathering, mine)
        with gathering.world.database.session() as session:
            registrations.leave(session, mine)
    if way == "keep":
        with gathering.world.database.session() as session:
            row = session.get_one(Registration, mine)
            row.status, row.offered_until = RegistrationStatus.OFFERED, START + timedelta(days=1)
    done(gathering.world.operator.post(f"/v1/companies/{gathering.company()}/leave"))

    with pytest.raises(CompanyIsOut), gathering.world.database.session() as session:
        (registrations.keep_place if way == "keep" else registrations.confirm_address)(session, mine)

    assert only(gathering).status is not RegistrationStatus.REGISTERED
