"""Recipes on deep networks: planted scores that give the right verdicts, counts, data, options, and stopped runs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from hrsnn.scripts.cli.kept_runs import KeptRuns
from hrsnn.scripts.recipes import qif, qsnn_fig2, qsnn_fig3, qsnn_fig5, qsnn_table1, qsnn_table2
from hrsnn.scripts.recipes.data import place_of
from hrsnn.scripts.recipes.deep_runs import DeepRunner, DeepTable, data_sets
from hrsnn.scripts.recipes.judging import judge
from hrsnn.scripts.recipes.qsnn_arms import FULL, named, quantised
from hrsnn.scripts.recipes.units import TIMING, seconds_in

needs_torch = pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra torch")
WITH, WITHOUT = named(2, True), named(2, False)


def planted(**arms: Mapping[str, float | Mapping[str, float]]) -> DeepTable:
    """Return scores of 12 seeds on two data sets, around those given for each arm."""
    random = np.random.default_rng(0)

    def seeds(value: float | Mapping[str, float]) -> Any:
        if isinstance(value, Mapping):
            return {name: seeds(one) for name, one in value.items()}
        return value + random.normal(0, 0.001, 12)

    return DeepTable({label: {arm: seeds(scores) for arm, scores in arms.items()} for label in ("digits", "CIFAR-10")})


def neurons(own: float, narrow: float, lif: float, half: float) -> DeepTable:
    gradients = {"cosine": 0.7, "cosine_half": half, "cosine_twice": 0.5, "in_window": 0.5, "linear": 0.9}
    arms = {"qif, own window": own, "qif, narrow window": narrow, "lif, own window": lif, "lif, narrow window": lif}
    return planted(**{arm: {"accuracy": accuracy, **gradients} for arm, accuracy in arms.items()})


def bits(**accuracies: float) -> DeepTable:
    """Return accuracies of arms, whose names have _ for what a keyword cannot have."""
    names = {"full": FULL, "regulated": WITH, "without": WITHOUT}
    return planted(**{names[arm]: {"accuracy": value, "linear": 0.9} for arm, value in accuracies.items()})


def layers(rates: tuple[float, float], shares: tuple[float, float]) -> DeepTable:
    """Return p_s and p_w, without and with regulation."""

    def binary_entropy(p: float) -> float:
        return -(p * math.log(p) + (1 - p) * math.log(1 - p))

    return planted(
        **{
            arm: {
                "rates": {"spike1": p_s, "spike2": p_s},
                "entropies": {"spike1": binary_entropy(p_s), "spike2": binary_entropy(p_s)},
                "positive_weights": {"conv2": p_w},
            }
            for arm, p_s, p_w in zip((WITHOUT, WITH), rates, shares, strict=True)
        }
    )


@pytest.mark.parametrize(
    ("readings", "recipe", "said"),
    [
        (qif.readings(neurons(0.95, 0.8, 0.9, 0.5), "qif"), qif, ["supported"] * 3),
        (qif.readings(neurons(0.85, 0.9, 0.9, 0.8), "qif"), qif, ["refuted"] * 3),
        (qsnn_table1.readings(bits(full=0.96, regulated=0.95)), qsnn_table1, ["supported"]),
        (qsnn_table1.readings(bits(full=0.96, regulated=0.93)), qsnn_table1, ["refuted"]),
        (qsnn_fig2.readings(layers((0.05, 0.2), (0.4, 0.5))), qsnn_fig2, ["supported"] * 3),
        (qsnn_fig2.readings(layers((0.3, 0.2), (0.5, 0.4))), qsnn_fig2, ["refuted"] * 3),
        (qsnn_fig5.readings(bits(regulated=0.95, without=0.93)), qsnn_fig5, ["supported"]),
        (qsnn_fig5.readings(bits(regulated=0.93, without=0.95)), qsnn_fig5, ["refuted"]),
    ],
    ids=str,
)
def test_planted_scores_have_their_verdicts(readings: Any, recipe: ModuleType, said: list[str]) -> None:
    found = judge(readings)
    assert [one.claim for one in found] == list(recipe.RECIPE.claims)
    assert [one.verdict for one in found] == said


def test_without_a_network_of_its_own_no_verdict_is_given_on_others() -> None:
    reading = qsnn_fig3.size_of("resnet-19", (3, 32, 32), 10, 1)
    assert round(reading, 2) == qsnn_fig3.SIZES[WITH] == 1.62


def test_what_was_not_run_is_there_without_values() -> None:
    table = bits(full=0.96, regulated=0.95)
    arms = {label: of | {named(k, r): of[WITH] for k in (8, 4, 2) for r in (True, False)} for label, of in table.by.items()}
    found = {(row.quantity, row.of): row.values for row in qsnn_table1.rows(DeepTable(arms))}
    assert set(qsnn_table1.RECIPE.published) <= {quantity for quantity, _ in found}
    assert len(found["CIFAR-10, 1w-2u", "with WS-DR"]) == len(found["digits, 1w-2u", "without"]) == 12
    assert found["TinyImageNet, 1w-2u", "with WS-DR"] == found["CIFAR-100, 32w-32u", "floating point"] == ()


def test_every_cell_of_the_table_of_memory_is_met_and_a_wrong_one_would_be_seen() -> None:
    found = {(row.quantity, row.of): row.values[0] for row in qsnn_table2.rows()}
    for quantity, published in qsnn_table2.RECIPE.published.items():
        assert published.value is not None
        assert abs(found[quantity, "largest layer"] - published.value) <= 0.01, quantity
    assert len(qsnn_table2.RECIPE.published) == 36
    said = qsnn_table2.verdict(found)
    assert (said.verdict, said.reason[:14]) == ("supported", "36 of 36 cells")
    wrong = found | {("MB, VGG16, batch 64, 1w-2u", "largest layer"): 2.9}
    assert qsnn_table2.verdict(wrong).verdict == "refuted"


@needs_torch
@pytest.mark.parametrize("potential_bits", [2, 8])
def test_the_counted_size_of_a_file_is_that_of_the_file(potential_bits: int) -> None:
    from hrsnn.deep.learning.export import packed
    from hrsnn.deep.learning.settings import NetworkSettings
    from hrsnn.deep.precision import precision_of

    settings = NetworkSettings("conv-16-32-fc64", (1, 8, 8), 10, precision=precision_of(1, potential_bits))
    whole = packed(settings.build().eval())
    # the header names the bits after the point of each array, in one digit or two
    assert abs(len(whole.to_bytes()) - qsnn_table2.file_size(whole.architecture, 1, potential_bits)) <= 2 * 4


def test_data_are_found_in_a_folder_of_data_sets(tmp_path: Path) -> None:
    digits, mnist = data_sets("small", 2)
    assert place_of(mnist.task, None) is place_of(mnist.task, tmp_path) is place_of(digits.task, tmp_path) is None
    (tmp_path / "MNIST" / "raw").mkdir(parents=True)
    assert place_of(mnist.task, tmp_path) == tmp_path / "MNIST" / "raw"


@needs_torch
def test_a_run_that_was_stopped_goes_on_from_its_last_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hrsnn.deep.learning import training

    data = {"digits": (dataclasses.replace(data_sets("small", 2)[0], train=60, test=20, epochs=3), None)}
    arms = {WITH: quantised(2, True, "ours")}
    whole = DeepRunner(data, arms, False, KeptRuns(None))((0, "digits", WITH))
    runner = DeepRunner(data, arms, False, KeptRuns(tmp_path))
    written: list[int] = []
    write = training.write_checkpoint

    def stop_after_two(path: Path, state: Any) -> None:
        write(path, state)
        written.append(state.epoch)
        if state.epoch == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(training, "write_checkpoint", stop_after_two)
    with pytest.raises(KeyboardInterrupt):
        runner((0, "digits", WITH))
    assert [path.name for path in tmp_path.iterdir()] == ["digits-1w-2u-WS-DR-0.npz"]
    assert runner((0, "digits", WITH)) == whole
    assert written == [1, 2, 3]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["digits-1w-2u-WS-DR-0.json", TIMING]
    assert seconds_in(tmp_path)[1] == 1


@needs_torch
def test_a_recipe_leaves_a_whole_folder(run: Any, tmp_path: Path) -> None:
    small = [word for option in ("train=40", "test=20", "epochs=1") for word in ("--option", option)]
    ran = run("reproduce", "qsnn-fig5", *small, "--seeds", 2, "--out", tmp_path / "out", "--quiet")
    assert ran.code == 0, ran.err
    files = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()}
    runs = {f"runs/digits-{arm}-{seed}.json" for arm in ("1w-2u-WS-DR", "1w-2u-without", FULL) for seed in (0, 1)}
    runs |= {run.replace("runs", f"runs/{TIMING}") for run in runs}
    assert files == runs | {"runs/settings.json", "metrics.json", "methods.md", "report.md", "table.csv", "qsnn_fig5.png"}
    report = (tmp_path / "out" / "report.md").read_text(encoding="utf-8")
    why = "not run: needs --data with cifar-10-batches-py or cifar10, --scale paper"
    assert f"| CIFAR-10, gain by WS-DR | accuracy | {why} | 0.0178 (section 5.3) |" in report
    table = (tmp_path / "out" / "table.csv").read_text(encoding="utf-8")
    assert '"CIFAR-10, 32w-32u",accuracy,,,,0.9636,section 5.3,,\n' in table


@needs_torch
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["qif", "--option", "neuron=lif"], "--option neuron = 'lif': must be one of qif, qif-roots"),
        (["qif", "--scale", "large"], "--scale = 'large': must be one of small, paper"),
        (["qif", "--scale", "paper"], "--data = None: is needed with --scale paper: a folder that holds cifar-10"),
        (["qif", "--data", "docs"], "--data = 'docs': must hold data of mnist or cifar10"),
        (["qif", "--path", "docs"], "--path = 'docs': recipe 'qif' needs no data"),
        (["qif", "--option", "epochs=-1"], "--option epochs = -1: must be"),
        (["qif", "--neurons", "30"], "--neurons = 30: has no effect: recipe 'qif' has networks of its own"),
        (["qif", "--engine", "exact"], "--engine = 'exact': has no effect"),
        (["qsnn-fig5", "--option", "reproduce=mine"], "reproduce = 'mine': must be one of ours, text, code"),
    ],
    ids=" ".join,
)
def test_bad_input_is_one_line(
    words: list[str], said: str, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    refused(run("reproduce", *words, "--quiet"), said)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--seeds", "3"], "--seeds = 3: has no effect: recipe 'qsnn-table2' counts"),
        (["--seed", "3"], "--seed = 3: has no effect"),
        (["--jobs", "2"], "--jobs = 2: has no effect"),
        (["--path", "x"], "--path = 'x': recipe 'qsnn-table2' needs no data"),
        (["--data", "x"], "--data = 'x': recipe 'qsnn-table2' has no rows for data sets"),
        (["--set", "tau_exc=3"], "has no effect: recipe 'qsnn-table2' has networks of its own"),
    ],
    ids=" ".join,
)
def test_a_recipe_that_counts_has_no_runs(words: list[str], said: str, run: Any) -> None:
    refused(run("reproduce", "qsnn-table2", *words, "--quiet"), said)


def test_a_missing_extra_is_one_line(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hrsnn.scripts.reproduce.find_spec", lambda name: None)
    refused(run("reproduce", "qif", "--quiet"), "recipe 'qif' needs PyTorch: pip install 'hrsnn[torch]'")


def refused(ran: Any, said: str) -> None:
    assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1), ran.err
    assert said in ran.err
