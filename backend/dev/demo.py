"""`make demo`: the service, believable tasks of three owners, and a page of another origin."""

import errno
import json
import os
import signal
import sys
import threading
import urllib.request
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from backend.dev.demo_tasks import OWNERS, tasks_of
from backend.dev.port import holder_of

PAGE = Path(__file__).parents[2] / "examples/web"
PORT, PAGE_PORT = 8001, 3000
"""Unless others are chosen; `make run` may have 8000."""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:
        """The service's log is enough."""


def _asked(url: str, body: object = None) -> Any:
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310  (an address of our own)
        return json.load(answer)


def fill(root: str) -> None:
    """Give each owner without tasks theirs, all at once, and say so."""
    for owner, name in OWNERS.items():
        tasks = f"{root}/api/{owner}/tasks"
        if _asked(f"{tasks}?limit=1"):
            print(f"  owner {owner}, {name}: there already", flush=True)
            continue
        operations = [{"op": "create", "task": task} for task in tasks_of(owner)]
        _asked(f"{tasks}/batch", {"operations": operations})
        print(f"  owner {owner}, {name}: {len(operations)} tasks", flush=True)


def _fill_and_tell(root: str, page_port: int) -> None:
    """Fill the service, which answers when it has started, and say where the page is."""
    fill(root)
    page = f"http://localhost:{page_port}/?api={root}"
    print(f"{page}  (open it twice; Ctrl-C ends it)", flush=True)


def serve_page(port: int) -> ThreadingHTTPServer:
    """The page on a port of its own, in a thread. Raises OSError if the port is taken."""
    handler = partial(_Quiet, directory=str(PAGE))
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main() -> None:
    """Launch the service as `make run` does, with a database and a page beside it."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(0))
    from backend.dev.launcher import launch, setting  # noqa: PLC0415

    if setting("DATABASE_URL"):
        sys.exit("make demo invents tasks: unset DATABASE_URL (also in .env), or use make run.")
    if not setting("PORT"):
        os.environ["PORT"] = str(PORT)
    page_port = int(os.environ.get("PAGE_PORT") or PAGE_PORT)
    try:
        serve_page(page_port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            sys.exit(f"PAGE_PORT: cannot listen on {page_port}: {error.strerror}")
        way_out = f"end it, or set PAGE_PORT={page_port + 1}"
        sys.exit(f"PAGE_PORT: {page_port} is in use by {holder_of(page_port)}: {way_out}")

    def fill_in_background(root: str) -> None:
        threading.Thread(target=_fill_and_tell, args=(root, page_port), daemon=True).start()

    launch(fill_in_background)


if __name__ == "__main__":
    main()
