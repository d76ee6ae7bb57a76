"""The named objectives: each is the score that the commands report, with its constraints."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hrsnn import InputError, ReservoirSpec
from hrsnn.analysis.objectives import OBJECTIVES, NamedObjective
from hrsnn.analysis.protocols import memory

SPEC = ReservoirSpec(neurons=30)


@pytest.mark.filterwarnings("ignore::hrsnn.errors.HrsnnWarning")
def test_memory_family_is_what_the_protocol_measures() -> None:
    result = memory(SPEC, seed=3, values=600, max_delay=10)
    options: Any = {"values": 600, "max_delay": 10}
    rate = result.rates.mean_rate
    found = NamedObjective(name="memory", **options)(SPEC, 3)
    # of the surrogates the search draws fewer, which moves a delay at its border
    assert found.value == pytest.approx(result.spikes.total, abs=0.1)
    assert NamedObjective(name="spikes", **options)(SPEC, 3).value == rate
    assert NamedObjective(name="efficiency", **options)(SPEC, 3).value == pytest.approx(found.value / rate)
    assert found.violations["too_loud"] == pytest.approx(np.log(rate / 30))
    assert found.violations["too_quiet"] == pytest.approx(np.log(1 / rate))


def test_a_silent_network_breaks_a_constraint_and_has_no_efficiency() -> None:
    silent = SPEC.updated({"i_bias": 0.0, "input_gain": 0.0, "v_start": 0.0})
    options: Any = {"values": 500, "max_delay": 5}
    found = NamedObjective(name="spikes", **options)(silent, 0)
    assert found.value == 0
    assert found.violations["too_quiet"] > 0 > found.violations["too_loud"]
    assert np.isnan(NamedObjective(name="efficiency", **options)(silent, 0).value)


def test_lyapunov_target() -> None:
    near = NamedObjective(name="lyapunov", duration=200.0)(SPEC, 0)
    assert near.value <= 0
    exponent = -1.0 - np.sqrt(-near.value), -1.0 + np.sqrt(-near.value)
    moved = [NamedObjective(name="lyapunov", duration=200.0, target=one)(SPEC, 0).value for one in exponent]
    assert max(moved) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("name", ["accuracy", "nrmse"])
def test_task_scores_are_of_a_validation_part(name: str) -> None:
    found = NamedObjective(name=name, train=40, validation=20, plastic=False)(SPEC, 0)
    assert 0 < found.value < 1.5
    assert set(found.violations) == {"too_quiet", "too_loud"}


def test_directions() -> None:
    assert {name for name, way in OBJECTIVES.items() if way == "minimize"} == {"spikes", "nrmse"}


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"name": "memori"}, "objective"),
        ({"name": "memory", "rates": (30, 1)}, "rates"),
        ({"name": "memory", "values": 50}, "values"),
        ({"name": "lyapunov", "duration": 0}, "duration"),
    ],
)
def test_bad_options(options: Any, field: str) -> None:
    with pytest.raises(InputError, match=field):
        NamedObjective(**options)


def test_a_task_of_the_other_kind() -> None:
    with pytest.raises(InputError, match="is a series; accuracy needs classes"):
        NamedObjective(name="accuracy", task="lorenz63")(SPEC, 0)
    with pytest.raises(InputError, match="has classes; nrmse needs a series"):
        NamedObjective(name="nrmse", task="digits")(SPEC, 0)
