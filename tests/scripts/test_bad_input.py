"""Bad input on the command line: one short line, and nothing written."""

from __future__ import annotations

import dataclasses
import itertools
import os
from pathlib import Path
from typing import Any

import pytest
from small_commands import SMALL

from hrsnn import scripts

#: Commands on pruned networks, which take a number of neurons too.
PRUNING = ("prune", "compare", "pruning_curve")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "which command; the commands are demo"),
        (["clasify"], "no command 'clasify'; did you mean 'classify'?"),
        (["spec", "--nueron", "3"], "unrecognized options: --nueron, 3; perhaps you meant --neurons"),
        (["spec", "--neurons", "x"], "--neurons"),
        (["spec", "--neurons", "1"], "neurons = 1: must be greater than or equal to 2"),
        (["spec", "--set", "tau_exc"], "--set = 'tau_exc': must be KEY=VALUE"),
        (["spec", "--set", "tau_ex=3"], "tau_ex: no such parameter; did you mean 'tau_exc'?"),
        (["spec", "--set", "tau_exc=nan"], "tau_exc"),
        (["spec", "--variant", "HoHo"], "variant = 'HoHo': must be one of HoNHoS"),
        (["spec", "--preset", "tempo"], "--preset = 'tempo': must be one of default, dense"),
        (["spec", "--preset", "dense", "--spec", "x.toml"], "--preset = 'dense': cannot be given with --spec"),
        (["spec", "--spec", "missing.toml"], "missing.toml: does not exist"),
        (["spec", "--set", "self=1"], "self: no such parameter"),
        (["spec", "--out", "a_file/x.toml"], "a_file: is a file; name a folder"),
        (["spec", "--out", "x/" * 3000], "cannot be written: File name too long"),
        (
            ["list", "synapses"],
            "group = 'synapses': must be one of engines, kinds, tasks, methods, scores, objectives, models, neurons, "
            "variants, surrogates, recipes",
        ),
        (["engines", "--page", "missing.md"], "missing.md: does not exist"),
        (["memory", "--format", "svgg", "--out", "x"], "--format = 'svgg': did you mean 'svg'? must be of png, svg, pdf"),
        (["memory", "--format", "png,", "--out", "x"], "--format = 'png,': must be of png, svg, pdf"),
        (["memory", "--format", "svg"], "--format = 'svg': needs --out, the folder for the pictures"),
        (["reproduce", "--format", "svg"], "--format = 'svg': is for a recipe, not the list"),
        (["report", "missing"], "missing: is no folder"),
        (["report", ".", "--neurons", "5"], "unrecognized options: --neurons"),
        (["classify", "--task", "digit"], "task = 'digit': did you mean 'digits'?"),
        (["classify", "--task", "lorenz63"], "--task = 'lorenz63': is of the kind series"),
        (["classify", "--readout", "svm"], "invalid choice 'svm'"),
        (["classify", "--engine", "nestor"], "engine = 'nestor': did you mean 'nest'"),
        (["classify", "--seed", "-1"], "seed = -1"),
        (["classify", "--task", "file"], "path = None: task 'file' needs it"),
        (["classify", "--task", "fsdd", "--path", "missing"], "missing"),
        (["classify", "--path", "x"], "--path = 'x': is no option of the task digits"),
        (["classify", "--train", "0"], "train = 0"),
        (["classify", "--out", "a_file"], "a_file: is a file; name a folder"),
        (["rank", "--out", "a\0b"], "cannot be made: embedded null byte"),
        (["demo", "--set", "self=1"], "self: no such parameter"),
        (["memory", "--set", "self=1"], "self: no such parameter"),
        (["memory", "--cluster", "tcp://127.0.0.1:9"], "--cluster = 'tcp://127.0.0.1:9': needs --seeds of at least 2"),
        (["map", "--cluster", "slrum"], "--cluster = 'slrum': must be the address of a scheduler"),
        (["memory", "--max-delay", "-5"], "--max-delay = -5: must be a whole number >= 1"),
        (["classify", "--out", "a_file/inside"], "a_file is a file"),
        (["memory", "--values", "50"], "50"),
        (["memory", "--hold", "nan"], "hold"),
        (["forecast", "--train", "0"], "train = 0"),
        (
            ["forecast", "--task", "digits"],
            "--task = 'digits': is of the kind classes; of the kind series are csv, lorenz63",
        ),
        (["forecast", "--task", "lorenz_63"], "task = 'lorenz_63': did you mean 'lorenz63'?"),
        (["forecast", "--closed-loop", "--horizon", "2"], "(horizon 1) for a closed loop"),
        (["forecast", "--closed-loop", "--test", "20", "--starts", "21"], "starts = 21: must be at most the 20 test values"),
        (["forecast", "--closed-loop", "--starts", "0"], "starts = 0"),
        (["forecast", "--starts", "3"], "--starts = 3: is for --closed-loop"),
        (["measure", "--stimuli", "0"], "--stimuli = 0"),
        (["measure", "--stimuli", "3001"], "--stimuli = 3001: must be at most 3000"),
        (["measure", "--task", "memori"], "task = 'memori': did you mean 'memory'?"),
        (["measure", "--window", "0"], "window = 0.0: must be positive (ms)"),
        (["measure", "--path", "x"], "--path = 'x': is no option of the task memory"),
        (
            ["lyapunov", "--engine", "compiled"],
            "--engine = 'compiled': must be exact: on a grid a small change moves no spike",
        ),
        (["lyapunov", "--count", "61"], "count = 61: must be at most 60"),
        (["lyapunov", "--interval", "50"], "interval = 50.0: must be at most 40 ms"),
        (["lyapunov", "--duration", "0"], "duration = 0.0: must be positive (ms)"),
        (["lyapunov", "--set", "adaptation=1"], "reservoir = 'with adaptation': must have none"),
        (["capacity", "--delays", "0", "3"], "--delays = (0, 3): must begin with a delay >= 1"),
        (["capacity", "--values", "300"], "needs at least"),
        (["map", "--points", "0"], "--points = 0"),
        (["map", "--weight-scale", "0", "5"], "--weight-scale = (0.0, 5.0): must be two ascending numbers over 0"),
        (["map", "--copies", "1"], "copies = 1"),
        (["map", "--jittered", "201"], "jittered_stimuli = 201: must be from 2 to the 200 stimuli"),
        (["map", "--set", "connectivity=random"], "must be 'in_degree' or 'distance'"),
        (["prune", "--method", "lmp"], "method = 'lmp': did you mean 'lnp'? must be one of lnp, noise"),
        (["prune", "--option", "score"], "--option = 'score': must be KEY=VALUE"),
        (["prune", "--option", "score=loud"], "score = 'loud': must be one of paper"),
        (["prune", "--method", "random", "--option", "score=paper"], "score = 'paper': method 'random' has only none"),
        (["prune", "--synapse-target", "1"], "synapse_target = 1.0: must be a share that is gone"),
        (["prune", "--resume"], "--resume = True: needs --out"),
        (["compare", "--methods", "lnp", "lmp"], "method = 'lmp'"),
        (["compare", "--neuron-target", "0.99"], "neuron_target = 0.99: must leave two neurons"),
        (["pruning_curve", "--arms", "lmp"], "--arms = 'lmp': must be of dense"),
        (["pruning_curve", "--sparsities", "0.9", "0.5"], "--sparsities = (0.9, 0.5): must be ascending"),
        (["pruning_curve", "--tasks", "fsdd"], "path = None: task 'fsdd' needs it"),
        (["pruning_curve", "--path", "x"], "--path = 'x': is no option of the tasks memory, lorenz63, digits"),
        (["pruning_curve", "--arms"], "--arms = (): must name at least one"),
        (["pruning_curve", "--tasks"], "--tasks = (): must name at least one"),
        (["reproduce", "--seeds", "3"], "--seeds = 3: is for a recipe, not the list"),
        (["reproduce", "figg10"], "recipe = 'figg10': did you mean 'fig10'? must be one of list, table1"),
        (["reproduce", "list", "--option", "iterations=3"], "is for a recipe, not the list"),
        (["reproduce", "list", "--out", "x"], "--out = 'x': is for a recipe, not the list"),
        (["reproduce", "list", "--data", "x"], "--data = 'x': is for a recipe, not the list"),
        (["reproduce", "--scale", "paper"], "--scale = 'paper': is for a recipe, not the list"),
        (["reproduce", "list", "--results", "x"], "x: has no folder with results of hrsnn reproduce"),
        (["reproduce", "list", "--page", "x.md"], "x.md: does not exist"),
        (["reproduce", "fig10", "--results", "x"], "--results = 'x': is for hrsnn reproduce list"),
        (["reproduce", "fig10", "--page", "x.md"], "--page = 'x.md': is for hrsnn reproduce list"),
        (
            ["reproduce", "fig10", "--scale", "papers"],
            "--scale = 'papers': did you mean 'paper'? must be one of small, paper",
        ),
        (["reproduce", "fig10", "--data", "x"], "--data = 'x': recipe 'fig10' has no rows for data sets"),
        (["reproduce", "fig10", "--claims"], "--claims = True: is for hrsnn reproduce list"),
        (["reproduce", "fig10", "--path", "x"], "--path = 'x': recipe 'fig10' needs no data"),
        (["reproduce", "fig10", "--seeds", "1"], "--seeds = 1: must be a whole number >= 2"),
        (
            ["reproduce", "fig10", "--option", "iteration=5"],
            "--option = 'iteration': did you mean 'iterations'? must be one of",
        ),
        (
            ["reproduce", "fig10", "--option", "iterations=few"],
            "--option iterations = 'few': must be a whole number, such as 40",
        ),
        (
            ["reproduce", "fig10", "--option", "iterations=1", "--out", "x"],
            "--option iterations = 1: must be a whole number >= 2",
        ),
        (["reproduce", "fig10", "--option", "synapse_target=1", "--out", "x"], "synapse_target = 1.0: must be a share"),
        (["search", "--task", "digits"], "--task = 'digits': is of the kind classes; of the kind memory are memory"),
        (["rank", "--stimuli", "0"], "--stimuli = 0: must be from 10, one a class, to 1348"),
        (["rank", "--stimuli", "2000"], "--stimuli = 2000: must be from 10"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_is_one_line(
    arguments: list[str], message: str, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a_file").write_text("")
    ran = run(*arguments, *(["--neurons", "20"] if arguments and arguments[0] in {*SMALL, *PRUNING} else []))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("\n") == 1
    assert message in ran.err
    assert [path.name for path in tmp_path.iterdir()] == ["a_file"]


#: Nothing that an option could take: 3000 levels, a whole number of 5000 digits, a name of 5000 characters.
BEYOND = {"levels": "[" * 3000, "digits": "1" + "0" * 5000, "characters": "x" * 5000}


def options_with_values(verb: str) -> list[str]:
    """The names of a command's options, but for flags."""
    fields = {one.name: str(one.type) for one in dataclasses.fields(scripts.find(verb))}
    return [name.rstrip("_").replace("_", "-") for name, kind in fields.items() if "Flag" not in kind and kind != "bool"]


@pytest.mark.parametrize("verb", scripts.COMMANDS)
def test_a_value_beyond_all_bounds_is_one_short_line(
    verb: str, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HRSNN_MAX_MEMORY", "1e9")
    for name, text in BEYOND.items():
        (tmp_path / f"{name}.toml").write_text(f"tau_exc = {text}")
    before = set(os.listdir())
    # each of the command's own options with one of them, and a third of those that it shares with earlier ones
    earlier = list(scripts.COMMANDS)[: list(scripts.COMMANDS).index(verb)]
    shared = set[str]().union(*map(options_with_values, earlier))
    texts = itertools.cycle(BEYOND.values())
    chosen = [name for k, name in enumerate(options_with_values(verb)) if name not in shared or k % 3 == len(earlier) % 3]
    words = [[f"--{option}", next(texts)] for option in chosen]
    words += [["--spec", f"{name}.toml"] for name in BEYOND]
    words += [["--set", f"tau_exc={text}"] for text in BEYOND.values()] + [["--set", f"{BEYOND['characters']}=1"]]
    words += [["--nope" * 2000], *([text] for text in BEYOND.values())]
    for given in words:
        ran = run(verb, *given)
        shown = [word[:40] for word in given]
        assert (ran.code, ran.out) == (2, ""), shown
        assert ran.err.count("\n") == 1, (shown, ran.err)
        assert len(ran.err) <= 600, (shown, ran.err)
    assert set(os.listdir()) == before
