"""Result files: they are drawn, checked if they come from another person, and compared by date."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.commands.options import needs_matplotlib
from benchmarks.results import FOLDER

app = typer.Typer()


@app.command(epilog="Example: python -m benchmarks report benchmarks/results/*-grid.json --output report")
def report(
    bench_files: Annotated[list[Path], typer.Argument(help="Files that edge bench wrote, one for each board.")],
    output: Annotated[Path, typer.Option(help="The folder of the page and the figures.")] = Path("report"),
) -> None:
    """Draw figures and one page from one or several files of edge bench."""
    with needs_matplotlib("the report"):
        from benchmarks.board_report.write import write_report
    for path in write_report(bench_files, output):
        print(path)


@app.command(epilog="Example: python -m benchmarks validate board.json")
def validate(
    file: Annotated[Path, typer.Argument(help="A file that edge bench --standard wrote on another machine.")],
) -> None:
    """Check a file of edge bench --standard from another person: its form, its hashes, and whether it can be right."""
    from benchmarks.sent_files.validate import validate as lines

    print("\n".join(lines(file)))


@app.command(epilog="Example: python -m benchmarks history --output report")
def history(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Result files, or their folder (default: benchmarks/results).")
    ] = None,
    output: Annotated[Path, typer.Option(help="The folder of the page.")] = Path("report"),
) -> None:
    """Draw the figures of all result files by date, so that a change of a few per cent is seen."""
    from benchmarks.history.page import write_history
    from benchmarks.history.series import read_series

    named = [file for path in files or [FOLDER] for file in (path.glob("*.json") if path.is_dir() else [path])]
    print(write_history(read_series(named), output))
