"""A letter as a mail: text and HTML in one language, with a greeting, why it comes, and a way not to get it any more.

Nothing that a person has typed can become a header or a tag: headers are one line each, HTML is escaped.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from functools import cache
from textwrap import wrap

from jinja2 import Environment, PackageLoader, Template
from markupsafe import Markup

from app.core import links
from app.core.i18n import Language, mark, translate
from app.notifications.letters import Letter
from app.people.models import Person

_LONGEST_SUBJECT = 150
_WIDTH = 76

HELLO = mark("Hello {name},")
HELLO_SOMEBODY = mark("Hello,")
WHY = mark(
    "You get this mail because you speak for a community of your company in C3 Tandem, or coordinate for your "
    "company."
)
CHOOSE = mark("Choose what you are mailed")


class AddressNotUsable(ValueError):
    """No mail can be sent to this address as it is written."""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What all mails share."""

    sender: Address
    public_url: str
    pepper: str

    @classmethod
    def of(cls, mail_from: str, public_url: str, pepper: str) -> "Letterhead":
        """From an address, or `Name <address>`. Raises AddressNotUsable."""
        name, address = parseaddr(mail_from)
        return cls(_address(name, address), public_url, pepper)


def composed(
    letter: Letter, reader: Person, language: Language, message_id: str, head: Letterhead, moment: datetime
) -> EmailMessage:
    """The mail, known by the id of its message: sent twice, it is the same one. Raises AddressNotUsable."""
    preferences = f"{head.public_url}/mail/{links.signed('mail', [reader.id], head.pepper)}"
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = head.sender
    mail["To"] = _address(reader.first_name if letter.names_reader else "", reader.email)
    mail["Subject"] = _one_line(letter.subject)[:_LONGEST_SUBJECT]
    mail["Date"] = format_datetime(moment)
    mail["Message-ID"] = f"<{message_id}@{head.sender.domain}>"
    # So that no holiday notice comes back (RFC 3834).
    mail["Auto-Submitted"] = "auto-generated"
    mail["List-Unsubscribe"] = f"<{preferences}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    words = _words(letter, reader, language, preferences)
    mail.set_content(_template("letter.txt").render(words))
    mail.add_alternative(_template("letter.html").render(words), subtype="html")
    for one in letter.attachments:
        mail.add_attachment(
            one.content.decode(),
            subtype="calendar",
            params={"method": _one_line(one.method)},
            filename=_one_line(one.name),
        )
    # Last: what is added moves headers about contents to the first part.
    mail["Content-Language"] = language
    return mail


def _words(letter: Letter, reader: Person, language: Language, preferences: str) -> dict[str, object]:
    name = _one_line(reader.first_name) if letter.names_reader else ""
    return {
        "language": language,
        "letter": letter,
        "greeting": translate(HELLO, language, name=name) if name else translate(HELLO_SOMEBODY, language),
        "why": letter.why or translate(WHY, language),
        "choose": translate(CHOOSE, language),
        "preferences": preferences,
    }


def _address(name: str, address: str) -> Address:
    user, _, domain = address.rpartition("@")
    try:
        domain = domain if domain.isascii() else domain.encode("idna").decode()
        if not user or not domain or _one_line(address) != address:
            raise AddressNotUsable
        return Address(_one_line(name), user, domain)
    except ValueError as error:
        raise AddressNotUsable from error


def _one_line(text: str) -> str:
    """Without line breaks and what is not seen: what goes into a header ends no header."""
    return " ".join("".join(" " if unicodedata.category(one)[0] in "CZ" else one for one in text).split())


def _wrapped(text: str) -> str:
    return "\n".join(wrap(" ".join(text.split()), _WIDTH, break_long_words=False, break_on_hyphens=False))


def _listed(points: Sequence[str]) -> str:
    return "\n".join(
        "\n".join(
            wrap(
                " ".join(point.split()),
                _WIDTH,
                initial_indent="- ",
                subsequent_indent="  ",
                break_long_words=False,
                break_on_hyphens=False,
            )
        )
        for point in points
    )


def _in_lines(text: str) -> Markup:
    """Line breaks within a paragraph, as HTML shows them."""
    return Markup("<br>").join(text.splitlines())


@cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("app.notifications"),
        autoescape=name.endswith(".html"),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"wrapped": _wrapped, "listed": _listed, "in_lines": _in_lines}
    return environment.get_template(name)
