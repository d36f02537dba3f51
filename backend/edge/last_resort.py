"""The answer to an exception that nobody expected."""

import logging

from anyio import BrokenResourceError
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.edge.refusals import refuse
from backend.edge.request_log import access_log
from backend.errors import AppError, InternalError, Overloaded
from backend.observability.open_files import is_exhaustion

_log = logging.getLogger("backend.errors")
_NO_FILE = "The service is busy. If this was a write, its outcome is unknown."


class LastResortMiddleware:
    """Answers 500 for an unexpected exception, with CORS headers and a request id.

    The trace goes to the log; nothing of it goes to the client.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_started = False

        async def watch(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except ClientDisconnect:
            access_log.info("the client left before its body was read")
        except AppError as error:  # of a layer between here and the application
            await refuse(error, scope, receive, send)
        except Exception as error:
            if _is_unread(error):
                access_log.info("the client left before its answer was complete")
                return
            if has_started or scope["type"] != "http":
                raise
            if is_exhaustion(error):
                await refuse(Overloaded(_NO_FILE), scope, receive, send)
                return
            _log.error("unexpected %s", type(error).__name__, exc_info=error)
            await refuse(InternalError(), scope, receive, send)


def _is_unread(error: BaseException) -> bool:
    """Whether nobody reads a stream any more: FastAPI's stream of events tells so by a group."""
    if isinstance(error, BaseExceptionGroup):
        return all(map(_is_unread, error.exceptions))
    return isinstance(error, BrokenResourceError)
