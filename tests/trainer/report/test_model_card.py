"""The model card has the content of the page."""

from __future__ import annotations

import re

from trainer.report.content import ReportContent
from trainer.report.model_card import render_card
from trainer.report.summary import headlines
from trainer.report.tables import commands


def test_card_has_the_content_of_the_page(content: ReportContent) -> None:
    """It has every headline, the sha256 and the commands, and two cards have the same bytes."""
    card = render_card(content)
    assert card.startswith("# tiny-int8.tflite\n\n")
    for headline in headlines(content):
        assert f"| {headline.name} | {headline.value} | " in card
    assert content.model.sha256 in card
    assert "```sh\n" + "\n".join(commands(content)) + "\n```" in card
    assert card == render_card(content)


def test_hostile_names_are_text_in_markdown(content: ReportContent) -> None:
    """A name makes no tag, no link, no emphasis and no further column."""
    card = render_card(content)
    assert r"&lt;script&gt;alert(1) \| \`x\`" in card
    assert r'"&gt;&lt;img src=x onerror=alert(1)&gt; \_a\_ \[b\](c).png' in card
    assert "<" not in card
    for table in re.findall(r"(?:^\|.*\|\n)+", card, re.MULTILINE):
        columns = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(columns) == 1


def test_line_breaks_in_names_do_not_end_a_row(content: ReportContent) -> None:
    """A line break in the name of a file becomes a space."""
    entry = content.evaluation.skipped[0]
    content.evaluation.skipped.append(entry._replace(path="blue/a\nb\u2028c.png"))
    try:
        assert "| blue/a b c.png | " in render_card(content)
    finally:
        content.evaluation.skipped.pop()
