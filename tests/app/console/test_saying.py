"""One click after a meeting, and one answer at half-time: said on a page, by a side's own manager only."""

from datetime import UTC, datetime

from app.core import links
from app.exchanges.models import ExchangeFeedback, ExchangeStatus, Pulse, TandemPulse
from app.tandems.models import Tandem, TandemStatus
from tests.app.console.conftest import Pages, told


def useful_link(pages: Pages, exchange_id: str) -> str:
    parts = (exchange_id, pages.side(pages.of_nord).value, pages.kim)
    return f"/useful/{links.signed('useful', parts, pages.pepper)}"


def pulse_link(pages: Pages, tandem_id: str, term: int = 1) -> str:
    parts = (tandem_id, pages.side(pages.of_nord).value, pages.kim, str(term))
    return f"/pulse/{links.signed('pulse', parts, pages.pepper)}"


def set_tandem(pages: Pages, tandem_id: str, **values: object) -> None:
    with pages.database.session() as session:
        tandem = session.get_one(Tandem, tandem_id)
        for name, value in values.items():
            setattr(tandem, name, value)
        session.add(tandem)


def test_one_click_says_whether_a_meeting_was_useful(pages: Pages) -> None:
    exchange_id = pages.exchange(pages.tandem(), status=ExchangeStatus.HELD)
    link = useful_link(pages, exchange_id)

    before = pages.get(link)
    clicked = pages.post(link, useful="yes")
    after = pages.get(f"{link}?lang=en")

    assert (before.status_code, clicked.status_code) == (200, 303)
    assert told(before).startswith("War es nützlich? Das Treffen von Chart <b>Circle</b> und Diagrammkreis am ")
    assert "Your side has said: it was useful" in told(after)
    with pages.database.reader() as session:
        assert session.get_one(ExchangeFeedback, (exchange_id, pages.side(pages.of_nord))).useful
    assert pages.get(useful_link(pages, "exc_none")).status_code == 410
    assert pages.post(link, useful="maybe").status_code == 422


def test_at_half_time_a_side_says_how_it_goes_on_and_at_the_end_whether_the_two_fitted(pages: Pages) -> None:
    tandem_id = pages.tandem()
    set_tandem(pages, tandem_id, status=TandemStatus.ACTIVE)
    link = f"{pulse_link(pages, tandem_id)}?lang=en"
    side = pages.side(pages.of_nord)

    nothing = pages.post(link)
    said = pages.post(link, pulse="adjust", why=" Another\r\nday. ")
    half_time = pages.get(link)
    set_tandem(pages, tandem_id, status=TandemStatus.CLOSING)
    end = pages.get(link)
    nothing_at_end = pages.post(link, why=" ")
    fitted = pages.post(link, fitted="no", why="")

    answers = (nothing, said, nothing_at_end, fitted)
    assert [one.status_code for one in answers] == [422, 303, 422, 303]
    assert told(nothing).startswith("Nothing is chosen yet")
    assert 'value="adjust" required checked' in half_time.text
    assert told(end).startswith("The tandem comes to its end: did the two fit?")
    with pages.database.reader() as session:
        at_half, at_end = (session.get_one(TandemPulse, (tandem_id, side, 1, over)) for over in (False, True))
    assert (at_half.pulse, at_half.why) == (Pulse.ADJUST, "Another\nday.")
    assert (at_end.pulse, at_end.fitted, at_end.why) == (None, False, None)


def test_before_the_two_have_met_it_is_not_half_time(pages: Pages) -> None:
    tandem_id = pages.tandem()
    link = f"{pulse_link(pages, tandem_id)}?lang=en"

    asked, ended = pages.get(link), pages.post(link, pulse="end_well")

    assert told(asked).startswith("How shall it go on?")
    assert ended.status_code == 303
    assert told(pages.get(link)).startswith("The tandem comes to its end")


def test_whoever_goes_on_with_one_click_reads_that_the_tandem_is_renewed(pages: Pages) -> None:
    tandem_id = pages.tandem()
    moment = datetime.now(UTC)
    set_tandem(pages, tandem_id, status=TandemStatus.ACTIVE, kicked_off_at=moment, ends_on=moment.date())
    link = f"{pulse_link(pages, tandem_id)}?lang=en"
    of_partner = (tandem_id, pages.side(pages.of_sued).value, pages.sam, "1")

    clicked = pages.post(link, pulse="continue")
    landed = pages.get(f"/pulse/{clicked.headers['location']}")
    partner = pages.get(f"/pulse/{links.signed('pulse', of_partner, pages.pepper)}?lang=en")
    again = pages.post(link, pulse="end_well")

    assert (clicked.status_code, landed.status_code, partner.status_code) == (303, 200, 200)
    assert told(landed).startswith("The tandem is renewed The tandem of Chart <b>Circle</b> and Diagrammkreis")
    assert "Your side has said: Go on" in told(landed)
    assert told(partner).startswith("The tandem is renewed")
    assert "has said" not in told(partner)
    assert "<form" not in landed.text + partner.text
    assert again.status_code == 410
    assert told(pages.get(pulse_link(pages, tandem_id, 2))).startswith("Halbzeit")
