"""Text of the report's page."""

from __future__ import annotations

from trainer.report.markup import escape


def test_names_of_files_stay_text() -> None:
    """Marks of HTML are escaped; what a page must not have, or what turns text around, is a question mark."""
    name = "<b>\x1b[31m\u202egpj.\n\x85 ü 花 50 %"
    assert escape(name) == "&lt;b&gt;?[31m?gpj.?? ü 花 50\N{NO-BREAK SPACE}%"
