"""The study of pruned feed-forward networks: masks that survive training, tasks of some classes, other tasks."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra torch")

from hrsnn.deep.frames import frames_of  # noqa: E402
from hrsnn.errors import InputError  # noqa: E402
from hrsnn.networks.studies.feed_forward import Parts, PrunedNetworks, Training  # noqa: E402
from hrsnn.tasks import load_task  # noqa: E402


@pytest.fixture(scope="module")
def parts() -> Parts:
    """Digits of 8 x 8 pixels, few of them."""
    task = load_task("digits").subset(train=300, test=100)
    (part, validation), (_, test) = frames_of(task.validation_part()), frames_of(task)
    return Parts(part, validation, test, 10)


@pytest.fixture(scope="module")
def both(parts: Parts) -> tuple[PrunedNetworks, PrunedNetworks]:
    """Networks of the first seven classes, and of the other three."""
    sizes = Training(steps=2, epochs=2, tuned=1, calibration_steps=5, batches=1)
    return PrunedNetworks(parts.only(0, 6), 1, sizes), PrunedNetworks(parts.only(7, 9), 1, sizes)


def test_the_task_of_some_classes_has_their_samples_alone(parts: Parts) -> None:
    some = parts.only(7, 9)
    assert (some.classes, set(some.train.labels.tolist())) == (3, {0, 1, 2})
    assert len(some.train) == int((parts.train.labels >= 7).sum())
    assert np.array_equal(some.test.values, parts.test.values[parts.test.labels >= 7])


def test_masks_survive_training_and_what_it_costs_is_less(both: tuple[PrunedNetworks, PrunedNetworks]) -> None:
    study, _ = both
    masks = study.masks(study.dense, "noise", 0.2)
    before = study.pruned(study.dense, masks)
    renormalised = study.renormalised(before)
    found = study.trained(before, 1)
    for network in (before, renormalised, found):
        for name, mask in study.masks_of(network).items():
            assert np.array_equal(mask, masks[name])
            assert not network.weight[name].detach().numpy()[~mask].any()
    name = next(iter(masks))
    assert torch.equal(renormalised.weight[name], before.weight[name])
    assert not torch.equal(renormalised.norm["linear2"].mean, before.norm["linear2"].mean)
    dense, scores = study.scores(study.dense), study.scores(found)
    assert dense["links"] == dense["neurons"] == 0
    assert scores["links"] == pytest.approx(0.8, abs=1e-4)
    assert scores["operations"] < dense["operations"] / 2
    assert scores["energy"] < dense["energy"]


def test_a_network_is_carried_to_a_task_of_other_classes(both: tuple[PrunedNetworks, PrunedNetworks]) -> None:
    first, second = both
    masks = first.masks(first.dense, "random", 0.3)
    moved = second.carried(first.pruned(first.dense, masks), masks)
    found = second.masks_of(moved)
    for name in ("linear1", "linear2"):
        assert np.array_equal(found[name], masks[name])
        kept = first.dense.weight[name].detach().numpy() * masks[name]
        assert np.array_equal(moved.weight[name].detach().numpy(), kept)
    assert found["linear3"].shape == (3, 256)
    assert found["linear3"].mean() == pytest.approx(masks["linear3"].mean(), abs=1e-3)
    whole = second.carried(first.dense, None)
    assert all(mask.all() for mask in second.masks_of(whole).values())
    assert torch.equal(whole.weight["linear2"], first.dense.weight["linear2"])


def test_the_same_seed_gives_the_same_networks(both: tuple[PrunedNetworks, PrunedNetworks]) -> None:
    _, study = both
    again = PrunedNetworks(study.parts, 1, study.training)
    assert all(np.array_equal(value, again.dense.arrays()[name]) for name, value in study.dense.arrays().items())


def test_unknown_methods_and_sizes_are_refused(both: tuple[PrunedNetworks, PrunedNetworks]) -> None:
    with pytest.raises(InputError, match="method = 'erdos_renyi': must be one of magnitude, layerwise, random"):
        both[0].masks(both[0].initial, "erdos_renyi", 0.5)
    with pytest.raises(InputError, match="tuned = 0"):
        Training(tuned=0)
