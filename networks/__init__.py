"""The graph of a reservoir: its measures, and pruning. The public names load when they are first used (PEP 562)."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hrsnn.networks.at_random import RandomPruning
    from hrsnn.networks.centrality import betweenness, most_central
    from hrsnn.networks.covariances import dominant_leak, measured_covariance, noise_covariance
    from hrsnn.networks.erdos_renyi import ErdosRenyi
    from hrsnn.networks.exam import Candidate, Exam, abilities, spectrum_distance
    from hrsnn.networks.graph_files import read_graph, write_graph
    from hrsnn.networks.inclusion import inclusion_probabilities, systematic_sample
    from hrsnn.networks.least_active import ActivityPruning
    from hrsnn.networks.linear_pruning import noise_importance, sparsified
    from hrsnn.networks.localisation import links_to_restore, participation, strong_component
    from hrsnn.networks.lyapunov_noise import LNP
    from hrsnn.networks.method import METHODS, Pruned, PruningMethod, Situation, pruning_method
    from hrsnn.networks.pruning import Pruning, noise, prune
    from hrsnn.networks.pruning_record import PruningRecord
    from hrsnn.networks.scoring import contraction_rates, link_scores, neighbourhood_rates
    from hrsnn.networks.smallest_weights import MagnitudePruning
    from hrsnn.networks.surgery import keep_links, keep_neurons, mean_drive
    from hrsnn.networks.timescales import Retuned, retune
    from hrsnn.networks.weight_noise import NoisePruning

_HOME = {
    "LNP": "lyapunov_noise",
    "METHODS": "method",
    "ActivityPruning": "least_active",
    "Candidate": "exam",
    "ErdosRenyi": "erdos_renyi",
    "Exam": "exam",
    "MagnitudePruning": "smallest_weights",
    "NoisePruning": "weight_noise",
    "Pruned": "method",
    "Pruning": "pruning",
    "PruningMethod": "method",
    "PruningRecord": "pruning_record",
    "RandomPruning": "at_random",
    "Retuned": "timescales",
    "Situation": "method",
    "abilities": "exam",
    "betweenness": "centrality",
    "contraction_rates": "scoring",
    "dominant_leak": "covariances",
    "inclusion_probabilities": "inclusion",
    "keep_links": "surgery",
    "keep_neurons": "surgery",
    "link_scores": "scoring",
    "links_to_restore": "localisation",
    "mean_drive": "surgery",
    "measured_covariance": "covariances",
    "most_central": "centrality",
    "neighbourhood_rates": "scoring",
    "noise": "pruning",
    "noise_covariance": "covariances",
    "noise_importance": "linear_pruning",
    "participation": "localisation",
    "prune": "pruning",
    "pruning_method": "method",
    "read_graph": "graph_files",
    "retune": "timescales",
    "sparsified": "linear_pruning",
    "spectrum_distance": "exam",
    "strong_component": "localisation",
    "systematic_sample": "inclusion",
    "write_graph": "graph_files",
}

__all__ = [
    "LNP",
    "METHODS",
    "ActivityPruning",
    "Candidate",
    "ErdosRenyi",
    "Exam",
    "MagnitudePruning",
    "NoisePruning",
    "Pruned",
    "Pruning",
    "PruningMethod",
    "PruningRecord",
    "RandomPruning",
    "Retuned",
    "Situation",
    "abilities",
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
