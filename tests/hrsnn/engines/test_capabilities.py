"""What engines declare, what a network needs, and which engine is chosen by it."""

from __future__ import annotations

import numpy as np
import pytest

from hrsnn import InputError, ReservoirSpec, Uniform, build
from hrsnn.engines import ENGINES, check_name, choose, why_not_loaded
from hrsnn.engines.capabilities import FEATURES, Engine, needs
from hrsnn.engines.contract import EngineFunction
from hrsnn.errors import HrsnnError

EVERYTHING = dict.fromkeys(FEATURES, True)


def load() -> EngineFunction:
    raise ImportError("it is not there")


def engine(priority: int = 0, kinds: tuple[str, ...] = ("reservoir",), **lacking: str) -> Engine:
    return Engine("for tests", load, {**EVERYTHING, **lacking}, kinds, priority)


@pytest.mark.parametrize(
    ("can", "message"),
    [
        ({**EVERYTHING, "telepathy": True}, "can = 'telepathy': must be one of grid, delays_per_neuron, "),
        ({k: True for k in FEATURES if k != "grid"}, r"can = \[.*: must also have grid: True, or the reason why not"),
        ({**EVERYTHING, "grid": False}, r"can\['grid'\] = False: must be True, or the reason why not"),
        ({**EVERYTHING, "grid": " "}, r"can\['grid'\] = ' ': must be"),
        ({**EVERYTHING, "grid": 1}, r"can\['grid'\] = 1: must be"),
    ],
)
def test_a_declaration_has_true_or_a_reason_for_every_feature(can, message):
    with pytest.raises(InputError, match=message):
        Engine("for tests", load, can)


@pytest.mark.parametrize(
    ("changes", "needed"),
    [
        ({}, {"delays_per_neuron"}),
        ({"delay_exc": 0, "delay_inh": 0}, {"zero_delays"}),
        ({"delay_ee": 1.5, "delay_ei": 1.5, "delay_ie": 1.5, "delay_ii": 1.5}, {"delays_per_neuron"}),
        ({"delay_ee": 1.5, "delay_ei": 1.5}, {"delays_per_neuron", "zero_delays"}),
        ({"delay_ee": 1.5}, {"delays_per_link", "zero_delays"}),
        ({"delay_ee": Uniform(0, 6)}, {"delays_per_link", "zero_delays"}),
        ({"delay_ee": 0, "short_term_plasticity": True}, {"short_term_plasticity", "zero_delays"}),
        ({"delay_ee": 0, "adaptation": 1}, {"adaptation", "zero_delays"}),
        ({"delay_ee": 0, "background_rate": 1}, {"background", "zero_delays"}),
        ({"connectivity": "random", "connection_probability": 0}, set()),
    ],
)
def test_a_reservoir_needs_what_it_has(changes, needed):
    reservoir = build(ReservoirSpec(neurons=30).updated(changes), seed=1)
    assert needs(reservoir) == needed
    assert needs(reservoir, plastic=True, resumes=True) == needed | {"plasticity", "resumable_state"}


def test_a_network_of_another_kind_says_itself_what_it_needs():
    class Rates:
        kind = "rates"

        def needs(self) -> set[str]:
            return {"gradients"}

    assert needs(Rates(), plastic=True) == {"gradients", "plasticity"}  # type: ignore[arg-type]
    assert needs(Rates(), resumes=True) == {"gradients", "resumable_state"}  # type: ignore[arg-type]


def test_another_kind_of_network_is_for_engines_that_simulate_it():
    with pytest.raises(InputError, match="cannot simulate a network of the kind 'rates'; engines that can: none"):
        choose("compiled", "rates")
    with pytest.raises(InputError, match=r"engine = 'auto': no engine .* of the kind 'rates'; engines that can: none"):
        choose("auto", "rates")
    with ENGINES.added("flows", engine(kinds=("rates",))):
        with pytest.raises(InputError, match="of the kind 'rates'; engines that can: flows"):
            choose("auto", "rates")
        with pytest.raises(InputError, match="cannot simulate a network of the kind 'reservoir'; engines that can: brian2"):
            choose("flows")


def test_what_none_can_do_is_said():
    with pytest.raises(
        InputError, match=r"no engine is chosen .* and compute gradients; engines that can: torch, torch-cuda"
    ):
        choose("auto", needed={"gradients"})
    with ENGINES.added("best", engine(priority=1, kinds=("rates",))):
        with pytest.raises(InputError, match=r"none of the engines .* can be loaded \(best: it is not there\)"):
            choose("auto", "rates")
        with pytest.raises(InputError, match=r"engine = 'best': cannot be loaded here \(it is not there\)"):
            choose("best", "rates")
        assert why_not_loaded("best") == "it is not there"


def test_declarations_need_no_engine():
    """In a process of its own: neither Brian2 nor Numba nor PyTorch is imported to list engines."""
    import subprocess
    import sys

    code = (
        "import sys\n"
        "from hrsnn.engines import ENGINES\n"
        "assert len(ENGINES.loadable()) >= 5\n"
        "assert not {'brian2', 'numba', 'torch'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_unknown_engines_are_refused():
    check_name("auto")
    check_name("exact")
    for name in ("neuron", "compild", "", 3, None):
        for check in (check_name, choose, why_not_loaded):
            if check is why_not_loaded:
                assert "must be one of auto, balanced, brian2" in check(name)
                continue
            with pytest.raises(HrsnnError, match=r"engine = .*must be one of auto, balanced, brian2, .*exact"):
                check(name)
    with pytest.raises(InputError, match="engine = 'compild': did you mean 'compiled'"):
        check_name("compild")


def test_delays_of_input_links_are_none():
    assert not np.asarray(build(ReservoirSpec.preset("dense", neurons=5, delay_ee=2)).input.delay).any()
