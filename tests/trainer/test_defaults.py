"""Each default of a command is written once."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

import trainer
from trainer.backbones.architectures import DEFAULT_QUANTIZATIONS
from trainer.commands.bottlenecks import bottlenecks_command
from trainer.commands.flash import flash_command, rollback_command
from trainer.commands.options import chosen_quantizations
from trainer.commands.retrain import retrain_command
from trainer.flash.rollout import Rollout
from trainer.photos.split import SplitRatios
from trainer.retraining.options import RetrainOptions

COMMANDS = sorted((Path(trainer.__file__).parent / "commands").glob("*.py"))
ONLY_HERE = {("bundle_command", "platform"), ("bundle_command", "python")}
"""Options whose default is written in the command: nothing below it has a default of its own for them."""


def test_values_stand_in_a_command_only_if_nothing_else_has_a_default() -> None:
    """Every other option takes its default by name from the module that does the work; switches are off."""
    found = set()
    for path in COMMANDS:
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(function, ast.FunctionDef) and function.name.endswith("_command"):
                arguments = function.args.args[len(function.args.args) - len(function.args.defaults) :]
                for argument, default in zip(arguments, function.args.defaults, strict=True):
                    if isinstance(default, ast.Constant) and type(default.value) in (int, float, str):
                        found.add((function.name, argument.arg))
    assert found == ONLY_HERE


def test_the_commands_and_python_have_the_same_defaults(tmp_path: Path) -> None:
    """``trainer retrain`` and ``flash`` without options do what the objects below them do without arguments."""
    options = RetrainOptions(tmp_path, tmp_path / "m.tflite", tmp_path)
    defaults = {name: parameter.default for name, parameter in inspect.signature(retrain_command).parameters.items()}
    assert defaults["architecture"] == options.architecture.name == "mobilenet_1.0_224"
    assert chosen_quantizations(defaults["quantization"]) == options.quantizations == DEFAULT_QUANTIZATIONS == ("int8",)
    ratios = SplitRatios(defaults["validation_percentage"], defaults["testing_percentage"], defaults["seed"])
    assert ratios == options.ratios == (10, 10, 0)
    assert defaults["training_steps"] == options.training_steps
    assert defaults["precision"] == options.precision
    assert defaults["augment"] == options.augment == 0
    several = inspect.signature(bottlenecks_command, eval_str=True).parameters["architecture"].annotation
    assert several.__metadata__[0].help.endswith(f"(default: {options.architecture.name}).")
    for command in (flash_command, rollback_command):
        parameters = inspect.signature(command).parameters
        assert (parameters["jobs"].default, parameters["canary"].default) == Rollout()[:2] == (8, 0)
