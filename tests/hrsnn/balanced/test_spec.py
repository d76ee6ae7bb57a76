"""Specifications of balanced networks: what is refused, and TOML."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import pytest

from hrsnn import Gamma, Uniform
from hrsnn.balanced import BalancedSpec, build_balanced
from hrsnn.errors import HrsnnError, HrsnnWarning, InputError, SpecError

NAN = float("nan")
GIVEN: dict[str, Any] = {"system": "matrices", "neurons": 20, "matrix": [[-1.0]], "input_matrix": [[1.0]]}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"neurons": 10, "dimensions": 11}, "dimensions = 11: must be from 1 to 10, the number of neurons"),
        ({"decoder_norm": 0}, "decoder_norm = 0: must be above 0"),
        ({"decoder_norm": NAN}, "decoder_norm = nan: must be above 0"),
        ({"decoder_norm": Uniform(-1, 1)}, "must be from 0 to 1000"),
        ({"leak": -3}, "leak = -3: must be above 0"),
        ({"dt": 0}, "dt = 0: must be from 0.0001 to 10"),
        ({"decoder": "tigt"}, "decoder = 'tigt': must be one of random, tight"),
        ({"decoder": ["random"]}, "must be one of random, tight"),
        ({"decay": "long"}, "decay = 'long': must be above 0 and at most 1e+07, or a distribution, or auto"),
        ({"lag": "some"}, "lag = 'some': must be from 0 to 100, or auto"),
        ({"system": "rotation"}, "system = 'rotation': must be one of rotations"),
        ({"system": "oscillator", "dimensions": 3}, "dimensions = 3: must be even"),
        ({"matrix": [[1.0]]}, "matrix = ((1.0,),): can be given only with system = 'matrices'"),
        ({"system": "matrices"}, "matrix = None: must be given with"),
        ({**GIVEN, "matrix": [[NAN]]}, "matrix = nan: must be finite"),
        ({**GIVEN, "matrix": [[1.0, 2.0]]}, "matrix = (1, 2): must be square"),
        ({**GIVEN, "matrix": [[1.0], [2.0, 3.0]]}, "must be rows of numbers, all of one length"),
        ({**GIVEN, "input_matrix": [[1.0], [1.0]]}, "must have 1 rows"),
        ({**GIVEN, "dimensions": 2}, "dimensions = 2: must be 1"),
        ({"neuron": 3}, "neuron: no such parameter; did you mean 'neurons'?"),
        ({"gain.mean": 3}, "gain is no distribution"),
    ],
    ids=str,
)
def test_bad_input_is_one_line(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as caught:
        BalancedSpec().updated(changes)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({**GIVEN, "matrix": [[0.1]]}, "matrix = 'growth 0.1/s': must not grow"),
        ({"neurons": 1000, "dimensions": 32, "decoder_norm": 0.05}, "dt = 0.1: is too long"),
    ],
    ids=["a system that grows", "too coarse a step"],
)
def test_a_network_that_cannot_code_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(HrsnnError) as caught:
        build_balanced(BalancedSpec().updated(changes))
    assert said in str(caught.value)


def test_near_the_limit_there_is_a_warning_and_the_dt_it_names_is_safe() -> None:
    spec = BalancedSpec(neurons=1000, dimensions=32, decoder_norm=0.3, frequency=8.0, dt=0.35)
    with pytest.warns(HrsnnWarning, match="is too long") as caught:
        build_balanced(spec)
    named = re.search("at most ([0-9.]+) ms", str(caught[0].message))
    assert named is not None
    with warnings.catch_warnings(action="error"):
        build_balanced(spec.updated({"dt": float(named[1]) - 0.01}))
    with pytest.raises(InputError, match="is too long"):
        build_balanced(spec.updated({"dt": 0.4}))


def test_an_integrator_is_allowed() -> None:
    network = build_balanced(BalancedSpec(neurons=20, system="integrator", dimensions=4, decoder_norm=0.1))
    assert (network.lag, network.states) == (0.0, 4)


def test_channels_are_those_of_the_matrices() -> None:
    with pytest.raises(HrsnnError, match="channels = 2: must be 1, the columns of input_matrix"):
        build_balanced(BalancedSpec(**GIVEN), channels=2)


def test_toml_holds_distributions_and_matrices(tmp_path: Path) -> None:
    spec = BalancedSpec(**GIVEN, leak=Gamma(20, 0.3), decoder_norm=Uniform(0.1, 0.3))
    spec.save(tmp_path / "spec.toml")
    assert BalancedSpec.load(tmp_path / "spec.toml") == spec
    assert spec.updated({"leak.mean": "25"}).leak == Gamma(25, 0.3)


def test_states_by_default() -> None:
    states = [BalancedSpec(neurons=n).states for n in (1, 25, 400, 1000)]
    assert states == [1, 2, 12, 32]
    assert BalancedSpec(system="oscillator").states == 2
