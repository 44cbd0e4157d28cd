"""``python -m benchmarks hostile``: hostile input, devices, cameras, brokers and browsers."""

from __future__ import annotations

from typing import Annotated

import typer

from benchmarks.commands.options import ResultsDir
from benchmarks.results import FOLDER, save_results
from edge.errors import DataError, UsageError

app = typer.Typer()


@app.command(epilog="Example: python -m benchmarks hostile --area devices")
def hostile(
    area: Annotated[list[str] | None, typer.Option(help="Run this area only; may be repeated.")] = None,
    seed: Annotated[int, typer.Option(help="The seed of the random changes of pictures, models and inputs.")] = 18,
    results_dir: ResultsDir = FOLDER,
) -> None:
    """Run hostile cases and print one table: signals, tracebacks, hangs, peaks of memory, wrong acceptances."""
    from benchmarks.device.hostile.areas import AREAS, run_areas
    from benchmarks.device.hostile.case import as_table, count_by_area

    unknown = sorted(set(area or ()) - set(AREAS))
    if unknown:
        raise UsageError(f"there is no area {unknown[0]!r}; the areas are {', '.join(AREAS)}")
    results = run_areas([name for name in AREAS if not area or name in area], seed)
    rows = count_by_area(results)
    command = "python -m benchmarks hostile" + "".join(f" --area {name}" for name in area or ())
    path = save_results(
        "-".join(["hostile", *sorted(area or ()), f"seed{seed}"]), f"{command} --seed {seed}", rows, results_dir
    )
    print(f"{as_table(rows)}\n\n{path}")
    wrong = sum(result.result != "ok" for result in results)
    if wrong:
        raise DataError(f"{wrong} of {len(results)} hostile cases ended wrongly; they are named above")
