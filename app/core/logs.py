"""Logs as lines of JSON on standard error, readable lines on a terminal. No personal data, no keys, no paths."""

import logging
import sys

import structlog


def configure(level: str) -> None:
    """Set up structlog for this process."""
    on_terminal = sys.stderr.isatty()
    # Plain tracebacks: the rich ones show local variables, and with them keys.
    renderer = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if on_terminal
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([] if on_terminal else [structlog.processors.format_exc_info]),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
