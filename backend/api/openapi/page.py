"""The page at /docs: Swagger UI from our own files, under a policy that allows nothing else."""

from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from anyio import to_thread
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

FOLDER = Path(__file__).with_name("swagger_ui")
SCRIPTS = ("swagger-ui-bundle.js", "start.js")
STYLE = "swagger-ui.css"
_TYPES = {".js": "text/javascript", ".css": "text/css"}

# `data:` for the icons inside of the style. Forms are sent by scripts, and nothing frames the page.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
FOR_EVER = "public, max-age=31536000, immutable"
"""For what has the digest of its content in its name (RFC 8246)."""


class File(NamedTuple):
    """A file of the page: its address, relative to `/`, and its content."""

    address: str
    content: bytes
    media_type: str


@lru_cache
def files() -> dict[str, File]:
    """The files of the page by their own names, read once."""
    found = {}
    for name in (*SCRIPTS, STYLE):
        path = FOLDER / name
        content = path.read_bytes()
        digest = sha256(content).hexdigest()[:16]
        address = f"docs/{path.stem}.{digest}{path.suffix}"
        found[name] = File(address, content, _TYPES[path.suffix])
    return found


@lru_cache
def page() -> str:
    """The page. Its addresses are relative, so it works below a proxy's prefix."""
    scripts = "\n".join(f'<script src="{files()[name].address}"></script>' for name in SCRIPTS)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tasks</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{files()[STYLE].address}">
</head>
<body>
<div id="swagger-ui"></div>
<noscript>This page needs JavaScript. See the <a href="openapi.json">document</a>.</noscript>
{scripts}
</body>
</html>
"""


async def _page(request: Request) -> HTMLResponse:
    return HTMLResponse(page(), headers={"Content-Security-Policy": POLICY})


def _document_below(app: FastAPI, root: str) -> JSONResponse:
    document = app.openapi()
    if root:
        document = {**document, "servers": [{**document["servers"][0], "url": root}]}
    return JSONResponse(document)


async def _document(request: Request) -> JSONResponse:
    """The document, with the prefix below which it was asked for as its server.

    In a thread: it is built with the first request, which takes a second of a busy processor.
    """
    root = request.scope.get("root_path", "")
    return await to_thread.run_sync(_document_below, request.app, root)


async def _root(request: Request) -> RedirectResponse:
    """The root of the service, with the prefix and host that the client used."""
    return RedirectResponse(f"{request.scope.get('root_path', '')}/docs")


async def _root_without_docs(request: Request) -> JSONResponse:
    root = request.scope.get("root_path", "")
    return JSONResponse(
        {
            "name": "Tasks",
            "detail": "The documentation is turned off here (DOCS_ENABLED).",
            "tasks": f"{root}/api/{{user_id}}/tasks",
            "health": f"{root}/health/ready",
        }
    )


def _add_file(app: FastAPI, file: File) -> None:
    async def give(request: Request) -> Response:
        return Response(
            file.content, media_type=file.media_type, headers={"Cache-Control": FOR_EVER}
        )

    app.add_route(f"/{file.address}", give, include_in_schema=False)


def add_docs(app: FastAPI) -> None:
    """Serve the document, the page at /docs and its files, and redirect / to it."""
    app.add_route("/", _root, include_in_schema=False)
    app.add_route("/docs", _page, include_in_schema=False)
    app.add_route("/openapi.json", _document, include_in_schema=False)
    for file in files().values():
        _add_file(app, file)


def add_root_without_docs(app: FastAPI) -> None:
    """Answer / with what this is, when there is no page to redirect to."""
    app.add_route("/", _root_without_docs, include_in_schema=False)
