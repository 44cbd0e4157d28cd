"""Handing over on the page: save, back, downloads and the trash."""

from __future__ import annotations

import zipfile
from pathlib import Path

from edge.modelfile.model_file import ModelFile
from support.teach_page import column
from support.teach_stream import TeachingStream, teaching_stream
from support.web_page import OpenPage, expect
from trainer.teach.state import TRASH


def test_save_makes_a_file_that_can_be_downloaded(taught: TeachingStream, open_page: OpenPage, tmp_path: Path) -> None:
    """Save needs two classes; the file that comes is the usual one."""
    taught.add("red", 8)
    page = open_page("#hand-over")
    expect(page.locator("#model-state")).to_have_text("Not saved yet")
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    expect(page.get_by_text("Download the model")).to_be_hidden()
    taught.add("green", 8)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#model-state")).to_have_text("Saved")
    expect(page.get_by_role("button", name="Back")).to_be_disabled()
    with page.expect_download() as download:
        page.get_by_text("Download the model").click()
    download.value.save_as(tmp_path / "downloaded.tflite")
    assert ModelFile.load(tmp_path / "downloaded.tflite").labels == ("green", "red")


def test_a_store_runs_it_and_goes_back(tmp_path: Path, open_page: OpenPage) -> None:
    """With a store the model runs; Back returns to the one before."""
    with teaching_stream(tmp_path / "photos", store=tmp_path / "store") as taught:
        taught.add("red", 8)
        taught.add("green", 8)
        page = open_page("#hand-over", url=taught.url)
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#model-state")).to_have_text("Running")
        taught.add("blue", 8)
        first = page.locator("#model-text").text_content()
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#model-text")).not_to_have_text(first or "")
        expect(page.locator("#model-state")).to_have_text("Running")
        page.get_by_role("button", name="Back").click()
        expect(page.locator("#model-text")).to_contain_text("back to")


def test_download_the_photos(taught: TeachingStream, open_page: OpenPage, tmp_path: Path) -> None:
    """The zip has a folder for each class."""
    taught.add("red", 2)
    taught.add("green", 1)
    page = open_page("#hand-over")
    expect(page.locator("#photos-facts")).to_have_text("3 photos in 2 classes")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the photos").click()
    download.value.save_as(tmp_path / "photos.zip")
    with zipfile.ZipFile(tmp_path / "photos.zip") as packed:
        assert sorted(name.split("/")[-2] for name in packed.namelist()) == ["green", "red", "red"]


def test_the_trash(taught: TeachingStream, open_page: OpenPage) -> None:
    """Deleted photos can be looked at; they are removed for good after a question, and not before."""
    taught.add("red", 3)
    taught.session.delete([photo.id for photo in taught.session.folders.of("class")[:2]])
    page = open_page("#hand-over")
    expect(page.locator("#trash-facts")).to_contain_text("2 deleted photos")
    page.get_by_role("link", name="Show").click()
    expect(page.locator("#review-total")).to_have_text("2 photos")
    page.get_by_role("link", name="Hand over").click()
    page.get_by_role("button", name="Empty", exact=True).click()
    page.get_by_role("button", name="Cancel").click()
    assert len(taught.session.folders.of(TRASH)) == 2
    page.get_by_role("button", name="Empty", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Empty").click()
    expect(page.locator("#trash-facts")).to_have_text("There are no deleted photos.")
    expect(page.locator("#undo")).to_have_attribute("aria-disabled", "true")
    assert taught.session.folders.of(TRASH) == []
    page.get_by_role("link", name="Teach").click()
    expect(column(page, "red").locator(".counts")).to_have_text("1 photo")
