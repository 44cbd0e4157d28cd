"""Files of edge bench: drawn, and checked where somebody else sends them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
