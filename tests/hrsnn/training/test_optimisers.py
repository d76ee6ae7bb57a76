"""Gradient descent with momentum, and Adam, against those of PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch (the extra torch) is not installed")

from hrsnn.training.optimisers import Adam, Momentum, Optimiser  # noqa: E402


def test_steps_of_adam_are_those_of_pytorch() -> None:
    rng = np.random.default_rng(0)
    ours, theirs = ([torch.nn.Parameter(torch.tensor([1.0, -2.0, 0.5])) for _ in range(2)] for _ in range(2))
    adam = Adam({"a": ours[0], "b": ours[1]}, {"b": 3.0})
    groups = [{"params": [theirs[0]], "lr": 0.02}, {"params": [theirs[1]], "lr": 0.06}]
    wanted = torch.optim.Adam(groups)
    for turn in range(20):
        for mine, other in zip(ours, theirs, strict=True):
            gradient = torch.tensor(rng.normal(0, 10.0 ** (turn % 3), 3), dtype=torch.float32)
            mine.grad, other.grad = gradient.clone(), gradient.clone()
        norm = adam.clip(5.0)
        assert norm == pytest.approx(float(torch.nn.utils.clip_grad_norm_(theirs, 5.0)), rel=1e-6)
        adam.step(0.02)
        wanted.step()
    for mine, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-6)


def test_steps_with_momentum_and_weight_decay_are_those_of_pytorch_to_the_last_bit() -> None:
    rng = np.random.default_rng(0)
    ours, theirs = ([torch.nn.Parameter(torch.tensor([1.0, -2.0, 0.3])) for _ in range(2)] for _ in range(2))
    descent = Momentum({"a": ours[0], "b": ours[1]}, decay={"a": 0.01})
    wanted = torch.optim.SGD([{"params": theirs[:1], "weight_decay": 0.01}, {"params": theirs[1:]}], lr=0.02, momentum=0.9)
    for _ in range(20):
        for mine, other in zip(ours, theirs, strict=True):
            mine.grad = torch.tensor(rng.normal(0, 1, 3), dtype=torch.float32)
            other.grad = mine.grad.clone()
        descent.step(0.02)
        wanted.step()
    assert all(torch.equal(mine, other) for mine, other in zip(ours, theirs, strict=True))


def test_weight_decay_of_adam_is_that_of_pytorch() -> None:
    ours, theirs = (torch.nn.Parameter(torch.tensor([1.0, -2.0])) for _ in range(2))
    adam, wanted = Adam({"a": ours}, decay={"a": 0.5}), torch.optim.Adam([theirs], lr=0.02, weight_decay=0.5)
    for turn in range(5):
        ours.grad, theirs.grad = torch.tensor([turn - 2.0, 1.0]), torch.tensor([turn - 2.0, 1.0])
        adam.step(0.02)
        wanted.step()
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


def test_what_has_no_gradient_stays() -> None:
    one, other = torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.ones(2))
    adam = Adam({"one": one, "other": other}, {})
    one.grad = torch.ones(2)
    adam.step(0.1)
    adam.clear()
    assert other.tolist() == [1, 1]
    assert one.grad is None
    assert one.tolist() != [1, 1]


@pytest.mark.parametrize("kind", [Adam, Momentum])
def test_its_state_goes_on(kind: type[Optimiser]) -> None:
    runs = []
    for stops in (False, True):
        p = torch.nn.Parameter(torch.ones(2))
        optimiser = kind({"p": p}, {})
        for turn in range(4):
            if stops and turn == 2:
                kept, steps = {name: one.clone() for name, one in optimiser.state().items()}, optimiser.steps
                optimiser = kind({"p": p}, {})
                optimiser.restore(kept, steps)
            p.grad = torch.tensor([1.0 + turn, -1.0])
            optimiser.step(0.1)
        runs.append(p.tolist())
    assert runs[0] == runs[1]
