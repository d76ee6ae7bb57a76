"""Figures of the rows that engines.py and scaling.py saved.

python benchmarks/engine_figures.py --engines ROWS.json --scaling FROZEN.json PLASTIC.json [--out docs/images]
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hrsnn.analysis.figures.style import EXCITATORY, INHIBITORY, save

_NAMES = {
    "brian2-cython": ("Brian2, Cython", "#56B4E9", "o"),
    "brian2-numpy": ("Brian2, NumPy", "#0072B2", "s"),
    "standalone": ("Brian2, C++ standalone", "#D55E00", "D"),
    "nest": ("NEST", "#009E73", "^"),
}
_LINKS = {"random5": "random, 5 %", "random25": "random, 25 %", "distance": "by distance"}


def engines(rows: list[dict[str, Any]]) -> Figure:
    """Draw run times of the other engines relative to the compiled engine, one line per network."""
    networks = list(dict.fromkeys((row["neurons"], row["links"], row["plastic"]) for row in rows))
    figure = Figure(figsize=(5.2, 0.8 + 0.24 * len(networks)), layout="constrained")
    axes = figure.subplots()
    for name, (label, colour, marker) in _NAMES.items():
        points = [(row["ratio"], networks.index(_network(row))) for row in rows if row["engine"] == name]
        if points:
            axes.plot(*np.transpose(points), marker, color=colour, markersize=5, label=label)
    axes.axvline(1, color=EXCITATORY, linewidth=1)
    axes.set_xscale("log")
    ticks = [1, 2, 5, 10, 20, 50]
    axes.set_xticks(ticks, [f"{tick}" for tick in ticks])
    axes.minorticks_off()
    axes.set_yticks(
        range(len(networks)),
        [f"{n} neurons, {_LINKS[links]}, {'STDP' if plastic else 'frozen'}" for n, links, plastic in networks],
    )
    axes.invert_yaxis()
    axes.grid(axis="y", color="#D9D9D9", linewidth=0.5)
    _finish(axes, "Run time over that of the compiled engine", "")
    figure.legend(loc="outside upper center", ncols=4, fontsize=7, frameon=False, handletextpad=0.2, columnspacing=1)
    return figure


def _network(row: dict[str, Any]) -> tuple[int, str, bool]:
    return row["neurons"], row["links"], row["plastic"]


def scaling(tables: list[list[dict[str, Any]]]) -> Figure:
    """Draw run time against spikes x out-degree + neurons x steps, and memory against links."""
    figure = Figure(figsize=(7.0, 2.8), layout="constrained")
    time, memory = figure.subplots(1, 2)
    rows = [row for table in tables for row in table]
    for plastic, colour in ((False, EXCITATORY), (True, INHIBITORY)):
        for random, marker in ((False, "o"), (True, "s")):
            these = [row for row in rows if row["plastic"] == plastic and row["random"] == random]
            if not these:
                continue
            label = f"{'STDP' if plastic else 'frozen'}, {'random links' if random else 'by distance'}"
            style: dict[str, Any] = {
                "color": colour,
                "markersize": 4,
                "linewidth": 1,
                "fillstyle": "none" if random else "full",
            }
            a_second = [(row["cost"] / row["seconds"], row["run"] / row["seconds"]) for row in these]
            time.loglog(*np.transpose(a_second), f"{marker}-", label=label, **style)
            memory.loglog([row["synapses"] for row in these], [row["memory"] for row in these], f"{marker}-", **style)
    low, high = time.get_xlim()
    time.plot([low, high], np.array([low, high]) * 2e-9, ":", color="#7F7F7F", linewidth=1, label="2 ns each")
    time.set_xlim(low, high)
    _finish(time, "Spikes x out-degree + neurons x steps, a second", "Run time of a second (s)")
    sizes = [200, 500, 1000, 2000]
    memory.set_ylim(150, 2500)
    memory.set_yticks(sizes, [f"{size}" for size in sizes])
    memory.tick_params(axis="y", which="minor", labelleft=False)
    _finish(memory, "Recurrent links", "Peak memory of the process (MB)\n(the two by distance coincide)")
    figure.legend(loc="outside upper center", ncols=5, fontsize=7, frameon=False)
    return figure


def _finish(axes: Axes, x: str, y: str) -> None:
    axes.set_xlabel(x, fontsize=8)
    axes.set_ylabel(y, fontsize=8)
    axes.tick_params(labelsize=7, width=0.6, length=2.5)
    axes.spines[["top", "right"]].set_visible(False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engines", type=Path, nargs="+")
    parser.add_argument("--scaling", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    arguments = parser.parse_args()
    if arguments.engines:
        rows = [row for path in arguments.engines for row in json.loads(path.read_text())]
        save(engines(rows), arguments.out / "engines.png", dpi=200)
    if arguments.scaling:
        save(scaling([json.loads(path.read_text()) for path in arguments.scaling]), arguments.out / "scaling.png", dpi=200)


if __name__ == "__main__":
    main()
