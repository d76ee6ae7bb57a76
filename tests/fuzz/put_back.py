"""Put repaired faults back, one at a time, and see whether the fuzzer finds them.

``python tests/fuzz/put_back.py --minutes 10``: each patch in ``tests/fuzz/faults`` is applied to functions in memory, and
the target that it names is fuzzed, without the kept inputs, until the first fault. Patches of a target follow each other in
children of one process, which has made the intact input. The exit code is the number of faults that were not found.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
if __name__ == "__main__":
    beside = ("faults", "scripts", "project", "hrsnn/formats", "hrsnn/tasks", "hrsnn/validation")
    sys.path[:0] = [str(HERE), str(ROOT), *(str(ROOT / "tests" / name) for name in beside)]
    # one thread: a fork copies no other
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    os.environ.setdefault("MPLBACKEND", "Agg")

from isolation import verdicts  # noqa: E402
from run import Plan, cpu, fuzz  # noqa: E402
from target import Target  # noqa: E402

PATCHES = HERE / "faults"


def said(patch: Path, word: str) -> str:
    """Return what the head of a patch says under a word; empty where it says nothing."""
    found = re.search(rf"^{word}: (.*)$", patch.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else ""


def patched(patch: Path) -> tuple[Path, str]:
    """Return the file that a patch changes, and its text with the patch; an error where it does not fit."""
    (name,) = re.findall(r"^\+\+\+ b/(\S+)", patch.read_text(encoding="utf-8"), re.MULTILINE)
    command = ["patch", "--quiet", "--fuzz", "0", "--output", "-", "--input", str(patch), str(ROOT / name)]
    return ROOT / name, subprocess.run(command, check=True, capture_output=True, text=True).stdout


def put_back(file: Path, text: str) -> list[str]:
    """Give the functions of a loaded file the code of another text, and its constants their values; return the names.

    Functions are found wherever they are, as those inside of decorators: only their code changes, so that classes and what
    refers to the functions stay as they are.
    """
    parts = file.relative_to(ROOT).with_suffix("").parts
    module = import_module(".".join(parts if parts[0] == "hrsnn" else ("hrsnn", *parts)))
    before, after = (dict(_codes(compile(one, str(file), "exec"))) for one in (file.read_text(encoding="utf-8"), text))
    changed = {name for name in after if name in before and not _same(before[name], after[name])}
    names = []
    for one in gc.get_objects():
        if type(one) is FunctionType and one.__code__.co_filename == str(file) and one.__code__.co_qualname in changed:
            one.__code__ = after[one.__code__.co_qualname]
            names.append(one.__qualname__)
    return names + _constants(module, text)


def _codes(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield one.co_qualname, one
            yield from _codes(one)


def _same(one: CodeType, other: CodeType) -> bool:
    """Return whether two codes do the same, those inside of them too, wherever they stand in their file."""
    return _parts(one) == _parts(other) and one.co_posonlyargcount == other.co_posonlyargcount


def _parts(code: CodeType) -> list[object]:
    inside = [_parts(one) if isinstance(one, CodeType) else str(one) for one in code.co_consts]
    return [code.co_code, code.co_names, code.co_varnames, inside]


def _constants(module: ModuleType, text: str) -> list[str]:
    """Set the numbers of a module to those of the text."""
    fresh = ModuleType(module.__name__)
    fresh.__file__ = module.__file__
    fresh.__package__ = module.__package__
    kept = sys.modules[module.__name__]
    sys.modules[module.__name__] = fresh  # where dataclasses look for it
    try:
        exec(compile(text, str(module.__file__), "exec"), fresh.__dict__)  # the text is that of a patch in this folder
    finally:
        sys.modules[module.__name__] = kept
    names = [name for name, one in vars(fresh).items() if isinstance(one, (int, float)) and vars(module).get(name) != one]
    for name in names:
        setattr(module, name, getattr(fresh, name))
    return names


@dataclass
class Found:
    """What was found with a patch: the first fault (empty: none), its case, how many were tried, and processor time (s)."""

    signature: str = ""
    case: int = -1
    given: Any = None
    cases: int = 0
    seconds: float = 0.0


def tried(patch: Path, target: Target, plan: Plan, folder: Path) -> Found:
    """Return what the target finds with a patch that it does not find without it."""
    cases, seconds, begun = 0, 0.0, time.monotonic()
    while True:
        found = _in_a_child(patch, target, replace(plan, seconds=plan.seconds + begun - time.monotonic()), folder)
        cases, seconds = cases + found.cases, seconds + found.seconds
        found = replace(found, cases=cases, seconds=seconds)
        if not found.signature:
            return found
        (intact,) = verdicts(target.check, [found.given], Path(tempfile.mkdtemp(dir=folder)), target.seconds)
        if intact.signature != found.signature:
            return found
        print(f"    without a patch too: {found.signature}: {json.dumps(found.given)[:400]}", flush=True)
        plan = replace(plan, first=found.case + 1, known=(*plan.known, found.signature))


def _in_a_child(patch: Path, target: Target, plan: Plan, folder: Path) -> Found:
    """Apply a patch in a child of this process, fuzz there, and return the first fault."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            before = cpu()
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            if not put_back(*patched(patch)):
                raise SystemExit(f"{patch.stem} changes nothing that is loaded")
            tally = fuzz([target], plan, folder)
            new = [(one, *what[1:]) for (_, one), what in tally.found.items() if one not in plan.known]
            row = [*(new[0] if new else ("", -1, None)), tally.counts.total(), cpu() - before]
            os.write(write, json.dumps(row).encode())
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as text:
        row = json.loads(text.read() or "[]")
    os.waitpid(child, 0)
    return Found(*row)


def main() -> int:
    """Read the command line, try all patches, and print a line for each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0, help="wall time for each fault")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="faults by name")
    options = parser.parse_args()
    groups: dict[tuple[str, str], list[Path]] = {}
    for patch in sorted(PATCHES.glob("*.patch")):
        if not options.only or patch.stem in options.only:
            groups.setdefault((said(patch, "Target"), said(patch, "Areas")), []).append(patch)
    missed, total = 0, sum(map(len, groups.values()))
    plan = replace(Plan(options.seed), seconds=60 * options.minutes, stop=True, fresh=True)
    for (name, areas), patches in groups.items():
        with tempfile.TemporaryDirectory(prefix="put-back-") as work:
            before, folder = cpu(), Path(work).resolve()
            target = import_module(name).made(folder / name, *([areas.split()] if areas else []))
            print(f"{name} {areas}: {cpu() - before:.0f} s of processor time to make intact input", flush=True)
            for patch in patches:
                begun = time.monotonic()
                found = tried(patch, target, plan, folder)
                missed += not found.signature
                what = f"case {found.case}, {found.signature}" if found.signature else "not found"
                taken = f"{time.monotonic() - begun:.1f} s, {found.seconds:.1f} s of processor time"
                print(f"    {patch.stem}: {what} ({found.cases} cases, {taken})", flush=True)
            os.chdir(ROOT)
    print(f"{total - missed} of {total} found")
    return missed


if __name__ == "__main__":
    sys.exit(main())
