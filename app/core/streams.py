"""Long work as server-sent events: the same resource again each time it has changed, until it has ended."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from app.core.schemas import Output

_LOOK_EVERY_SECONDS = 0.25
_KEEP_ALIVE_SECONDS = 15.0
# A browser connects again by itself, and then its key is looked at again.
_LONGEST_SECONDS = 600.0

Shown = TypeVar("Shown", bound=Output)


def following(read: Callable[[], Shown], ended: Callable[[Shown], bool]) -> StreamingResponse:
    """Events `progress` with what `read` shows whenever it differs, the last one named `end`.

    `read` is called in a thread and opens a session of its own each time. The first look is taken by the caller's
    route before this, so that what may not be seen is a 404 and no empty stream.
    """

    async def events() -> AsyncIterator[bytes]:
        last: str | None = None
        moment = started = time.monotonic()
        while moment - started < _LONGEST_SECONDS:
            shown = await run_in_threadpool(read)
            text, over = shown.model_dump_json(), ended(shown)
            if text != last or over:
                yield format_sse_event(data_str=text, event="end" if over else "progress")
                last, told = text, time.monotonic()
            if over:
                return
            await asyncio.sleep(_LOOK_EVERY_SECONDS)
            moment = time.monotonic()
            if moment - told > _KEEP_ALIVE_SECONDS:
                yield KEEPALIVE_COMMENT
                told = moment

    return StreamingResponse(events(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


def stream_of(model: type[Output]) -> dict[int | str, dict[str, Any]]:
    """The answer of such an operation, for its OpenAPI description."""
    schema = {"type": "string", "description": f"Each `data` line is one {model.__name__} as JSON."}
    return {
        200: {
            "description": "Server-sent events: `progress` at each change, `end` when the work is over.",
            "content": {"text/event-stream": {"schema": schema}},
        }
    }
