"""Result files: drawn, checked where somebody else sends them, and compared by date."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from benchmarks.results import FOLDER
from edge.distribution import install_command
from edge.errors import ConfigurationError

app = typer.Typer()


@app.command(epilog="Example: python -m benchmarks report benchmarks/results/*-grid.json --output report")
def report(
    bench_files: Annotated[list[Path], typer.Argument(help="Files that edge bench wrote, one for each board.")],
    output: Annotated[Path, typer.Option(help="The folder of the page and the figures.")] = Path("report"),
) -> None:
    """Draw figures and one page from one or several files of edge bench."""
    try:
        from benchmarks.board_report.write import write_report
    except ModuleNotFoundError as error:
        if error.name != "matplotlib":
            raise
        raise ConfigurationError(f"the report needs matplotlib: {install_command('benchmarks')}") from None
    for path in write_report(bench_files, output):
        print(path)


@app.command(epilog="Example: python -m benchmarks validate board.json")
def validate(
    file: Annotated[Path, typer.Argument(help="A file that edge bench --standard wrote on another machine.")],
) -> None:
    """Check a file of edge bench --standard that somebody sends: its form, its hashes, and whether it can be right."""
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
