"""Whether a file from another person is a run of the standard set, and may stand beside others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.sent_files.plausible import check_plausible
from benchmarks.sent_files.read import read_sent
from benchmarks.sent_files.schema import check_schema
from edge.bench.soak_summary import soak_lines
from edge.bench.standard.points import VERSION, standard_models
from edge.bench.standard.run import SOAK_MODEL
from edge.errors import DataError

ROUNDS, SECONDS, SOAK_S = 5, 1.0, 600.0
"""A full run has at least these: the defaults of ``edge bench --standard``."""

_COMMAND = "edge bench --standard "
_QUIET = (None, "0x0")


def validate(path: Path) -> list[str]:
    """What there is to say of the valid file at ``path``: one line, and one more for each reason for care.

    That it was measured and not invented nobody can see in a file. Raises :class:`~edge.errors.DataError`, in one line
    with the name of the file, if it is damaged, is of another command or of a shorter run, or cannot be right.
    """
    results = read_sent(path)
    try:
        check_schema(results)
        _check_files(results)
        _check_full(results)
        check_plausible(results)
    except DataError as error:
        raise DataError(f"{path}: not valid: {error}") from None
    return list(_lines(path, results))


def _check_files(results: dict[str, Any]) -> None:
    """Every file of the set once for each runtime and number of threads, with its SHA-256."""
    known = {model.name: model for model in standard_models()}
    seen: set[tuple[str, str, int]] = set()
    for row in results["rows"]:
        model = known[row["model"]]
        for name in ("sha256", "size_bytes", "architecture", "quantization", "input_size"):
            if row[name] != getattr(model, name):
                raise DataError(f"{model.name}: its {name} is not that of the standard set")
        key = row["model"], row["runtime"], row["threads"]
        if key in seen:
            raise DataError(f"{model.name}: it stands twice for {row['runtime']} with {row['threads']} threads")
        seen.add(key)
    settings = results["settings"]
    wanted = {(name, runtime, n) for name in known for runtime in settings["runtimes"] for n in settings["threads"]}
    if seen != wanted:
        name, runtime, threads = min(seen ^ wanted)
        what = "is missing" if (name, runtime, threads) in wanted else "is not in the settings"
        raise DataError(f"{name} on {runtime} with {threads} threads {what}")


def _check_full(results: dict[str, Any]) -> None:
    settings, soak_s = results["settings"], results["standard"]["soak_s"]
    if not results["command"].startswith(_COMMAND):
        raise DataError(f"the command does not begin with {_COMMAND.strip()!r}")
    if settings["rounds"] < ROUNDS or settings["seconds"] < SECONDS or soak_s < SOAK_S:
        has = f"{settings['rounds']} rounds of {settings['seconds']:g} s and {soak_s / 60:g} min under load"
        raise DataError(f"a shorter run: {has}; a full one has {ROUNDS} of {SECONDS:g} s and {SOAK_S / 60:g} min")
    threads, cores = settings["threads"], results["board"]["cores"]
    if threads[0] != 1 or len(set(threads)) < len(threads) or max(threads) > cores:
        raise DataError(f"the numbers of threads {threads} are not 1 and all of {cores} cores")
    soak = results["soak"]
    if (soak["model"], soak["runtime"], soak["threads"]) != (SOAK_MODEL, settings["runtimes"][0], max(threads)):
        raise DataError(f"the load was not {SOAK_MODEL} on the first runtime with all threads")


def _lines(path: Path, results: dict[str, Any]) -> Iterator[str]:
    board, rows = results["board"], results["rows"]
    versions = {row["runtime"]: row["runtime_version"] for row in rows}
    runtimes = ", ".join(f"{runtime} {version or '(unknown version)'}" for runtime, version in versions.items())
    yield (
        f"{path}: valid: standard set {VERSION} on {board['board']}, {board['cores']} cores, {runtimes}, "
        f"{results['date']}: {len(rows)} rows"
    )
    failed = [row for row in rows if row["error"] is not None]
    if failed:
        yield f"care: {len(failed)} rows have an error, such as {failed[0]['model']}: {failed[0]['error']}"
    if results["noise"]["too_noisy"]:
        resolution = results["noise"]["resolution"]
        yield f"care: the machine was too noisy: differences below {100 * resolution:.0f} % may be chance"
    states = [results["state_before"], results["state_after"], *results["soak"]["windows"]]
    flags = sorted({state["throttled"] for state in states if state["throttled"] not in _QUIET})
    if flags:
        yield f"care: the board throttled itself ({', '.join(flags)})"
    yield from soak_lines(results["soak"])
