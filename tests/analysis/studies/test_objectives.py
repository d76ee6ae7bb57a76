"""The named objectives: each is the score that the commands report, with its constraints."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from hrsnn import InputError, ReservoirSpec
from hrsnn.analysis.protocols import classify, memory
from hrsnn.analysis.studies import objectives
from hrsnn.analysis.studies.objectives import OBJECTIVES, NamedObjective
from hrsnn.analysis.studies.variants import VariantRun, VariantSizes, run_variant
from hrsnn.tasks import TaskChoice, digits, load_task

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


@pytest.mark.parametrize("plastic", [False, True])
@pytest.mark.parametrize("name", ["accuracy", "nrmse"])
def test_task_scores_have_constraints(name: str, plastic: bool) -> None:
    found = NamedObjective(name=name, train=40, validation=20, plastic=plastic)(SPEC, 0)
    assert 0 < found.value < 1.5
    assert set(found.violations) == {"too_quiet", "too_loud"}


def test_each_seed_has_a_series_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another seed is another trajectory, so that fresh seeds do not score again what was optimised."""
    seen: list[Any] = []
    load = TaskChoice.load

    def watching(self: TaskChoice, **options: Any) -> Any:
        seen.append(load(self, **options))
        return seen[-1]

    monkeypatch.setattr(TaskChoice, "load", watching)
    objective = NamedObjective(name="nrmse")
    values = [objective(SPEC, seed).value for seed in (10, 10, 11, 10)]
    assert values[0] == values[1] == values[3] != values[2]
    first, second, again = seen  # that of a seed is kept while its networks follow each other
    np.testing.assert_array_equal(first.inputs, again.inputs)
    assert np.abs(first.inputs - second.inputs).max() > 0.5
    whole: Any = load_task("lorenz63", seed=11)
    np.testing.assert_array_equal(second.inputs, whole.inputs[: whole.train.stop])  # no row of the test part


def test_accuracy_never_sees_the_test_part(monkeypatch: pytest.MonkeyPatch) -> None:
    whole: Any = load_task("digits")

    def without_test(**options: Any) -> Any:
        return dataclasses.replace(whole, x_test=None, y_test=None)

    choice = TaskChoice("digits")
    monkeypatch.setattr(digits, "TASK", dataclasses.replace(digits.TASK, load=without_test))
    objectives._encoded.cache_clear()
    try:
        task = objectives._encoded(choice)
        found = NamedObjective(name="accuracy", train=100, validation=50)(SPEC, 3)
    finally:
        objectives._encoded.cache_clear()
    assert (len(task.x_train), len(task.x_test)) == (944, 404)
    assert sorted([*task.y_train, *task.y_test]) == sorted(whole.y_train)
    # and it is the accuracy of the protocol, whose baselines cost more than it and change nothing
    measured = classify(
        dataclasses.replace(task.subset(100, 50, 3), raw_baseline=None), SPEC, seed=3, plastic=False, baselines=()
    )
    assert (found.value, measured.baselines) == (measured.accuracy, {})


@pytest.mark.filterwarnings("ignore::hrsnn.errors.HrsnnWarning")
def test_memory_after_stdp_is_that_of_the_variants() -> None:
    scores = run_variant(VariantRun("memory", "HeNHeS", True, 3), SPEC, VariantSizes(values=600, max_delay=10))
    options: Any = {"values": 600, "max_delay": 10, "plastic": True}
    assert NamedObjective(name="spikes", **options)(SPEC, 3).value == scores["mean_rate"]
    assert NamedObjective(name="memory", **options)(SPEC, 3).value == pytest.approx(scores["memory_capacity"], abs=0.1)


def test_stdp_is_what_makes_its_parameters_matter() -> None:
    other = SPEC.updated({"a_plus": 0.02})
    frozen, plastic = (NamedObjective(name="spikes", values=600, plastic=one) for one in (False, True))
    assert frozen(SPEC, 0).value == frozen(other, 0).value
    assert len({frozen(SPEC, 0).value, plastic(SPEC, 0).value, plastic(other, 0).value}) == 3


def test_directions() -> None:
    assert set(OBJECTIVES.where(lambda one: one.direction == "minimize")) == {"spikes", "nrmse"}


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"name": "memori"}, "objective"),
        ({"name": "memory", "rates": (30, 1)}, "rates"),
        ({"name": "memory", "values": 50}, "values"),
        ({"name": "lyapunov", "duration": 0}, "duration"),
        ({"name": "lyapunov", "plastic": True}, "plastic"),
    ],
)
def test_bad_options(options: Any, field: str) -> None:
    with pytest.raises(InputError, match=field):
        NamedObjective(**options)


def test_a_task_of_the_other_kind() -> None:
    for name, task, message in (
        ("accuracy", "lorenz63", "task = 'lorenz63': is of the kind series; of the kind classes are arrays, "),
        ("nrmse", "digits", "task = 'digits': is of the kind classes; of the kind series are csv, lorenz63"),
        ("lyapunov", "digits", "task = 'digits': cannot be given: the objective lyapunov needs no task"),
    ):
        with pytest.raises(InputError, match=message):
            NamedObjective(name=name, choice=TaskChoice(task))
