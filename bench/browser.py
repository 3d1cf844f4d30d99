"""A real browser, driven over its DevTools protocol through a pipe: no port, no dependency.

It is Chromium or Chrome, found on the path; `find()` says where. What it loads is on this machine.
"""

from __future__ import annotations

import base64
import functools
import itertools
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_SECONDS = 60.0


@functools.cache
def find() -> str:
    """Return the path of a browser, empty where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), "")


class Browser:
    """One browser with one page, in a profile of its own that goes with it."""

    def __init__(self) -> None:
        path = find()
        if not path:
            raise RuntimeError(f"no browser is on the path; install one of {', '.join(NAMES)}")
        self._profile = tempfile.mkdtemp(prefix="browser-")
        self._numbers = itertools.count(1)
        self._buffer = b""
        # The browser reads requests from its descriptor 3, and writes answers to its 4.
        theirs_in, self._write = os.pipe()
        self._read, theirs_out = os.pipe()
        flags = (
            "--headless", "--remote-debugging-pipe", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-dev-shm-usage", "--hide-scrollbars",
            *(("--no-sandbox",) if os.geteuid() == 0 else ()),  # root cannot have one
            f"--user-data-dir={self._profile}",
        )  # fmt: skip
        self._process = subprocess.Popen(
            ["bash", "-c", f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}', path, *flags],
            pass_fds=(theirs_in, theirs_out),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._session = ""
        self.version: str = self.call("Browser.getVersion")["product"]
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        found = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = found["sessionId"]

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the browser."""
        os.close(self._write)  # it ends when the pipe does
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._read)
        shutil.rmtree(self._profile, ignore_errors=True)  # its last writers may still be there

    def call(self, method: str, **params: Any) -> Any:
        """Return the result of one method of the protocol."""
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._write, data) :]
        while True:
            answer = self._next()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def open(self, url: str) -> None:
        """Load `url`, and wait until its scripts have run."""
        self.call("Page.navigate", url=url)
        until = time.monotonic() + _SECONDS
        while self.run("document.readyState") != "complete" or self.run("location.href") != url:
            if time.monotonic() > until:
                raise RuntimeError(f"{url} was not loaded in {_SECONDS} seconds")
            time.sleep(0.02)

    def show(self, html: str) -> None:
        """Put the HTML of a whole page into the page that is open."""
        self.run(f"document.open(); document.write({json.dumps(html)}); document.close()")

    def run(self, script: str) -> Any:
        """Return the value of an expression, awaited where it is a promise."""
        found = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in found:
            raise RuntimeError(f"{script[:200]}: {found['exceptionDetails']}")
        return found["result"].get("value")

    def emulate(self, *, width: int = 1280, height: int = 900, **media: str) -> None:
        """Show the page at this size, and with media features, as `forced_colors="active"`."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        features = [{"name": k.replace("_", "-"), "value": v} for k, v in media.items()]
        self.call("Emulation.setEmulatedMedia", features=features)

    def picture(self, path: Path) -> None:
        """Save a picture of the whole page."""
        data = self.call("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(data))

    def printed(self, html: str) -> bytes:
        """Return a page as PDF."""
        self.show(html)
        return base64.b64decode(self.call("Page.printToPDF")["data"])

    def copied(self, html: str) -> str:
        """Return what is pasted as text after all of a page was selected and copied, by keys."""
        self.show(html)
        self.run("window.focus()")
        self._edit("selectAll")
        self._edit("copy")
        self.show("<!doctype html><textarea></textarea>")
        self.run("document.querySelector('textarea').focus()")
        self._edit("paste")
        return str(self.run("document.querySelector('textarea').value"))

    def _edit(self, command: str) -> None:
        for kind in ("keyDown", "keyUp"):
            commands = [command] if kind == "keyDown" else []
            self.call("Input.dispatchKeyEvent", type=kind, commands=commands)

    def _next(self) -> dict[str, Any]:
        until = time.monotonic() + _SECONDS
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                raise RuntimeError(f"the browser did not answer in {_SECONDS} seconds")
            data = os.read(self._read, 1 << 16)
            if not data:
                raise RuntimeError("the browser ended")
            self._buffer += data
        message, _, self._buffer = self._buffer.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found
