"""A story of one's own tandem, proposed as a talk by a link: shown, proposed once, and gone when it is taken back."""

from datetime import timedelta

import pytest
from sqlmodel import select

from app.core import links
from app.core.clock import now
from app.core.ids import new_id
from app.exchanges.models import Harvest
from app.meetups.models import Meetup, MeetupStatus, Talk, TalkStatus
from app.tandems.models import SideName
from tests.app.console.conftest import Pages, told

LINES = ["Charts <b>first</b>.", "Then questions.", "Then silence."]


@pytest.fixture
def told_story(pages: Pages) -> str:
    """Released by both sides; its id."""
    tandem_id = pages.tandem()
    with pages.database.session() as session:
        session.add(
            Harvest(
                tandem_id=tandem_id,
                lines=LINES,
                written_by=SideName.A,
                written_at=now(),
                released_a=1,
                released_b=1,
                story_id="sty_1",
                released_at=now(),
            )
        )
    return "sty_1"


@pytest.fixture
def meetup_id(pages: Pages) -> str:
    starts_at = now() + timedelta(days=40)
    with pages.database.session() as session:
        session.add(
            Meetup(
                id="mtp_spring",
                status=MeetupStatus.ANNOUNCED,
                title="Spring meetup",
                language="en",
                purpose="We meet.",
                starts_at=starts_at,
                ends_at=starts_at + timedelta(hours=2),
                time_zone="Europe/Berlin",
                online_link="https://meet.example/secret-room",
                uid=new_id("cal"),
                created_at=now(),
                announced_at=now(),
            )
        )
    return "mtp_spring"


def link(pages: Pages, story_id: str, community_id: str | None = None, person_id: str | None = None) -> str:
    parts = (story_id, community_id or pages.of_nord, person_id or pages.kim)
    return f"/story-talks/{links.signed('story-talks', parts, pages.pepper)}"


def the_talk(pages: Pages) -> Talk | None:
    with pages.database.reader() as session:
        return session.exec(select(Talk)).one_or_none()


def test_a_story_is_proposed_by_one_click_of_whoever_gives_the_talk_and_never_by_looking(
    pages: Pages, told_story: str, meetup_id: str
) -> None:
    address = link(pages, told_story)

    looked = pages.get(address)
    untouched = the_talk(pages)
    clicked = [pages.post(address), pages.post(address)]

    assert '<html lang="de">' in looked.text
    assert "Charts <b>first</b>. Then questions. Then silence." in told(looked)
    assert "Spring meetup" in told(looked)
    for private in ("Diagrammkreis", "Suedbank", "secret-room"):
        assert private not in looked.text
    assert untouched is None
    assert [one.status_code for one in clicked] == [303, 303]
    talk = the_talk(pages)
    assert talk is not None
    assert (talk.meetup_id, talk.community_id, talk.speaker_id) == (meetup_id, pages.of_nord, pages.kim)
    assert (talk.status, talk.abstract) == (TalkStatus.PROPOSED, "\n".join(LINES))
    assert "Danke, der Vorschlag ist da" in told(pages.get(address))
    assert "<form" not in pages.get(address).text


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (TalkStatus.ACCEPTED, "You are on the agenda"),
        (TalkStatus.DECLINED, "Not this time"),
        (TalkStatus.WITHDRAWN, "Will you tell it?"),
    ],
)
def test_the_page_tells_what_has_become_of_the_proposal(
    pages: Pages, told_story: str, meetup_id: str, status: TalkStatus, said: str
) -> None:
    pages.post(link(pages, told_story))
    with pages.database.session() as session:
        talk = session.exec(select(Talk)).one()
        talk.status = status
        session.add(talk)

    shown = pages.get(f"{link(pages, told_story)}?lang=en")

    assert said in told(shown)
    assert ("<form" in shown.text) is (status is TalkStatus.WITHDRAWN)


def test_the_other_side_learns_that_the_story_is_proposed_and_cannot_propose_it_too(
    pages: Pages, told_story: str, meetup_id: str
) -> None:
    pages.post(link(pages, told_story))
    sams = link(pages, told_story, pages.of_sued, pages.sam)

    clicked, shown = pages.post(sams), pages.get(sams)

    assert clicked.status_code == 303
    assert "Your partner tells it" in told(shown)
    assert "Kim" not in shown.text
    talk = the_talk(pages)
    assert talk is not None
    assert talk.community_id == pages.of_nord


def test_without_a_meetup_nothing_can_be_proposed(pages: Pages, told_story: str) -> None:
    shown, clicked = pages.get(f"{link(pages, told_story)}?lang=en"), pages.post(link(pages, told_story))

    assert "No meetup takes talks at present" in told(shown)
    assert "<form" not in shown.text
    assert clicked.status_code == 303
    assert the_talk(pages) is None


def test_a_story_that_is_taken_back_or_not_of_ones_own_community_is_not_shown(
    pages: Pages, told_story: str, meetup_id: str
) -> None:
    of_others = link(pages, told_story, pages.of_nord, pages.sam)
    foreign = pages.post(link(pages, told_story), headers={"Sec-Fetch-Site": "cross-site"})
    with pages.database.session() as session:
        harvest = session.exec(select(Harvest)).one()
        harvest.released_b = harvest.story_id = None
        session.add(harvest)

    for address in (of_others, link(pages, told_story)):
        for answer in (pages.get(address, "en"), pages.post(address)):
            assert answer.status_code == 404
            assert "Charts" not in answer.text
    assert foreign.status_code == 403
    assert "/v1/" not in told(pages.get(of_others))
    assert the_talk(pages) is None
