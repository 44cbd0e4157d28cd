"""The contract between the process that trains and the one that fine-tunes."""

from __future__ import annotations

import dataclasses

import pytest

from edge.errors import UsageError
from trainer.augmentation import Strength
from trainer.tuning_job import Job, Recipe, TuningPhoto, facts_key, identifying_facts, peak_rate

RECIPE = Recipe(epochs=3, from_block=6, strength=Strength(light=0.123))


def facts(recipe: Recipe = RECIPE, photos: str = "cd") -> dict[str, object]:
    """What identifies a fine-tuning."""
    return identifying_facts("mobilenet_0.25_128", "ab", photos, recipe)


def test_job_survives_the_way_through_json() -> None:
    """The child gets the very job that the parent made, floats to the last bit."""
    job = Job(
        architecture="mobilenet_0.25_128",
        weights=None,
        recipe=RECIPE,
        facts=facts(),
        training=[TuningPhoto("a/é.png", 0), TuningPhoto("b/\udcff.png", 1)],
        validation=[TuningPhoto("c.png", 1)],
        head_weights=[[0.1, -1 / 3]],
        head_bias=[1e-17, 2.0],
        checkpoint="c",
        output="o",
    )
    assert Job.from_json(job.to_json()) == job


def test_every_choice_is_part_of_the_key() -> None:
    """Other epochs, another seed, other photos, a stronger augmentation: another fine-tuning."""
    changes = [{"epochs": 4}, {"from_block": 7}, {"seed": 1}, {"strength": Strength()}, {"weight_decay": 0.5}]
    keys = {facts_key(facts(dataclasses.replace(RECIPE, **change))) for change in changes}
    keys |= {facts_key(facts()), facts_key(facts(photos="ef"))}
    assert len(keys) == len(changes) + 2
    assert facts_key(facts()) == facts_key(facts())


@pytest.mark.parametrize("epochs", [0, -1])
def test_no_epochs_train_nothing(epochs: int) -> None:
    """At least one epoch is needed."""
    with pytest.raises(UsageError, match=f"--fine-tune {epochs} trains nothing"):
        Recipe(epochs, 6).check()


@pytest.mark.parametrize("block", [-1, 14])
def test_there_are_thirteen_blocks(block: int) -> None:
    """Blocks 1 to 13, and 0 for everything."""
    with pytest.raises(UsageError, match=f"--fine-tune-from {block}: MobileNet's blocks are 1 to 13"):
        Recipe(1, block).check()
    assert Recipe(1, 13).check() == Recipe(1, 13)


def test_narrow_networks_take_larger_steps() -> None:
    """The rates that were measured: 0.001 for width 1.0, 0.003 for width 0.25."""
    assert peak_rate(1.0) == 0.001
    assert peak_rate(0.25) == pytest.approx(0.003, rel=0.02)
