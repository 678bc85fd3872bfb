"""HTTP for registrations."""

from fastapi import APIRouter

from app.access.dependencies import KeyedRoute
from app.core.http import problems

router = APIRouter(prefix="/v1", tags=["meetups"], route_class=KeyedRoute, responses=problems(401, 403))
