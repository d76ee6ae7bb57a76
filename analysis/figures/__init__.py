"""Matplotlib figures of runs and scores, in the width of a column of a paper.

Neither pyplot nor global state is used: figures can be made in any thread and without a display. The public names are
loaded on first use (PEP 562).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hrsnn.runtime.left_out import check_installed

if TYPE_CHECKING:
    from hrsnn.analysis.figures.balance import currents_of_neuron, tracking
    from hrsnn.analysis.figures.capacity import capacity_by_degree, memory_curve
    from hrsnn.analysis.figures.curves import curves_over_levels, over_iterations
    from hrsnn.analysis.figures.firing import firing_statistics
    from hrsnn.analysis.figures.forecasts import forecast_series, free_trajectories
    from hrsnn.analysis.figures.lyapunov import chaos_map, exponent_spectrum, exponents_against_rates, exponents_of_neurons
    from hrsnn.analysis.figures.maps import heat_maps
    from hrsnn.analysis.figures.ranks import singular_values
    from hrsnn.analysis.figures.reservoir import neuron_traces, spike_raster, time_constants, weights_before_after
    from hrsnn.analysis.figures.scores import confusion_matrix, scores_bar
    from hrsnn.analysis.figures.search import (
        best_distributions,
        convergence,
        importances,
        of_search,
        parallel_coordinates,
        process_slices,
    )
    from hrsnn.analysis.figures.seeds import (
        accuracy_and_rate,
        differences_in_pairs,
        scores_in_plane,
        scores_over_seeds,
    )
    from hrsnn.analysis.figures.style import save
    from hrsnn.analysis.figures.training import error_curves, times_before_after, training_curves

_HOME = {
    "accuracy_and_rate": "seeds",
    "best_distributions": "search",
    "capacity_by_degree": "capacity",
    "chaos_map": "lyapunov",
    "confusion_matrix": "scores",
    "convergence": "search",
    "currents_of_neuron": "balance",
    "curves_over_levels": "curves",
    "differences_in_pairs": "seeds",
    "exponent_spectrum": "lyapunov",
    "exponents_against_rates": "lyapunov",
    "exponents_of_neurons": "lyapunov",
    "firing_statistics": "firing",
    "forecast_series": "forecasts",
    "free_trajectories": "forecasts",
    "heat_maps": "maps",
    "importances": "search",
    "memory_curve": "capacity",
    "neuron_traces": "reservoir",
    "of_search": "search",
    "over_iterations": "curves",
    "parallel_coordinates": "search",
    "process_slices": "search",
    "save": "style",
    "scores_bar": "scores",
    "scores_in_plane": "seeds",
    "scores_over_seeds": "seeds",
    "singular_values": "ranks",
    "spike_raster": "reservoir",
    "time_constants": "reservoir",
    "times_before_after": "training",
    "error_curves": "training",
    "training_curves": "training",
    "tracking": "balance",
    "weights_before_after": "reservoir",
}

__all__ = [
    "accuracy_and_rate",
    "best_distributions",
    "capacity_by_degree",
    "chaos_map",
    "confusion_matrix",
    "convergence",
    "currents_of_neuron",
    "curves_over_levels",
    "differences_in_pairs",
    "error_curves",
    "exponent_spectrum",
    "exponents_against_rates",
    "exponents_of_neurons",
    "firing_statistics",
    "forecast_series",
    "free_trajectories",
    "heat_maps",
    "importances",
    "memory_curve",
    "neuron_traces",
    "of_search",
    "over_iterations",
    "parallel_coordinates",
    "process_slices",
    "save",
    "scores_bar",
    "scores_in_plane",
    "scores_over_seeds",
    "singular_values",
    "spike_raster",
    "time_constants",
    "times_before_after",
    "tracking",
    "training_curves",
    "weights_before_after",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hrsnn.analysis.figures' has no attribute {name!r}")
    check_installed("matplotlib")
    return getattr(import_module(f"hrsnn.analysis.figures.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
