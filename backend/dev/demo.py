"""`make demo`: the service, believable tasks of three owners, and a page of another origin."""

import json
import os
import signal
import sys
import threading
import time
import urllib.request
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from backend.dev.demo_tasks import OWNERS, tasks_of

PAGE = Path(__file__).parents[2] / "examples/web"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:
        """The service's log is enough."""


def _asked(url: str, body: object = None) -> Any:
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310  (an address of our own)
        return json.load(answer)


def fill(root: str) -> None:
    """Give each owner without tasks theirs, in batches, and say so."""
    for owner, name in OWNERS.items():
        tasks = f"{root}/api/{owner}/tasks"
        if _asked(f"{tasks}?limit=1"):
            print(f"  owner {owner}, {name}: there already", flush=True)
            continue
        made = tasks_of(owner)
        for at in range(0, len(made), 20):
            operations = [{"op": "create", "task": task} for task in made[at : at + 20]]
            _asked(f"{tasks}/batch", {"operations": operations})
            print(f"  owner {owner}, {name}: {min(at + 20, len(made))} of {len(made)}", flush=True)


def _when_live(root: str, page: str) -> None:
    """Wait for the service, fill it, and say where the page is."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            _asked(f"{root}/health/ready")
            break
        except OSError:
            time.sleep(0.2)
    fill(root)
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
    port = int(os.environ.get("PORT") or 8000)
    try:
        server = serve_page(int(os.environ.get("PAGE_PORT") or 3000))
    except OSError as error:
        sys.exit(f"The page's port cannot be had (PAGE_PORT): {error.strerror}")
    root = f"http://localhost:{port}"
    page = f"http://localhost:{server.server_port}/?api={root}"
    threading.Thread(target=_when_live, args=(root, page), daemon=True).start()
    launch()


if __name__ == "__main__":
    main()
