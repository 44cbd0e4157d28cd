"""The model card has the page's facts."""

from __future__ import annotations

import re

from trainer.report.card import render_card
from trainer.report.facts import Facts
from trainer.report.summary import headlines
from trainer.report.tables import commands


def test_card_has_the_facts_of_the_page(facts: Facts) -> None:
    """Every headline, the fingerprint, the classes, the commands."""
    card = render_card(facts)
    assert card.startswith("# tiny-int8.tflite\n\n")
    for headline in headlines(facts):
        assert f"| {headline.name} | {headline.value} | " in card
    assert facts.model.sha256 in card
    assert "```sh\n" + "\n".join(commands(facts)) + "\n```" in card
    assert card == render_card(facts)


def test_hostile_names_are_text_in_markdown_too(facts: Facts) -> None:
    """No tag, no link, no emphasis and no further column comes from a name."""
    card = render_card(facts)
    assert r"&lt;script&gt;alert(1) \| \`x\`" in card
    assert r'"&gt;&lt;img src=x onerror=alert(1)&gt; \_a\_ \[b\](c).png' in card
    assert "<" not in card
    for table in re.findall(r"(?:^\|.*\|\n)+", card, re.MULTILINE):
        columns = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(columns) == 1


def test_line_breaks_in_names_do_not_end_a_row(facts: Facts) -> None:
    """A file name may hold a line break; a row of a table may not."""
    entry = facts.skipped[0]
    facts.skipped.append(entry._replace(path="blue/a\nb\u2028c.png"))
    try:
        assert "| blue/a b c.png | " in render_card(facts)
    finally:
        facts.skipped.pop()
