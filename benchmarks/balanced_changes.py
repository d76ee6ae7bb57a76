"""What balanced networks withstand: heterogeneity at equal rate, lost neurons, noise, jittered weights and removed links.

    python benchmarks/balanced_changes.py heterogeneity|robust|jitter|sparse|prune [--seeds 20] [--values 2000] [--out DIR]

Each prints one table, that of docs/balanced.md, with differences that are paired by seed and their 95 % intervals; `prune`
also draws its figure.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from balanced import HOLD, interval, scored
from scipy.linalg import schur

from hrsnn import Currents, Gamma, simulate
from hrsnn.analysis.firing.currents import currents
from hrsnn.analysis.firing.tightness import current_balance
from hrsnn.analysis.paired_tests import paired_test
from hrsnn.analysis.runs.rate_matching import at_rate
from hrsnn.balanced import BalancedNetwork, BalancedSpec, build_balanced, measured_lag
from hrsnn.balanced.decoders import random_decoder, tightened
from hrsnn.balanced.lag import compensated
from hrsnn.balanced.systems import LinearSystem
from hrsnn.networks.balanced_pruning import keep_balanced_neurons, prune_balanced

SPEC = BalancedSpec(neurons=400, dimensions=16)
Change = Callable[[BalancedNetwork, int], BalancedNetwork]


def difference(values: np.ndarray, reference: np.ndarray, digits: int = 3) -> str:
    """Mean paired difference with its interval and p-value."""
    if len(values) < 2:
        return "one seed"
    test = paired_test(values, reference)
    low, high = test.interval
    return f"{test.mean:+.{digits}f} ({low:+.{digits}f} to {high:+.{digits}f}), p = {test.p_value:.2g}"


def noise_of(seed: int, values: int) -> Currents:
    return Currents(np.random.default_rng([9, seed]).uniform(-1, 1, (1, values, 1)), dt=HOLD)


def tightness_of(network: BalancedNetwork, seed: int) -> float:
    stimulus = noise_of(seed, 40)
    found = currents(network, simulate(network, stimulus).spikes, stimulus)
    return current_balance(found.excitation, found.inhibition, found.dt, washout=3000).mean_tightness


def heterogeneity(options: argparse.Namespace) -> None:
    arms: dict[str, Callable[[float], dict[str, object]]] = {
        "equal": lambda norm: {"decoder_norm": norm},
        "leaks, CV .3": lambda norm: {"decoder_norm": norm, "leak": Gamma(20, 0.3)},
        "leaks, CV .6": lambda norm: {"decoder_norm": norm, "leak": Gamma(20, 0.6)},
        "norms, CV .3": lambda norm: {"decoder_norm": Gamma(norm, 0.3)},
        "norms, CV .6": lambda norm: {"decoder_norm": Gamma(norm, 0.6)},
        "both, CV .3": lambda norm: {"decoder_norm": Gamma(norm, 0.3), "leak": Gamma(20, 0.3)},
    }
    print(f"{'N = 400, J = 16':28} {'Hz':>5} {'gamma':>6} {'error':>23} {'tightness':>10}  share of the ideal memory")
    first: dict[str, np.ndarray] = {}
    for name, changes in arms.items():
        rows = []
        for seed in range(options.seeds):
            stimulus, wanted = (
                noise_of(seed, 100),
                float(simulate(build_balanced(SPEC, seed), noise_of(seed, 100)).rates.mean()),
            )

            def by(_: Any, x: float, seed: int = seed, changes: Any = changes) -> Any:
                return build_balanced(SPEC.updated(changes(0.3 * 6**-x)), seed)

            any_network: Any = build_balanced(SPEC.updated(changes(0.3)), seed)
            network: Any = any_network if name == "equal" else at_rate(any_network, by, stimulus, wanted).network
            found, ideal, error, rate = scored(network, seed, options.values)
            norm = float(np.sqrt((network.decoder**2).sum(axis=0)).mean())
            rows.append((rate, norm, error, tightness_of(network, seed), found / ideal))
        rate, norm, error, tight, share = np.array(rows).T
        first = first or {"share": share, "error": error}
        numbers = f"{rate.mean():5.2f} {norm.mean():6.3f} {interval(error):>23} {tight.mean():10.3f}  {interval(share)}"
        more = "" if name == "equal" else f"; {difference(share, first['share'])}; error {difference(error, first['error'])}"
        print(f"{name:28} {numbers}{more}", flush=True)


def jittered(share: float, part: str = "all", form: str = "N x N") -> Change:
    """Errors of N x N weights, each of `share` of its weight, or their part within or beside the space of the decoder.

    Parts are two letters: where the error acts (rows), and what it reads (columns); d is the space of the decoder's rows, o
    the rest. With the form "decoders" the two factors of each matrix have errors instead, which keeps the rank.
    """

    def change(network: BalancedNetwork, seed: int) -> BalancedNetwork:
        random = np.random.default_rng([7, seed])
        gamma = network.decoder
        if form == "decoders":
            reads, acts = (gamma * (1 + share * random.normal(size=gamma.shape)) for _ in range(2))
            slow = reads.T @ (network.A_weights @ acts + acts * network.leak)
            return network.with_matrices(reads.T @ acts + np.diag(network.own_reset), slow)
        inside = np.linalg.pinv(gamma) @ gamma
        space = {"d": inside, "o": np.eye(network.neurons) - inside}
        both = []
        for matrix in (network.fast, network.slow):
            error = share * random.normal(size=matrix.shape) * matrix
            both.append(matrix + (error if part == "all" else space[part[0]] @ error @ space[part[1]]))
        return network.with_matrices(*both)

    return change


def same(network: BalancedNetwork, seed: int) -> BalancedNetwork:
    return network


def table(spec: BalancedSpec, arms: dict[str, tuple[dict[str, object], Change]], options: argparse.Namespace) -> None:
    """Print memory, error and rate of networks that are changed, each beside the first."""
    print(f"{f'N = {spec.neurons}, J = {spec.states}':36} {'error':>7} {'Hz':>6}  share of the ideal memory")
    first = np.empty(0)
    for name, (changes, change) in arms.items():
        rows = []
        for seed in range(options.seeds):
            network = change(build_balanced(spec.updated(changes), seed), seed)
            found, ideal, error, rate = scored(network, seed, options.values)
            rows.append((found / ideal, error, rate))
        share, error, rate = np.array(rows).T
        more = f"; {difference(share, first)}" if len(first) else ""
        first = first if len(first) else share
        print(f"{name:36} {np.median(error):7.3f} {rate.mean():6.2f}  {interval(share)}{more}", flush=True)


def robust(options: argparse.Namespace) -> None:
    def deleted(network: BalancedNetwork, seed: int) -> BalancedNetwork:
        return keep_balanced_neurons(
            network, np.random.default_rng(seed).permutation(network.neurons) >= network.neurons / 5
        )

    arms: dict[str, tuple[dict[str, object], Change]] = {
        "as it is": ({}, same),
        "noise .1 thresholds": ({"noise": 0.1}, same),
        "noise .3 thresholds": ({"noise": 0.3}, same),
        "20 % of the neurons deleted": ({}, deleted),
    }
    table(SPEC, arms, options)


def jitter(options: argparse.Namespace) -> None:
    costs: dict[str, object] = {"quadratic_cost": 3e-5}
    arms: dict[str, tuple[dict[str, object], Change]] = {"as it is": ({}, same)}
    arms |= {f"weights +- {100 * share:g} %": ({}, jittered(share)) for share in (0.003, 0.01, 0.03)}
    parts = {"dd": "acts and reads in the space", "do": "acts in it, reads beside it", "od": "acts beside it, reads in it"}
    parts["oo"] = "acts and reads beside it"
    arms |= {f"3 %, {text}": ({}, jittered(0.03, part)) for part, text in parts.items()}
    arms["factors +- 3 % (rank J)"] = ({}, jittered(0.03, form="decoders"))
    arms["factors +- 10 % (rank J)"] = ({}, jittered(0.1, form="decoders"))
    arms["mu lambda^2 = .13 gamma^2"] = (costs, same)
    arms |= {f"the same, weights +- {100 * share:g} %": (costs, jittered(share)) for share in (0.01, 0.03)}
    table(SPEC, arms, options)


def grouped(size: int) -> Change:
    """A network built sparse: groups of neurons that decode `size` states each, whole planes of the rotations.

    Decoders of different groups are orthogonal, so that neither matrix links them.
    """

    def change(network: BalancedNetwork, seed: int) -> BalancedNetwork:
        blocks, basis = schur(network.A)
        system = LinearSystem(np.where(np.abs(blocks) < 1e-9, 0.0, blocks), basis.T @ network.B)
        each = network.neurons * size // network.states
        random = np.random.default_rng([5, seed])
        norm = float(np.sqrt((network.decoder**2).sum(axis=0)).mean())
        decoder = np.zeros(network.decoder.shape)
        for group in range(network.states // size):
            states, neurons = slice(group * size, (group + 1) * size), slice(group * each, (group + 1) * each)
            decoder[states, neurons] = tightened(random_decoder(size, np.full(each, norm), random))
        arrays = {"decoder": decoder, "threshold": (decoder**2).sum(axis=0) / 2, "A": system.A, "B": system.B}
        plain = dataclasses.replace(network, A_weights=system.A, B_weights=system.B, lag=0.0, **arrays)
        lag = measured_lag(plain, duration=3000).lag / 1000
        weights = compensated(system, float(network.leak[0]), lag)
        return dataclasses.replace(plain, A_weights=weights.A, B_weights=weights.B, lag=1000 * lag)

    return change


def sparse(options: argparse.Namespace) -> None:
    arms: dict[str, tuple[dict[str, object], Change]] = {"all 16 states": ({"decoder": "tight"}, same)}
    for size in (8, 4, 2):
        example = grouped(size)(build_balanced(SPEC, 0), 0)
        arms[f"{size} states, {example.synapses / (400 * 399):.1%} of the links"] = ({}, grouped(size))
    table(SPEC, arms, options)


def prune(options: argparse.Namespace) -> None:
    shares = (1e-4, 1e-3, 0.01, 0.05, 0.2, 0.5, 0.8, 0.9)
    methods = ("random", "magnitude", "noise", "drive", "signal", "activity", "activity_neurons", "random neurons")
    found: dict[str, np.ndarray] = {}
    dense = np.array([scored(build_balanced(SPEC, seed), seed, options.values) for seed in range(options.seeds)])
    whole = dense[:, 0] / dense[:, 1]
    print(f"{'N = 400, J = 16, links removed':30}" + "".join(f"{100 * share:>15g} %" for share in shares))
    print(f"dense: {interval(whole)} at {dense[:, 3].mean():.2f} Hz", flush=True)
    for method in methods:
        rows = np.full((options.seeds, len(shares), 2), np.nan)
        for seed in range(options.seeds):
            network = build_balanced(SPEC, seed)
            for column, share in enumerate(shares):
                if method == "random neurons":
                    order = np.random.default_rng([3, seed]).permutation(400)
                    pruned = keep_balanced_neurons(network, order < round(400 * np.sqrt(1 - share)))
                else:
                    pruned = prune_balanced(network, method, share, seed)
                memory, ideal, _, rate = scored(pruned, seed, options.values)
                rows[seed, column] = memory / ideal, rate
        found[method] = rows
        means = rows.mean(axis=0)
        print(f"{method:30}" + "".join(f"{share:>9.3f} {rate:>5.1f} Hz"[:17].rjust(17) for share, rate in means), flush=True)
    for method in methods[1:]:
        texts = [difference(found[method][:, k, 0], found["random"][:, k, 0], 2) for k in range(len(shares))]
        print(f"{method} - random: " + "; ".join(f"{100 * s:g} %: {text}" for s, text in zip(shares, texts, strict=True)))
    if options.out is not None:
        np.savez(options.out / "balanced_pruning.npz", shares=shares, dense=whole, **found)
        draw(options.out / "balanced_pruning.png", np.array(shares), whole, found)


def draw(path: Path, shares: np.ndarray, dense: np.ndarray, found: dict[str, np.ndarray]) -> None:
    """Draw memory and rate against the share of removed links."""
    from matplotlib.figure import Figure

    from hrsnn.analysis.figures.style import label_axes, save
    from hrsnn.analysis.intervals import mean_interval

    colours = ("#999999", "#56B4E9", "#CC79A7", "#D55E00", "#E69F00", "#000000", "#009E73", "#0072B2")
    figure = Figure(figsize=(7.0, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    for (method, rows), colour, marker in zip(found.items(), colours, "os^Dv<P>", strict=True):
        style: dict[str, Any] = {"color": colour, "marker": marker, "markersize": 3.5, "linewidth": 1.2}
        means = rows.mean(axis=0)
        ends = np.array([mean_interval(column) for column in rows[:, :, 0].T]).T
        left.fill_between(100 * shares, *ends, color=colour, alpha=0.15, linewidth=0)
        left.plot(100 * shares, means[:, 0], label=method.replace("_", " "), **style)
        right.plot(100 * shares, means[:, 1], **style)
    left.axhline(dense.mean(), color="black", linestyle=":", linewidth=0.8)
    for axes in (left, right):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
    left.set_ylim(-0.03, 1.08)
    label_axes(left, "Links removed (%)", "Memory, share of the ideal")
    label_axes(right, "Links removed (%)", "Rate (Hz)")
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=4, frameon=False, fontsize=7)
    save(figure, path)


TABLES = {one.__name__: one for one in (heterogeneity, robust, jitter, sparse, prune)}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=TABLES)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--values", type=int, default=2000)
    parser.add_argument("--out", type=Path, default=None)
    given = parser.parse_args()
    if given.out is not None:
        given.out.mkdir(parents=True, exist_ok=True)
    TABLES[given.table](given)
