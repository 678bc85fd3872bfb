"""Where webhooks may go: to addresses of the open internet, looked at again each time one is connected to.

Otherwise whoever may name an address could reach what only this machine reaches: its own network, its cloud's data
about itself.
"""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from httpx2 import URL, InvalidURL

from app.core.errors import Unprocessable
from app.core.i18n import mark
from app.core.settings import Settings

Address = IPv4Address | IPv6Address
LookUp = Callable[[str, int], Awaitable[list[str]]]

_PORTS = {"https": 443, "http": 80}
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:.]+")
_LOOKING_SECONDS = 3.0
# Networks that lead to IPv4 addresses written into the last 32 bits (RFC 6052).
_NAT64 = IPv6Network("64:ff9b::/96")


class TargetNotUsable(Unprocessable):
    slug = "webhook-target-not-usable"
    title = mark("Webhooks cannot go to this address")
    detail = mark("The address is not usable: {reason}.")


NOT_AN_ADDRESS = mark("it is not a complete web address; write one like https://intranet.example/hooks/tandem")
NOT_HTTPS = mark("it begins with http; only https is used")
WITH_SECRETS = mark("it holds a user name, a password or a fragment; leave them out, requests are signed")
PRIVATE = mark("it leads to a private, local or reserved network; name one that is reached from the internet")


class TargetPrivate(Exception):
    """A name leads to an address that must not be connected to."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What an operator allows. Plain http and private targets are for development and closed networks."""

    plain_http: bool
    private: bool


def rules_of(settings: Settings) -> Rules:
    return Rules(plain_http=settings.environment == "development", private=settings.webhook_private_targets)


async def looked_up(host: str, port: int) -> list[str]:
    """The addresses of a host, by the system's resolver. Raises OSError for a name that leads nowhere."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


# What is asked for addresses: tests, which leave the machine for nothing, put in their own.
look_up: LookUp = looked_up


async def require_usable(url: str, rules: Rules) -> None:
    """Raises TargetNotUsable for what could never be called. A name that leads nowhere yet may do so later."""
    require_form(url, rules)
    try:
        async with asyncio.timeout(_LOOKING_SECONDS):
            await addresses_of(URL(url), rules)
    except TargetPrivate as error:
        raise TargetNotUsable(reason=PRIVATE) from error
    except OSError:
        # Also of the time that it took: TimeoutError is one.
        return


def require_form(url: str, rules: Rules) -> None:
    """As `require_usable`, by what the address itself says."""
    try:
        parsed = URL(url)
    except InvalidURL as error:
        raise TargetNotUsable(reason=NOT_AN_ADDRESS) from error
    named = parsed.scheme in _PORTS and _HOST.fullmatch(parsed.raw_host.decode())
    if not named or not 0 < _port(parsed) < 65536:
        raise TargetNotUsable(reason=NOT_AN_ADDRESS)
    if parsed.scheme == "http" and not rules.plain_http:
        raise TargetNotUsable(reason=NOT_HTTPS)
    if parsed.userinfo or parsed.fragment:
        raise TargetNotUsable(reason=WITH_SECRETS)


async def addresses_of(url: URL, rules: Rules) -> list[str]:
    """What to connect to, best first. Raises TargetPrivate unless all that the name leads to are open addresses: a
    name that leads to both is made to lead astray. Raises OSError when it leads nowhere."""
    try:
        addresses = await look_up(url.raw_host.decode(), _port(url))
    except UnicodeError as error:
        raise OSError("no name of a host") from error
    if not addresses:
        raise OSError("the name leads nowhere")
    if not rules.private and not all_open(addresses):
        raise TargetPrivate
    return addresses


def all_open(addresses: Iterable[str]) -> bool:
    """Whether all of these are addresses of the open internet."""
    return all(_is_open(ip_address(one.partition("%")[0])) for one in addresses)


def _port(url: URL) -> int:
    return _PORTS[url.scheme] if url.port is None else url.port


def _is_open(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        hidden = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if hidden is None and address in _NAT64:
            hidden = IPv4Address(int(address) & 0xFFFFFFFF)
        if hidden is not None:
            return _is_open(hidden)
    return address.is_global and not address.is_multicast
