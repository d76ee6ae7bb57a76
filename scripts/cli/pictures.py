"""The figures of each outcome, by file name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from hrsnn.analysis import figures
from hrsnn.analysis.figures.capacity import capacity_by_degree
from hrsnn.analysis.figures.firing import firing_statistics
from hrsnn.analysis.figures.forecasts import free_trajectories, output_labels
from hrsnn.analysis.figures.maps import heat_maps
from hrsnn.analysis.figures.seeds import scores_over_seeds
from hrsnn.analysis.forecasting.errors import THRESHOLDS
from hrsnn.balanced import BalancedNetwork
from hrsnn.networks.graph_figures import network_graph
from hrsnn.reservoir import Reservoir
from hrsnn.scripts.cli.neurons import names_of

if TYPE_CHECKING:
    from hrsnn.activity import Activity
    from hrsnn.analysis.protocols import Classification, Forecasting, FreeRunning, Measures, Memory, Ranking
    from hrsnn.analysis.protocols.gradient_forecasting import TrainedForecasting
    from hrsnn.analysis.protocols.gradient_training import TrainedClassification
    from hrsnn.analysis.protocols.information_capacity import Capacities
    from hrsnn.analysis.protocols.rank_maps import RankMap
    from hrsnn.kinds import Network
    from hrsnn.tasks import SeriesTask

Pictures = dict[str, Figure]
#: Longest time that a raster shows (ms).
_RASTER = 1000.0
#: The most neurons whose traces are drawn.
_MOST_TRACED = 6


def of_classification(result: Classification, classes: list[Any]) -> Pictures:
    """Draw accuracy and baselines, confusion matrix, weights before and after STDP, raster and time constants."""
    before, after = result.initial_reservoir, result.reservoir
    drawn = {
        **of_network(after, result.activity),
        "accuracy": figures.scores_bar({"reservoir": result.accuracy}, result.baselines, chance=1 / len(classes)),
        "confusion": figures.confusion_matrix(result.y_test, result.predicted, classes),
    }
    if before is not after and isinstance(before, Reservoir) and isinstance(after, Reservoir):  # STDP was on
        excitatory = after.is_excitatory[after.pre]
        drawn["weights"] = figures.weights_before_after(before.weight, after.weight, after.w_max, excitatory)
    return drawn


def of_training(result: TrainedClassification, classes: list[Any]) -> Pictures:
    """Draw losses and accuracies over the epochs, tau_m and weights before and after, accuracy, confusion and raster."""
    epochs = result.training.epochs
    return {
        **_before_and_after(result),
        "training": figures.training_curves(
            [one.train_loss for one in epochs],
            [one.validation_loss for one in epochs],
            [one.train_score for one in epochs],
            [one.validation_score for one in epochs],
            best=result.training.best,
            chance=1 / len(classes),
        ),
        "accuracy": figures.scores_bar({"reservoir": result.accuracy}, result.baselines, chance=1 / len(classes)),
        "confusion": figures.confusion_matrix(result.y_test, result.predicted, classes),
    }


def of_trained_forecast(result: TrainedForecasting, task: SeriesTask) -> Pictures:
    """Draw errors over the epochs, tau_m and weights before and after, the series and its forecast, and raster."""
    epochs, (step, unit) = result.training.epochs, task.clock
    return {
        **_before_and_after(result),
        "training": figures.error_curves(
            [one.train_loss**0.5 for one in epochs], [one.validation_loss**0.5 for one in epochs], best=result.training.best
        ),
        "forecast": figures.forecast_series(
            step * np.arange(len(result.target)),
            result.target,
            result.prediction,
            output_labels(task.outputs, result.target.shape[1]),
            time_label=f"Time ({unit})" if unit != "values" else "Value of the test part",
        ),
    }


def _before_and_after(result: TrainedClassification | TrainedForecasting) -> Pictures:
    before, after = result.initial, result.network
    drawn = of_network(after, result.activity)
    if isinstance(before, Reservoir) and isinstance(after, Reservoir):
        drawn["tau_m"] = figures.times_before_after(before.tau_m, after.tau_m, after.is_excitatory, "tau_m")
        if after.synapses:
            excitatory = after.is_excitatory[after.pre]
            drawn["weights"] = figures.weights_before_after(before.weight, after.weight, after.w_max, excitatory)
    elif isinstance(before, BalancedNetwork) and isinstance(after, BalancedNetwork):
        drawn["tau_m"] = figures.times_before_after(1000 / before.leak, 1000 / after.leak, None, "tau_m")
    return drawn


def of_memory(result: Memory) -> Pictures:
    """Draw the memory curves with their surrogates, raster and time constants."""
    read = {"spikes": result.spikes, "v": result.v}
    if result.decoded is not None:
        read["decoded"] = result.decoded
    controls = {"spikes, no recurrence": result.spikes_uncoupled, "v, no recurrence": result.v_uncoupled}
    if result.spikes_bank is not None:
        controls["spikes, delay bank"] = result.spikes_bank
    if result.ideal is not None:
        controls["ideal system"] = result.ideal
    return {
        **of_network(result.reservoir, result.activity),
        "memory": figures.memory_curve(read, controls=controls),
    }


def of_forecast(result: Forecasting) -> Pictures:
    """Draw the series, its forecast and that of the best baseline, raster and time constants."""
    return {**of_network(result.reservoir, result.activity), "forecast": result.plot()}


def of_free_running(result: FreeRunning, unit: str, outputs: Sequence[str] = ()) -> Pictures:
    """Draw the trajectories of the first start, the valid times of all starts, raster and time constants."""
    steps = len(result.target) // len(result.starts)
    last = "reservoir_decoded" if "reservoir_decoded" in result.prediction else "reservoir_v"
    models = ["reservoir", last, "echo_state_network"]
    drawn = {
        **of_network(result.reservoir, result.activity),
        "closed_loop": free_trajectories(
            np.arange(1, steps + 1) * result.longest / steps,
            result.target[:steps],
            {name: result.prediction[name][:steps] for name in models},
            # the largest threshold, at which the divergence of two lines is visible
            {name: float(result.valid_times[name][0, -1]) for name in models},
            output_labels(outputs, result.target.reshape(len(result.target), -1).shape[1]),
            threshold=THRESHOLDS[-1],
            time_label=f"Time ({unit})",
        ),
    }
    if len(result.starts) > 1:
        own = sum(name.startswith("reservoir") for name in result.valid_times)
        panels = {
            f"Valid time at {threshold} sd ({unit})": {name: each[:, place] for name, each in result.valid_times.items()}
            for place, threshold in enumerate(THRESHOLDS)
        }
        drawn["valid_times"] = scores_over_seeds(panels, dict.fromkeys(panels, (0.0, result.longest)), highlighted=own)
    return drawn


def of_ranks(result: Ranking) -> Pictures:
    """Draw the singular values of the states, raster and time constants."""
    return {
        **of_network(result.reservoir, result.activity),
        "singular_values": figures.singular_values(result.states, result.ranks.effective),
    }


def of_measures(result: Measures, graph: bool = False) -> Pictures:
    """Draw distributions of rates and interval CVs, raster, time constants, and of a topology the graph in its place."""
    activity, firing, excitatory = result.activity, result.firing, _excitatory(result.reservoir)
    duration = min(float(activity.durations[0]), _RASTER)
    first = activity.spikes[:1].time_slice(0.0, duration)
    statistics = firing_statistics(
        activity.rates, firing.interval_variations, excitatory, first.times, first.channels, duration
    )
    more = {} if result.traced is None else {"traces": of_traces(result.traced)}
    if graph and isinstance(result.reservoir, Reservoir):
        more["graph"] = network_graph(result.reservoir)
    return {**of_network(result.reservoir, activity), "firing": statistics, **more}


def of_traces(activity: Activity[Any]) -> Figure:
    """Draw v and currents of up to six recorded neurons in the first second of the first stimulus."""
    traces, network, first = activity.traces, activity.reservoir, activity.spikes[:1]
    seen, shown = traces.times[0] <= _RASTER, traces.neurons[:_MOST_TRACED]
    drawn = {
        name: values[0][seen][:, : len(shown)]
        for name in ("v", "currents", "adaptation")
        if (values := getattr(traces, name)).size
    }
    return figures.neuron_traces(
        traces.times[0][seen],
        **drawn,
        neurons=[names_of(network)[neuron] for neuron in shown],
        spikes=[first.times[first.channels == neuron] for neuron in shown],
        threshold=network.v_threshold[shown] if isinstance(network, Reservoir) else None,
    )


def of_capacities(result: Capacities) -> Pictures:
    """Draw the capacity of each degree, the memory curves, raster and time constants."""
    read = {"spikes": result.spikes, "v": result.v}
    uncoupled = {"spikes, no recurrence": result.spikes_uncoupled, "v, no recurrence": result.v_uncoupled}
    if result.decoded is not None and result.ideal is not None:
        read, uncoupled = {**read, "decoded": result.decoded}, {**uncoupled, "ideal system": result.ideal}
    scores = {**read, **uncoupled, "raw input": result.raw_input}
    return {
        **of_network(result.reservoir, result.activity),
        "capacity": capacity_by_degree({name: one.information for name, one in scores.items()}),
        "memory": figures.memory_curve(
            {name: one.memory for name, one in read.items()},
            controls={name: one.memory for name, one in uncoupled.items()},
        ),
    }


def of_rank_map(result: RankMap) -> Pictures:
    """Draw heat maps of ranks, separation and activity; the point with the largest difference is marked."""
    row, column = result.best
    shown = {
        "Effective rank": result.maps["effective_rank"],
        "Generalisation rank": result.maps["generalisation_rank"],
        "Difference of ranks": result.maps["rank_difference"],
        "Separation": result.maps["separation"],
        "Rate (Hz)": result.maps["mean_rate"],
        "Active neurons (%)": 100 * (1 - result.maps["silent_share"]),
    }
    figure = heat_maps(
        shown,
        result.length_scales,
        result.weight_scales,
        x_label=r"$\lambda$ (grid spacings)",
        y_label=r"$W_{scale}$",
        marked=(float(result.length_scales[column]), float(result.weight_scales[row])),
    )
    return {"map": figure}


def _excitatory(network: Network) -> NDArray[np.bool_]:
    """Return which neurons are drawn as excitatory: all of a network that has no types of neurons."""
    return network.is_excitatory if isinstance(network, Reservoir) else np.ones(network.neurons, dtype=bool)


def of_network(network: Network, activity: Activity[Any]) -> Pictures:
    """Draw the spikes of the first second of the first stimulus, and of a reservoir the time constants."""
    duration = min(float(activity.durations[0]), _RASTER)
    first = activity.spikes[:1].time_slice(0.0, duration)
    drawn = {"raster": figures.spike_raster(first.times, first.channels, _excitatory(network), duration)}
    if isinstance(network, Reservoir):
        drawn["time_constants"] = figures.time_constants(network.tau_m, network.is_excitatory)
    return drawn
