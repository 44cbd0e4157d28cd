"""``edge doctor``: whether this machine has what labelling needs, and how to fix what is missing."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from edge.commands.arguments import add_command, add_model, add_model_options, model_path, pixel_options
from edge.commands.delegate_options import delegate_choice
from edge.errors import ConfigurationError, EdgeError, UsageError
from edge.printable import printable

if TYPE_CHECKING:
    from edge.commands.arguments import Commands
    from edge.doctor.machine_facts import MachineFacts
    from edge.inference.delegate import DelegateChoice


def add(commands: Commands) -> None:
    """Add the command to ``commands``."""
    doctor = add_command(
        commands,
        "doctor",
        "Check this machine: interpreters and their speed with the model, OpenCV, cameras, power, memory, disk, the "
        "model. Exit code 78 for a problem.",
        "edge doctor --model models/flowers.tflite",
    )
    doctor.add_argument("--json", action="store_true", help="print one JSON object")
    add_model(doctor)
    add_model_options(doctor)
    doctor.set_defaults(command=_doctor)


def _doctor(options: argparse.Namespace) -> int:
    from edge.system.supported import check_system

    check_system("edge doctor", "linux", "darwin", instead="edge inspect MODEL runs the self-test of a model here")
    from edge.doctor.check import PROBLEM
    from edge.doctor.checks import run_checks
    from edge.doctor.speed_check import speed_json
    from edge.doctor.system import read_facts

    delegate = delegate_choice(options)
    facts = _with_delegate(read_facts(), delegate)
    facts = _with_model(facts, None if facts.delegate_error else delegate, options)
    checks = run_checks(facts)
    problems = sum(check.outcome == PROBLEM for check in checks)
    if options.json:
        listed = [check._asdict() for check in checks]
        print(json.dumps({"problems": problems, "checks": listed, "speed": speed_json(facts)}))
    else:
        for check in checks:
            print(printable(f"{check.outcome:<9}{check.name:<13}{check.text}"))
            if check.fix:
                print(printable(f"{'':<22}-> {check.fix}"))
    return ConfigurationError.exit_code if problems else 0


def _with_delegate(facts: MachineFacts, delegate: DelegateChoice | None) -> MachineFacts:
    from edge.inference.delegate_trial import try_delegate

    if delegate is None:
        return facts
    try:
        try_delegate(delegate)
    except EdgeError as error:
        return facts._replace(delegate=delegate.text, delegate_error=str(error))
    return facts._replace(delegate=delegate.text)


def _with_model(facts: MachineFacts, delegate: DelegateChoice | None, options: argparse.Namespace) -> MachineFacts:
    from edge.doctor.checks import working_runtimes
    from edge.doctor.model_trial import try_model
    from edge.doctor.runtime_trial import compare_runtimes
    from edge.parallel import available_cores

    if facts.processor_hidden:
        return facts
    try:
        path = model_path(options.model)
    except UsageError:  # none, or several: the command checks the machine only
        return facts
    threads, pixels = available_cores(), pixel_options(options)
    trial = try_model(path, options.labels, options.runtime, threads, pixels, delegate)
    facts = facts._replace(model=str(path), model_error=trial.refused, model_crash=trial.crashed)
    if trial.runtime is None:
        return facts
    note = f"self-test passed on {trial.runtime}" if trial.self_test else f"runs on {trial.runtime}; no self-test in it"
    names = [package.name for package in working_runtimes(facts)]
    speed = None
    if len(names) > 1:
        speed = compare_runtimes(path, options.labels, names, threads, pixels, delegate=delegate)
    return facts._replace(
        model_note=note,
        model_quantization=trial.quantization,
        model_runtime=trial.runtime,
        threads=threads,
        delegate_parts=trial.delegate_parts,
        speed=speed,
    )
