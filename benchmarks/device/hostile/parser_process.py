"""``python -m benchmarks.device.hostile.parser_process TARGET CORPUS [-runs=N ...]``: fuzz one parser with atheris.

The arguments after the target are those of libFuzzer. The good inputs are written to the folder ``CORPUS`` first.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["edge", "trainer.flash.device_answers"]):
    from benchmarks.device.hostile.parser_targets import TARGETS


def main() -> None:
    """Fuzz the parser that is the first argument; the process ends when libFuzzer ends."""
    target = TARGETS[sys.argv[1]]
    corpus = Path(sys.argv[2])
    corpus.mkdir(exist_ok=True)
    for number, content in enumerate(target.corpus()):
        (corpus / f"{number:03}").write_bytes(content)

    def run(data: bytes) -> None:
        with contextlib.suppress(target.errors):
            target.parse(data)

    atheris.Setup(sys.argv[:1] + sys.argv[2:], run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
