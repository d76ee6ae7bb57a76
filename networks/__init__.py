"""Graph measures and pruning of reservoirs. The public names are loaded on first use (PEP 562)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hrsnn.networks.centrality import betweenness, most_central
    from hrsnn.networks.delocalisation import links_to_restore
    from hrsnn.networks.graph_files import read_graph, write_graph
    from hrsnn.networks.laplacian import participation, strong_component
    from hrsnn.networks.linear.noise_covariance import dominant_leak, measured_covariance, noise_covariance
    from hrsnn.networks.linear.noise_pruning import noise_importance, sparsified
    from hrsnn.networks.linear.sampling import inclusion_probabilities, systematic_sample
    from hrsnn.networks.methods.activity import ActivityPruning
    from hrsnn.networks.methods.contract import PrunedNetwork, PruningContext, PruningMethod
    from hrsnn.networks.methods.erdos_renyi import ErdosRenyi
    from hrsnn.networks.methods.link_scores import contraction_rates, link_scores, neighbourhood_rates
    from hrsnn.networks.methods.lyapunov_noise import LNP
    from hrsnn.networks.methods.magnitude import MagnitudePruning
    from hrsnn.networks.methods.registry import METHODS, pruning_method
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
    "ScoredNetwork": "studies.pruned_scores",
    "ErdosRenyi": "methods.erdos_renyi",
    "TaskSuite": "studies.pruned_scores",
    "MagnitudePruning": "methods.magnitude",
    "NoisePruning": "methods.weight_noise",
    "PrunedNetwork": "methods.contract",
    "Pruning": "pruning",
    "PruningMethod": "methods.contract",
    "PruningRecord": "pruning_record",
    "RandomPruning": "methods.uniform",
    "Retuning": "retuning",
    "PruningContext": "methods.contract",
    "score_network": "studies.pruned_scores",
    "betweenness": "centrality",
    "contraction_rates": "methods.link_scores",
    "dominant_leak": "linear.noise_covariance",
    "inclusion_probabilities": "linear.sampling",
    "keep_links": "reservoir_edits",
    "keep_neurons": "reservoir_edits",
    "link_scores": "methods.link_scores",
    "links_to_restore": "delocalisation",
    "mean_drive": "reservoir_edits",
    "measured_covariance": "linear.noise_covariance",
    "most_central": "centrality",
    "neighbourhood_rates": "methods.link_scores",
    "noise": "pruning",
    "noise_covariance": "linear.noise_covariance",
    "noise_importance": "linear.noise_pruning",
    "participation": "laplacian",
    "prune": "pruning",
    "pruning_method": "methods.registry",
    "read_graph": "graph_files",
    "retune": "retuning",
    "sparsified": "linear.noise_pruning",
    "spectrum_distance": "studies.pruned_scores",
    "strong_component": "laplacian",
    "systematic_sample": "linear.sampling",
    "write_graph": "graph_files",
}

__all__ = [
    "LNP",
    "METHODS",
    "ActivityPruning",
    "ErdosRenyi",
    "MagnitudePruning",
    "NoisePruning",
    "PrunedNetwork",
    "Pruning",
    "PruningContext",
    "PruningMethod",
    "PruningRecord",
    "RandomPruning",
    "Retuning",
    "ScoredNetwork",
    "TaskSuite",
    "betweenness",
    "contraction_rates",
    "dominant_leak",
    "inclusion_probabilities",
    "keep_links",
    "keep_neurons",
    "link_scores",
    "links_to_restore",
    "mean_drive",
    "measured_covariance",
    "most_central",
    "neighbourhood_rates",
    "noise",
    "noise_covariance",
    "noise_importance",
    "participation",
    "prune",
    "pruning_method",
    "read_graph",
    "retune",
    "score_network",
    "sparsified",
    "spectrum_distance",
    "strong_component",
    "systematic_sample",
    "write_graph",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hrsnn.networks' has no attribute {name!r}")
    value = getattr(import_module(f"hrsnn.networks.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
