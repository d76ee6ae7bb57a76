"""Sequences of calls on one reservoir, against a plain model of what it must hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from hostile import Random
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from isolation import Verdict
from target import Target

from hrsnn import Currents, NetworkState, Reservoir, ReservoirSpec, build, simulate
from hrsnn.networks import RandomPruning, keep_links, keep_neurons, prune
from hrsnn.reservoir import LINK_ARRAYS

_CHANNELS, _STEP = 2, 5.0
#: Steps of a sequence, and sequences of a case.
_STEPS, _EXAMPLES = 12, 2


class Sequences(RuleBasedStateMachine):
    """A reservoir, and beside it names of neurons, links by names with their weights, and the input given so far."""

    @initialize(number=st.integers(0, 2**30), plastic=st.booleans(), delays=st.booleans(), release=st.booleans())
    def build(self, number: int, plastic: bool, delays: bool, release: bool) -> None:
        options: dict[str, Any] = {"delay_exc": 3, "delay_inh": 1.5} if delays else {"delay_exc": 0, "delay_inh": 0}
        spec = ReservoirSpec(
            neurons=16, in_degree_exc=4, short_term_plasticity=release, homeostasis=False, i_bias=14.5, **options
        )
        self.spec, self.plastic = spec, plastic
        names = np.array([f"n{k}" for k in range(16)])
        self.begin(build(spec, seed=number, channels=_CHANNELS).replace(labels=names))
        self.names = names.tolist()
        self.links: dict[tuple[str, str], float] = self.links_of(self.reservoir)

    def begin(self, reservoir: Reservoir) -> None:
        """Take a reservoir, which starts from rest."""
        self.reservoir = self.origin = reservoir
        self.state: Any = None
        self.given: list[np.ndarray] = []
        self.spikes: list[tuple[float, int]] = []

    @staticmethod
    def links_of(reservoir: Reservoir) -> dict[tuple[str, str], float]:
        names = reservoir.labels.tolist() if reservoir.labels is not None else list(map(str, range(reservoir.neurons)))
        rows = zip(reservoir.pre.tolist(), reservoir.post.tolist(), reservoir.weight.tolist(), strict=True)
        return {(names[a], names[b]): w for a, b, w in rows}

    @rule(factor=st.sampled_from([0.5, 1.0, 2.0]))
    def replace(self, factor: float) -> None:
        before = self.reservoir
        self.begin(before.replace(weight=before.weight * factor, w_max=before.w_max * factor))
        self.links = {pair: w * factor for pair, w in self.links.items()}
        assert before.equals(before.replace())

    @rule(data=st.data())
    def keep_neurons(self, data: Any) -> None:
        n = self.reservoir.neurons
        kept = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
        if kept.sum() < 4:
            return
        self.begin(keep_neurons(self.reservoir, kept))
        self.names = [name for name, one in zip(self.names, kept, strict=True) if one]
        self.links = {(a, b): w for (a, b), w in self.links.items() if a in self.names and b in self.names}

    @rule(data=st.data())
    def keep_links(self, data: Any) -> None:
        s = self.reservoir.synapses
        kept = np.array(data.draw(st.lists(st.booleans(), min_size=s, max_size=s)), dtype=bool)
        self.begin(keep_links(self.reservoir, kept))
        self.links = {pair: w for (pair, w), one in zip(self.links.items(), kept, strict=True) if one}

    @precondition(lambda self: self.reservoir.synapses > 8)
    @rule(number=st.integers(0, 99), share=st.sampled_from([0.2, 0.5]))
    def prune(self, number: int, share: float) -> None:
        done = prune(self.reservoir, RandomPruning(), iterations=2, synapse_target=share, seed=number)
        names = [self.names[k] for k in done.origin.tolist()]
        assert done.reservoir.labels.tolist() == names
        after = self.links_of(done.reservoir)
        assert set(after) <= set(self.links)
        assert all(after[pair] == self.links[pair] for pair in after)
        self.begin(done.reservoir)
        self.names, self.links = names, after

    @rule()
    def save_and_load(self) -> None:
        self.reservoir.save("reservoir.npz")
        loaded = Reservoir.load("reservoir.npz")
        assert loaded.equals(self.reservoir)
        assert loaded.fingerprint == self.reservoir.fingerprint
        self.reservoir = loaded

    @precondition(lambda self: self.state is not None)
    @rule()
    def save_and_load_the_state(self) -> None:
        self.state.save("state.npz")
        self.state = NetworkState.load("state.npz")

    @rule()
    def through_a_graph(self) -> None:
        again = Reservoir.from_graph(self.reservoir.graph(), spec=self.spec)
        assert again.equals(self.reservoir)
        self.reservoir = again

    @rule(number=st.integers(0, 2**30), values=st.integers(1, 4))
    def simulate(self, number: int, values: int) -> None:
        part = np.random.default_rng(number).uniform(-1, 1, (values, _CHANNELS))
        activity = simulate(self.reservoir, Currents(part[None], _STEP), plastic=self.plastic, state=self.state)
        start = _STEP * sum(map(len, self.given))
        times = (activity.spikes.times + start).round(6).tolist()
        self.spikes += zip(times, activity.spikes.channels.tolist(), strict=True)
        self.given.append(part)
        self.reservoir, self.state = activity.reservoir, activity.state
        if self.plastic:
            self.links = self.links_of(self.reservoir)

    @precondition(lambda self: self.given)
    @rule()
    def in_one_piece(self) -> None:
        whole = simulate(self.origin, Currents(np.concatenate(self.given)[None], _STEP), plastic=self.plastic)
        times = whole.spikes.times.round(6).tolist()
        assert list(zip(times, whole.spikes.channels.tolist(), strict=True)) == self.spikes
        np.testing.assert_allclose(whole.reservoir.weight, self.reservoir.weight, rtol=0, atol=1e-9)

    @invariant()
    def is_what_the_model_says(self) -> None:
        if not hasattr(self, "links"):
            return
        assert self.links_of(self.reservoir) == self.links
        assert self.reservoir.labels.tolist() == self.names
        assert self.reservoir.channels == _CHANNELS
        order = list(zip(self.reservoir.pre.tolist(), self.reservoir.post.tolist(), strict=True))
        assert order == sorted(set(order))
        assert all(len(getattr(self.reservoir.recurrent, name)) == len(order) for name in LINK_ARRAYS)
        assert (self.reservoir.weight <= self.reservoir.w_max + 1e-9).all()
        assert not self.reservoir.weight.flags.writeable


def check(given: int, folder: Path) -> Verdict:
    """Try some sequences; Hypothesis reduces one that fails."""
    some = settings(
        max_examples=_EXAMPLES,
        stateful_step_count=_STEPS,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(seed(given)(type("Seeded", (Sequences,), {})), settings=some)
    except AssertionError as error:
        notes = " | ".join(getattr(error, "__notes__", ()))
        return Verdict("differs", f"{' '.join(str(error).split())[:200]} {notes[-600:]}")
    return Verdict("result")


def draw(random: Random) -> int:
    """Return a seed of Hypothesis."""
    return int(random.integers(2**30))


def made(folder: Path) -> Target:
    """Return the target; what is compiled on first use is compiled before children are made."""
    reservoir = build(ReservoirSpec(neurons=6), seed=1, channels=_CHANNELS)
    for plastic in (False, True):
        simulate(reservoir, Currents(np.ones((1, 1, _CHANNELS)), _STEP), plastic=plastic)
    return Target("sequences", draw, check, seconds=120)
