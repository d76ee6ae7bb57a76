"""Our attacks beside those of the Adversarial Robustness Toolbox, on the same network and samples."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra torch")
pytest.importorskip("art", reason="adversarial-robustness-toolbox is not installed")

from art.attacks.evasion import (  # noqa: E402
    AutoProjectedGradientDescent,
    FastGradientMethod,
    ProjectedGradientDescentPyTorch,
    SquareAttack,
)
from art.estimators.classification import PyTorchClassifier  # noqa: E402
from torch import nn  # noqa: E402

from hrsnn.deep.robust.ensemble import AttackSettings, Member, attacked, pictures, right  # noqa: E402

EPS = 0.1


class Logits(nn.Module):
    """The mean output of a network, as the toolbox takes models."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return self.network(images).mean(0)


def toolbox(name: str, classifier: PyTorchClassifier) -> object:
    """The attack of the toolbox with the same radius, steps and queries."""
    same = {"estimator": classifier, "norm": np.inf, "eps": EPS, "batch_size": 100}
    if name == "fgsm":
        return FastGradientMethod(**same)
    if name == "pgd":
        step = {"eps_step": 2.5 * EPS / 20, "max_iter": 20, "num_random_init": 1, "verbose": False}
        return ProjectedGradientDescentPyTorch(**same, **step)
    if name == "apgd":
        step = {"eps_step": 2 * EPS, "max_iter": 20, "nb_random_init": 1, "loss_type": "cross_entropy", "verbose": False}
        return AutoProjectedGradientDescent(**same, **step)
    return SquareAttack(**same, max_iter=300, nb_restarts=1, p_init=0.8, verbose=False)


@pytest.mark.parametrize("which", ["network", "spiking"])
@pytest.mark.parametrize("name", ["fgsm", "pgd", "apgd", pytest.param("square", marks=pytest.mark.long)])
def test_attacks_leave_what_those_of_the_toolbox_leave(chain, name, which):
    """Within 2 points, where an attack searches at random within the samples' own spread; spikes through one surrogate."""
    network = getattr(chain, which)
    images, labels = pictures(chain.test)
    network.eval()
    classifier = PyTorchClassifier(
        Logits(network), nn.CrossEntropyLoss(), tuple(images.shape[1:]), 10, clip_values=(0.0, 1.0), device_type="cpu"
    )
    network.eval()
    state = np.random.get_state()  # noqa: NPY002
    np.random.seed(0)  # noqa: NPY002
    try:
        theirs = toolbox(name, classifier).generate(images.numpy(), labels.numpy())
    finally:
        np.random.set_state(state)  # noqa: NPY002
    ours = attacked(
        network, Member(name, "" if name == "square" else "triangle 1"), images, labels, EPS, AttackSettings(queries=300)
    )
    network.eval()
    left = [float(right(network, torch.as_tensor(moved), labels).mean()) for moved in (theirs, ours)]
    assert float(np.abs(theirs - images.numpy()).max()) <= EPS + 1e-5
    assert left[1] <= left[0] + 0.02
    if which == "network" or name == "fgsm":
        # two runs of a random search of 300 queries differ by more: ours left 3 points less in one
        assert left[1] >= left[0] - (0.05 if name == "square" else 0.02)
