"""Mixed work in one process, for as long as there is time: memory, open files, threads and temporary files must stay flat.

``python tests/faults/soak.py --minutes 120 --out soak`` writes ``soak.csv`` and ``soak.png`` into the folder. The work:
networks that are built, simulated on several engines, pruned, saved and read; estimators that are fitted; commands with
workers that come and go; and calls that are refused. Flat: after a third of the time the medians of the second half exceed
those of the first by less than 2 % and 8 MB of memory, and by no file, thread or temporary file. The exit code is the number
of curves that rise.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import gc
import io
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("MPLBACKEND", "Agg")

import numpy as np  # noqa: E402

COLUMNS = ("seconds", "rounds", "memory_mb", "files", "threads", "temporary")
_SHARE, _MEMORY_MB = 0.02, 8.0


def simulations(turn: int) -> None:
    """Build a network, simulate it on three engines, save it and read it."""
    from hrsnn import PoissonEncoder, Reservoir, ReservoirSpec, build, simulate

    reservoir = build(ReservoirSpec(neurons=40 + turn % 30), seed=turn, channels=4)
    trains = PoissonEncoder(200.0, 60.0, seed=turn).fit(np.ones((3, 4))).transform(np.ones((3, 4)))
    for engine in ("compiled", "exact", *(("brian2-numpy",) if turn % 5 == 0 else ())):
        simulate(reservoir, trains, engine=engine, record=("spikes", "states"))
    with tempfile.TemporaryDirectory() as folder:
        reservoir.save(Path(folder) / "a.npz")
        Reservoir.load(Path(folder) / "a.npz")


def prunings(turn: int) -> None:
    """Prune a network with a folder of results."""
    from hrsnn import ReservoirSpec, build
    from hrsnn.networks import LNP, prune

    with tempfile.TemporaryDirectory() as folder:
        reservoir = build(ReservoirSpec(neurons=30), seed=turn, channels=2)
        prune(reservoir, LNP(), iterations=1, synapse_target=0.5, seed=turn, out=Path(folder) / "out")


def estimators(turn: int) -> None:
    """Fit a classifier."""
    from hrsnn import PoissonEncoder, ReservoirClassifier, ReservoirSpec

    x = np.random.default_rng(turn).random((20, 3))
    model = ReservoirClassifier(ReservoirSpec(neurons=20), encoder=PoissonEncoder(peak_rate=200, duration=20))
    model.fit(x, np.arange(20) % 2).predict(x)


def commands(turn: int) -> None:
    """Run a command, every third time with two workers and pictures, which come and go."""
    from hrsnn import scripts

    words = ["memory", "--neurons", "20", "--values", "400", "--max-delay", "4", "--seeds", "2", "--quiet"]
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        more = ["--jobs", "2", "--out", f"{folder}/out"] if turn % 3 == 0 else []
        if code := scripts.main([*words, *more]):
            raise RuntimeError(f"exit code {code}")


def refusals(turn: int) -> None:
    """Make errors."""
    from hrsnn import HrsnnError, Reservoir, ReservoirSpec

    for wrong in (
        lambda: ReservoirSpec(neurons=-turn),
        lambda: Reservoir.load("/dev/null"),
        lambda: ReservoirSpec.load("no.toml"),
    ):
        with contextlib.suppress(HrsnnError):
            wrong()


WORK: tuple[Callable[[int], None], ...] = (simulations, estimators, refusals, prunings, commands)


def measured(begun: float, rounds: int, temporary: Path) -> list[float]:
    """Return a row of the table."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    memory = pages * os.sysconf("SC_PAGESIZE") / 1e6
    counts = [len(os.listdir(f"/proc/self/{name}")) for name in ("fd", "task")]
    return [time.monotonic() - begun, rounds, memory, *counts, sum(1 for _ in temporary.rglob("*"))]


def rising(rows: np.ndarray) -> list[str]:
    """Return a line for each curve that rises after a third of the time, by the medians of the halves of the rest.

    Examples
    --------
    >>> flat = np.tile([0.0, 1, 100, 9, 1, 0], (9, 1))
    >>> rising(flat), rising(flat + np.outer(np.arange(9), [0, 0, 9, 0, 0, 0]))
    ([], ['memory_mb: 145.0, then 172.0'])
    """
    kept = rows[len(rows) // 3 :]
    halves = [np.median(part, axis=0) for part in np.array_split(kept, 2)]
    found = []
    for k, name in enumerate(COLUMNS[2:], 2):
        room = max(_MEMORY_MB, _SHARE * halves[0][k]) if name == "memory_mb" else 0.0
        if halves[1][k] > halves[0][k] + room:
            found.append(f"{name}: {halves[0][k]:.1f}, then {halves[1][k]:.1f}")
    return found


def drawn(rows: np.ndarray, path: Path) -> None:
    """Draw the curves."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(4, sharex=True, figsize=(6, 7), layout="constrained")
    for axis, name, values in zip(axes, COLUMNS[2:], rows.T[2:], strict=True):
        axis.plot(rows[:, 0] / 60, values)
        axis.set(ylabel=name.replace("_mb", " (MB)"), ylim=(0, None))
    axes[-1].set_xlabel("time (min)")
    figure.savefig(path, dpi=100)
    plt.close(figure)


def main() -> int:
    """Read the command line, work, and print what rises."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "soak")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    rows, begun, rounds = [], time.monotonic(), 0
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        tempfile.tempdir = name
        while rounds < len(WORK) or time.monotonic() < begun + 60 * options.minutes:
            WORK[rounds % len(WORK)](rounds)
            rounds += 1
            if rounds % len(WORK) == 0:
                rows.append(measured(begun, rounds, Path(name)))
                with open(options.out / "soak.csv", "w", newline="") as file:
                    csv.writer(file).writerows([COLUMNS, *rows])
        tempfile.tempdir = None
    table = np.array(rows)
    drawn(table, options.out / "soak.png")
    wrong = rising(table)
    print(
        f"{rounds} pieces of work in {table[-1, 0] / 60:.1f} min; memory {table[0, 2]:.0f} to {table[-1, 2]:.0f} MB",
        flush=True,
    )
    print("\n".join(wrong) or "nothing rises")
    return len(wrong)


if __name__ == "__main__":
    sys.exit(main())
