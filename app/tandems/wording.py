"""What a suggestion says as people read it: a masked card, days and causes in the reader's language."""

from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date

from app.communities.models import Format
from app.communities.schemas import CardOut
from app.core.i18n import Language, mark, translate
from app.tandems.models import DeclineReason
from matching.sentences import value_in_words

WHY: Mapping[DeclineReason, str] = {
    DeclineReason.NO_TIME: mark("We have no time at present."),
    DeclineReason.THEME_DOES_NOT_FIT: mark("The theme does not fit."),
    DeclineReason.PARTNER_TOO_SIMILAR: mark("The other one is too much like us."),
    DeclineReason.OTHER_SECTOR_WISHED: mark("We wish for another sector."),
    DeclineReason.SAME_SECTOR_NOT_WISHED: mark("We do not wish to meet our own sector."),
    DeclineReason.LANGUAGE: mark("The language does not fit."),
    DeclineReason.OTHER: mark("Something else."),
}
"""The causes that a side may give, as it chooses them."""


def day(moment: datetime, language: Language, time_zone: str | None) -> str:
    """The day of a moment written out, as it is in a time zone."""
    return format_date(moment.astimezone(ZoneInfo(time_zone or "UTC")).date(), "long", locale=language)


def card_in_words(card: CardOut, language: Language) -> list[str]:
    """What a masked card tells, a sentence for each thing that is known."""
    formats = dict.fromkeys([*card.formats_practised, *card.formats_wanted])
    told = {
        mark("Listed openly: {values}"): [f"{card.name} ({card.company})"] if card.name else [],
        mark("Themes: {values}"): card.themes,
        mark("Languages: {values}"): [_language(tag, language) for tag in card.languages],
        mark("Members: {values}"): [card.size_band.value] if card.size_band else [],
        mark("Sector: {values}"): [card.sector.replace("_", " ")],
        mark("Stage: {values}"): [value_in_words(card.stage.value, language)] if card.stage else [],
        mark("Formats: {values}"): [
            value_in_words(one.value, language) for one in formats if one is not Format.OTHER
        ],
    }
    return [translate(text, language, values=", ".join(values)) for text, values in told.items() if values]


def _language(tag: str, language: Language) -> str:
    """The name of a language; its tag where it has none."""
    try:
        return Locale.parse(tag, sep="-").get_display_name(language) or tag
    except (UnknownLocaleError, ValueError):
        return tag
