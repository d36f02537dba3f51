"""The layers around the application, in the order in which a request meets them."""

from collections.abc import Callable

from starlette.middleware import Middleware

from backend.config import Settings
from backend.edge.admission import AdmissionMiddleware
from backend.edge.cors import CrossOriginMiddleware
from backend.edge.head_method import HeadMiddleware
from backend.edge.last_resort import LastResortMiddleware
from backend.edge.request_head import RequestHeadMiddleware
from backend.edge.request_log import EnvelopeMiddleware


def layers(settings: Settings, last_connecting: Callable[[], float]) -> list[Middleware]:
    """The outermost first.

    `last_connecting` tells when, by `time.monotonic()`, requests last waited for a connection to
    the database to be made.
    """
    return [
        Middleware(EnvelopeMiddleware),
        Middleware(CrossOriginMiddleware, settings.cors_origins),
        Middleware(RequestHeadMiddleware, settings),
        Middleware(LastResortMiddleware),
        Middleware(AdmissionMiddleware, settings, last_connecting),
        Middleware(HeadMiddleware),
    ]
