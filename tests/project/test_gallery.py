"""The tutorial: each script runs as it stands, draws its pictures, and its prose says what its output says."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "docs" / "gallery").glob("plot_*.py"))
#: Runs a script and saves the figures that pyplot holds at its end.
RUN = """
import runpy, sys
runpy.run_path(sys.argv[1], run_name="__main__")
import matplotlib.pyplot as plt
for number in plt.get_fignums():
    plt.figure(number).savefig(f"{number}.png")
"""


def number(output: str, line: str) -> float:
    """The first number after the words with which a line of the output begins."""
    found = re.search(rf"^{re.escape(line)}\D*?(-?\d+(?:\.\d+)?)", output, re.MULTILINE)
    assert found, f"no line {line!r} in\n{output}"
    return float(found[1])


def columns(output: str, line: str) -> list[float]:
    """All numbers after the words with which a line of the output begins."""
    found = re.search(rf"^{re.escape(line)}(.*)$", output, re.MULTILINE)
    assert found, f"no line {line!r} in\n{output}"
    return [float(one) for one in re.findall(r"-?\d+(?:\.\d+)?", found[1])]


def first_reservoir(output: str) -> None:
    assert number(output, "network ") > 0.9
    assert number(output, "delay_bank") > 0.9
    assert number(output, "no_recurrence") < 0.6


def your_own_data(output: str) -> None:
    table, series = output.split("linear autoregression")
    network = number(table, "network ")
    assert network < number(table, "no recurrence")
    assert number(table, "echo state network") < number(table, "last value") < network
    assert abs(network - number(table, "delay bank")) < 0.05
    assert min(number(series, name) for name in ("network ", "raw_input", "delay_bank")) > 0.9
    assert number(series, "no_recurrence") < 0.6


def delays_and_memory(output: str) -> None:
    without, equal, spread = (columns(output, line) for line in ("none ", "100 ms ", "1 to 200 ms "))
    assert without[0] < equal[0] < spread[0]
    assert equal[0] > equal[2]
    assert spread[0] > spread[2] > spread[1]


def pruning_a_connectome(output: str) -> None:
    dense, drive, random = (columns(output, line) for line in ("dense ", "by drive ", "at random "))
    assert drive[0] == random[0] < 0.31 * dense[0]
    assert abs(drive[1] - random[1]) < 2
    assert dense[2] > drive[2] > random[2]
    assert all(one[3] < one[2] < one[4] for one in (dense, drive, random))


def searching(output: str) -> None:
    default, found = columns(output, "default "), columns(output, "this search ")
    assert found[1] > default[0]


def lyapunov(output: str) -> None:
    weak, default, strong = (columns(output, f"scale {scale}  ") for scale in (" 0.00", " 5.00", "10.00"))
    assert max(weak[1:]) < max(default[1:]) < 0 < min(strong[1:])
    assert "scale 2.5  the same" in output
    assert "scale 5.0  still different" in output


def balanced(output: str) -> None:
    error = {name: columns(output, f"{name} ")[1] for name in ("balanced", "no recurrence", "shuffled links")}
    assert error["balanced"] < 0.15
    assert min(error["no recurrence"], error["shuffled links"]) > 1
    assert number(output, "decoded, no recurrence") < number(output, "ridge readout") < number(output, "decoded ")
    assert abs(number(output, "decoded ") - number(output, "linear system")) < 0.5


def training(output: str) -> None:
    assert number(output, "trained") > number(output, "readout_only") + 0.05
    assert number(output, "no_recurrence") < 0.6


#: What the prose of each script says of its output.
FACTS = {
    "plot_1_first_reservoir": first_reservoir,
    "plot_2_your_own_data": your_own_data,
    "plot_3_delays_and_memory": delays_and_memory,
    "plot_4_pruning_a_connectome": pruning_a_connectome,
    "plot_5_search": searching,
    "plot_6_lyapunov": lyapunov,
    "plot_7_balanced": balanced,
    "plot_8_training": training,
}


def test_every_script_has_its_facts() -> None:
    assert [path.stem for path in SCRIPTS] == sorted(FACTS)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_scripts_begin_with_a_title_and_use_public_names(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    title, line, *_ = (ast.get_docstring(tree) or "").splitlines()
    assert line == "=" * len(title)
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names]
    names += [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    assert not [name for name in names if name.startswith("_")]


@pytest.mark.long
@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_draws_and_prints_what_it_says(path: Path, tmp_path: Path) -> None:
    if path.stem == "plot_8_training":
        pytest.importorskip("torch", reason="torch (the extra of that name) is not installed")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", RUN, str(path)]
    done = subprocess.run(command, check=False, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.glob("*.png"))) >= 2
    FACTS[path.stem](done.stdout)
