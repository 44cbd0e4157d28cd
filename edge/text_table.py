"""Tables of plain text, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edge.printable import printable


def aligned(rows: Sequence[Sequence[str]], left: int = 1) -> Iterator[str]:
    """``rows`` of equal length as lines: the first ``left`` columns to the left, the others to the right."""
    rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = zip(row, widths, strict=True)
        cells = (
            text.ljust(width) if column < left else text.rjust(width) for column, (text, width) in enumerate(padded)
        )
        yield "  ".join(cells).rstrip()
