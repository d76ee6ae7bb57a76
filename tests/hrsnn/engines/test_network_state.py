"""A run in parts is the run in one piece."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

import numpy as np
import pytest

from hrsnn import Activity, Currents, FileError, InputError, Reservoir, ReservoirSpec, SpikeTrains, Uniform, build, simulate
from hrsnn.engines.background import BackgroundPosition
from hrsnn.engines.network_state import NetworkState, Variables
from hrsnn.files.npz import read_npz, write_npz
from hrsnn.validation.arrays import rules_of

DURATION = 60.0
CASES: dict[str, dict[str, Any]] = {
    "defaults": {},
    "delays of neurons longer than a part": {"delay_exc": Uniform(0, 14), "delay_inh": 12.5},
    "delays longer than a part": {"delay_ee": Uniform(0, 9), "delay_ie": 12.5, "delay_ii": 4},
    "long refractoriness": {"refractory_exc": Uniform(0, 30), "v_reset": 13},
    "adaptation": {"adaptation": 2, "tau_adaptation": 40},
    "short-term plasticity": {"short_term_plasticity": True, "delay_ee": Uniform(0, 3)},
    "background": {"background_rate": Uniform(0, 300), "background_weight": 4},
    "frozen background": {"background_rate": 200, "background_frozen": True, "background_weight": 4},
    "a step that is no binary fraction": {"dt": 0.1, "background_rate": 50},
    "fast learning": {
        "a_plus": 0.2,
        "a_minus": 0.25,
        "delay_ee": 2,
        "connectivity": "random",
        "connection_probability": 0.3,
    },
    "no recurrent links": {"connectivity": "random", "connection_probability": 0},
}
# what the engine compiled does in seconds takes the reference minutes
every_engine = pytest.mark.parametrize("engine", ["compiled", pytest.param("brian2-numpy", marks=pytest.mark.long)])
both_stimuli = pytest.mark.parametrize(
    ("analog", "plastic"),
    [(False, True), (True, False)],
    ids=["spikes, plastic", "currents, frozen"],
)


def network(**options: Any) -> Reservoir:
    return build(ReservoirSpec.preset("dense", neurons=25).updated({"input_fraction": 0.7, **options}), seed=2, channels=3)


def spikes_in() -> SpikeTrains:
    rng = np.random.default_rng(5)
    return SpikeTrains.from_samples([(rng.uniform(0, DURATION, 60), rng.integers(0, 3, 60))], 3, DURATION)


def currents_in() -> Currents:
    return Currents(np.random.default_rng(6).uniform(-1, 1, (1, 12, 3)), DURATION / 12)


def part(stimulus: SpikeTrains | Currents, begin: float, end: float) -> SpikeTrains | Currents:
    if isinstance(stimulus, Currents):
        a, b = round(begin / stimulus.dt), round(end / stimulus.dt)
        return Currents(stimulus.values[:, a:b], stimulus.dt)
    inside = (stimulus.times >= begin) & (stimulus.times < end)
    pair = (stimulus.times[inside] - begin, stimulus.channels[inside])
    return SpikeTrains.from_samples([pair], stimulus.n_channels, end - begin)


def in_parts(reservoir: Reservoir, stimulus: Any, cuts: list[float], engine: str, **options: Any) -> list[Activity]:
    activities: list[Activity] = []
    for begin, end in zip([0.0, *cuts], [*cuts, DURATION], strict=True):
        before = activities[-1] if activities else None
        activities.append(
            simulate(
                before.reservoir if before else reservoir,
                part(stimulus, begin, end),
                engine=engine,
                record=("spikes", "v", "states"),
                state=before.state if before else None,
                **options,
            )
        )
    return activities


@every_engine
@both_stimuli
@pytest.mark.parametrize("case", CASES)
def test_parts_make_the_whole(case: str, analog: bool, plastic: bool, engine: str) -> None:
    reservoir = network(**CASES[case])
    stimulus = currents_in() if analog else spikes_in()
    cuts = [5.0, 10.0, 35.0]
    options = {"plastic": plastic, "seed": 4}
    whole = simulate(reservoir, stimulus, engine=engine, record=("spikes", "v", "states"), **options)
    parts = in_parts(reservoir, stimulus, cuts, engine, **options)
    assert whole.spike_count > 10

    times = np.concatenate([a.spikes.times + begin for a, begin in zip(parts, [0.0, *cuts], strict=True)])
    who = np.concatenate([a.spikes.channels for a in parts])
    np.testing.assert_array_equal(np.round(times / reservoir.dt), np.round(whole.spikes.times / reservoir.dt))
    np.testing.assert_array_equal(who, whole.spikes.channels)
    exactly = 0 if not plastic and not reservoir.short_term else 1e-12
    np.testing.assert_allclose(parts[-1].v, whole.v, rtol=0, atol=exactly)
    np.testing.assert_allclose(parts[-1].states, whole.states, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(parts[-1].reservoir.weight, whole.reservoir.weight, rtol=0, atol=1e-12)
    np.testing.assert_allclose(parts[-1].reservoir.input_weight, whole.reservoir.input_weight, rtol=0, atol=1e-12)
    assert parts[-1].state.elapsed == pytest.approx(DURATION)


def test_both_engines_end_in_the_same_state() -> None:
    reservoir = network(delay_ee=Uniform(0, 9), adaptation=1, short_term_plasticity=True, homeostasis=False)
    ends = [
        simulate(reservoir, spikes_in(), engine=engine, plastic=True, seed=1).state
        for engine in ("compiled", "brian2-numpy")
    ]
    for field in dataclasses.fields(ends[0].variables):
        # the age of a spike that never came is of no consequence, and differs
        spiked = ends[0].variables.used > 0 if field.name == "arrived" else slice(None)
        compiled, brian2 = (getattr(end.variables, field.name)[spiked] for end in ends)
        np.testing.assert_allclose(compiled, brian2, rtol=0, atol=1e-10, err_msg=field.name)
    for name in ("refractory_steps", "spike_age", "spike_neuron"):
        np.testing.assert_array_equal(getattr(ends[0], name), getattr(ends[1], name))


def test_a_blank_and_a_frozen_part_in_between() -> None:
    """What follows a part need not be like it: a blank runs on without input, a plastic part may follow a frozen one."""
    reservoir = network(homeostasis=False, a_plus=0.1)
    first = simulate(reservoir, part(spikes_in(), 0, 30), blank=10)
    learned = simulate(first.reservoir, part(spikes_in(), 30, 60), plastic=True, state=first.state)
    silent = SpikeTrains([], [], [0, 0], n_channels=3, duration=10.0)
    blank = simulate(reservoir, part(spikes_in(), 0, 30))
    blank = simulate(reservoir, silent, state=blank.state)
    again = simulate(blank.reservoir, part(spikes_in(), 30, 60), plastic=True, state=blank.state)
    assert again.spikes.equals(learned.spikes)
    assert not again.reservoir.equals(reservoir)
    assert again.reservoir.equals(learned.reservoir)
    frozen = simulate(again.reservoir, part(spikes_in(), 0, 30), state=again.state)
    assert frozen.reservoir is again.reservoir


def test_a_saved_state_goes_on_as_if_nothing_had_happened(tmp_path) -> None:
    reservoir = network(delay_ee=4, short_term_plasticity=True, background_rate=40)
    first = simulate(reservoir, part(spikes_in(), 0, 30), plastic=True)
    first.state.save(tmp_path / "state.npz")
    first.reservoir.save(tmp_path / "reservoir.npz")
    kept = Reservoir.load(tmp_path / "reservoir.npz"), NetworkState.load(tmp_path / "state.npz")
    rest = part(spikes_in(), 30, 60)
    straight = simulate(first.reservoir, rest, plastic=True, state=first.state)
    after = simulate(kept[0], rest, plastic=True, state=kept[1])
    assert after.spikes.equals(straight.spikes)
    assert after.reservoir.equals(straight.reservoir)


class TestBadInput:
    def test_a_state_of_another_network(self) -> None:
        state = simulate(network(), spikes_in()).state
        for other in (network(delay_ee=1), network().replace(weight=network().weight * 0.9)):
            with pytest.raises(InputError, match="state = 'of another network': go on with the reservoir"):
                simulate(other, spikes_in(), state=state)

    @pytest.mark.parametrize("engine", ["compiled", "brian2-numpy"])
    def test_no_state_at_all(self, engine: str) -> None:
        activity = simulate(network(), spikes_in(), engine=engine)
        for wrong, name in ((activity, "Activity"), ("state.npz", "state.npz")):
            with pytest.raises(InputError, match=f"state = '{name}': must be NetworkState or BalancedState or None"):
                simulate(network(), spikes_in(), engine=engine, state=wrong)  # type: ignore[arg-type]

    def test_weights_before_learning(self) -> None:
        reservoir = network()
        state = simulate(reservoir, spikes_in(), plastic=True).state
        with pytest.raises(InputError, match="another network"):
            simulate(reservoir, spikes_in(), state=state)

    def test_several_stimuli(self) -> None:
        reservoir, two = network(), SpikeTrains.concatenate([spikes_in(), spikes_in()])
        with pytest.raises(InputError, match="state = None: is there after a run of one stimulus"):
            simulate(reservoir, two).state  # noqa: B018
        with pytest.raises(InputError, match="stimulus = '2 samples': must be one where a state is given"):
            simulate(reservoir, two, state=simulate(reservoir, spikes_in()).state)

    def test_another_seed_or_filter(self) -> None:
        reservoir = network(background_rate=10)
        state = simulate(reservoir, spikes_in(), seed=3).state
        with pytest.raises(InputError, match="seed = 4: must stay 3"):
            simulate(reservoir, spikes_in(), seed=4, state=state)
        with pytest.raises(InputError, match=r"tau_state = 30\.0: must stay 20 ms"):
            simulate(reservoir, spikes_in(), seed=3, state=state, record="states", tau_state=30)
        quiet = network()
        simulate(quiet, spikes_in(), seed=4, state=simulate(quiet, spikes_in(), seed=3).state)

    def test_files_that_are_no_states(self, tmp_path) -> None:
        network().save(tmp_path / "reservoir.npz")
        with pytest.raises(FileError, match="holds a 'reservoir', wanted a 'state'"):
            NetworkState.load(tmp_path / "reservoir.npz")
        simulate(network(), spikes_in()).state.save(tmp_path / "state.npz")
        whole = (tmp_path / "state.npz").read_bytes()
        (tmp_path / "state.npz").write_bytes(whole[: len(whole) // 2])
        with pytest.raises(FileError, match="damaged"):
            NetworkState.load(tmp_path / "state.npz")


def everything() -> tuple[Reservoir, NetworkState]:
    """A network with all that a state can hold, and a state with spikes under way."""
    reservoir = network(
        adaptation=2,
        short_term_plasticity=True,
        delay_ee=Uniform(0, 9),
        delay_ie=Uniform(0, 9),
        background_rate=20,
        refractory_exc=Uniform(0, 9),
    )
    activity = simulate(reservoir, spikes_in(), plastic=True)
    return activity.reservoir, activity.state


PLACES = [
    *rules_of(NetworkState),
    *(f"variables.{name}" for name in rules_of(Variables)),
    *(f"background.{name}" for name in rules_of(BackgroundPosition)),
]


def changed(state: NetworkState, place: str, array: np.ndarray) -> NetworkState:
    part, dot, name = place.rpartition(".")
    if not dot:
        return dataclasses.replace(state, **{name: array})
    return dataclasses.replace(state, **{part: dataclasses.replace(getattr(state, part), **{name: array})})


@pytest.mark.parametrize("place", PLACES)
def test_no_engine_meets_an_array_of_another_length_type_or_range(place: str, tmp_path) -> None:
    reservoir, state = everything()
    array = functools.reduce(getattr, place.split("."), state)
    assert len(array) > 1, place
    whole = array.dtype.kind == "i"
    wrong = {
        "shorter": array[:-1],
        "longer": np.append(array, array[-1:]),
        "none": array[:0],
        "two dimensions": array[:, None],
        "complex": array + 1j,
        "words": array.astype(str),
        "negative": np.where(np.arange(len(array)) == 1, -(10**9), array),
        "huge": np.full(len(array), 2**62 if whole else np.inf),
        "half": array + 0.5 if whole else np.full(len(array), np.nan),
    }
    allowed = {"negative"} if place in ("variables.v", "variables.exc", "variables.inh", "variables.adapted") else set()
    if place in ("variables.arrived", "background.count"):
        allowed = {"huge"}  # it may have been as long as that
    for how, values in wrong.items():
        if how in allowed:
            continue
        for engine in ("compiled", "brian2-numpy"):
            with pytest.raises(InputError):
                simulate(reservoir, spikes_in(), state=changed(state, place, values), engine=engine)
        # a file whose digest is right
        arrays, header = read_npz(saved(state, tmp_path), "state", 1)
        arrays[place] = values
        write_npz(tmp_path / "wrong.npz", "state", 1, arrays, header)
        with pytest.raises((FileError, InputError)):
            simulate(reservoir, spikes_in(), state=NetworkState.load(tmp_path / "wrong.npz"))


def saved(state: NetworkState, folder) -> Any:
    state.save(folder / "state.npz")
    return folder / "state.npz"
