"""A file that falls short of what its head promised in floats is named."""

from __future__ import annotations

import pytest

from trainer.backbones.architectures import QUANTIZATIONS
from trainer.commands.retrain_output import print_models
from trainer.progress import SILENT
from trainer.retraining.options import RetrainOptions
from trainer.retraining.retrain_all import retrain_all
from trainer.retraining.retrained import shortfall_line


@pytest.mark.parametrize("quantization", QUANTIZATIONS)
def test_only_more_than_a_point_is_named(quantization: str) -> None:
    """The line has the quantization and the lost points; a point, nothing, and a gain have no line."""
    for promised, accuracy in ((0.9, 0.9), (0.9, 0.89), (0.9, 0.95)):
        assert shortfall_line(quantization, accuracy, promised) is None
    line = shortfall_line(quantization, 0.85, 0.9)
    assert line is not None
    assert line.startswith(
        f"the {quantization} file labels fewer test photos correctly than its head does in floats: 5.0 "
    )
    assert ("--quantization float32" in line) == (quantization == "int8")


def test_retrain_prints_the_line(options: RetrainOptions, capsys: pytest.CaptureFixture[str]) -> None:
    """It stands between the figures and the path, and only for a file that falls short."""
    (model,) = retrain_all(options, SILENT)
    print_models([model])
    assert "lost to quantization" not in capsys.readouterr().out
    print_models([model._replace(promised_accuracy=model.evaluation.accuracy + 0.141)])
    *_, line, path = capsys.readouterr().out.splitlines()
    assert "14.1 points of accuracy are lost to quantization" in line
    assert path == str(model.path)
