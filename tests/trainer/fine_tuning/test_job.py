"""The contract between the process that trains and the one that fine-tunes."""

from __future__ import annotations

import dataclasses

import pytest

from edge.errors import UsageError
from trainer.backbones.architectures import Architecture
from trainer.fine_tuning.job import Job, TuningPhoto, identity_key, tuning_identity
from trainer.fine_tuning.recipe import Recipe, peak_rate
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
    """The rates that were measured: 0.008 for width 1.0, 0.012 for width 0.25."""
    assert peak_rate(1.0) == 0.008
    assert peak_rate(0.25) == pytest.approx(0.012, rel=0.02)


def test_recipe_of_an_architecture() -> None:
    """What is measured in docs/adr/0012: pictures of full size, the width's rate, turned copies for wide networks."""
    turned = Strength(turn=20, hue=5.4)
    assert Recipe.of(Architecture(1.0, 224), 20, seed=7) == Recipe(20, 0, 224, 7, learning_rate=0.008, strength=turned)
    assert Recipe.of(Architecture(0.75, 128), 20).strength == turned
    assert Recipe.of(Architecture(0.25, 160), 40, 6) == Recipe(40, 6, 160, learning_rate=peak_rate(0.25))
