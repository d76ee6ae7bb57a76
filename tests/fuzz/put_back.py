"""Put repaired faults back, one at a time, into a copy of the package, and see whether the fuzzer finds them.

``python tests/fuzz/put_back.py --minutes 3``: for each patch in ``tests/fuzz/faults`` the copy is fuzzed, without the kept
inputs, until the first fault, with the target that the patch names or with all (``--all``). The exit code is the number of
faults that were not found.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FOLDERS = ("hrsnn", "analysis", "networks", "scripts")


def copied(folder: Path) -> Path:
    """Copy the package into a folder, without what is compiled."""
    for name in FOLDERS:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "setup.cfg", folder)
    return folder


def said(patch: Path, word: str) -> str:
    """Return what the head of a patch says under a word."""
    found = re.search(rf"^{word}: (.*)$", patch.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else ""


def apply(patch: Path, tree: Path, *options: str) -> None:
    """Apply a patch to a copy of the package; raise an error where it does not fit."""
    command = ["patch", "--quiet", "--strip", "1", "--fuzz", "0", "--directory", str(tree), "--input", str(patch), *options]
    subprocess.run(command, check=True)


def found(patch: Path, tree: Path, minutes: float, seed: int, every: bool) -> str:
    """Return the first fault that the fuzzer finds with a patch applied, and when; empty where it finds none."""
    environment = {**os.environ, "HRSNN_FUZZ_TREE": str(tree), "PYTHONPATH": str(tree)}
    command = [sys.executable, str(HERE / "run.py"), "--minutes", str(minutes), "--seed", str(seed), "--stop", "--fresh"]
    command += ["--folder", str(tree.parent), *([] if every else ["--only", said(patch, "Target")])]
    apply(patch, tree)
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    finally:
        apply(patch, tree, "--reverse")
    line = next((one for one in done.stdout.splitlines() if re.match(r"[\d.]+ s: ", one)), "")
    if "target " in done.stdout:
        return line
    # the package does not even run on intact input: a fault that any test finds, with the last line of the traceback
    return f"at once, by intact input: {done.stderr.splitlines()[-1][:100]}" if done.stderr else line


def main() -> int:
    """Read the command line, try all patches, and print a line for each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=3.0, help="wall time for each fault")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="faults by name")
    parser.add_argument("--all", action="store_true", help="with all targets, instead of the one that is named")
    options = parser.parse_args()
    patches = [one for one in sorted((HERE / "faults").glob("*.patch")) if not options.only or one.stem in options.only]
    missed = 0
    with tempfile.TemporaryDirectory(prefix="put-back-") as name:
        tree = copied(Path(name) / "tree")  # one for all, so that kernels are compiled once
        for patch in patches:
            begun = time.monotonic()
            line = found(patch, tree, options.minutes, options.seed, options.all)
            missed += not line
            print(f"{patch.stem}: {line or 'not found'} ({time.monotonic() - begun:.0f} s in all)", flush=True)
    print(f"{len(patches) - missed} of {len(patches)} found")
    return missed


if __name__ == "__main__":
    sys.exit(main())
