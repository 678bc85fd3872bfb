"""One webhook request: to an address that was looked at, within ten seconds, nothing followed, little read."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

import httpx2

from app.notifications import targets
from app.notifications.targets import Rules, TargetPrivate
from app.notifications.tries import DELIVERED, Try, Verdict

SECONDS = 10.0
"""For all of it: name, connection, request, answer."""

_MOST_READ = 4096
_READING_SECONDS = 1.0


@asynccontextmanager
async def line(tls: ssl.SSLContext) -> AsyncIterator[httpx2.AsyncClient]:
    """Connections to one endpoint. Each has its own: they are known by their address only, and of two names at one
    address the second would use a connection whose certificate was checked for the first."""
    # Proxies of the environment would decide where to connect, after we have looked.
    async with httpx2.AsyncClient(verify=tls, trust_env=False, follow_redirects=False, timeout=None) as client:
        yield client


async def call(client: httpx2.AsyncClient, url: str, body: str, headers: Mapping[str, str], rules: Rules) -> Try:
    """What came of sending this body there."""
    try:
        async with asyncio.timeout(SECONDS):
            return _judged(await _status(client, httpx2.URL(url), body, headers, rules))
    except TimeoutError:
        return Try(Verdict.FAILED, f"no answer within {SECONDS:g} seconds", unanswered=True)
    except TargetPrivate:
        return _nobody("the address is private")
    except httpx2.ConnectError as error:
        return _nobody("the certificate is not accepted" if "certificate" in str(error).lower() else "no connection")
    except OSError:
        return _nobody("the name leads nowhere")
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        return Try(Verdict.FAILED, f"no answer ({type(error).__name__})")


async def _status(
    client: httpx2.AsyncClient, url: httpx2.URL, body: str, headers: Mapping[str, str], rules: Rules
) -> int:
    """The status of the answer of the first address that can be connected to."""
    *others, last = await targets.addresses_of(url, rules)
    for address in others:
        try:
            return await _asked(client, url, address, body, headers)
        except httpx2.ConnectError:
            continue
    return await _asked(client, url, last, body, headers)


async def _asked(
    client: httpx2.AsyncClient, url: httpx2.URL, address: str, body: str, headers: Mapping[str, str]
) -> int:
    """Connect to this very address, in the name of the host: so the certificate is checked, and so it is asked."""
    request = client.build_request(
        "POST",
        url.copy_with(host=address),
        content=body.encode(),
        headers={
            "Host": url.netloc.decode(),
            "Content-Type": "application/json",
            "User-Agent": "C3-Tandem",
            "Accept-Encoding": "identity",
            **headers,
        },
        extensions={"sni_hostname": url.raw_host.decode()},
    )
    answer = await client.send(request, stream=True)
    try:
        # The status has said it all. A connection can be used again once its answer is read to the end.
        with suppress(TimeoutError, httpx2.HTTPError):
            async with asyncio.timeout(_READING_SECONDS):
                await _read_a_little(answer)
    finally:
        await answer.aclose()
    return answer.status_code


async def _read_a_little(answer: httpx2.Response) -> None:
    read = 0
    async for part in answer.aiter_raw():
        read += len(part)
        if read > _MOST_READ:
            return


def _judged(status: int) -> Try:
    if 200 <= status < 300:
        return DELIVERED
    if 300 <= status < 400:
        return Try(Verdict.FAILED, f"answered {status}: redirects are not followed")
    return Try(Verdict.FAILED, f"answered {status}")


def _nobody(problem: str) -> Try:
    return Try(Verdict.FAILED, problem, nobody_there=True)
