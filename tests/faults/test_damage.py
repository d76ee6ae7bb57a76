"""Damaged files of every format: refused by name or harmless, and never taken for others."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import wavfile
from specimens import network_in

from hrsnn import NetworkState, Reservoir, ReservoirSpec, SpikeTrains, build, simulate
from hrsnn.errors import FileError, InputError, SpecError
from hrsnn.files.digested_json import DIGEST, read_digested_json, with_digest, write_digested_json
from hrsnn.files.npz import ABOUT, digest
from hrsnn.files.writing import write_json
from hrsnn.networks import RandomPruning, prune, read_graph, write_graph
from hrsnn.scripts.cli.kept_runs import KeptRuns
from hrsnn.tasks import load_task

Arrays = dict[str, Any]


def test_damaged_files_are_refused_by_name_or_harmless(root: Path, tmp_path: Path) -> None:
    command = [
        sys.executable,
        str(root / "tests" / "faults" / "damage_harness.py"),
        "--cases",
        "6",
        "--folder",
        str(tmp_path),
    ]
    formats = [
        "reservoir",
        "state",
        "traces",
        "spec",
        "GraphML",
        "edge list",
        "wav",
    ]
    studies = [
        "search space",
        "checkpoint",
        "variants: a run",
        "variants: settings",
        *(("deep network", "packed network") if find_spec("torch") is not None else ()),
    ]
    done = subprocess.run([*command, "--formats", *formats, *studies], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def forged(path: Path, change: Callable[[Arrays, dict[str, Any]], Any]) -> Path:
    """An npz file changed by someone who repairs its digest."""
    with np.load(path, allow_pickle=False) as stored:
        arrays = dict(stored)
    about = json.loads(str(arrays.pop(ABOUT)))
    del about["sha256"]
    change(arrays, about)
    about["sha256"] = digest(about, arrays)
    np.savez(path, **{ABOUT: np.array(json.dumps(about))}, **arrays)
    return path


@pytest.mark.parametrize("change", [{"version": True}, {"version": "1"}, {"version": 1.5}, {"version": 0}, {"more": 1}])
def test_what_an_npz_file_says_of_itself_is_of_its_type(change: dict[str, Any], dense: Reservoir, tmp_path: Path) -> None:
    dense.save(tmp_path / "a.npz")
    with pytest.raises(FileError, match=r"a\.npz: is damaged"):
        Reservoir.load(forged(tmp_path / "a.npz", lambda arrays, about: about.update(change)))


@pytest.mark.parametrize(
    "change",
    [
        lambda arrays, about: arrays.update(unknown=arrays["times"]),
        lambda arrays, about: about["header"].update(unknown=1),
        lambda arrays, about: arrays.update(durations=np.array(9.0)),
    ],
)
def test_spike_trains_have_their_own_arrays_and_shapes_only(change: Any, tmp_path: Path) -> None:
    SpikeTrains([1.0, 2.0], [0, 1], [0, 2], n_channels=2, duration=9.0).save(tmp_path / "a.npz")
    with pytest.raises(FileError, match=r"a\.npz"):
        SpikeTrains.load(forged(tmp_path / "a.npz", change))


@pytest.mark.parametrize(
    ("name", "value"),
    [("delay", 1001.0), ("refractory", 2e6), ("background_rate", 2e5), ("dt", 1e-5), ("dt", 101.0)],
)
def test_a_network_is_within_the_bounds_of_a_spec(name: str, value: float, dense: Reservoir) -> None:
    many = value if name == "dt" else np.full(len(getattr(dense, name)), value)
    with pytest.raises(InputError, match=name):
        dense.replace(**{name: many})


def change_of(name: str, value: Any) -> Callable[[Arrays, dict[str, Any]], Any]:
    return lambda arrays, about: arrays[name].__setitem__(slice(None), value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays, about: arrays.update(spike_age=arrays["spike_age"][::-1].copy()), "must descend"),
        (change_of("background.last", 21.0), "must be at most 20 ms"),
        (change_of("background.count", 2**54), "must be at most"),
        (lambda arrays, about: about["header"].update(steps=2**54), "steps = .* must be at most"),
        (lambda arrays, about: about["header"].update(steps=10**15), "too far behind"),
    ],
)
def test_a_state_is_one_that_a_run_can_leave(change: Any, message: str, tmp_path: Path) -> None:
    spec = ReservoirSpec(neurons=30, background_rate=20, delay_ee=15, delay_ei=15, length_scale=3)
    reservoir = build(spec, seed=1, channels=1)
    stimulus = SpikeTrains([0.0, 5.0, 10.0], [0, 0, 0], [0, 3], n_channels=1, duration=20.0)
    state = simulate(reservoir, stimulus).state
    assert np.ptp(state.spike_age) > 0
    state.save(tmp_path / "a.npz")
    with pytest.raises((FileError, InputError), match=message):
        simulate(reservoir, stimulus, state=NetworkState.load(forged(tmp_path / "a.npz", change)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data[:4] + b"\0\0\0\0" + data[8:], "bytes, and says 8"),
        (lambda data: data[:16] + b"\x12" + data[17:], "a part of .* bytes|parts"),
        (lambda data: data[:40] + b"\x10\0\0\0" + data[44:], "a part of 16 bytes|a part of .* bytes in a file"),
        (lambda data: data.replace(b"fmt ", b"fmu "), "0 parts 'fmt '"),
        (lambda data: data.replace(b"data", b"datb"), "0 parts 'data'"),
        (lambda data: b"RIFE" + data[4:], "does not begin"),
        (
            lambda data: data[:40] + (1799).to_bytes(4, "little") + data[44:],
            "1799 bytes of samples are no whole number of 2",
        ),
    ],
)
def test_a_wav_file_is_filled_by_its_parts(change: Any, message: str, tmp_path: Path) -> None:
    for digit, index in [(3, 0), (3, 5), (7, 0), (7, 5)]:
        wavfile.write(tmp_path / f"{digit}_a_{index}.wav", 8000, (np.arange(900) * 37 % 2000).astype(np.int16))
    file = tmp_path / "7_a_5.wav"
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(FileError, match=rf"7_a_5\.wav.*({message})"):
        load_task("fsdd", path=tmp_path)


GRAPHML = """<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="w" for="edge" attr.name="weight" attr.type="double"/>
<key id="m" for="edge" attr.name="w_max" attr.type="double"/>
<key id="l" for="node" attr.name="label" attr.type="string"/>
<key id="u" for="graph" attr.name="weight_unit" attr.type="string"/>
<graph edgedefault="directed"><node id="0"/><node id="1"><data key="l">1</data></node><node id="2"/>
<edge source="0" target="1"><data key="w">2</data></edge><edge source="1" target="2"><data key="w">2</data></edge>
<data key="u">mV</data></graph></graphml>"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('<node id="2"/>', '<node id="2"/><node id="2"/>', "the node '2' is there twice"),
        ('target="2"', 'target="9"', "'9', which is no node"),
        ('<edge source="1"', '<edge source="0" target="1"/><edge source="1"', "the link .* is there twice"),
        ('<data key="w">2</data>', '<data key="w">2</data><data key="w">3</data>', "the key 'w' is there twice"),
        ('<node id="2"/>', '<node id="2"><data key="l">1</data></node>', "same label"),
        (">mV<", ">mW<", "weight_unit = 'mW'"),
        (
            '<data key="w">2</data>',
            '<data key="w">2</data><data key="m">-1</data>',
            r"w_max\[0\] = -1.0: must not be negative",
        ),
        ("<graphml xmlns", '<!DOCTYPE x [<!ENTITY a "0">]><graphml xmlns', "declares the entity 'a'"),
        ("</graphml>", "", "no XML"),
    ],
)
def test_graphml_says_everything_once(old: str, new: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "a.graphml"
    file.write_text(GRAPHML)
    assert network_in(file).neurons == 3
    file.write_text(GRAPHML.replace(old, new, 1))
    with pytest.raises(FileError, match=rf"a\.graphml: .*{message}"):
        network_in(file)


@pytest.mark.parametrize(
    ("old", "new"),
    [('"0": [', '"0_0": ['), ("19.5", '"19.5"'), ("19.5", "true"), ("19.5, ", ""), ('"0": [', '"0": [], "0": [')],
)
def test_input_in_graphml_is_numbers_by_channel(old: str, new: str, dense: Reservoir, tmp_path: Path) -> None:
    file = tmp_path / "a.graphml"
    write_graph(dense, file)
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(FileError, match=r"a\.graphml: .*input of node .*by channel a list"):
        network_in(file)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("0 1 2\n1\n", "a line has 1 words, .*'1'"),
        ("0 1 2\n1 2\n", "a line has 2 words"),
        ("0 1 2\n1 2 2 # a comment\n0 1 3\n", "there twice"),
        ("0 1 inf\n", r"a\.edges: .*must be finite"),
        ("", r"a\.edges: .*at least two nodes"),
    ],
)
def test_an_edge_list_says_everything_once(lines: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.edges").write_text(lines)
    with pytest.raises(FileError, match=message):
        network_in(tmp_path / "a.edges")


def test_names_and_comments_are_still_read(dense: Reservoir, tmp_path: Path) -> None:
    write_graph(dense, tmp_path / "a.edges")
    (tmp_path / "a.edges").write_text("# source target weight\n\n" + (tmp_path / "a.edges").read_text())
    assert read_graph(tmp_path / "a.edges").number_of_edges() == dense.synapses


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": NaN}', "NaN is no number of JSON"),
        ('{"a": 1e999}', "1e999 is no number of JSON"),
        ('{"a": -Infinity}', "-Infinity is no number of JSON"),
        ('{"a": 1, "a": 1}', "the name 'a' is there twice"),
    ],
)
def test_json_is_what_its_standard_says(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(FileError, match=rf"a\.json: is damaged .*{message}"):
        read_digested_json(tmp_path / "a.json", "run")


def test_a_sealed_file_is_its_own(tmp_path: Path) -> None:
    value = {"b": [1, 2.5, None], "a": {"x": -0.0}}
    write_digested_json(tmp_path / "a.json", value)
    assert read_digested_json(tmp_path / "a.json", "run") == value
    for other in ({"b": [1, 2.5, None]}, {**value, DIGEST: "0"}, {**with_digest(value), "c": 1}):
        write_json(tmp_path / "a.json", other)
        with pytest.raises(FileError, match="its digest says"):
            read_digested_json(tmp_path / "a.json", "run")


@pytest.fixture(scope="module")
def begun(dense: Reservoir, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pruning")
    prune(dense, RandomPruning(), iterations=2, synapse_target=0.5, out=folder)
    return folder


def resumed(folder: Path, dense: Reservoir) -> Any:
    return prune(dense, RandomPruning(), iterations=2, synapse_target=0.5, out=folder, resume=True)


@pytest.mark.parametrize(
    "change",
    [
        lambda stored: stored["records"][1].update(links="12"),
        lambda stored: stored["records"][1].update(links=2**70),
        lambda stored: stored["records"][1].update(mean_rate=[1.0]),
        lambda stored: stored["records"][1].update(in_degrees=3),
        lambda stored: stored["records"][1].update(numbers={"a": "b"}),
        lambda stored: stored["records"][1].pop("links"),
        lambda stored: stored["records"][1].pop("score"),
        lambda stored: stored["records"][1].update(unknown=1),
        lambda stored: stored["records"][1].update(largest_exponent="3"),
        lambda stored: stored.update(unknown=1),
        lambda stored: stored["settings"].update(unknown=1),
        lambda stored: stored["origin"].__setitem__(-1, 10**6),
    ],
)
def test_a_checkpoint_holds_what_a_run_writes_and_no_more(
    change: Any, begun: Path, dense: Reservoir, tmp_path: Path
) -> None:
    stored = json.loads((begun / "checkpoint.json").read_text())
    del stored[DIGEST]
    change(stored)
    write_digested_json(tmp_path / "checkpoint.json", stored)
    (tmp_path / "reservoirs").symlink_to(begun / "reservoirs")
    with pytest.raises(
        FileError, match=r"checkpoint\.json: (is damaged|the run there was made with other settings: unknown)"
    ):
        resumed(tmp_path, dense)


@pytest.mark.parametrize("text", ['"abc"', "[1, 2]", '{"a": 1}', "", "[{}, {}, {}, {}, {}]", '[{"a": "b"}, null]'])
def test_nothing_depends_on_wall_times(text: str, begun: Path, dense: Reservoir) -> None:
    (begun / "timing.json").write_text(text)
    assert [dict(one) for one in resumed(begun, dense).seconds] == [{}, {}, {}]


def test_runs_of_one_kind_have_the_same_names(tmp_path: Path) -> None:
    kept = KeptRuns(tmp_path)
    kept.check_names({"a": {"x": {"y": 1.0}}, "b": {"x": {"y": 2.0}}})
    for other in ({}, {"x": 1.0}, {"x": {"y": 1.0, "z": 1.0}}):
        with pytest.raises(FileError, match=r"b\.json: is no run .*a\.json"):
            kept.check_names({"a": {"x": {"y": 1.0}}, "b": other})


@pytest.mark.parametrize("value", [2**70, True, "1", [1.0]])
def test_a_run_holds_numbers_that_arrays_can_hold(value: Any, tmp_path: Path) -> None:
    write_digested_json(tmp_path / "a.json", {"x": value})
    with pytest.raises(FileError, match=r"a\.json: is damaged .* finite numbers"):
        KeptRuns(tmp_path).result("a", lambda: {"x": 1.0})


def test_settings_with_one_name_more_are_others(tmp_path: Path) -> None:
    KeptRuns(tmp_path).prepare({"a": 1, "b": 2})
    KeptRuns(tmp_path).result("one", lambda: {"x": 1.0})
    with pytest.raises(FileError, match=r"other settings: b 2 \(now not given\)"):
        KeptRuns(tmp_path).prepare({"a": 1})


@pytest.mark.parametrize(
    "line", ['input_probability = "0.5"', "length_scale = true", 'dt = "1"', "homeostasis = 1", 'background_frozen = "yes"']
)
def test_in_a_spec_text_is_no_number_and_a_number_no_truth(line: str, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(line)
    with pytest.raises(SpecError, match=rf"a\.toml: {line.split()[0]} = .*must be"):
        ReservoirSpec.load(tmp_path / "a.toml")
