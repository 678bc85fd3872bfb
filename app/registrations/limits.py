"""How much the public page takes: what is sent is counted, whoever it names, before anybody is looked up.

So a refusal tells nothing of anybody. Whoever counts holds the rows of the meetup and of the company: the counts are
exact.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from ipaddress import IPv6Network, ip_address

from sqlalchemy import ColumnElement
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, func

from app.core.clock import now
from app.core.errors import Problem
from app.core.i18n import mark
from app.core.ids import new_id
from app.meetups.models import Meetup
from app.registrations.models import SentSignUp

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OF_A_NETWORK = 200
"""An hour and meetup: all people of a large company may come through one proxy, in the hour after an announcement."""
OF_A_DOMAIN = 300
"""An hour and meetup, from wherever: more than people of one company come to a meetup, so that nobody fills it with
made-up colleagues of one company in a night."""
OF_A_MEETUP = 1_000
"""A day: as many people as the largest meetup that is seated."""
MAILS_A_DAY = 3
"""To one mailbox, for all meetups."""


class TooManySignUps(Problem):
    status = 429
    slug = "too-many-sign-ups"
    title = mark("Too many people have signed up at once")
    detail = mark(
        "For now the page takes no more registrations from your network, of your company or for this meetup. Try "
        "again in an hour or tomorrow, or ask your company's coordinator to register you."
    )


def count(session: Session, meetup: Meetup, email: str, client: str, pepper: str) -> bool:
    """Count one form for a meetup, sent by a client (its network address); whether its mailbox may be mailed. The
    meetup and the company of the mail domain are locked. Raises TooManySignUps."""
    moment, domain = now(), email.rpartition("@")[2]
    # The hour before midnight counts too.
    networks = [_network(client, day, pepper) for day in (moment, moment - HOUR)]
    limits = (
        (OF_A_NETWORK, HOUR, col(SentSignUp.network).in_(networks)),
        (OF_A_DOMAIN, HOUR, col(SentSignUp.domain) == domain),
        (OF_A_MEETUP, DAY, col(SentSignUp.meetup_id) == meetup.id),
    )
    of_the_meetup = col(SentSignUp.meetup_id) == meetup.id
    if any(_sent(session, moment - within, of_the_meetup, which) >= most for most, within, which in limits):
        raise TooManySignUps
    mailbox = _mark(("mailbox", _folded(email)), pepper)
    has_room = _sent(session, moment - DAY, col(SentSignUp.address) == mailbox) < MAILS_A_DAY
    session.add(
        SentSignUp(
            id=new_id("sgn"),
            meetup_id=meetup.id,
            domain=domain,
            network=networks[0],
            address=mailbox if has_room else None,
            sent_at=moment,
        )
    )
    return has_room


def _sent(session: Session, since: datetime, *which: ColumnElement[bool]) -> int:
    query = sa_select(func.count()).select_from(SentSignUp).where(col(SentSignUp.sent_at) > since, *which)
    return int(session.execute(query).scalar_one())


def _network(client: str, day: datetime, pepper: str) -> str:
    """A mark that leads back to no address, another one each day. Of IPv6 a household or office has a /64."""
    try:
        address = ip_address(client)
        address = getattr(address, "ipv4_mapped", None) or address
    except ValueError:
        # Not a network address, as where a proxy sits on a socket.
        return _mark(("network", client, f"{day:%Y-%m-%d}"), pepper)
    network = str(IPv6Network((int(address), 64), strict=False)) if address.version == 6 else str(address)
    return _mark(("network", network, f"{day:%Y-%m-%d}"), pepper)


def _folded(email: str) -> str:
    """The mailbox: what stands after a plus sign leads to the same one."""
    user, _, domain = email.rpartition("@")
    return f"{user.partition('+')[0]}@{domain}"


def _mark(parts: Sequence[str], pepper: str) -> str:
    key = hmac.digest(pepper.encode(), b"sign up", sha256)
    return hmac.digest(key, "\0".join(parts).encode(), sha256)[:16].hex()
