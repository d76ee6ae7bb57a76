"""Install the newest versions that setup.cfg allows into a temporary environment, and run a quick part of the tests.

``python tests/project/newest_versions.py --python python3.12 python3.13`` does so with each of several Pythons; without it
with this one. What was installed is printed. The exit code is the number of Pythons with which a test failed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from lowest_versions import CPU_TORCH, QUICK, QUIET, ROOT, TOOLS
from plain_wheel import built


def tried(python: str, folder: Path) -> int:
    """Return the exit code of the quick tests with a Python and the newest versions, which are printed."""
    inside = str(folder / "venv" / "bin" / "python")
    subprocess.run([python, "-m", "venv", str(folder / "venv")], check=True)
    only = {**os.environ, "PIP_CONFIG_FILE": os.devnull, "PIP_EXTRA_INDEX_URL": ""}
    pip = [inside, "-m", "pip", "install", "--quiet"]
    if subprocess.run([*pip, *CPU_TORCH, "torch>=2.6"], env=only, check=False).returncode:
        print("PyTorch cannot be installed here: its tests are skipped", flush=True)
    subprocess.run([*pip, "--upgrade", str(built(folder)), *TOOLS], check=True)
    listed = subprocess.run([inside, "-m", "pip", "list", "--format", "freeze"], capture_output=True, text=True, check=True)
    print(f"{python}: {', '.join(listed.stdout.split())}", flush=True)
    # a cache of its own: kernels of another Numba must not be read, nor left behind
    environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"}
    files = [str(path) for name in QUICK for path in sorted((ROOT / "tests").rglob(f"{name}.py"))]
    options = ["-q", "-p", "no:cacheprovider", "-m", "not slow and not long", *QUIET, *files]
    return subprocess.run([inside, "-m", "pytest", *options], cwd=ROOT, env=environment, check=False).returncode


def main() -> int:
    """Read the command line, and try each Python that is there."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", nargs="+", default=[sys.executable], metavar="PATH")
    failed = 0
    for python in parser.parse_args().python:
        if shutil.which(python) is None:
            print(f"{python}: not installed, and not tried")
            continue
        with tempfile.TemporaryDirectory(prefix="hrsnn-newest-") as folder:
            failed += tried(python, Path(folder)) != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
