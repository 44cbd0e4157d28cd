"""``edge doctor``: whether this machine has what labelling needs, and how to fix what is missing."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from edge.commands.arguments import add_command, add_model, add_model_options, model_path, pixel_options
from edge.errors import ConfigurationError, UsageError
from edge.printable import printable

if TYPE_CHECKING:
    from edge.commands.arguments import Commands
    from edge.doctor.machine_facts import MachineFacts


def add(commands: Commands) -> None:
    """Add the command to ``commands``."""
    doctor = add_command(
        commands,
        "doctor",
        "Check this machine: interpreter, OpenCV, cameras, power, memory, disk, the model. Exit code 78 for a problem.",
        "edge doctor --model models/flowers.tflite",
    )
    doctor.add_argument("--json", action="store_true", help="print one JSON object")
    add_model(doctor)
    add_model_options(doctor)
    doctor.set_defaults(command=_doctor)


def _doctor(options: argparse.Namespace) -> int:
    from edge.doctor.checks import PROBLEM, run_checks
    from edge.doctor.system import read_facts

    checks = run_checks(_with_model(read_facts(), options))
    problems = sum(check.outcome == PROBLEM for check in checks)
    if options.json:
        print(json.dumps({"problems": problems, "checks": [check._asdict() for check in checks]}))
    else:
        for check in checks:
            print(printable(f"{check.outcome:<9}{check.name:<13}{check.text}"))
            if check.fix:
                print(printable(f"{'':<22}-> {check.fix}"))
    return ConfigurationError.exit_code if problems else 0


def _with_model(facts: MachineFacts, options: argparse.Namespace) -> MachineFacts:
    from edge.doctor.model_trial import try_model
    from edge.parallel import available_cores

    if facts.processor_hidden:
        return facts
    try:
        path = model_path(options.model)
    except UsageError:  # none, or several: the command checks the machine only
        return facts
    trial = try_model(path, options.labels, options.runtime, available_cores(), pixel_options(options))
    note = f"self-test passed on {trial.runtime}" if trial.self_test else f"runs on {trial.runtime}; no self-test in it"
    return facts._replace(
        model=str(path), model_error=trial.refused, model_crash=trial.crashed, model_note=trial.runtime and note
    )
