"""HTTP for the pages of a meetup: to register, one's own place, table cards, the summary."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
