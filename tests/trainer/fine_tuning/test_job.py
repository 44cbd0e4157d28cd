"""The contract between the process that trains and the one that fine-tunes."""

from __future__ import annotations

import dataclasses

import pytest

from edge.errors import UsageError
from trainer.backbones.architectures import Architecture, grid
from trainer.fine_tuning.job import Job, TuningPhoto, identity_key, tuning_identity
from trainer.fine_tuning.recipe import Recipe, peak_rate, picture_size
from trainer.photos.augmentation import Strength

RECIPE = Recipe(epochs=3, from_block=6, picture_size=96, strength=Strength(light=0.123))


def identity(recipe: Recipe = RECIPE, photos: str = "cd") -> dict[str, object]:
    """What identifies a fine-tuning."""
    return tuning_identity("mobilenet_0.25_128", "ab", photos, recipe)


def test_job_survives_the_way_through_json() -> None:
    """The child gets the very job that the parent made, floats to the last bit."""
    job = Job(
        architecture="mobilenet_0.25_128",
        weights=None,
        recipe=RECIPE,
        identity=identity(),
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
    changes = [
        {"epochs": 4},
        {"from_block": 7},
        {"seed": 1},
        {"strength": Strength()},
        {"picture_size": 128},
        {"momentum": 0.9},
        {"batch_norm": False},
    ]
    keys = {identity_key(identity(dataclasses.replace(RECIPE, **change))) for change in changes}
    keys |= {identity_key(identity()), identity_key(identity(photos="ef"))}
    assert len(keys) == len(changes) + 2
    assert identity_key(identity()) == identity_key(identity())


@pytest.mark.parametrize("epochs", [0, -1])
def test_no_epochs_train_nothing(epochs: int) -> None:
    """At least one epoch is needed."""
    with pytest.raises(UsageError, match=f"--fine-tune {epochs} trains nothing"):
        Recipe(epochs, 6, 96).check()


@pytest.mark.parametrize("block", [-1, 14])
def test_there_are_thirteen_blocks(block: int) -> None:
    """Blocks 1 to 13, and 0 for everything."""
    with pytest.raises(UsageError, match=f"--fine-tune-from {block}: MobileNet's blocks are 1 to 13"):
        Recipe(1, block, 96).check()
    assert Recipe(1, 13, 96).check() == Recipe(1, 13, 96)


def test_narrow_networks_take_larger_steps() -> None:
    """The rates that were measured: 0.002 for width 1.0, 0.012 for width 0.25, whose batch norms learn."""
    assert peak_rate(1.0) == 0.002
    assert peak_rate(0.25) == pytest.approx(0.012, rel=0.02)


@pytest.mark.parametrize("architecture", grid(), ids=lambda architecture: architecture.name)
def test_wide_networks_learn_from_smaller_pictures(architecture: Architecture) -> None:
    """Smaller by a fifth to a third, never below what five halvings leave whole; narrow ones see full size."""
    size = picture_size(architecture)
    assert size % 32 == 0
    assert (
        0.66 < size / architecture.input_size <= 0.8 if architecture.alpha >= 0.75 else size == architecture.input_size
    )


def test_recipe_of_an_architecture() -> None:
    """What is measured in docs/adr/0012: 160 pixels and a rate of 0.002 for 1.0_224, norms that learn for 0.25_224."""
    recipe = Recipe.of(Architecture(1.0, 224), 20, seed=7)
    assert recipe == Recipe(20, 0, 160, 7, batch_norm=False, learning_rate=0.002)
    assert Recipe.of(Architecture(0.25, 224), 20).batch_norm
