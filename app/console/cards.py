"""A masked card in words."""

from collections.abc import Iterable, Mapping

from app.communities.models import Format, Kind, SizeBand, Stage
from app.communities.schemas import CardOut
from app.console.pages import language_in_words
from app.core.i18n import Language, lookup, mark

SIZES: Mapping[SizeBand, str] = {
    SizeBand.UNDER_50: mark("fewer than 50 members"),
    SizeBand.FROM_50: mark("50 to 99 members"),
    SizeBand.FROM_100: mark("100 to 499 members"),
    SizeBand.FROM_500: mark("500 to 1,999 members"),
    SizeBand.FROM_2000: mark("2,000 to 4,000 members"),
    SizeBand.OVER_4000: mark("more than 4,000 members"),
}
STAGES: Mapping[Stage, str] = {
    Stage.IDEA: mark("an idea"),
    Stage.CONCEPT: mark("a concept"),
    Stage.FIRST_STEPS: mark("first steps"),
    Stage.RAMP_UP: mark("ramping up"),
    Stage.LIVE: mark("up and running"),
    Stage.GROWTH: mark("growing"),
    Stage.ENDING: mark("coming to an end"),
}
FORMATS: Mapping[Format, str] = {
    Format.TALK: mark("talk"),
    Format.AMA: mark("ask me anything"),
    Format.BARCAMP: mark("barcamp"),
    Format.CASE_CLINIC: mark("case clinic"),
    Format.KNOWLEDGE_CAFE: mark("knowledge café"),
    Format.PEER_LEARNING: mark("peer learning"),
    Format.PODCAST: mark("podcast"),
    Format.HACKATHON: mark("hackathon"),
    Format.WORKING_OUT_LOUD: mark("Working Out Loud"),
    Format.LUNCH_AND_LEARN: mark("lunch & learn"),
    Format.OTHER: mark("other formats"),
}
KINDS: Mapping[Kind, str] = {
    Kind.INTEREST: mark("of a common interest"),
    Kind.ACTION: mark("for a common cause"),
    Kind.CIRCUMSTANCE: mark("of a common situation"),
    Kind.PLACE: mark("of a place"),
    Kind.PRACTICE: mark("of a practice or profession"),
}
# Companies may use any word; these are told in both languages.
SECTORS: Mapping[str, str] = {
    "automotive": mark("automotive"),
    "banking": mark("banking"),
    "chemicals": mark("chemicals"),
    "construction": mark("construction"),
    "consumer_goods": mark("consumer goods"),
    "education": mark("education"),
    "energy": mark("energy"),
    "finance": mark("finance"),
    "food": mark("food"),
    "health": mark("health care"),
    "insurance": mark("insurance"),
    "logistics": mark("logistics"),
    "machinery": mark("mechanical engineering"),
    "media": mark("media"),
    "pharma": mark("pharmaceuticals"),
    "public_sector": mark("public sector"),
    "retail": mark("retail"),
    "software": mark("software"),
    "telecommunications": mark("telecommunications"),
    "transport": mark("transport"),
}

NAME = mark("Name")
COMPANY = mark("Company")
PURPOSE = mark("Purpose")
THEMES = mark("Themes")
LANGUAGES = mark("Languages")
SIZE = mark("Size")
STAGE = mark("Stage")
PRACTISED = mark("Formats it practises")
WANTED = mark("Formats it wishes for")
KIND = mark("Kind of community")
SECTOR = mark("Sector of its company")
NOT_STATED = mark("not stated")


def card_in_words(card: CardOut, language: Language) -> list[tuple[str, str]]:
    """Each thing that the card tells, with its heading; name, company and purpose only where they are told."""
    shown = [(NAME, card.name), (COMPANY, card.company), (PURPOSE, card.purpose)]
    told = [(heading, text) for heading, text in shown if text]
    told += [
        (THEMES, ", ".join(card.themes)),
        (LANGUAGES, ", ".join(language_in_words(one, language) for one in card.languages)),
        (SIZE, lookup(SIZES[card.size_band], language) if card.size_band else ""),
        (STAGE, lookup(STAGES[card.stage], language) if card.stage else ""),
        (PRACTISED, _formats(card.formats_practised, language)),
        (WANTED, _formats(card.formats_wanted, language)),
        (KIND, lookup(KINDS[card.kind], language) if card.kind else ""),
        (SECTOR, lookup(SECTORS[card.sector], language) if card.sector in SECTORS else card.sector.replace("_", " ")),
    ]
    return [(lookup(heading, language), text or lookup(NOT_STATED, language)) for heading, text in told]


def _formats(formats: Iterable[Format], language: Language) -> str:
    return ", ".join(lookup(FORMATS[one], language) for one in formats)
