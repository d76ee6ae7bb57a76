"""Adam against that of PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch (the extra torch) is not installed")

from hrsnn.training.adam import Adam  # noqa: E402


def test_its_steps_are_those_of_pytorch() -> None:
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


def test_what_has_no_gradient_stays() -> None:
    one, other = torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.ones(2))
    adam = Adam({"one": one, "other": other}, {})
    one.grad = torch.ones(2)
    adam.step(0.1)
    adam.clear()
    assert other.tolist() == [1, 1]
    assert one.grad is None
    assert one.tolist() != [1, 1]


def test_its_state_goes_on() -> None:
    runs = []
    for stops in (False, True):
        p = torch.nn.Parameter(torch.ones(2))
        adam = Adam({"p": p}, {})
        for turn in range(4):
            if stops and turn == 2:
                kept, steps = {name: one.clone() for name, one in adam.state().items()}, adam.steps
                adam = Adam({"p": p}, {})
                adam.restore(kept, steps)
            p.grad = torch.tensor([1.0 + turn, -1.0])
            adam.step(0.1)
        runs.append(p.tolist())
    assert runs[0] == runs[1]
