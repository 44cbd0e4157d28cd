"""Which quantization is the fastest on this machine: files of one architecture compared with each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from statistics import fmean
from typing import Any

from edge.bench.ranking import rank, ranking_text
from edge.modelfile.manifest import ADOPTED

_Rows = Sequence[dict[str, Any]]


def fastest_quantizations(rows: _Rows, resolution: float) -> list[dict[str, Any]]:
    """One plain JSON object for each architecture, runtime and number of threads that several quantizations share.

    ``fastest`` holds the quantizations that may be the fastest: their p50 differ by less than the share ``resolution``
    from the smallest one. ``times_as_long`` has of each other quantization how many times as long it takes. Of several
    files of one quantization the fastest counts. Adopted models are compared with none, because they may be different
    networks. Rows with a delegate are not compared here.
    """
    found = []
    for (architecture, runtime, threads), files in _comparable(rows).items():
        ranking = rank({name: row["p50_ms"] for name, row in files.items()}, resolution)
        case = {"architecture": architecture, "runtime": runtime, "threads": threads}
        found.append({**case, **ranking.as_json()})
    return found


def fastest_lines(results: dict[str, Any]) -> Iterator[str]:
    """What :func:`fastest_quantizations` found of the rows of ``results``, as sentences; none if nothing was compared.

    Each runtime has one line, or one for each result if architectures or threads differ in it; the last line names
    the accuracies of the quantizations.
    """
    rows = results["rows"]
    found = fastest_quantizations(rows, results["noise"]["resolution"])
    for runtime in dict.fromkeys(one["runtime"] for one in found):
        cases = [one for one in found if one["runtime"] == runtime]
        alike: dict[tuple[frozenset[str], frozenset[str]], list[dict[str, Any]]] = {}
        for one in cases:
            alike.setdefault((frozenset(one["fastest"]), frozenset(one["times_as_long"])), []).append(one)
        for group in sorted(alike.values(), key=len, reverse=True):
            where = "" if len(group) == len(cases) else f" ({_where(group, len(cases))})"
            factors = {name: [one["times_as_long"][name] for one in group] for name in group[0]["times_as_long"]}
            ranges = {name: (min(values), max(values)) for name, values in factors.items()}
            yield f"{runtime}{where}: {ranking_text(group[0]['fastest'], ranges)}"
    yield from _accuracies(rows, dict.fromkeys(one["architecture"] for one in found))


def _comparable(rows: _Rows) -> dict[tuple[str, str, int], dict[str, dict[str, Any]]]:
    """The fastest row of each quantization, by architecture, runtime and threads, where there are several."""
    files: dict[tuple[str, str, int], dict[str, dict[str, Any]]] = {}
    for row in sorted((row for row in rows if row["error"] is None), key=lambda row: float(row["p50_ms"])):
        if row["architecture"] not in (None, ADOPTED) and row["quantization"] is not None and not row["delegate"]:
            key = row["architecture"], row["runtime"], row["threads"]
            files.setdefault(key, {}).setdefault(row["quantization"], row)
    return {key: files[key] for key in sorted(files) if len(files[key]) > 1}


def _where(group: _Rows, cases: int) -> str:
    """Which architectures and threads: by name if they are few, else by their number."""
    if len(group) > 2:
        return f"{len(group)} of {cases} comparisons"
    return ", ".join(f"{one['architecture']}, {one['threads']} thread{'s' * (one['threads'] > 1)}" for one in group)


def _accuracies(rows: _Rows, architectures: Iterable[str]) -> Iterator[str]:
    """The accuracies of the quantizations, where all files of an architecture were tested on as many photos."""
    told: list[dict[str, float]] = []
    photos: set[int] = set()
    for architecture in architectures:
        known = {
            (row["quantization"], row["accuracy"], row["accuracy_photos"])
            for row in rows
            if row["architecture"] == architecture and row["quantization"] is not None
        }
        accuracies = {quantization: accuracy for quantization, accuracy, _ in known}
        tested = {count for *_, count in known}
        if len(accuracies) < len(known) or None in accuracies.values() or len(tested) > 1:
            continue
        told.append(accuracies)
        photos |= tested
    names = sorted({name for accuracies in told for name in accuracies})
    if not told or any(accuracies.keys() != set(names) for accuracies in told) or len(photos) > 1:
        return
    shares = ", ".join(f"{name} {100 * fmean(one[name] for one in told):.1f} %" for name in names)
    mean = f", mean of {len(told)} architectures" if len(told) > 1 else ""
    yield f"test accuracy{mean}: {shares} of {photos.pop()} photos"
