"""What a run is worth: memory capacity, rank, forecasts, rates, and the figures of all of them.

Scores take NumPy arrays, from any reservoir; what looks at spike times takes spike trains, and what needs weights a
reservoir. The public names load when they are first used (PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hrsnn.analysis.balance import MeanCurrents, mean_currents
    from hrsnn.analysis.baselines import last_value, linear_autoregression
    from hrsnn.analysis.branching import Branching, branching_parameter
    from hrsnn.analysis.closed_loop import ReservoirForecaster, free_run
    from hrsnn.analysis.distances import Separation, separation
    from hrsnn.analysis.divergence import Divergence, largest_lyapunov, transient_length
    from hrsnn.analysis.diversity import heterogeneity
    from hrsnn.analysis.echo_state import EchoStateForecast, echo_state_network, fit_echo_state_network
    from hrsnn.analysis.forecast import Forecast, nrmse, r_squared, ridge_readout
    from hrsnn.analysis.growth_rates import GrowthRates, integrated, iterated, kaplan_yorke_dimension, lyapunov_exponents
    from hrsnn.analysis.information import InformationCapacity, information_capacity
    from hrsnn.analysis.linear_memory import CapacityWarning, MemoryCapacity, memory_capacity
    from hrsnn.analysis.linear_networks import LinearTheory, eigenmode_response, linear_theory
    from hrsnn.analysis.operations import (
        ENERGY_PER_OPERATION,
        UndefinedWarning,
        energy,
        operation_ratio,
        sparsity,
        spike_efficiency,
        synaptic_operations,
    )
    from hrsnn.analysis.paired import PairedTest, fewest_pairs, holm, mean_interval, paired_test, verdicts, verdicts_in_reach
    from hrsnn.analysis.population import RateDistribution, fano_factor, interval_variation, rate_distribution, synchrony
    from hrsnn.analysis.ranks import effective_rank, entropy_rank, generalisation_rank, numerical_rank
    from hrsnn.analysis.rates import binned_counts, firing_rates, mean_rate, silent_share
    from hrsnn.analysis.score_bounds import bounds_of
    from hrsnn.analysis.spiking_spectrum import LyapunovSpectrum, lyapunov_spectrum
    from hrsnn.analysis.state_covariance import StateCorrelation, effective_dimension, state_correlation
    from hrsnn.analysis.valid_time import valid_prediction_time

_HOME = {
    "Branching": "branching",
    "CapacityWarning": "linear_memory",
    "Divergence": "divergence",
    "EchoStateForecast": "echo_state",
    "ENERGY_PER_OPERATION": "operations",
    "Forecast": "forecast",
    "GrowthRates": "growth_rates",
    "InformationCapacity": "information",
    "LinearTheory": "linear_networks",
    "LyapunovSpectrum": "spiking_spectrum",
    "MeanCurrents": "balance",
    "MemoryCapacity": "linear_memory",
    "PairedTest": "paired",
    "RateDistribution": "population",
    "ReservoirForecaster": "closed_loop",
    "Separation": "distances",
    "StateCorrelation": "state_covariance",
    "UndefinedWarning": "operations",
    "binned_counts": "rates",
    "bounds_of": "score_bounds",
    "branching_parameter": "branching",
    "echo_state_network": "echo_state",
    "fit_echo_state_network": "echo_state",
    "effective_dimension": "state_covariance",
    "effective_rank": "ranks",
    "eigenmode_response": "linear_networks",
    "energy": "operations",
    "entropy_rank": "ranks",
    "fano_factor": "population",
    "fewest_pairs": "paired",
    "firing_rates": "rates",
    "free_run": "closed_loop",
    "generalisation_rank": "ranks",
    "heterogeneity": "diversity",
    "holm": "paired",
    "information_capacity": "information",
    "integrated": "growth_rates",
    "interval_variation": "population",
    "iterated": "growth_rates",
    "kaplan_yorke_dimension": "growth_rates",
    "largest_lyapunov": "divergence",
    "last_value": "baselines",
    "linear_autoregression": "baselines",
    "linear_theory": "linear_networks",
    "lyapunov_exponents": "growth_rates",
    "lyapunov_spectrum": "spiking_spectrum",
    "mean_currents": "balance",
    "mean_interval": "paired",
    "mean_rate": "rates",
    "memory_capacity": "linear_memory",
    "nrmse": "forecast",
    "numerical_rank": "ranks",
    "operation_ratio": "operations",
    "paired_test": "paired",
    "r_squared": "forecast",
    "rate_distribution": "population",
    "ridge_readout": "forecast",
    "separation": "distances",
    "silent_share": "rates",
    "sparsity": "operations",
    "spike_efficiency": "operations",
    "state_correlation": "state_covariance",
    "synaptic_operations": "operations",
    "synchrony": "population",
    "transient_length": "divergence",
    "valid_prediction_time": "valid_time",
    "verdicts": "paired",
    "verdicts_in_reach": "paired",
}

__all__ = [
    "ENERGY_PER_OPERATION",
    "Branching",
    "CapacityWarning",
    "Divergence",
    "EchoStateForecast",
    "Forecast",
    "GrowthRates",
    "InformationCapacity",
    "LinearTheory",
    "LyapunovSpectrum",
    "MeanCurrents",
    "MemoryCapacity",
    "PairedTest",
    "RateDistribution",
    "ReservoirForecaster",
    "Separation",
    "StateCorrelation",
    "UndefinedWarning",
    "binned_counts",
    "bounds_of",
    "branching_parameter",
    "echo_state_network",
    "effective_dimension",
    "effective_rank",
    "eigenmode_response",
    "energy",
    "entropy_rank",
    "fano_factor",
    "fewest_pairs",
    "firing_rates",
    "fit_echo_state_network",
    "free_run",
    "generalisation_rank",
    "heterogeneity",
    "holm",
    "information_capacity",
    "integrated",
    "interval_variation",
    "iterated",
    "kaplan_yorke_dimension",
    "largest_lyapunov",
    "last_value",
    "linear_autoregression",
    "linear_theory",
    "lyapunov_exponents",
    "lyapunov_spectrum",
    "mean_currents",
    "mean_interval",
    "mean_rate",
    "memory_capacity",
    "nrmse",
    "numerical_rank",
    "operation_ratio",
    "paired_test",
    "r_squared",
    "rate_distribution",
    "ridge_readout",
    "separation",
    "silent_share",
    "sparsity",
    "spike_efficiency",
    "state_correlation",
    "synaptic_operations",
    "synchrony",
    "transient_length",
    "valid_prediction_time",
    "verdicts",
    "verdicts_in_reach",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hrsnn.analysis' has no attribute {name!r}")
    value = getattr(import_module(f"hrsnn.analysis.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
