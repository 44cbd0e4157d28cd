"""Progress whose messages a test can read."""

from __future__ import annotations

from trainer.progress import Progress


class Messages(Progress):
    """Keeps the messages as ``lines``."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def message(self, text: str) -> None:
        """Keep ``text``."""
        self.lines.append(text)
