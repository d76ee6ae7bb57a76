"""Your own data and your own network on the command line: recognised, run, or refused in one line."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest
from own_data import arrays, events, pictures, series, sounds, table, trains

from hrsnn import ReservoirSpec, build
from hrsnn.networks import write_graph

_TINY = ["--neurons", 20, "--quiet", "--json"]


@pytest.mark.parametrize(
    ("make", "command", "task"),
    [
        (table, "forecast", "csv"),
        (table, "measure", "csv"),
        (sounds, "classify", "wavs"),
        (pictures, "rank", "images"),
        (events, "classify", "events"),
        (arrays, "rank", "arrays"),
        (trains, "measure", "file"),
        (series, "classify", "ts"),
    ],
    ids=lambda value: value.__name__ if callable(value) else value,
)
def test_data_are_recognised_and_run(
    make: Callable[[Path], Path], command: str, task: str, run: Any, tmp_path: Path
) -> None:
    more = {"classify": ["--no-plastic"], "rank": ["--stimuli", 6], "measure": ["--stimuli", 6], "forecast": []}[command]
    ran = run(command, make(tmp_path), *_TINY, *more)
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["task"] == task


def test_how_far_ahead_is_said(run: Any, tmp_path: Path) -> None:
    path = table(tmp_path)
    for target, horizon in (("gust+7", 7), ("speed", 1)):
        options = ["--task-option", f"target={target}", "--neurons", 20, "--quiet"]
        assert f", {horizon} ahead, " in run("forecast", path, *options).out
        assert json.loads(run("forecast", path, *options, "--json").out)["horizon"] == horizon


def with_names(path: Path, *names: str) -> Path:
    """A file or a folder with files of these names."""
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(b"")
    return path


def bomb(folder: Path) -> Path:
    """An npz file that unpacks to much more than it has."""
    with zipfile.ZipFile(folder / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        header = (
            b"\x93NUMPY\x01\x00v\x00"
            + b"{'descr': '|u1', 'fortran_order': False, 'shape': (400000000,), }".ljust(117)
            + b"\n"
        )
        for name in ("x", "y"):
            with archive.open(f"{name}.npy", "w") as member:
                member.write(header)
                for _ in range(400):
                    member.write(bytes(10**6))
    return folder / "bomb.npz"


@pytest.mark.parametrize(
    ("make", "command", "options", "message"),
    [
        (lambda folder: folder / "none.csv", "classify", [], "none.csv: does not exist"),
        (lambda folder: folder, "classify", [], "is not recognised: say what it is, as --task NAME"),
        (lambda folder: with_names(folder, "a.xyz") / "a.xyz", "forecast", [], "a.xyz: is not recognised"),
        (table, "classify", [], "`hrsnn forecast` takes it; rows with labels: an .npz file of x and y"),
        (series, "forecast", [], "of the kind classes: `hrsnn classify` takes it"),
        (table, "forecast", ["--task-option", "column=sped"], "column = 'sped': did you mean 'speed'?"),
        (table, "forecast", ["--path", "x.csv"], "--path = 'x.csv': cannot be given with DATA"),
        (table, "forecast", ["--data", "x"], "--data = 'x': cannot be given with DATA"),
        (table, "forecast", ["--task-option", "dataset=x"], "is no option of the task csv"),
        (
            lambda folder: with_names(folder, "w.graphml") / "w.graphml",
            "rank",
            [],
            "is a graph, a network and not data: --graph",
        ),
        (
            lambda folder: with_names(folder, "a/1.wav", "b/1.wav", "c/2.png"),
            "classify",
            [],
            "could be data for images or wavs",
        ),
        (bomb, "classify", [], "bomb.npz: "),
    ],
)
def test_what_cannot_be_run_is_said_in_one_line(
    make: Callable[[Path], Path], command: str, options: list[str], message: str, run: Any, tmp_path: Path
) -> None:
    ran = run(command, make(tmp_path), *options, *_TINY)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert ran.err.count("\n") == 1


def test_official_layouts_in_one_folder(run: Any, tmp_path: Path) -> None:
    (tmp_path / "sets" / "ts").mkdir(parents=True)
    series(tmp_path / "sets" / "ts")
    ran = run("classify", "--data", tmp_path / "sets", "--task", "ts", *_TINY, "--no-plastic")
    assert ran.code == 0, ran.err
    for task, message in (
        ("mnist", "must hold mnist or MNIST/raw or MNIST"),
        ("images", "task 'images' needs --path"),
        ("digits", "is no option of the task digits, which read no data"),
    ):
        ran = run("classify", "--data", tmp_path / "sets", "--task", task, *_TINY)
        assert ran.code == 2
        assert message in ran.err


def test_a_network_of_your_own_runs_every_task(run: Any, tmp_path: Path) -> None:
    whole = nx.relabel_nodes(nx.gnp_random_graph(30, 0.2, seed=1, directed=True), lambda k: f"cell {k}")
    worm = "wörm 😀.graphml"
    write_graph(whole, tmp_path / worm)
    saved = build(ReservoirSpec(neurons=24), seed=3)
    saved.save(tmp_path / "network.npz")
    both = {worm: (30, whole.number_of_edges()), "network.npz": (24, saved.synapses)}
    sizes = {"memory": ["--values", 600], "rank": ["--stimuli", 10], "lyapunov": ["--duration", 100]}
    for file, commands in ((worm, tuple(sizes)), ("network.npz", ("rank",))):
        neurons, links = both[file]
        for command in commands:
            options = sizes[command]
            ran = run(
                command, "--graph", tmp_path / file, *options, "--quiet", "--json", "--out", tmp_path / f"{file}-{command}"
            )
            assert ran.code == 0, ran.err
            with np.load(tmp_path / f"{file}-{command}" / "reservoir.npz") as stored:
                assert len(stored["tau_m"]) == neurons
                assert len(stored["recurrent.pre"]) == links
    ran = run("variants", "--graph", tmp_path / worm, "--seeds", 2, "--tasks", "memory", "--values", 600, "--quiet")
    assert ran.code == 0, ran.err
    for options, message in (
        (["--graph", tmp_path / worm, "--neurons", 20], "--neurons = 20: cannot be given with --graph"),
        (["--graph", tmp_path / "none.edges"], "none.edges: does not exist"),
        (["--graph", tmp_path], "must end in .graphml, .edges, .csv or .npz"),
    ):
        ran = run("memory", *options)
        assert ran.code == 2
        assert message in ran.err
