"""What every kind of networks must do: its tests, as a class to inherit."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from hrsnn.activity import Activity
from hrsnn.engines import ENGINES
from hrsnn.engines.capabilities import FEATURES
from hrsnn.errors import HrsnnError
from hrsnn.files.parsing import parsed_toml
from hrsnn.kinds import KINDS, Kind, Network, NetworkSpec, build_network
from hrsnn.kinds.contract import Decoding, is_network, is_spec
from hrsnn.search.space import Space
from hrsnn.simulation import simulate
from hrsnn.stimuli.spike_trains import SpikeTrains
from hrsnn.stimuli.stimulus import Stimulus
from hrsnn.testing.networks import currents, trains

_CHANNELS = 4


class KindCases:
    """Tests of one kind of networks, against the contract of :mod:`hrsnn.kinds.contract`.

    Attributes
    ----------
    kind : str
        Name of the kind under test; no default.
    changes : mapping of str to str
        Changes of the default specification, as text: a network that is small and not silent. By default 25 neurons.
    engine : str
        Engine that simulates the networks, by default "auto"; one of priority 0 must be named, since
        "auto" does not choose it.

    Examples
    --------
    In a test file, of a kind that is registered, with an engine that is:

    >>> class TestMyKind(KindCases):
    ...     kind = "my_kind"
    """

    kind: ClassVar[str]
    changes: ClassVar[Mapping[str, str]] = {"neurons": "25"}
    engine: ClassVar[str] = "auto"

    @property
    def declared(self) -> Kind:
        """Declaration of the kind under test."""
        return KINDS.find(self.kind)

    def spec(self) -> NetworkSpec:
        """Return the specification of a small network."""
        spec: NetworkSpec = self.declared.spec()
        return spec.updated(dict(self.changes))

    def network(self, seed: int = 1, channels: int = _CHANNELS) -> Network:
        """Build a small network."""
        return build_network(self.spec(), seed, channels)

    def run(self, network: Network, stimulus: Stimulus, **options: Any) -> Activity[Network]:
        """Simulate with the engine of the class."""
        return simulate(network, stimulus, engine=self.engine, record=("spikes", "v"), **options)

    def check_same(self, one: Network, other: Network) -> None:
        """Check that two networks are the same, as far as the contract says: links, channels, drive and spikes."""
        assert (one.kind, one.neurons, one.channels, one.dt) == (other.kind, other.neurons, other.channels, other.dt)
        for name in ("pre", "post", "weight"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
        values = np.random.default_rng(0).uniform(-1, 1, (5, one.channels))
        np.testing.assert_array_equal(one.drive(values), other.drive(values))
        stimulus = trains(1, one.channels, 60.0, 150, seed=2)
        assert self.run(one, stimulus).spikes.equals(self.run(other, stimulus).spikes)

    def test_the_default_specification_builds(self) -> None:
        spec = self.declared.spec()
        assert is_spec(spec)
        assert spec.kind == self.kind
        network = build_network(spec, seed=0, channels=2)
        assert is_network(network)
        assert (network.kind, network.neurons, network.channels) == (self.kind, spec.neurons, 2)
        assert self.declared.summary
        assert self.declared.decodes == isinstance(network, Decoding)

    def test_changes_may_be_text_and_give_a_copy(self) -> None:
        spec = self.spec()
        assert self.declared.spec().updated({"neurons": "26"}).neurons == 26
        assert spec.updated({"neurons": 27}).neurons == 27
        before = spec.to_toml()
        assert spec.updated({"neurons": "31"}).to_toml() != before
        assert spec.to_toml() == before

    @pytest.mark.parametrize("changes", [{"no_such_parameter": "1"}, {"neurons": "many"}, {"neurons": "-3"}], ids=str)
    def test_a_wrong_change_is_an_error_of_the_package(self, changes: dict[str, Any]) -> None:
        with pytest.raises(HrsnnError):
            self.spec().updated(changes)

    def test_toml_holds_all_parameters(self, tmp_path: Path) -> None:
        spec, path = self.spec(), tmp_path / "spec.toml"
        spec.save(path)
        assert self.declared.spec.load(path).to_toml() == spec.to_toml()
        assert parsed_toml(spec.to_toml(comments=True)) == parsed_toml(spec.to_toml())
        assert parsed_toml(spec.to_toml())["neurons"] == spec.neurons
        path.write_text("no_such_parameter = 1\n")
        with pytest.raises(HrsnnError, match="no_such_parameter"):
            self.declared.spec.load(path)

    def test_a_file_holds_the_network(self, tmp_path: Path) -> None:
        network, path = self.network(), tmp_path / f"{self.kind}.npz"
        network.save(path)
        self.check_same(self.declared.load(path), network)
        path.write_bytes(path.read_bytes()[:-60])
        with pytest.raises(HrsnnError, match=path.name):
            self.declared.load(path)

    def test_a_seed_gives_one_network_and_another_seed_another(self) -> None:
        self.check_same(self.network(seed=3), self.network(seed=3))
        first, second = (
            np.concatenate([np.ravel(one.pre), np.ravel(one.weight), np.ravel(one.drive(np.eye(_CHANNELS)))])
            for one in (self.network(seed=3), self.network(seed=4))
        )
        assert first.shape != second.shape or not np.array_equal(first, second)

    def test_links_join_neurons_in_order_and_cannot_be_changed(self) -> None:
        network = self.network()
        assert len(network.pre) == len(network.post) == len(network.weight) == network.synapses
        assert (np.diff(network.pre) >= 0).all()
        for ends in (network.pre, network.post):
            assert np.issubdtype(ends.dtype, np.integer)
            assert ((ends >= 0) & (ends < network.neurons)).all()
        assert np.isfinite(network.weight).all()
        for name in ("pre", "post", "weight"):
            assert not getattr(network, name).flags.writeable, name

    def test_the_graph_is_that_of_the_links(self) -> None:
        network = self.network()
        graph = network.graph()
        assert graph.number_of_nodes() == network.neurons
        wanted = set(zip(network.pre.tolist(), network.post.tolist(), strict=True))
        assert len(wanted) == network.synapses == graph.number_of_edges()

    def test_the_control_has_no_links_and_the_same_neurons_and_input(self) -> None:
        network = self.network()
        before = network.weight.copy()
        control = network.without_recurrence()
        assert (control.kind, control.neurons, control.channels) == (network.kind, network.neurons, network.channels)
        assert (control.synapses, len(control.pre), control.graph().number_of_edges()) == (0, 0, 0)
        assert control.dt == network.dt
        np.testing.assert_array_equal(network.weight, before)
        values = np.random.default_rng(0).uniform(-1, 1, (6, network.channels))
        np.testing.assert_array_equal(control.drive(values), network.drive(values))
        self.check_same(control, control.without_recurrence())

    def test_the_drive_is_linear_in_the_input(self) -> None:
        network = self.network()
        random = np.random.default_rng(1)
        one, other = random.uniform(-1, 1, (2, 7, network.channels))
        assert network.drive(one).shape == (7, network.neurons)
        wanted = 2.0 * network.drive(one) - 0.5 * network.drive(other)
        np.testing.assert_allclose(network.drive(2.0 * one - 0.5 * other), wanted, rtol=0, atol=1e-9)
        np.testing.assert_allclose(network.drive(0 * one), 0, rtol=0, atol=1e-12)
        assert np.abs(network.drive(one)).max() > 0

    def test_what_engines_ask_of_it_is_answered(self) -> None:
        network = self.network()
        assert network.needs() <= set(FEATURES)
        assert network.dt > 0
        for name, spans in network.time_spans().items():
            assert np.isfinite(spans).all(), name
            assert (np.asarray(spans) >= 0).all(), name

    def test_an_engine_simulates_it_and_twice_the_same(self) -> None:
        able = ENGINES.where(lambda engine: self.kind in engine.kinds)
        assert able
        network = self.network()
        for stimulus in (trains(2, _CHANNELS, 60.0, 150, seed=1), currents(2, _CHANNELS, 6, 10.0, seed=2)):
            activity = self.run(network, stimulus)
            assert activity.reservoir is network
            assert activity.spike_count > 0  # a silent network would prove nothing
            assert np.isfinite(activity.v).all()
            again = self.run(network, stimulus)
            assert again.spikes.equals(activity.spikes)
            np.testing.assert_array_equal(again.v, activity.v)

    def test_a_batch_is_its_stimuli_one_by_one(self) -> None:
        network = self.network()
        parts = [trains(1, _CHANNELS, duration, 150, seed=9) for duration in (30.0, 45.5, 12.0)]
        batch = self.run(network, SpikeTrains.concatenate(parts))
        for index, part in enumerate(parts):
            alone = self.run(network, part)
            assert alone.spikes.equals(batch.spikes[index])
            np.testing.assert_array_equal(alone.v[0], batch.v[index])

    def test_links_and_input_reach_the_neurons(self) -> None:
        network, stimulus = self.network(), trains(2, _CHANNELS, 100.0, 150, seed=1)
        spikes = self.run(network, stimulus).spikes
        silence = SpikeTrains.from_samples([([], []), ([], [])], _CHANNELS, 100.0)
        assert not self.run(network, silence).spikes.equals(spikes)
        assert not self.run(network.without_recurrence(), stimulus).spikes.equals(spikes)

    def test_every_preset_builds(self) -> None:
        for name, changes in self.declared.presets.items():
            spec = self.declared.spec().updated(dict(changes))
            assert build_network(spec, 0, 2).neurons == spec.neurons, name

    def test_every_point_of_a_search_space_builds(self) -> None:
        spec, random = self.spec(), np.random.default_rng(0)
        for name, values in self.declared.spaces.items():
            space = Space.of(values, spec)
            ranges: dict[str, Any] = dict(space.distributions())
            ends = [{key: getattr(one, end) for key, one in ranges.items()} for end in ("low", "high")]
            drawn = [{key: float(random.uniform(one.low, one.high)) for key, one in ranges.items()} for _ in range(3)]
            for point in (*ends, *drawn):
                found = space.spec(point, spec)
                assert found.kind == self.kind, name
                assert build_network(found, 0, 2).neurons == spec.neurons, name
                assert space.parameters(found) == pytest.approx(point), name
