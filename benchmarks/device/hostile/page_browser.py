"""Attacks on the page in a real Chromium. Each returns None, or what is wrong."""

from __future__ import annotations

import contextlib
import http.server
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.device.chromium import chromium
from benchmarks.device.hostile.nginx import nginx
from benchmarks.device.hostile.page_scene import TOKEN, Page
from benchmarks.device.ports import serving

_REBIND = "--host-resolver-rules=MAP evil.example 127.0.0.1, MAP other.example 127.0.0.1"
_LIVE = "body[data-state=live]"
_WAIT_MS = 10_000
HOSTILE_LABEL = "<img src=x onerror=document.title='owned'><script>document.title='owned'</script>"


def browser() -> contextlib.AbstractContextManager[Any]:
    """A Chromium that takes the names of an attacker for this machine.

    Raises the errors of :func:`~benchmarks.device.chromium.chromium`.
    """
    return chromium(_REBIND)


@contextlib.contextmanager
def _foreign_site(content: str) -> Iterator[str]:
    """A page of another site with ``content``."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, *_: object) -> None:
            pass

    with serving(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"http://other.example:{port}/"


def _from_another_site(page: Page, tab: Any, script: str) -> str | None:
    """``script`` of another site must end with 'refused'."""
    with _foreign_site("<!doctype html><body></body>") as address:
        tab.goto(address)
        found = tab.evaluate(f"async (url) => {{ {script} }}", page.url)
    return None if found == "refused" else f"another site gets {str(found)[:100]!r}"


def _frame(page: Page, tab: Any, folder: Path) -> str | None:
    with _foreign_site(f"<!doctype html><iframe src='{page.url}'></iframe>") as address:
        tab.goto(address)
        frames = [frame.url for frame in tab.frames[1:]]
    return None if not any(url.startswith(page.url) for url in frames) else "another site shows the page in a frame"


def _rebound(page: Page, tab: Any, folder: Path) -> str | None:
    answer = tab.goto(f"http://evil.example:{page.port}/")
    return None if answer.status == 421 else f"status {answer.status}"


def _hostile_label(page: Page, tab: Any, folder: Path) -> str | None:
    tab.goto(page.url)
    tab.locator(_LIVE).wait_for(timeout=_WAIT_MS)
    tab.locator("#bars li").first.wait_for(timeout=_WAIT_MS)
    names = tab.locator("#bars .name").all_text_contents()
    shown = HOSTILE_LABEL in names and "owned" not in tab.title()[:5] and tab.locator("img").count() == 1
    return None if shown else f"the labels are {names}"


def _many_tabs(page: Page, tab: Any, folder: Path) -> str | None:
    tabs = [tab.context.new_page() for _ in range(16)]
    for one in tabs:
        one.goto(page.url, wait_until="commit")
    for one in tabs:
        one.close()
    tab.goto(page.url)
    tab.locator(_LIVE).wait_for(timeout=3 * _WAIT_MS)
    return page.is_served()


def _through_nginx(page: Page, tab: Any, folder: Path) -> str | None:
    with nginx(folder / "nginx", page.port) as address:
        tab.goto(address)
        tab.locator(_LIVE).wait_for(timeout=_WAIT_MS)
        first = tab.locator("#picture[data-sequence]").get_attribute("data-sequence", timeout=_WAIT_MS)
        tab.locator(f"#picture:not([data-sequence='{first}'])").wait_for(timeout=_WAIT_MS)
    return None


def _token_in_address(page: Page, tab: Any, folder: Path) -> str | None:
    tab.goto(f"{page.url}?token={TOKEN}")
    tab.locator(_LIVE).wait_for(timeout=_WAIT_MS)
    seen = tab.evaluate("() => location.href + document.cookie + JSON.stringify(localStorage)")
    return None if TOKEN not in seen and "edge_web" not in seen else "the token can be read by a script"


def _reflected(page: Page, tab: Any, folder: Path) -> str | None:
    tab.goto(f"{page.url}?token=%22%3E%3Cscript%3Edocument.title=%27owned%27%3C/script%3E")
    return None if tab.title() != "owned" and "owned" not in tab.content() else "a token is part of the page"


Attack = Callable[[Page, Any, Path], "str | None"]
OPEN_TABS: dict[str, Attack] = {
    "a frame of another site": _frame,
    "a rebound name": _rebound,
    "labels with scripts": _hostile_label,
    "16 tabs": _many_tabs,
    "through nginx": _through_nginx,
    "a request of another site": lambda page, tab, _: _from_another_site(
        page, tab, "return fetch(url + 'observation.json').then((r) => r.text(), () => 'refused')"
    ),
    "events for another site": lambda page, tab, _: _from_another_site(
        page,
        tab,
        "return new Promise((done) => { const events = new EventSource(url + 'events');"
        " events.addEventListener('now', (e) => done(e.data)); events.onerror = () => done('refused') })",
    ),
    "a picture for another site": lambda page, tab, _: _from_another_site(
        page,
        tab,
        "return new Promise((done) => { const image = new Image(); image.onload = () => done('a picture');"
        " image.onerror = () => done('refused'); image.src = url + 'picture.jpg' })",
    ),
    "a script for another site": lambda page, tab, _: _from_another_site(
        page,
        tab,
        "return new Promise((done) => { const script = document.createElement('script');"
        " script.onload = () => done('a script'); script.onerror = () => done('refused');"
        " script.src = url + 'details.js'; document.head.append(script) })",
    ),
}
GUARDED_TABS: dict[str, Attack] = {"the token in the address": _token_in_address, "a token with a script": _reflected}
