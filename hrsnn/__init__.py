"""Simulation, scoring and pruning of heterogeneous recurrent spiking reservoirs.

The public names load when they are first used (PEP 562), so that ``import hrsnn`` stays fast: Brian2 and scikit-learn
alone take seconds.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hrsnn._version import __version__

if TYPE_CHECKING:
    from hrsnn.activity import Activity
    from hrsnn.balanced.state import BalancedState
    from hrsnn.builder import build
    from hrsnn.distributions import Constant, Distribution, Gamma, LogNormal, Uniform
    from hrsnn.encoders import (
        CurrentEncoder,
        EventEncoder,
        LatencyEncoder,
        LevelCrossingEncoder,
        PoissonEncoder,
        ReceptiveFieldEncoder,
        TemporalDifferenceEncoder,
    )
    from hrsnn.encoders.cochleagram import Cochleagram
    from hrsnn.engines.network_state import NetworkState
    from hrsnn.errors import DivergenceError, FileError, HrsnnError, HrsnnWarning, InputError, SpecError
    from hrsnn.estimators import ReservoirClassifier, ReservoirForecaster, ReservoirRegressor, ReservoirTransformer
    from hrsnn.estimators.model_file import describe_model, load_model, save_model
    from hrsnn.files.results import Results, load_results
    from hrsnn.quantisation import quantise
    from hrsnn.reservoir import Reservoir
    from hrsnn.simulation import simulate, simulate_population
    from hrsnn.spec import ReservoirSpec
    from hrsnn.stimuli.currents import Currents
    from hrsnn.stimuli.spike_trains import SpikeTrains

_HOME = {
    "Activity": "activity",
    "BalancedState": "balanced.state",
    "Cochleagram": "encoders.cochleagram",
    "Constant": "distributions",
    "CurrentEncoder": "encoders",
    "Currents": "stimuli.currents",
    "Distribution": "distributions",
    "DivergenceError": "errors",
    "EventEncoder": "encoders",
    "FileError": "errors",
    "Gamma": "distributions",
    "HrsnnError": "errors",
    "HrsnnWarning": "errors",
    "InputError": "errors",
    "LatencyEncoder": "encoders",
    "LevelCrossingEncoder": "encoders",
    "LogNormal": "distributions",
    "NetworkState": "engines.network_state",
    "PoissonEncoder": "encoders",
    "ReceptiveFieldEncoder": "encoders",
    "Reservoir": "reservoir",
    "ReservoirSpec": "spec",
    "ReservoirClassifier": "estimators",
    "ReservoirForecaster": "estimators",
    "ReservoirRegressor": "estimators",
    "ReservoirTransformer": "estimators",
    "Results": "files.results",
    "SpecError": "errors",
    "SpikeTrains": "stimuli.spike_trains",
    "TemporalDifferenceEncoder": "encoders",
    "Uniform": "distributions",
    "build": "builder",
    "describe_model": "estimators.model_file",
    "load_model": "estimators.model_file",
    "load_results": "files.results",
    "quantise": "quantisation",
    "save_model": "estimators.model_file",
    "simulate": "simulation",
    "simulate_population": "simulation",
}

__all__ = [
    "Activity",
    "BalancedState",
    "Cochleagram",
    "Constant",
    "CurrentEncoder",
    "Currents",
    "Distribution",
    "DivergenceError",
    "EventEncoder",
    "FileError",
    "Gamma",
    "HrsnnError",
    "HrsnnWarning",
    "InputError",
    "LatencyEncoder",
    "LevelCrossingEncoder",
    "LogNormal",
    "NetworkState",
    "PoissonEncoder",
    "ReceptiveFieldEncoder",
    "Reservoir",
    "ReservoirClassifier",
    "ReservoirForecaster",
    "ReservoirRegressor",
    "ReservoirSpec",
    "ReservoirTransformer",
    "Results",
    "SpecError",
    "SpikeTrains",
    "TemporalDifferenceEncoder",
    "Uniform",
    "__version__",
    "build",
    "describe_model",
    "load_model",
    "load_results",
    "quantise",
    "save_model",
    "simulate",
    "simulate_population",
]

# In a checkout that is not installed, `hrsnn.networks`, `hrsnn.analysis` and `hrsnn.scripts` are the folders next to this
# one; setup.cfg maps them to the same names in an installation.
_root = Path(__file__).resolve().parent.parent
if (_root / "setup.cfg").is_file() and (_root / "networks" / "__init__.py").is_file():
    __path__.append(str(_root))
del _root


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hrsnn' has no attribute {name!r}")
    return getattr(import_module(f"hrsnn.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
