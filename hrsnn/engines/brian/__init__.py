"""The Brian2 engine; no other folder imports Brian2."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from hrsnn.engines.capabilities import Engine

if TYPE_CHECKING:
    from hrsnn.engines.contract import EngineFunction


_DOUBLE = "its equations keep v in double precision"


def _load(target: str) -> EngineFunction:
    from hrsnn.engines.brian.engine import run
    from hrsnn.engines.brian.session import check_target

    check_target(target)
    return partial(run, target=target)


def _engine(description: str, target: str, priority: int = 0) -> Engine:
    return Engine(
        description=description,
        load=partial(_load, target),
        can={
            "grid": True,
            "delays_per_neuron": True,
            "delays_per_link": True,
            "zero_delays": True,
            "input_delays": True,
            "short_term_plasticity": True,
            "adaptation": True,
            "background": True,
            "state_bits": _DOUBLE,
            "resumable_state": True,
            "chosen_neurons": True,
            "currents": True,
            "plasticity": True,
            "gradients": "Brian2 records no derivatives, and a spike has none",
            "batch_on_device": "it uses Brian2's runtime device, which is the processor",
        },
        priority=priority,
    )


def _load_balanced() -> EngineFunction:
    from hrsnn.engines.brian.balanced import run

    return run


_AT_ONCE = "spikes of a balanced network arrive at once, and input too"
BRIAN2_BALANCED = Engine(
    description="Brian2: balanced networks with one leak, with N x N weights",
    load=_load_balanced,
    can={
        "grid": True,
        "delays_per_neuron": _AT_ONCE,
        "delays_per_link": _AT_ONCE,
        "zero_delays": True,
        "input_delays": _AT_ONCE,
        "short_term_plasticity": "its weights are constant",
        "adaptation": "balanced neurons have no adaptation",
        "background": "balanced neurons have voltage noise instead of background spikes",
        "state_bits": _DOUBLE,
        "resumable_state": "a state is of a reservoir",
        "chosen_neurons": True,
        "currents": "spikes and input act on V at once, without synaptic currents",
        "plasticity": "its weights follow from a decoder and a linear system",
        "gradients": "Brian2 records no derivatives, and a spike has none",
        "batch_on_device": "it uses Brian2's runtime device, which is the processor",
    },
    kinds=("balanced",),
    priority=10,
)
BRIAN2 = _engine("Brian2: Cython where a C++ compiler is found, NumPy otherwise, with a log message", "auto", priority=10)
BRIAN2_CYTHON = _engine("Brian2, compiled with Cython; an error where no C++ compiler is found", "cython")
BRIAN2_NUMPY = _engine("Brian2 on NumPy, without a compiler", "numpy")


def _load_equations(target: str) -> EngineFunction:
    from hrsnn.engines.brian.model_engine import run
    from hrsnn.engines.brian.session import check_target

    check_target(target)
    return partial(run, target=target)


def _of_equations(description: str, target: str, priority: int = 0) -> Engine:
    return Engine(
        description=description,
        load=partial(_load_equations, target),
        can={
            "grid": True,
            "delays_per_neuron": True,
            "delays_per_link": True,
            "zero_delays": True,
            "input_delays": "input links of a model have no delays",
            "short_term_plasticity": True,
            "adaptation": True,
            "background": "noise is written in the model's equations, as xi",
            "state_bits": _DOUBLE,
            "resumable_state": "a state is of a reservoir",
            "chosen_neurons": True,
            "currents": "the equations do not say which variables are currents; `record` of the model names one",
            "plasticity": True,
            "gradients": "Brian2 records no derivatives, and a spike has none",
            "batch_on_device": "it uses Brian2's runtime device, which is the processor",
        },
        kinds=("brian",),
        priority=priority,
    )


BRIAN2_EQUATIONS = _of_equations("Brian2: any equations; Cython where a C++ compiler is found, else NumPy", "auto", 10)
BRIAN2_EQUATIONS_CYTHON = _of_equations("Brian2: any equations, compiled with Cython", "cython")
BRIAN2_EQUATIONS_NUMPY = _of_equations("Brian2: any equations, on NumPy, without a compiler", "numpy")
