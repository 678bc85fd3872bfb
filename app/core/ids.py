"""Opaque ids with a prefix that tells the kind: `cmt_01jc...`. Later ones sort after earlier ones."""

import base64

from uuid_utils.compat import uuid7


def new_id(prefix: str) -> str:
    """A new id: the prefix and a UUID version 7 in 26 lower-case characters that sort by time."""
    return f"{prefix}_{base64.b32hexencode(uuid7().bytes).decode().rstrip('=').lower()}"
