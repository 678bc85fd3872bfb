"""HTTP for what everybody may read of meetups, without a key: a calendar and a list."""

from fastapi import APIRouter

router = APIRouter()
