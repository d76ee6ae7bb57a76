"""Scores of a run: memory capacity, rank, forecasts, rates and Lyapunov exponents, and figures of them.

Scores take NumPy arrays, from any reservoir; functions of spike times take spike trains, and functions of weights a
reservoir. The public names are loaded on first use (PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hrsnn.analysis.capacity.information import InformationCapacity, information_capacity
    from hrsnn.analysis.capacity.linear_theory import LinearTheory, eigenmode_response, linear_theory
    from hrsnn.analysis.capacity.memory import CapacityWarning, MemoryCapacity, memory_capacity
    from hrsnn.analysis.claims import fewest_pairs, holm, verdicts, verdicts_in_reach
    from hrsnn.analysis.firing.balance import MeanCurrents, mean_currents
    from hrsnn.analysis.firing.branching import Branching, branching_parameter
    from hrsnn.analysis.firing.operations import (
        ENERGY_PER_OPERATION,
        UndefinedWarning,
        energy,
        operation_ratio,
        sparsity,
        spike_efficiency,
        synaptic_operations,
    )
    from hrsnn.analysis.firing.population import (
        RateDistribution,
        fano_factor,
        interval_variation,
        rate_distribution,
        synchrony,
    )
    from hrsnn.analysis.firing.rates import binned_counts, firing_rates, mean_rate, silent_share
    from hrsnn.analysis.forecasting.baselines import last_value, linear_autoregression
    from hrsnn.analysis.forecasting.closed_loop import OneStepForecaster, free_run
    from hrsnn.analysis.forecasting.echo_state import EchoStateForecast, echo_state_network, fit_echo_state_network
    from hrsnn.analysis.forecasting.errors import nrmse, r_squared, valid_prediction_time
    from hrsnn.analysis.gradients.spike_gradients import SpikeGradients, spike_gradients
    from hrsnn.analysis.intervals import mean_interval
    from hrsnn.analysis.lyapunov.exponents import (
        GrowthRates,
        integrated,
        iterated,
        kaplan_yorke_dimension,
        lyapunov_exponents,
    )
    from hrsnn.analysis.lyapunov.spectrum import LyapunovSpectrum, lyapunov_spectrum
    from hrsnn.analysis.lyapunov.two_trajectories import Divergence, largest_lyapunov, transient_length
    from hrsnn.analysis.paired_tests import PairedTest, paired_test
    from hrsnn.analysis.runs.delay_bank import delay_bank
    from hrsnn.analysis.runs.rate_matching import Matched, at_rate
    from hrsnn.analysis.scoring.registry import bounds_of
    from hrsnn.analysis.states.covariance import StateCorrelation, effective_dimension, state_correlation
    from hrsnn.analysis.states.heterogeneity import heterogeneity
    from hrsnn.analysis.states.ranks import effective_rank, entropy_rank, generalisation_rank, numerical_rank
    from hrsnn.analysis.states.separation import Separation, separation
    from hrsnn.analysis.states.third_order import third_order_correlation
    from hrsnn.regression.quadratic import quadratic_readout
    from hrsnn.regression.ridge import Forecast, ridge_readout

_HOME = {
    "Branching": "firing.branching",
    "CapacityWarning": "capacity.memory",
    "Divergence": "lyapunov.two_trajectories",
    "EchoStateForecast": "forecasting.echo_state",
    "ENERGY_PER_OPERATION": "firing.operations",
    "Forecast": "hrsnn.regression.ridge",
    "GrowthRates": "lyapunov.exponents",
    "InformationCapacity": "capacity.information",
    "LinearTheory": "capacity.linear_theory",
    "LyapunovSpectrum": "lyapunov.spectrum",
    "Matched": "runs.rate_matching",
    "MeanCurrents": "firing.balance",
    "MemoryCapacity": "capacity.memory",
    "PairedTest": "paired_tests",
    "RateDistribution": "firing.population",
    "OneStepForecaster": "forecasting.closed_loop",
    "Separation": "states.separation",
    "SpikeGradients": "gradients.spike_gradients",
    "StateCorrelation": "states.covariance",
    "UndefinedWarning": "firing.operations",
    "at_rate": "runs.rate_matching",
    "binned_counts": "firing.rates",
    "bounds_of": "scoring.registry",
    "branching_parameter": "firing.branching",
    "delay_bank": "runs.delay_bank",
    "echo_state_network": "forecasting.echo_state",
    "fit_echo_state_network": "forecasting.echo_state",
    "effective_dimension": "states.covariance",
    "effective_rank": "states.ranks",
    "eigenmode_response": "capacity.linear_theory",
    "energy": "firing.operations",
    "entropy_rank": "states.ranks",
    "fano_factor": "firing.population",
    "fewest_pairs": "claims",
    "firing_rates": "firing.rates",
    "free_run": "forecasting.closed_loop",
    "generalisation_rank": "states.ranks",
    "heterogeneity": "states.heterogeneity",
    "holm": "claims",
    "information_capacity": "capacity.information",
    "integrated": "lyapunov.exponents",
    "interval_variation": "firing.population",
    "iterated": "lyapunov.exponents",
    "kaplan_yorke_dimension": "lyapunov.exponents",
    "largest_lyapunov": "lyapunov.two_trajectories",
    "last_value": "forecasting.baselines",
    "linear_autoregression": "forecasting.baselines",
    "linear_theory": "capacity.linear_theory",
    "lyapunov_exponents": "lyapunov.exponents",
    "lyapunov_spectrum": "lyapunov.spectrum",
    "mean_currents": "firing.balance",
    "mean_interval": "intervals",
    "mean_rate": "firing.rates",
    "memory_capacity": "capacity.memory",
    "nrmse": "forecasting.errors",
    "numerical_rank": "states.ranks",
    "operation_ratio": "firing.operations",
    "paired_test": "paired_tests",
    "quadratic_readout": "hrsnn.regression.quadratic",
    "r_squared": "forecasting.errors",
    "rate_distribution": "firing.population",
    "ridge_readout": "hrsnn.regression.ridge",
    "separation": "states.separation",
    "silent_share": "firing.rates",
    "sparsity": "firing.operations",
    "spike_efficiency": "firing.operations",
    "spike_gradients": "gradients.spike_gradients",
    "state_correlation": "states.covariance",
    "synaptic_operations": "firing.operations",
    "synchrony": "firing.population",
    "third_order_correlation": "states.third_order",
    "transient_length": "lyapunov.two_trajectories",
    "valid_prediction_time": "forecasting.errors",
    "verdicts": "claims",
    "verdicts_in_reach": "claims",
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
    "Matched",
    "MeanCurrents",
    "MemoryCapacity",
    "OneStepForecaster",
    "PairedTest",
    "RateDistribution",
    "Separation",
    "SpikeGradients",
    "StateCorrelation",
    "UndefinedWarning",
    "at_rate",
    "binned_counts",
    "bounds_of",
    "branching_parameter",
    "delay_bank",
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
    "quadratic_readout",
    "r_squared",
    "rate_distribution",
    "ridge_readout",
    "separation",
    "silent_share",
    "sparsity",
    "spike_efficiency",
    "spike_gradients",
    "state_correlation",
    "synaptic_operations",
    "synchrony",
    "third_order_correlation",
    "transient_length",
    "valid_prediction_time",
    "verdicts",
    "verdicts_in_reach",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hrsnn.analysis' has no attribute {name!r}")
    home = _HOME[name]
    value = getattr(import_module(home if home.startswith("hrsnn.") else f"hrsnn.analysis.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
