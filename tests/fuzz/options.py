"""Options of every command, of the right type with odd content: exit code 0, or 2 with one line of the command."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import plain_wheel
from hostile import TEXTS, Random, mutated, number, one_of, plausible
from isolation import Verdict
from specs import value
from target import Target

from hrsnn import ReservoirSpec, scripts
from hrsnn.balanced.spec import ABOUT

#: Commands in their smallest form; not those that use the network, and those that only take long.
BASE = {verb: words for verb, words in plain_wheel.COMMANDS.items() if verb not in ("demo", "fetch", "reproduce")}
BASE |= {verb: ["--trained", "trained"] for verb in BASE if verb.startswith("deep ") and verb != "deep train"}
BASE["deep train"] = ["--epochs", "1", "--train", "40", "--test", "20"]
PATHS = (
    "nothing",
    "rows.csv",
    "memory",
    ".",
    "/dev/null",
    "/dev/zero",
    "series.npz",
    "deep/er/still",
    "a\0b",
    "spec.toml",
    "",
)
#: Processor time after which a command is interrupted, as by Ctrl-C (s).
_SECONDS = 6.0
_LIMITS = {"HRSNN_MAX_MEMORY": "1e9", "HRSNN_MAX_DURATION": "1e5", "HRSNN_MAX_SEEDS": "50", "HRSNN_MAX_TEXT": "1e6"}


def options_of(verb: str) -> dict[str, str]:
    """Return the annotations of a command's options, as text."""
    return {one.name: str(one.type) for one in dataclasses.fields(scripts.find(verb)) if one.name not in ("version", "out")}


def words(name: str, kind: str, random: Random) -> list[str]:
    """Return an option with values of its type, or close to it."""
    option = "--" + name.rstrip("_").replace("_", "-")
    if random.random() < 0.04:
        option = mutated(option, random)
    if "Flag" in kind or kind == "bool":
        return [option]
    if name == "set_":
        known = one_of(sorted((*ReservoirSpec.model_fields, *ABOUT)), random)
        return [option, f"{known}={value(known, random)}"]
    count = int(random.integers(0, 4)) if "tuple" in kind else 1
    return [option, *(_word(kind, random) for _ in range(count))]


def _word(kind: str, random: Random) -> str:
    turn = random.random()
    if "Path" in kind and turn < 0.9:
        return one_of(PATHS, random)
    if "int" in kind and turn < 0.5:
        return str(int(random.integers(0, 12)))
    if ("int" in kind or "float" in kind) and turn < 0.9:
        return plausible(random) if turn < 0.6 else number(random)
    return one_of(
        (one_of(TEXTS, random), number(random), plausible(random), "auto", "memory", "lnp", "digits", "x=1"), random
    )


def draw(random: Random) -> list[str]:
    """Return the words of a command line."""
    verb = one_of(sorted(BASE), random)
    options = options_of(verb)
    given = [word for _ in range(int(random.integers(1, 4))) for word in _drawn(options, random)]
    out = ["--out", "out"] if random.random() < 0.5 else []
    base = BASE[verb] if random.random() < 0.93 else BASE[verb][:-1]
    # paths of PATHS and text that no process can be given as an argument stay out: the system refuses NUL itself
    return [*verb.split(), *base, *given, *out]


def _drawn(options: dict[str, str], random: Random) -> list[str]:
    name = one_of(sorted(options), random)
    return words(name, options[name], random)


def simpler(given: list[str]) -> list[list[str]]:
    """Return the command without one of its words, or two that follow each other."""
    return [given[:k] + given[k + n :] for n in (2, 1) for k in range(1, len(given) - n + 1)]


def _interrupted(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGINT)


class _Assets:
    """The check, with the folder of files that commands are given."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def check(self, given: list[str], folder: Path) -> Verdict:
        """Run the command in this process."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        before = sorted(path.relative_to(folder) for path in folder.rglob("*"))
        os.environ |= _LIMITS
        code, out, err = _run(given)
        if code in (130, 143):
            return Verdict("stopped", err) if err.count("\n") <= 1 + err.count("warning") else Verdict("message", err)
        if any(path.name.startswith(".hrsnn-") for path in folder.rglob("*")):
            return Verdict("left", f"{given}: a temporary file or a lock")
        if code == 0:
            return _succeeded(given, out, err)
        lines = err.splitlines()
        if code != 2 or not lines or "Traceback" in err:
            return Verdict("traceback" if "Traceback" in err else "message", f"exit code {code}: {err[-300:]}")
        if not lines[-1].startswith("hrsnn") or any(not one.startswith("hrsnn") for one in lines) or len(lines[-1]) > 700:
            return Verdict("message", f"at {given[0]}: {err[-300:]!r}")
        after = sorted(path.relative_to(folder) for path in folder.rglob("*"))
        if after != before and len(lines) == 1 and not set(after) - set(before) <= _allowed(folder):
            return Verdict("left", f"{sorted(map(str, set(after) - set(before)))[:5]} at {given[0]}: {lines[-1]}")
        return Verdict("refused", lines[-1])


def _allowed(folder: Path) -> set[Path]:
    """Files of a study that ended with an error after its first runs, which it keeps for the next one."""
    kept = {path.relative_to(folder) for path in folder.glob("out/**/*")}
    return {*kept, Path("out")} if (folder / "out" / "runs").exists() else set()


def _run(given: list[str]) -> tuple[int, str, str]:
    """Return the exit code, and what the command wrote, its libraries included."""
    streams = []
    for stream in (1, 2):
        handle = os.memfd_create(str(stream))
        os.dup2(handle, stream)
        streams.append(handle)
    sys.stdout = io.TextIOWrapper(io.FileIO(1, "w", closefd=False), "utf-8", write_through=True)
    sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), "utf-8", write_through=True)
    signal.signal(signal.SIGPROF, _interrupted)
    signal.setitimer(signal.ITIMER_PROF, _SECONDS)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            code = 130
            code = scripts.main(given)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
    said = [os.pread(handle, 10**6, 0).decode("utf-8", "replace") for handle in streams]
    for handle in streams:
        os.close(handle)
    return code, said[0], said[1]


def _succeeded(given: list[str], out: str, err: str) -> Verdict:
    if "Traceback" in err + out:
        return Verdict("traceback", err[-300:])
    if "--json" in given and not {"--help", "-h", "--version"} & set(given):
        try:
            json.loads(out, parse_constant=_no_number)
        except ValueError as error:
            return Verdict("message", f"no JSON at {given[0]}: {error}: {out[:200]!r}")
    return Verdict("result")


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


def made(folder: Path) -> Target:
    """Return the target, after a run of the commands whose results others read."""
    assets = folder / "assets"
    assets.mkdir(parents=True)
    (assets / "rows.csv").write_text("\n".join(f"{k % 7},{k % 5},{k % 3}" for k in range(200)))
    here = os.getcwd()
    os.chdir(assets)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        scripts.main(["forecast", *BASE["forecast"]])
        scripts.main(["memory", *BASE["memory"], "--out", "memory"])
        scripts.main(["spec", "--out", "spec.toml"])
        scripts.main(["deep", "train", *BASE["deep train"], "--out", "trained", "--quiet"])
    os.chdir(here)
    return Target("options", draw, _Assets(assets).check, seconds=40, simpler=simpler)
