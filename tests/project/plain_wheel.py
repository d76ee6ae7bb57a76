"""Install the wheel alone, without extras and tests, into a temporary environment, and run every command there.

``python tests/project/plain_wheel.py``, or ``make check``. What only an editable installation or an extra has fails here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_TINY = ["--neurons", "20"]
#: Every command, as small as it gets.
COMMANDS = {
    "demo": [*_TINY],
    "classify": [*_TINY, "--train", "40", "--test", "20"],
    "forecast": [*_TINY, "--train", "200", "--test", "50", "--save", "series.npz"],
    "predict": ["series.npz", "rows.csv"],
    "memory": [*_TINY, "--values", "600", "--max-delay", "5", "--seeds", "2"],
    "rank": [*_TINY, "--stimuli", "10"],
    "capacity": [*_TINY, "--values", "600", "--delays", "5", "3"],
    "map": [*_TINY, "--points", "2", "--stimuli", "10", "--copies", "3"],
    "lyapunov": [*_TINY, "--duration", "200"],
    "measure": [*_TINY, "--stimuli", "300"],
    "balance": ["tracking", "--neurons", "40", "--duration", "300"],
    "perturb": [*_TINY, "--seeds", "2", "--levels", "0.5", "--max-delay", "5", "--task-option", "values=600"],
    "variants": [*_TINY, "--seeds", "2", "--tasks", "memory", "--values", "600"],
    "train": [*_TINY, "--train", "40", "--test", "20", "--epochs", "1"],
    "sweep": ["memory", *_TINY, "--values", "500", "--max-delay", "4", "--over", "weight_scale=2,6", "--seeds", "2"],
    "collect": ["memory"],
    "search": [*_TINY, "--trials", "2", "--seeds", "1", "--fresh", "2", "--values", "500"],
    "importance": [*_TINY, "--parameters", "tau_m_exc", "--seeds", "2", "--values", "500"],
    "prune": [*_TINY, "--iterations", "2", "--synapse-target", "0.5", "--duration", "300"],
    "connectome": ["--graph", "prune/reservoir.graphml", "--null", "degree", "--null-models", "2"],
    "compare": [*_TINY, "--iterations", "2", "--synapse-target", "0.5", "--duration", "300", "--methods", "lnp", "random"],
    "pruning_curve": [*_TINY, "--seeds", "2", "--arms", "dense", "random", "--sparsities", "0.5", "--iterations", "2"]
    + ["--tasks", "memory"],
    "reproduce": [
        "fig10",
        *_TINY,
        "--seeds",
        "2",
        "--option",
        "iterations=2",
        "--option",
        "train=200",
        "--option",
        "test=50",
    ],
    "report": ["memory"],
    "spec": [],
    "engines": [],
    "list": [],
    "doctor": [],
    "tasks": [],
    "fetch": ["fsdd", "--data", "data"],
    "deep train": ["--epochs", "1"],
    "deep quantise": ["--trained", "nothing"],
    "deep export": ["--trained", "nothing"],
    "deep measure": ["--trained", "nothing"],
    "deep prune": ["--trained", "nothing"],
    "deep convert": ["--trained", "nothing"],
    "deep attack": ["--trained", "nothing"],
}
#: What a command says of an extra that is not there.
SAID = {
    "importance": "SAGE by permutations needs an extra: pip install 'hrsnn[importance]'",
    "fetch": "needs an extra: pip install 'hrsnn[fetch]'",
    "train": "training needs PyTorch: pip install 'hrsnn[torch]'",
    **{f"deep {verb}": "pip install 'hrsnn[torch]'" for verb in ("train", "quantise", "export", "measure")},
    **{f"deep {verb}": "pip install 'hrsnn[torch]'" for verb in ("prune", "convert", "attack")},
}

#: Commands that do nothing without an extra.
REFUSED = ("fetch", "train", *(verb for verb in COMMANDS if verb.startswith("deep ")))


def built(folder: Path) -> Path:
    """The wheel of this checkout, built from a copy: setuptools leaves files behind, and packs old ones."""
    copy = folder / "source" / "hrsnn"
    beside = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "results", "*.egg-info")
    shutil.copytree(ROOT, copy, ignore=beside)
    command = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(copy)]
    subprocess.run([sys.executable, "-m", "pip", *command], check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def problem(done: subprocess.CompletedProcess[str], verb: str) -> str:
    """What is wrong with how a command ended; empty where nothing is."""
    if done.returncode != (2 if verb in REFUSED else 0):
        return f"ended with {done.returncode}\n{done.stderr}"
    if "Traceback" in done.stderr:
        return f"showed a traceback\n{done.stderr}"
    if SAID.get(verb, "") not in done.stderr:
        return f"does not say: {SAID[verb]}\n{done.stderr}"
    return ""


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="hrsnn-wheel-") as name:
        folder = Path(name)
        venv.create(folder / "venv", with_pip=True)
        python = str(folder / "venv" / "bin" / "python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", str(built(folder))], check=True)
        # neither the checkout nor kernels that another version compiled
        environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
        environment |= {"XDG_CACHE_HOME": str(folder / "cache"), "MPLBACKEND": "Agg"}
        (folder / "rows.csv").write_text("\n".join(f"{k % 7},{k % 5},{k % 3}" for k in range(200)))
        failed = 0
        for verb, options in COMMANDS.items():
            out = ["--out", f"{verb}.toml" if verb == "spec" else verb.replace(" ", "_")]
            command = [str(folder / "venv" / "bin" / "hrsnn"), *verb.split(), *options, *out]
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
            wrong = problem(done, verb)
            failed += bool(wrong)
            print(f"hrsnn {verb}: {wrong or 'runs'}", flush=True)
    print(f"{len(COMMANDS) - failed} of {len(COMMANDS)} commands run from the wheel without extras")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
