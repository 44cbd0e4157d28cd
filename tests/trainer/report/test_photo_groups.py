"""Photos that depend on each other: what the page and the card say of them, and of a model that no photo can show."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from support import tiny
from support.evaluations import evaluation_of
from trainer.photos.dataset import Photo
from trainer.photos.split import SplitRatios
from trainer.progress import Progress
from trainer.report.content import ReportContent, training_content
from trainer.report.figures import score_figures, training_curves
from trainer.report.group_rows import SHOWN_GROUPS, SHOWN_PHOTOS, groups_section
from trainer.report.model_card import render_card
from trainer.report.page import render_page
from trainer.report.photo_groups import PhotoGroups, group_title
from trainer.report.summary import cautions, headlines
from trainer.report.tables import class_table, groups_table, quantization_table
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all


def shots(label: str, scene: int, count: int, split: str = "training") -> list[Photo]:
    """``count`` photos of one scene."""
    names = [f"{label}/{scene:02d}-{shot:02d}.jpg" for shot in range(count)]
    return [Photo(Path("gone", name), name, label, b"", split, names[0]) for name in names]


def content_for(tmp_path: Path, copies: dict[str, int]) -> ReportContent:
    """A training on 12 pictures of each colour; of each colour, ``copies`` of them are one picture by their names."""
    photos = tiny.paint_folder(tmp_path / "photos")
    for label, count in copies.items():
        for index in range(count):
            (photos / label / f"{index:03d}.png").rename(photos / label / f"copied_nohash_{index}.png")
    tiny.write_backbone(tmp_path / "cache")
    options = RetrainOptions(
        folder=photos,
        output=tmp_path / "tiny.tflite",
        bottleneck_dir=tmp_path / "cache",
        architecture=tiny.ARCHITECTURE,
        weights="random",
        ratios=SplitRatios(20, 20),
        cross_validate=True,
        groups="names",
        unknown=None,
    )
    return training_content(retrain_all(options, Progress())[0], [])


@pytest.fixture(scope="module")
def grouped(tmp_path_factory: pytest.TempPathFactory) -> ReportContent:
    """Of each colour, 5 of 12 pictures are one group."""
    return content_for(tmp_path_factory.mktemp("grouped"), dict.fromkeys(tiny.COLOURS, 5))


@pytest.fixture(scope="module")
def unknown(tmp_path_factory: pytest.TempPathFactory) -> ReportContent:
    """All pictures of each colour are one group, so no test photo is independent."""
    return content_for(tmp_path_factory.mktemp("unknown"), dict.fromkeys(tiny.COLOURS, 12))


@pytest.fixture(scope="module")
def one_unknown(tmp_path_factory: pytest.TempPathFactory) -> ReportContent:
    """All pictures of one of three colours are one group."""
    return content_for(tmp_path_factory.mktemp("one unknown"), {"green": 12})


def test_independent_photos_need_no_section(content: ReportContent) -> None:
    """Without groups, page and card say nothing of them, and all photos are cross-validated."""
    assert groups_section(content) == ""
    assert "depend on each other" not in render_page(content) + render_card(content)
    assert headlines(content)[1].note.startswith("all 90 photos in 5 parts")


def test_groups_are_counted_and_shown(grouped: ReportContent) -> None:
    """The page has the counts, each group with its class, split, pictures and names, and what to do if one is wrong."""
    section = groups_section(grouped)
    assert "36 photos, 24 independent: photos of one group stay in one split and count as one." in section
    assert section.count('<span class="option">--groups</span> ') == 2
    assert re.findall(r"<h3>(5 photos of \w+) \(\w+\)</h3>", section) == [
        f"5 photos of {label}" for label in ("blue", "green", "red")
    ]
    assert section.count("<img") == 15
    assert section.count('<span class="path">copied_nohash_0.png</span>') == 3
    assert groups_table(grouped).rows[0][1] == ", ".join(f"blue/copied_nohash_{index}.png" for index in range(5))
    assert headlines(grouped)[1].note.startswith("all 36 photos (24 independent) in 5 parts")
    assert "## Photos that depend on each other\n\n36 photos, 24 independent" in render_card(grouped)


def test_many_and_large_groups_are_shown_in_part(grouped: ReportContent) -> None:
    """At most six groups have pictures, at most eight photos each; the table below names the groups of all."""
    photos = [photo for scene in range(SHOWN_GROUPS + 2) for photo in shots("rose", scene, SHOWN_PHOTOS + 12 + scene)]
    content = replace(grouped, photo_groups=PhotoGroups.of(photos, trained=True))
    section = groups_section(content)
    assert section.count('<li class="card">') == SHOWN_GROUPS
    assert section.count('<span class="path">') == SHOWN_GROUPS * SHOWN_PHOTOS
    assert re.findall(r"and (\d+) more</li>", section) == ["19", "18", "17", "16", "15", "14"]
    assert "cannot be read any more" in section
    assert "All 8 groups, by name" in section
    assert len(groups_table(content).rows) == 8
    assert groups_table(content).rows[0][1].endswith("rose/07-19.jpg and 7 more")


def test_a_group_of_two_classes_and_splits_says_so() -> None:
    """The title names all classes and, after a training, all splits; the names below keep their folders."""
    group = [*shots("rose", 0, 1), *shots("daisy", 1, 2, "test")]
    assert group_title(group, trained=True) == "3 photos of daisy, rose (training, test)"
    assert group_title(group, trained=False) == "3 photos of daisy, rose"


def test_hostile_names_of_groups_are_text(grouped: ReportContent) -> None:
    """Names that look like markup are shown as text."""
    content = replace(grouped, photo_groups=PhotoGroups.of(shots("<b>x", 0, 2), trained=True))
    assert "<b>" not in groups_section(content)
    assert "2 photos of &lt;b&gt;x (training)" in groups_section(content)


def test_groups_of_an_evaluation_have_no_split(grouped: ReportContent) -> None:
    """They count as one photo; the same option changes them."""
    evaluation = evaluation_of(("a", "b"), [("a", "a"), ("a", "b"), ("b", "b")], ["g", "g", "h"])
    content = replace(grouped, photo_groups=PhotoGroups.of(evaluation.photos, trained=False))
    section = groups_section(content)
    assert "3 photos, 2 independent: photos of one group count as one. If a group is wrong, evaluate again" in section
    assert "<h3>2 photos of a</h3>" in section and "stay in one split" not in section


def test_without_evidence_there_is_no_figure_of_quality(unknown: ReportContent) -> None:
    """Page and card give no share in percent and no interval, but say why, and what to do."""
    assert not unknown.has_evidence
    assert [headline[:2] for headline in headlines(unknown)][:-1] == [("test accuracy", "not known")]
    assert training_curves(unknown) == score_figures(unknown) == []
    assert class_table(unknown) is quantization_table(unknown) is None
    (first, *others) = cautions(unknown)
    assert first.startswith("No figure shows how good the model is: there are too few independent photos of blue, ")
    assert "Add photos of other scenes, at least 3 of each class, and train again." in first
    assert not any("accuracy" in line for line in others)
    page = render_page(unknown).partition("<body>")[2].partition("<footer>")[0]
    for text in (page, render_card(unknown)):
        claims = re.sub(r"Photos to look at first.*?(</section>|\n## )", "", text, flags=re.DOTALL)
        assert not re.search(r"\d\s?%|confidence|calibrat|score threshold|precision:|recall", claims)


def test_doubtful_labels_stay_without_evidence(unknown: ReportContent, content: ReportContent) -> None:
    """They come from the cross-validation, without a count of the wrong answers."""
    doubtful = replace(unknown, doubtful_labels=content.doubtful_labels)
    for text in (render_page(doubtful), render_card(doubtful)):
        assert "These photos got another label than their folder, from heads that were not fitted on them." in text


def test_classes_without_evidence_are_named(one_unknown: ReportContent) -> None:
    """The figures of the other classes stay."""
    assert one_unknown.has_evidence
    assert cautions(one_unknown)[0] == (
        "No figure shows how good the model is for green: there are too few independent photos. Add photos of other "
        "scenes, at least 3 of each class, and train again."
    )
    assert headlines(one_unknown)[1].note.startswith("24 photos in 5 parts")
