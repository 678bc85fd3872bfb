"""The mail that sums a meetup up for those who were there: the figures of its page, as they are when it is sent."""

from dataclasses import replace

from app.core.i18n import mark
from app.core.settings import get_settings
from app.notifications.letters import Action, Letter, Reading, Template
from app.programme import summary as summaries
from app.programme.summary import Summary
from app.registrations import addresses, wording
from app.registrations.telling import SUMMARY
from app.registrations.wording import About


def write(reading: Reading) -> Letter | None:
    """None for who is known to have stayed away."""
    it = wording.about(reading)
    if it is None or not wording.was_there(it):
        return None
    least_group = get_settings().least_group
    told = summaries.summary(reading.session, it.meetup, least_group)
    letter = it.letter(
        it.say(mark("What became of {title}")),
        it.say(mark("Thank you for having been part of “{title}”! One page tells what came of it.")),
        it.say(mark("In short:")),
    )
    page = Action(it.say(mark("Read the summary")), addresses.summary_page(it.meetup, reading.public_url))
    points = (*_figures(it, told, least_group), *_talks(it, told))
    return replace(
        letter,
        # Of a meetup of few people nothing may be told in figures.
        paragraphs=letter.paragraphs if points else letter.paragraphs[:1],
        points=points,
        actions=(page,),
        after=_next(it, told),
    )


TEMPLATES = (Template(SUMMARY, needs_reader=False, write=write),)


def _figures(it: About, told: Summary, least_group: int) -> list[str]:
    points = []
    if told.people is not None:
        text = mark("People who were there: {people}, companies: {companies}")
        points.append(it.say(text, people=told.people, companies=told.companies))
    if told.feedback is not None:
        text = mark("Useful: {yes}, partly: {partly}, not useful: {no}")
        said = told.feedback
        points.append(it.say(text, yes=said.yes, partly=said.partly, no=said.no))
    if told.tandems is None:
        points.append(it.say(mark("Tandems that have begun: fewer than {number}"), number=least_group))
    elif told.tandems:
        points.append(it.say(mark("Tandems that have begun: {number}"), number=told.tandems))
    return points


def _talks(it: About, told: Summary) -> list[str]:
    text = mark("Talk: {talk} ({community}, {company})")
    return [it.say(text, talk=one.title, community=one.community, company=one.company) for one in told.talks]


def _next(it: About, told: Summary) -> tuple[str, ...]:
    if told.next_meetup is None:
        return ()
    following, language = told.next_meetup, it.reading.language
    text = mark("The next meetup is “{following}”: {date}.")
    return (it.say(text, following=following.title, date=wording.when(following, language)),)
