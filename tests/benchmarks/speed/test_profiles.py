"""The picture of where the time goes."""

from __future__ import annotations

from pathlib import Path

from benchmarks.speed.profiles import draw, read_profiles


def test_the_bars_of_shares_are_whole() -> None:
    """Parts in percent make a hundred, and each panel with a bar of before has one of now."""
    panels = read_profiles()
    assert [sum(bar.values()) for (_, unit), bars in panels.items() if unit[0] == "%" for bar in bars.values()] == [
        100
    ] * 2
    for bars in panels.values():
        assert sum("before" in name for name in bars) in (0, sum("now" in name for name in bars))


def test_the_picture_shows_every_panel(tmp_path: Path) -> None:
    """An SVG with a title for each."""
    draw(tmp_path / "profiles.svg")
    text = (tmp_path / "profiles.svg").read_text()
    assert all(f"<!-- {title}: {unit} -->" in text for title, unit in read_profiles())
