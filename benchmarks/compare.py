"""Speed of the compiled engine in two commits: the same networks in turns, with the ratio and its 95 % interval.

    python benchmarks/compare.py REV [REV2] [--networks 1000:distance 1000:random5 5000:random5] [--delays step long]
        [--stdp off on] [--turns 7] [--seconds 2]

REV2 is the working tree by default. Each commit is checked out into a temporary folder, and has a process of its own for
each network, which runs it once before anything is timed. A time is the processor time of a run minus that of one of 5 ms,
by steps; both commits run in every turn. "ratio" is the time of REV over that of REV2, so that 2 means that REV2 is twice as
fast: the geometric mean over the turns, with Student's interval of the logarithm. The networks are those of engines.py,
driven by their bias. One thread.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def serve(neurons: int, links: str, delays: str, plastic: bool, seconds: float) -> None:
    """Run a network for each line of input; print microseconds a step, and what stands for the spikes."""
    from engines import network

    from hrsnn import SpikeTrains, simulate

    reservoir = network(neurons, links, delays)

    def timed(duration: float) -> tuple[float, Any]:
        nothing = SpikeTrains([], [], [0, 0], 1, duration)
        began = time.process_time()
        activity = simulate(reservoir, nothing, plastic=plastic, engine="compiled", record=("spikes",))
        return time.process_time() - began, activity.spikes

    timed(5.0)
    print(json.dumps("ready"), flush=True)
    for _ in sys.stdin:
        before, _ = timed(5.0)
        took, spikes = timed(seconds * 1000 + 5)
        code = hashlib.sha256(spikes.times.tobytes() + spikes.channels.tobytes()).hexdigest()
        print(json.dumps([(took - before) / (seconds * 1000 / reservoir.dt) * 1e6, code]), flush=True)


class Worker:
    """Process that runs one network with the package of one folder."""

    def __init__(self, tree: Path, *about: Any) -> None:
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, __file__, "--serve", json.dumps(about)],
            env={**os.environ, "PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1"},
            cwd=tree,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._answer()

    def run(self) -> tuple[float, str]:
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        took, code = self._answer()
        return float(took), str(code)

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line:
            return json.loads(line)
        self._errors.seek(0)
        raise RuntimeError((self._errors.read().strip().splitlines() or ["it stopped"])[-1])

    def close(self) -> None:
        self._process.communicate()
        self._errors.close()


@contextlib.contextmanager
def checked_out(revision: str | None) -> Iterator[Path]:
    """Check a commit out into a temporary folder, which is removed at the end; None is the working tree."""
    if revision is None:
        yield ROOT
        return
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        _git("worktree", "add", "--quiet", "--force", "--detach", str(tree), revision)
        try:
            yield tree
        finally:
            _git("worktree", "remove", "--force", str(tree))


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def commit_of(revision: str) -> str:
    """Return the commit of a revision."""
    try:
        return _git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    except subprocess.CalledProcessError:
        print(f"compare.py: {revision!r} is no commit of this repository", file=sys.stderr)
        raise SystemExit(2) from None


def ratio(first: list[float], second: list[float]) -> tuple[float, float, float]:
    """Return the geometric mean of first / second over the turns, and Student's 95 % interval of it.

    >>> [round(value, 3) for value in ratio([2.0, 2.0, 8.0], [1.0, 2.0, 2.0])]
    [2.0, 0.357, 11.19]
    """
    import numpy as np
    from scipy import stats

    logs = np.log(first) - np.log(second)
    middle, turns = float(logs.mean()), len(logs)
    half = float(stats.t.ppf(0.975, turns - 1) * logs.std(ddof=1) / np.sqrt(turns)) if turns > 1 else float("nan")
    return float(np.exp(middle)), float(np.exp(middle - half)), float(np.exp(middle + half))


def row(trees: list[Path], turns: int, *about: Any) -> str:
    """Run one network with both packages, in turns; return times, ratio and whether spikes are equal."""
    workers: list[Worker] = []
    try:
        for tree in trees:
            workers.append(Worker(tree, *about))
        runs = [[worker.run() for worker in workers] for _ in range(turns)]
    except RuntimeError as error:
        return f"not measured: {error}"
    finally:
        for worker in workers:
            worker.close()
    first, second = ([turn[k][0] for turn in runs] for k in (0, 1))
    middle, low, high = ratio(first, second)
    same = "equal" if len({code for turn in runs for _, code in turn}) == 1 else "not equal"
    times = "".join(f"{sorted(one)[turns // 2]:>9.2f}" for one in (first, second))
    return f"{times}   {middle:.2f} [{low:.2f}, {high:.2f}]   {same}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("first", metavar="REV", nargs="?")
    parser.add_argument("second", metavar="REV2", nargs="?", help="the working tree by default")
    parser.add_argument("--networks", nargs="+", default=["1000:distance", "1000:random5", "5000:random5"])
    parser.add_argument("--delays", nargs="+", choices=("step", "long"), default=["step", "long"])
    parser.add_argument("--stdp", nargs="+", choices=("off", "on"), default=["off", "on"])
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(*json.loads(arguments.serve))
        return
    if arguments.first is None:
        parser.error("a commit to compare with is missing")
    names = [commit_of(arguments.first), arguments.second and commit_of(arguments.second)]
    with checked_out(names[0]) as first, checked_out(names[1]) as second:
        print(f"{'network':<16}{'delays':<8}{'STDP':<6}{'REV us':>9}{'REV2 us':>9}   ratio [95 %]   spikes")
        for network in arguments.networks:
            neurons, links = network.split(":")
            for delays in arguments.delays:
                for stdp in arguments.stdp:
                    print(f"{network:<16}{delays:<8}{stdp:<6}", end="", flush=True)
                    about = int(neurons), links, delays, stdp == "on", arguments.seconds
                    print(row([first, second], arguments.turns, *about), flush=True)


if __name__ == "__main__":
    main()
