"""The page to try the server, in a real browser."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.label_server import Client, photo
from support.web_page import expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def test_a_phone_sends_pictures(client: Client, browser: Browser, tmp_path: Path) -> None:
    """The camera of a phone and chosen files are labelled, and a bad one has its line; axe finds nothing."""
    pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")
    (tmp_path / "red<b>.png").write_bytes(photo("red"))
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page, troubles = context.new_page(), []
    url = f"http://127.0.0.1:{client.port}/"
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("request", lambda request: request.url.startswith(url) or troubles.append(request.url))
    page.goto(url)
    camera = page.get_by_label("Take a photo")
    expect(camera).to_have_attribute("capture", "environment")
    expect(page.locator("#model option")).to_have_text(["tiny-int8", "tiny-float32"])
    page.get_by_label("Model").select_option("tiny-float32")
    camera.set_input_files(tmp_path / "red<b>.png")
    expect(page.locator("#answers h3")).to_have_text(["red"])
    expect(page.locator("#answers .path")).to_have_text(["red<b>.png"])
    expect(page.get_by_role("status")).to_have_text("One picture was answered.")
    page.get_by_label("Choose pictures").set_input_files([tmp_path / "red<b>.png", tmp_path / "bad.jpg"])
    expect(page.locator("#answers h3")).to_have_text(["No label", "red", "red"])
    expect(page.locator("#answers .trouble")).to_contain_text("not an image of a known format")
    assert page.evaluate("() => document.documentElement.scrollWidth") == 390
    script = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
    page.evaluate(script)  # not as a tag: the page allows its own scripts only
    found = page.evaluate("axe.run()")
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []
    assert troubles == []
    context.close()
