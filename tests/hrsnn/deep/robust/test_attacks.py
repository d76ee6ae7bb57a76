"""Attacks: closed forms of linear models, bounds, and what an ensemble of them must be."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra torch")

from hrsnn.deep.frames import Frames  # noqa: E402
from hrsnn.deep.learning.layers import SpikingLayer  # noqa: E402
from hrsnn.deep.learning.settings import NetworkSettings  # noqa: E402
from hrsnn.deep.neurons import Neuron, integrate_and_fire  # noqa: E402
from hrsnn.deep.precision import Precision, precision_of  # noqa: E402
from hrsnn.deep.robust.attacks import fgsm, pgd, rfgsm  # noqa: E402
from hrsnn.deep.robust.auto_pgd import apgd, checkpoints, logit_ratio  # noqa: E402
from hrsnn.deep.robust.ensemble import (  # noqa: E402
    ATTACKS,
    AttackSettings,
    Member,
    attacked,
    check_attackable,
    ensemble_attack,
    pictures,
    right,
)
from hrsnn.deep.robust.masking import masking_signs  # noqa: E402
from hrsnn.deep.robust.square import square_attack  # noqa: E402
from hrsnn.deep.robust.views import VIEWS, seen_through, views_of  # noqa: E402
from hrsnn.errors import InputError  # noqa: E402

FAST = AttackSettings(("fgsm", "pgd", "square"), ("triangle 1", "rate", "relu"), steps=5, queries=50)


def linear(samples: int = 200) -> tuple[torch.nn.Linear, torch.Tensor, torch.Tensor]:
    """A linear model of two classes on images whose pixels are far enough from 0 and 1 that no perturbation is clipped."""
    random = torch.Generator().manual_seed(3)
    model = torch.nn.Linear(16, 2)
    with torch.no_grad():
        model.weight.copy_(torch.randn(2, 16, generator=random))
        model.bias.copy_(-model.weight.sum(1) / 2)
    images = 0.3 + 0.4 * torch.rand(samples, 1, 4, 4, generator=random)
    labels = model(images.flatten(1)).argmax(1)
    return model, images, labels


ATTACK = {
    "fgsm": lambda model, x, y, eps, random: fgsm(model, x, y, eps),
    "rfgsm": lambda model, x, y, eps, random: rfgsm(model, x, y, eps, torch.randn(x.shape, generator=random)),
    "pgd": lambda model, x, y, eps, random: pgd(model, x, y, eps, 20, start=2 * torch.rand(x.shape, generator=random) - 1),
    "apgd": lambda model, x, y, eps, random: apgd(model, x, y, eps, 20, 2 * torch.rand(x.shape, generator=random) - 1),
    "square": lambda model, x, y, eps, random: square_attack(model, x, y, eps, 100, np.random.default_rng(0)),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_linear_model_loses_the_samples_whose_margin_is_below_the_radius_times_the_norm_of_its_weights(attack):
    weights, images, labels = linear()
    model = lambda x: weights(x.flatten(1))  # noqa: E731
    difference = (weights.weight[0] - weights.weight[1]).detach()
    margins = (weights(images.flatten(1)).detach() @ torch.tensor([1.0, -1.0])).abs()
    for eps in (0.02, 0.05):
        moved = ATTACK[attack](model, images, labels, eps, torch.Generator().manual_seed(0))
        assert float((moved - images).abs().max()) <= eps + 1e-6
        assert float(moved.min()) >= 0
        assert float(moved.max()) <= 1
        survives = model(moved).argmax(1) == labels
        wanted = margins > eps * difference.abs().sum()
        assert 10 < int(wanted.sum()) < 190
        if attack in ("fgsm", "pgd", "apgd"):
            assert torch.equal(survives, wanted)
        else:  # never stronger than the optimum
            assert bool((survives | ~wanted).all())
            assert int((~survives).sum()) > 0


def test_perturbed_pixels_stay_in_their_range():
    weights, images, labels = linear()
    model = lambda x: weights(x.flatten(1))  # noqa: E731
    for name, attack in ATTACK.items():
        moved = attack(model, images, labels, 0.9, torch.Generator().manual_seed(0))
        assert float(moved.min()) >= 0, name
        assert float(moved.max()) <= 1, name


def test_there_are_nineteen_views():
    assert len(VIEWS) == 19
    assert sum(name.startswith("triangle") for name in VIEWS) == 5
    assert sum(name.startswith("exponential") for name in VIEWS) == 6
    assert sum(name.startswith("rectangle") for name in VIEWS) == 5


#: Derivative of the one spike of a neuron with the threshold 2 in one step, by its current x.
DERIVATIVES = {
    "triangle 0.25": lambda u: max(0.0, 0.25 - abs(u)) / 0.25**2,
    "triangle 3": lambda u: max(0.0, 3 - abs(u)) / 9,
    "exponential 0.3 0.5": lambda u: 0.3 * math.exp(-0.5 * abs(u)),
    "exponential 1 2": lambda u: math.exp(-2 * abs(u)),
    "rectangle 0.5": lambda u: 2.0 * (abs(u) < 0.25),
    "rectangle 4": lambda u: 0.25 * (abs(u) < 2),
    "straight-through": lambda u: 1.0,
    "rate": lambda u: 0.5 * (u > 0),
    "relu": lambda u: 0.5 * (u > -2),
}


@pytest.mark.parametrize("view", DERIVATIVES)
@pytest.mark.parametrize("own", [False, True])
def test_the_gradient_of_a_view_is_that_of_its_formula(view, own):
    layer = SpikingLayer(integrate_and_fire(2.0), Precision(), window=1.0, own_threshold=own)
    values = torch.tensor([-1.0, 0.5, 1.9, 2.1, 2.6, 5.0])
    currents = values[None].clone().requires_grad_(True)
    spikes, _ = VIEWS[view](layer, currents)
    spikes.sum().backward()
    assert currents.grad is not None
    assert currents.grad[0].tolist() == pytest.approx([DERIVATIVES[view](x - 2) for x in values.tolist()], abs=1e-6)
    if view != "relu":
        assert spikes[0].tolist() == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("subtract", [False, True])
@pytest.mark.parametrize(("b", "c"), [(1.0, 0.0), (0.5, 0.1)])
def test_neurons_as_one_operation_have_the_gradients_of_their_steps(subtract, b, c):
    random = torch.Generator().manual_seed(1)
    x, weights = (torch.randn(9, 40, generator=random, dtype=torch.float64) for _ in range(2))
    results = []
    for step_by_step in (False, True):
        neuron = Neuron(b=b, c=c, threshold=0.7, subtract=subtract)
        layer = SpikingLayer(neuron, Precision(), window=1.0, own_threshold=True).double()
        layer.learn = step_by_step  # neurons whose a, b and c are trained go step by step
        given = x.clone().requires_grad_(True)
        spikes, potentials = layer(given)
        (spikes * weights + 0.1 * potentials * weights.flip(0)).sum().backward()
        results.append((spikes, potentials, given.grad, layer.threshold.grad))
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, atol=1e-12, rtol=1e-9)


def test_views_are_taken_off_again(chain):
    images, _ = pictures(chain.test)
    before = chain.spiking(images[:5])
    with seen_through(chain.spiking, "relu"):
        assert not torch.equal(chain.spiking(images[:5]), before)
    assert torch.equal(chain.spiking(images[:5]), before)
    with pytest.raises(InputError, match="view = 'gauss': must be one of triangle 1"):
        seen_through(chain.spiking, "gauss").__enter__()


def test_the_ensemble_is_at_most_its_best_member_and_skipping_changes_nothing(chain):
    every = ensemble_attack(chain.spiking, chain.test, 0.1, FAST, everything=True)
    quick = ensemble_attack(chain.spiking, chain.test, 0.1, FAST)
    shares = every.accuracies()
    members = [share for name, share in shares.items() if name not in ("clean", "ensemble")]
    assert shares["ensemble"] <= min(members) <= max(members) <= shares["clean"]
    assert shares["ensemble"] < shares["clean"] - 0.05
    # a perturbation does not depend on which other samples are attacked
    assert np.array_equal(every.robust, quick.robust)


@pytest.mark.parametrize("member", [Member("rfgsm", "rate"), Member("apgd", "triangle 1"), Member("square")], ids=str)
def test_a_perturbation_does_not_depend_on_the_other_samples(chain, member):
    images, labels = pictures(chain.test)
    rows = np.array([3, 50, 77])
    whole = attacked(chain.spiking, member, images, labels, 0.1, FAST)
    alone = attacked(chain.spiking, member, images, labels, 0.1, FAST, rows)
    torch.testing.assert_close(alone, whole[rows], atol=1e-6, rtol=0)


@pytest.mark.parametrize("which", ["network", "spiking"])
def test_at_a_radius_of_0_nothing_is_lost_and_at_a_large_one_everything(chain, which):
    network = getattr(chain, which)
    none, all_ = (ensemble_attack(network, chain.test, eps, FAST).accuracies() for eps in (0.0, 1.0))
    assert none["ensemble"] == none["clean"] > 0.8
    assert all_["ensemble"] == 0


def test_more_steps_and_restarts_add_little_and_another_networks_gradients_less(chain):
    """Signs of masked gradients: they are not there."""
    options = dataclasses.replace(FAST, steps=20)
    signs = masking_signs(chain.network, chain.test, 0.1, options, restarts=3)
    assert 0 <= signs.single - signs.longer <= 0.01  # 100 steps against 20
    assert 0 <= signs.single - signs.restarts <= 0.03
    assert math.isnan(signs.transfer)
    spiking = masking_signs(chain.spiking, chain.test, 0.1, options, restarts=3, source=chain.network)
    assert spiking.restarts <= spiking.single <= spiking.transfer
    other = NetworkSettings("mlp", (4,), 10, steps=1, rectified=True).build()
    with pytest.raises(InputError, match="transfer"):
        masking_signs(chain.network, chain.test, 0.1, options, source=other)


def test_an_attack_without_gradients_finds_no_more_than_those_with_them(chain):
    images, labels = pictures(chain.test)
    white = ensemble_attack(chain.network, chain.test, 0.1, AttackSettings(("pgd", "apgd"), steps=50))
    moved = attacked(chain.network, Member("square"), images, labels, 0.1, AttackSettings(queries=500))
    black = right(chain.network, moved, labels)
    assert int((white.robust & ~black).sum()) <= 1  # of 100
    assert black.mean() < white.clean.mean()


def test_auto_pgd_reconsiders_its_step_as_its_authors_do():
    assert checkpoints(100) == [22, 41, 57, 70, 80, 87, 93, 99, 105]
    logits = torch.tensor([[2.0, 1.0, 0.0, -3.0]])
    assert float(logit_ratio(logits, torch.tensor([0]))) == pytest.approx(-0.5)
    assert float(logit_ratio(logits, torch.tensor([2]))) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: AttackSettings(("pdg",)), "must be some of fgsm, rfgsm, pgd, apgd, square"),
        (lambda: AttackSettings(views=()), "views"),
        (lambda: AttackSettings(steps=0), "steps = 0"),
        (lambda: AttackSettings(queries=-1), "queries = -1"),
    ],
)
def test_bad_settings_are_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_what_cannot_be_attacked_is_refused(chain):
    rows = NetworkSettings("mlp", (4,), 3, steps=2)
    frames = Frames(np.zeros((5, 4), np.uint8), np.zeros(5, np.int64), False)
    with pytest.raises(InputError, match="'square': needs images"):
        ensemble_attack(rows.build(), frames, 0.1)
    with pytest.raises(InputError, match=r"eps = -0.1"):
        ensemble_attack(rows.build(), frames, -0.1)
    with pytest.raises(InputError, match="cannot be attacked: its input is random"):
        check_attackable(dataclasses.replace(rows, coding="poisson"), frames)
    with pytest.raises(InputError, match="samples that change in time"):
        check_attackable(rows, Frames(np.zeros((5, 2, 4), np.uint8), np.zeros(5, np.int64), True))
    with pytest.raises(InputError, match="depends on the other samples"):
        check_attackable(dataclasses.replace(rows, precision=precision_of(1, 2, reproduce="text")), frames)
    with pytest.raises(InputError, match="needs three classes"):
        apgd(lambda x: x, torch.zeros(3, 2), torch.zeros(3, dtype=torch.int64), 0.1, loss="logit_ratio")
    assert views_of(chain.network) == ("triangle 1",)
