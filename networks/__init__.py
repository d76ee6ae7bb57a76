"""Graph measures and pruning of reservoirs. The public names are loaded on first use (PEP 562)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hrsnn.formats.graphs import read_graph, write_graph
    from hrsnn.networks.balanced_links import kept_balanced_links
    from hrsnn.networks.balanced_pruning import keep_balanced_links, keep_balanced_neurons, prune_balanced
    from hrsnn.networks.carried_input import input_covariance
    from hrsnn.networks.gains import link_gains, spectral_error
    from hrsnn.networks.graphs.centrality import betweenness, most_central
    from hrsnn.networks.graphs.delocalisation import links_to_restore
    from hrsnn.networks.graphs.laplacian import participation, strong_component
    from hrsnn.networks.graphs.steps import betweenness_pruning, delocalise, noise_pruning
    from hrsnn.networks.graphs.structure import clustering, reciprocity
    from hrsnn.networks.linear.delayed_covariance import delay_independent_leak, delayed_covariance
    from hrsnn.networks.linear.noise_covariance import critical_leak, dominant_leak, measured_covariance, noise_covariance
    from hrsnn.networks.linear.noise_pruning import noise_importance, sparsified
    from hrsnn.networks.linear.sampling import inclusion_probabilities, systematic_sample
    from hrsnn.networks.methods.activity import ActivityPruning
    from hrsnn.networks.methods.activity_neurons import NeuronActivityPruning
    from hrsnn.networks.methods.contract import PrunedNetwork, PruningContext, PruningMethod
    from hrsnn.networks.methods.drive import DrivePruning
    from hrsnn.networks.methods.erdos_renyi import ErdosRenyi
    from hrsnn.networks.methods.link_scores import contraction_rates, link_scores, neighbourhood_rates
    from hrsnn.networks.methods.lyapunov_noise import LNP
    from hrsnn.networks.methods.magnitude import MagnitudePruning
    from hrsnn.networks.methods.ranking import rank_at_target
    from hrsnn.networks.methods.registry import METHODS, pruning_method
    from hrsnn.networks.methods.signal import SignalPruning
    from hrsnn.networks.methods.uniform import RandomPruning
    from hrsnn.networks.methods.weight_noise import NoisePruning
    from hrsnn.networks.pruning import Pruning, noise, prune
    from hrsnn.networks.pruning_record import PruningRecord
    from hrsnn.networks.reservoir_edits import keep_links, keep_neurons, mean_drive
    from hrsnn.networks.retuning import Retuning, retune
    from hrsnn.networks.studies.pruned_scores import ScoredNetwork, TaskSuite, score_network, spectrum_distance

_HOME = {
    "LNP": "methods.lyapunov_noise",
    "METHODS": "methods.registry",
    "ActivityPruning": "methods.activity",
    "DrivePruning": "methods.drive",
    "ErdosRenyi": "methods.erdos_renyi",
    "MagnitudePruning": "methods.magnitude",
    "NeuronActivityPruning": "methods.activity_neurons",
    "NoisePruning": "methods.weight_noise",
    "PrunedNetwork": "methods.contract",
    "Pruning": "pruning",
    "PruningContext": "methods.contract",
    "PruningMethod": "methods.contract",
    "PruningRecord": "pruning_record",
    "RandomPruning": "methods.uniform",
    "Retuning": "retuning",
    "ScoredNetwork": "studies.pruned_scores",
    "SignalPruning": "methods.signal",
    "TaskSuite": "studies.pruned_scores",
    "betweenness": "graphs.centrality",
    "betweenness_pruning": "graphs.steps",
    "clustering": "graphs.structure",
    "contraction_rates": "methods.link_scores",
    "critical_leak": "linear.noise_covariance",
    "delay_independent_leak": "linear.delayed_covariance",
    "delayed_covariance": "linear.delayed_covariance",
    "delocalise": "graphs.steps",
    "dominant_leak": "linear.noise_covariance",
    "inclusion_probabilities": "linear.sampling",
    "input_covariance": "carried_input",
    "keep_balanced_links": "balanced_pruning",
    "keep_balanced_neurons": "balanced_pruning",
    "keep_links": "reservoir_edits",
    "keep_neurons": "reservoir_edits",
    "kept_balanced_links": "balanced_links",
    "link_gains": "gains",
    "link_scores": "methods.link_scores",
    "links_to_restore": "graphs.delocalisation",
    "mean_drive": "reservoir_edits",
    "measured_covariance": "linear.noise_covariance",
    "most_central": "graphs.centrality",
    "neighbourhood_rates": "methods.link_scores",
    "noise": "pruning",
    "noise_covariance": "linear.noise_covariance",
    "noise_importance": "linear.noise_pruning",
    "noise_pruning": "graphs.steps",
    "participation": "graphs.laplacian",
    "prune": "pruning",
    "prune_balanced": "balanced_pruning",
    "pruning_method": "methods.registry",
    "rank_at_target": "methods.ranking",
    "read_graph": ".formats.graphs",
    "reciprocity": "graphs.structure",
    "retune": "retuning",
    "score_network": "studies.pruned_scores",
    "sparsified": "linear.noise_pruning",
    "spectral_error": "gains",
    "spectrum_distance": "studies.pruned_scores",
    "strong_component": "graphs.laplacian",
    "systematic_sample": "linear.sampling",
    "write_graph": ".formats.graphs",
}

__all__ = [
    "LNP",
    "METHODS",
    "ActivityPruning",
    "DrivePruning",
    "ErdosRenyi",
    "MagnitudePruning",
    "NeuronActivityPruning",
    "NoisePruning",
    "PrunedNetwork",
    "Pruning",
    "PruningContext",
    "PruningMethod",
    "PruningRecord",
    "RandomPruning",
    "Retuning",
    "ScoredNetwork",
    "SignalPruning",
    "TaskSuite",
    "betweenness",
    "betweenness_pruning",
    "clustering",
    "contraction_rates",
    "critical_leak",
    "delay_independent_leak",
    "delayed_covariance",
    "delocalise",
    "dominant_leak",
    "inclusion_probabilities",
    "input_covariance",
    "keep_balanced_links",
    "keep_balanced_neurons",
    "keep_links",
    "keep_neurons",
    "kept_balanced_links",
    "link_gains",
    "link_scores",
    "links_to_restore",
    "mean_drive",
    "measured_covariance",
    "most_central",
    "neighbourhood_rates",
    "noise",
    "noise_covariance",
    "noise_importance",
    "noise_pruning",
    "participation",
    "prune",
    "prune_balanced",
    "pruning_method",
    "rank_at_target",
    "read_graph",
    "reciprocity",
    "retune",
    "score_network",
    "sparsified",
    "spectral_error",
    "spectrum_distance",
    "strong_component",
    "systematic_sample",
    "write_graph",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hrsnn.networks' has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
