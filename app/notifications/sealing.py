"""Secrets of webhooks: made, kept encrypted, used to sign as Standard Webhooks describes."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from standardwebhooks import Webhook

from app.notifications.models import WebhookEndpoint

_PREFIX = "whsec_"
_SECRET_BYTES = 32


class SecretUnreadable(Exception):
    """It was encrypted with another pepper; a rotation makes a new one."""


def new_secret() -> str:
    """A secret in the form that receivers' libraries expect."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def sealed(secret: str, pepper: str) -> str:
    """The secret as it is stored."""
    return _box(pepper).encrypt(secret.encode()).decode()


def secrets_of(endpoint: WebhookEndpoint, pepper: str, moment: datetime) -> list[str]:
    """What is signed with now, the newest first: two while the older one still counts.

    Raises SecretUnreadable.
    """
    stored = [endpoint.secret]
    if endpoint.previous_secret is not None and (endpoint.previous_until or moment) > moment:
        stored.append(endpoint.previous_secret)
    try:
        return [_box(pepper).decrypt(one.encode()).decode() for one in stored]
    except InvalidToken as error:
        raise SecretUnreadable from error


def signed_headers(message_id: str, body: str, signing: Sequence[str], moment: datetime) -> dict[str, str]:
    """The headers of one try: receivers refuse what was signed more than five minutes ago."""
    signatures = [Webhook(secret).sign(message_id, moment, body) for secret in signing]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


@lru_cache(maxsize=4)
def _box(pepper: str) -> Fernet:
    key = HKDF(SHA256(), length=32, salt=None, info=b"webhook secrets").derive(pepper.encode())
    return Fernet(base64.urlsafe_b64encode(key))
