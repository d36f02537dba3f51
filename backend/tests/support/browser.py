"""Headless Chromium, driven over a pipe by its DevTools protocol: no port and no driver."""

import json
import os
import shutil
import subprocess
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import F_DUPFD, fcntl
from pathlib import Path
from queue import Queue
from typing import Any
from urllib.parse import urlsplit

import pytest

from backend.tests.support.waiting import wait_until

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PATIENCE = 60
"""Seconds for whatever a page is to do, on a machine that does much else."""

_FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--mute-audio"]
_FLAGS += [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1280,1600",
]


def chromium() -> str:
    """The program; skips the test where there is none."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium (Debian: apt-get install chromium)")
    return CHROMIUM


class Page:
    """One window: what it has asked for, what it complained about, and its scripts."""

    def __init__(self, browser: "Browser", session: str) -> None:
        self._browser, self._session = browser, session
        self.requested: list[str] = []
        self.complaints: list[str] = []

    def hears(self, method: str, told: dict[str, Any]) -> None:
        """Keep what the tests ask for of what the browser tells."""
        if method == "Network.requestWillBeSent":
            self.requested.append(told["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            details = told["exceptionDetails"]
            thrown = details.get("exception", {}).get("description", "")
            self.complaints.append(f"{details['text']} {thrown}")
        elif method == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.complaints.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **parameters)

    def evaluate(self, expression: str) -> Any:
        """The value of an expression, awaited; fails with what it throws."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_for(self, expression: str) -> Any:
        """The value of an expression once it is true; fails with what the page shows."""
        value: list[Any] = []

        def is_true() -> bool:
            value[:] = [self.evaluate(expression)]
            return bool(value[0])

        try:
            wait_until(is_true, PATIENCE)
        except AssertionError:
            shown = self.evaluate("document.body.innerText")
            pytest.fail(f"never true: {expression}\n{self.complaints}\n{shown}")
        return value[0]

    def click(self, selector: str) -> None:
        """Click an element once it is there."""
        self.wait_for(f"!!document.querySelector({json.dumps(selector)})")
        found = f"document.querySelector({json.dumps(selector)})"
        self.evaluate(f"{found}.focus(), {found}.click()")  # what had the focus is told so

    def type_in(self, selector: str, text: str) -> None:
        """Replace what is written in a field, as a person would."""
        self.wait_for(f"!!document.querySelector({json.dumps(selector)})")
        self.evaluate(f"document.querySelector({json.dumps(selector)}).select()")
        self.evaluate(f"document.querySelector({json.dumps(selector)}).focus()")
        self.call("Input.insertText", text=text)

    def screenshot(self, file: Path) -> None:
        file.write_bytes(b64decode(self.call("Page.captureScreenshot")["data"]))

    @property
    def hosts(self) -> set[str]:
        """The hosts that it has asked for anything."""
        return {urlsplit(url).netloc for url in self.requested if not url.startswith("data:")}


class Browser:
    """The process, and the two pipes to it: JSON, each message ended by NUL."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to, self._from = to_browser, from_browser
        self._answers: dict[int, Queue[dict[str, Any]]] = {}
        self._pages: dict[str, Page] = {}
        self._number = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        left = b""
        with suppress(OSError):
            while data := os.read(self._from, 1 << 16):
                *messages, left = (left + data).split(b"\0")
                for message in messages:
                    self._take(json.loads(message))

    def _take(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self._answers[message["id"]].put(message)
        elif page := self._pages.get(message.get("sessionId", "")):
            page.hears(message["method"], message["params"])

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Send a command, and wait for its result."""
        self._number += 1
        number, answers = self._number, Queue[dict[str, Any]]()
        self._answers[number] = answers
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._to, data) :]
        answer = answers.get(timeout=PATIENCE)
        assert "error" not in answer, answer["error"]
        result: dict[str, Any] = answer["result"]
        return result

    def open(self, address: str) -> Page:
        """A window on a page."""
        target = self.call("Target.createTarget", url="about:blank", newWindow=True)
        attached = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        page = Page(self, attached["sessionId"])
        self._pages[attached["sessionId"]] = page
        for domain in ("Page", "Network", "Runtime", "Log"):
            page.call(f"{domain}.enable")
        page.call("Page.navigate", url=address)
        return page


@contextmanager
def browsing(profile: Path) -> Iterator[Browser]:
    """A browser with a profile of its own."""
    program = chromium()
    read_commands, to_browser = os.pipe()
    from_browser, write_answers = os.pipe()

    def as_three_and_four() -> None:
        """Where `--remote-debugging-pipe` looks for them."""
        commands, answers = (fcntl(end, F_DUPFD, 10) for end in (read_commands, write_answers))
        os.dup2(commands, 3)
        os.dup2(answers, 4)

    command = [program, *_FLAGS, "--remote-debugging-pipe", f"--user-data-dir={profile}"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(
        [*command, "about:blank"],
        stdout=quiet,
        stderr=quiet,
        preexec_fn=as_three_and_four,  # noqa: PLW1509  (no other way to give these numbers)
        close_fds=False,
    ) as process:
        os.close(read_commands)
        os.close(write_answers)
        try:
            yield Browser(to_browser, from_browser)
        finally:
            process.terminate()
            process.wait()
            os.close(to_browser)
            os.close(from_browser)
