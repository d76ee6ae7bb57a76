"""Compiled kernels on disk: what is damaged, or could be somebody else's, is never run."""

from __future__ import annotations

import functools
import json
import os
import pickle
import re
import shutil
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba.core import config
from numba.core.caching import IndexDataCacheFile

from hrsnn.engines.cache import kernels as kernel_cache
from hrsnn.engines.cache.files import CheckedCacheFiles

ROOT = Path(__file__).resolve().parents[3]
#: The two have the same bytecode, and Numba the same key for them: they differ in a constant. Each is compiled twice.
TINY = """
import numpy as np
from hrsnn.engines.jit import jit

@jit
def double(values, scale):
    total = 0.0
    for value in values:
        total += 2.0 * scale * value
    return total

@jit
def fivefold(values, scale):
    total = 0.0
    for value in values:
        total += 5.0 * scale * value
    return total

def numbers(backwards):
    arguments = [(np.arange(10.0), 0.5), (np.arange(10), 3)][:: -1 if backwards else 1]
    return sorted(kernel(*given) for kernel in (double, fivefold) for given in arguments)

def compiled():
    return sum(sum(kernel.stats.cache_misses.values()) for kernel in (double, fivefold))
"""
ANSWER = [45.0, 112.5, 270.0, 675.0]
REAL = """
import hashlib
from hrsnn import ReservoirSpec, SpikeTrains, build, simulate

def numbers(backwards):
    trains = SpikeTrains([1.0, 2.0, 3.0], [0, 1, 0], [0, 3], 2, 60.0)
    reservoir = build(ReservoirSpec.preset("dense", neurons=30, i_bias=17), seed=1, channels=2)
    done = simulate(reservoir, trains, engine="compiled", record=("spikes", "v"))
    return [int(done.spike_count), hashlib.sha256(done.v.tobytes()).hexdigest()]

def compiled():
    from hrsnn.engines.compiled.kernels import present_frozen
    return sum(present_frozen.stats.cache_misses.values())
"""
#: Imports Numba once, and forks a process of its own for each run; those of one line run at once.
FORKS = textwrap.dedent(
    """
    import json, logging, os, sys, traceback, warnings
    import numba, numpy, numba.core.caching

    def child(environment, backwards, umask, out):
        log = []
        class Kept(logging.Handler):
            def emit(self, record):
                log.append(record.getMessage())
        logger = logging.getLogger("hrsnn")
        logger.setLevel(logging.INFO)
        logger.addHandler(Kept())
        os.environ.update(environment)
        os.umask(umask)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            import job
            numbers, compiled = job.numbers(backwards), job.compiled()
        warned = [str(one.message) for one in caught if one.category.__name__ == "HrsnnWarning"]
        with os.fdopen(out, "w") as file:
            json.dump({"numbers": numbers, "compiled": compiled, "log": log, "warned": warned}, file)

    for line in sys.stdin:
        running = []
        for job in json.loads(line):
            receive, send = os.pipe()
            process = os.fork()
            if not process:
                try:
                    child(*job, send)
                except BaseException:
                    traceback.print_exc()
                    os._exit(1)
                os._exit(0)
            os.close(send)
            running.append((process, receive))
        done = []
        for process, receive in running:
            with os.fdopen(receive) as file:
                text = file.read()
            status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
            done.append({"status": status, **(json.loads(text) if text else {})})
        print(json.dumps(done), flush=True)
    """
)


@dataclass
class Done:
    """What one process did: its exit code (minus the signal), its numbers, how many kernels it compiled, what it said."""

    status: int
    numbers: list[Any] = field(default_factory=list)
    compiled: int = -1
    log: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)


class Forks:
    """Processes that run the job in `folder`, each with its own cache."""

    def __init__(self, folder: Path, code: str) -> None:
        self.folder = folder
        (folder / "job.py").write_text(code)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA_")}
        environment |= {"PYTHONPATH": f"{ROOT}{os.pathsep}{folder}", "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-c", FORKS]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True, cwd=folder
        )
        self.kept = folder / "kept"
        self.first = self.run(self.kept)

    def run_all(self, jobs: list[tuple[dict[str, str], bool, int]]) -> list[Done]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(jobs) + "\n")
        self.process.stdin.flush()
        return [Done(**done) for done in json.loads(self.process.stdout.readline())]

    def run(self, cache: Path, variable: str = "XDG_CACHE_HOME", umask: int = 0o022) -> Done:
        return self.run_all([({variable: str(cache)}, False, umask)])[0]

    def copy(self, target: Path) -> Path:
        """A cache in which everything is compiled."""
        shutil.copytree(self.kept, target)
        return target

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    forks = Forks(tmp_path_factory.mktemp("tiny"), TINY)
    assert (forks.first.status, forks.first.numbers, forks.first.compiled) == (0, ANSWER, 4)
    yield forks
    forks.close()


def one(cache: Path, pattern: str) -> Path:
    (path,) = cache.rglob(pattern)
    return path


INDEX, DATA, OTHER_INDEX, OTHER_DATA = "*double*.nbi", "*double*.1.nbc", "*fivefold*.nbi", "*fivefold*.1.nbc"


def flip(path: Path, place: float, bit: int = 0) -> None:
    content = bytearray(path.read_bytes())
    content[int(place * (len(content) - 1))] ^= 1 << bit
    path.write_bytes(content)


def change(pattern: str, how: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def damage(cache: Path) -> None:
        path = one(cache, pattern)
        path.write_bytes(how(path.read_bytes()))

    return damage


def over(source: str, target: str) -> Callable[[Path], None]:
    return lambda cache: shutil.copyfile(one(cache, source), one(cache, target))


def exchange(cache: Path) -> None:
    first, second = one(cache, "*double*.1.nbc"), one(cache, "*double*.2.nbc")
    contents = first.read_bytes(), second.read_bytes()
    second.write_bytes(contents[0])
    first.write_bytes(contents[1])


class _Source:
    def __init__(self, file: Path) -> None:
        self._py_file = str(file)


def stale(kind: type[IndexDataCacheFile], attribute: str) -> Callable[[Path], None]:
    """An index of another version or of another source, whole in itself."""

    def damage(cache: Path) -> None:
        files = kind(str(one(cache, INDEX).parent), one(cache, INDEX).stem, "a stamp")
        setattr(files, attribute, "another")
        files.flush()

    return damage


def old_data(cache: Path) -> None:
    """What is left when a process is killed between its new index and its new data: whole, but of the source before."""
    files = CheckedCacheFiles(str(one(cache, INDEX).parent), one(cache, INDEX).stem, "the source before")
    files._save_data(one(cache, DATA).name, ("key", "data"))


def link(cache: Path) -> None:
    path = one(cache, DATA)
    path.rename(cache / "elsewhere")
    path.symlink_to(cache / "elsewhere")


PLACES = [k / 3 for k in range(4)]
DAMAGES: dict[str, tuple[str, Callable[[Path], None]]] = {
    **{f"index-bit-{p:.2f}": (INDEX, lambda c, p=p, k=k: flip(one(c, INDEX), p, k % 8)) for k, p in enumerate(PLACES)},
    **{f"data-bit-{p:.2f}": (DATA, lambda c, p=p, k=k: flip(one(c, DATA), p, k % 8)) for k, p in enumerate(PLACES)},
    "index-empty": (INDEX, change(INDEX, lambda content: b"")),
    "data-empty": (DATA, change(DATA, lambda content: b"")),
    "index-cut": (INDEX, change(INDEX, lambda content: content[:-1])),
    "data-cut": (DATA, change(DATA, lambda content: content[:-1])),
    "index-half": (INDEX, change(INDEX, lambda content: content[: len(content) // 2])),
    "data-half": (DATA, change(DATA, lambda content: content[: len(content) // 2])),
    "data-zeros": (DATA, change(DATA, lambda content: bytes(len(content)))),
    "data-longer": (DATA, change(DATA, lambda content: content + b"x")),
    "data-without-checksum": (DATA, change(DATA, lambda content: content[:-32])),
    "index-of-another-kernel": (INDEX, over(OTHER_INDEX, INDEX)),
    "data-of-another-kernel": (DATA, over(OTHER_DATA, DATA)),
    "data-exchanged": (DATA, exchange),
    "index-of-plain-numba": (INDEX, stale(IndexDataCacheFile, "_version")),
    "index-of-another-version": (INDEX, stale(CheckedCacheFiles, "_version")),
    "index-of-another-source": (INDEX, stale(CheckedCacheFiles, "_source_stamp")),
    "data-of-another-source": (DATA, old_data),
    "data-is-a-link": (DATA, link),
}


#: Those of one bit, and those that are much like another: most are for the long run.
_MANY = re.compile(r".*-(bit-0\.(33|67)|half|zeros|longer|empty)")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long if _MANY.fullmatch(name) else ()) for name in DAMAGES]
)
def test_what_is_damaged_is_compiled_again_and_replaced(name, tiny, tmp_path):
    hurt, damage = DAMAGES[name]
    (tmp_path / "job.py").symlink_to(tiny.folder / "job.py")
    cache = tiny.copy(tmp_path / "cache")
    damage(cache)
    damaged = one(cache, hurt).read_bytes()
    done = tiny.run(cache)
    assert (done.status, done.numbers, done.warned) == (0, ANSWER, [])
    assert done.compiled >= 1
    told = [line for line in done.log if str(one(cache, hurt)) in line]
    assert len(told) == 1, done.log
    assert "is compiled again" in told[0]
    assert one(cache, hurt).is_file()
    assert not one(cache, hurt).is_symlink()
    assert one(cache, hurt).read_bytes() != damaged or name == "data-is-a-link"
    again = tiny.run(cache)
    # an index that is lost takes the entries of other signatures along, which are entered again when needed
    assert (again.status, again.numbers, again.compiled, again.log) == (0, ANSWER, 0, [])


def test_a_missing_data_file_is_made_again_without_a_word(tiny, tmp_path):
    cache = tiny.copy(tmp_path / "cache")
    one(cache, DATA).unlink()
    done = tiny.run(cache)
    assert (done.status, done.numbers, done.compiled, done.log) == (0, ANSWER, 1, [])
    assert tiny.run(cache).compiled == 0


def test_a_folder_in_the_place_of_a_file_costs_a_compilation_only(tiny, tmp_path):
    cache = tiny.copy(tmp_path / "cache")
    path = one(cache, DATA)
    path.unlink()
    path.mkdir()
    done = tiny.run(cache)
    assert (done.status, done.numbers, done.compiled) == (0, ANSWER, 1)
    assert any("could not be kept" in line for line in done.log)


class Trap:
    """Unpickled, it leaves a file behind."""

    def __init__(self, sprung: Path) -> None:
        self.sprung = sprung

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.sprung),)


def lay_traps(tiny: Forks, cache: Path, sprung: Path) -> None:
    """Indices that run code when they are unpickled, with the right checksum: whoever can write the folder can make them."""
    stamp = kernel_cache._PrivateFolder.get_source_stamp(_Source(tiny.folder / "job.py"))
    for index in cache.rglob("*.nbi"):
        files = CheckedCacheFiles(str(index.parent), index.stem, stamp)
        files._dump = lambda _: pickle.dumps(Trap(sprung))
        files._save_index({})


def test_the_trap_of_these_tests_works(tiny, tmp_path):
    cache = tiny.copy(tmp_path / "cache")
    lay_traps(tiny, cache, tmp_path / "sprung")
    tiny.run(cache)
    assert (tmp_path / "sprung").exists()


def folder_at(depth: int, cache: Path) -> Path:
    """The cache's root, `hrsnn` in it, the folder of the edition, the folder of the source file."""
    return [cache, cache / "hrsnn", one(cache, "kernels-*"), one(cache, "*double*.nbi").parent][depth]


NAMES = ("root", "hrsnn", "edition", "source")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
MODES = [(0, 0o770), (0, 0o707), (1, 0o770), (1, 0o1777), (2, 0o707), (3, 0o770), (3, 0o707)]


def opened(path: Path, mode: int) -> None:
    """Give `path` a mode, and to a group of others."""
    os.chown(path, -1, 12345)
    path.chmod(mode)


SPOILS = {f"{NAMES[depth]}-{mode:o}": (depth, functools.partial(opened, mode=mode)) for depth, mode in MODES}
GIVEN = {f"{name}-foreign": (depth, functools.partial(os.chown, uid=12345, gid=-1)) for depth, name in enumerate(NAMES)}
REFUSED = [pytest.param("XDG_CACHE_HOME", *SPOILS[name], id=name, marks=as_root) for name in SPOILS]
REFUSED += [pytest.param("XDG_CACHE_HOME", *GIVEN[name], id=name, marks=as_root) for name in GIVEN]
REFUSED += [
    pytest.param("NUMBA_CACHE_DIR", *SPOILS[name], id=f"numba-{name}", marks=as_root) for name in ("root-707", "source-770")
]
REFUSED += [pytest.param("NUMBA_CACHE_DIR", *GIVEN[name], id=f"numba-{name}", marks=as_root) for name in ("root-foreign",)]


@pytest.mark.parametrize(("variable", "depth", "spoil"), REFUSED)
def test_a_folder_that_others_could_write_is_not_read(variable, depth, spoil, tiny, tmp_path):
    cache = tiny.copy(tmp_path / "cache")
    lay_traps(tiny, cache, tmp_path / "sprung")
    before = {path: path.read_bytes() for path in cache.rglob("*.nb?")}
    spoil(folder_at(depth, cache))
    done = tiny.run(cache, variable)
    assert not (tmp_path / "sprung").exists()
    assert (done.status, done.numbers, done.compiled) == (0, ANSWER, 4)
    (warned,) = done.warned  # for two kernels
    assert str(folder_at(depth, cache)) + " " in warned
    assert "another user" in warned or "other users" in warned
    assert variable in warned
    assert {path: path.read_bytes() for path in cache.rglob("*.nb?")} == before


@as_root
@pytest.mark.parametrize("depth", [0, 1])
def test_a_link_of_another_user_is_not_followed(depth, tiny, tmp_path):
    cache = tiny.copy(tmp_path / "real")
    lay_traps(tiny, cache, tmp_path / "sprung")
    if depth:
        (tmp_path / "cache").mkdir()
    way = tmp_path / "cache" / "hrsnn" if depth else tmp_path / "cache"
    way.symlink_to(cache / "hrsnn" if depth else cache)
    os.chown(way, 12345, -1, follow_symlinks=False)
    done = tiny.run(tmp_path / "cache")
    assert not (tmp_path / "sprung").exists()
    assert (done.status, done.numbers, done.compiled) == (0, ANSWER, 4)
    assert [str(way) + " is a link of another user" in line for line in done.warned] == [True]


@pytest.mark.parametrize("way", ["own-link", "sticky", pytest.param("own-group", marks=as_root)])
def test_a_root_that_only_we_can_change_is_used(way, tiny, tmp_path):
    cache = tiny.copy(tmp_path / "real")
    if way == "own-link":
        (tmp_path / "cache").symlink_to(tmp_path / "real")
        cache = tmp_path / "cache"
    elif way == "own-group":
        for path in (cache, *cache.rglob("*")):
            path.chmod(path.stat().st_mode | 0o020)  # as a umask of 002 leaves it, where each user has a group
    else:
        cache.chmod(0o1777)  # as /tmp
    done = tiny.run(cache)
    assert (done.status, done.numbers, done.compiled, done.warned) == (0, ANSWER, 0, [])


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda path: opened(path, 0o660), id="group", marks=as_root),
        pytest.param(lambda path: path.chmod(0o606), id="all"),
        pytest.param(lambda path: os.chown(path, 12345, -1), id="foreign", marks=as_root),
    ],
)
def test_a_file_that_others_could_write_is_replaced_unread(spoil, tiny, tmp_path):
    cache = tiny.copy(tmp_path / "cache")
    lay_traps(tiny, cache, tmp_path / "sprung")
    for index in cache.rglob("*.nbi"):
        spoil(index)
    done = tiny.run(cache)
    assert not (tmp_path / "sprung").exists()
    assert (done.status, done.numbers, done.compiled) == (0, ANSWER, 4)
    assert sum("could have been written by another user" in line for line in done.log) == 2
    assert tiny.run(cache).compiled == 0


@pytest.mark.parametrize("umask", [0o000, 0o077, *(pytest.param(umask, marks=pytest.mark.long) for umask in (0o002, 0o022))])
def test_what_is_made_is_for_this_user_alone(umask, tiny, tmp_path):
    done = tiny.run(tmp_path / "cache", umask=umask)
    assert (done.status, done.numbers, done.compiled) == (0, ANSWER, 4)
    made = {path: stat.S_IMODE(path.stat().st_mode) for path in [tmp_path / "cache", *(tmp_path / "cache").rglob("*")]}
    assert {mode for path, mode in made.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in made.items() if path.is_file()} == {0o600}
    assert tiny.run(tmp_path / "cache", umask=umask).compiled == 0


def test_of_processes_at_once_one_compiles_each_kernel(tiny, tmp_path):
    for attempt in range(2):
        cache = tmp_path / str(attempt)
        jobs = [({"XDG_CACHE_HOME": str(cache)}, bool(k % 2), 0o022) for k in range(4)]
        ran = tiny.run_all(jobs)
        for done in ran:
            assert (done.status, done.numbers, done.warned) == (0, ANSWER, [])
            # on a busy machine it takes long enough to be announced
            said = ("waiting for another process that compiles a kernel", "compiling kernels", "compiled in")
            assert all(line.startswith(said) for line in done.log)
        assert sum(done.compiled for done in ran) == 4
        settled = tiny.run(cache)
        assert (settled.numbers, settled.compiled, settled.log) == (ANSWER, 0, [])


def test_data_that_another_process_saved_under_the_same_name_are_not_taken(tmp_path):
    """Two processes read an empty index; each enters its signature as the first; the last index wins, and the first data."""
    files = CheckedCacheFiles(str(tmp_path), "kernel", "stamp")
    files.save("one signature", "its code")
    (name,) = files._load_index().values()
    files._save_index({"another signature": name})
    assert files.load("another signature") is None
    files.save("another signature", "other code")
    assert files.load("another signature") == "other code"
    assert files.load("one signature") is None


def test_what_killed_processes_left_is_swept(tmp_path):
    old, young = tmp_path / "other.1.nbc.tmp.0123456789abcdef", tmp_path / "kernel.nbi.tmp.0123456789abcdef"
    foreign = tmp_path / "other.1.nbc"
    for path in (old, young, foreign):
        path.write_text("left behind")
    hours_ago = time.time() - 2 * 3600
    os.utime(old, (hours_ago, hours_ago))
    os.utime(foreign, (hours_ago, hours_ago))
    CheckedCacheFiles(str(tmp_path), "kernel", "stamp").save("key", "code")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [young.name, foreign.name, "kernel.nbi", "kernel.1.nbc"]
    )


@pytest.mark.skipif(not hasattr(config, "CACHE_LOCATOR_CLASSES"), reason="this Numba has no such setting")
def test_a_place_that_numba_is_told_is_not_taken(monkeypatch):
    monkeypatch.setattr(config, "CACHE_LOCATOR_CLASSES", "InTreeCacheLocator")
    with pytest.raises(OSError, match="another place"):
        kernel_cache.KernelCache(one)


@pytest.mark.parametrize("name", ["a.py", "deeper/a.py", "deeper/still/a.py"])
def test_a_change_in_any_folder_of_the_package_is_another_edition(name, tmp_path):
    edition = kernel_cache._edition.__wrapped__
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x = 1")
    before = edition(tmp_path)
    assert edition(tmp_path) == before != edition(None)
    path.write_text("x = 2")
    assert edition(tmp_path) != before


@pytest.mark.parametrize("what", ["numba", "llvmlite", "np"])
def test_another_version_of_a_library_is_another_edition(what, monkeypatch):
    edition = kernel_cache._edition.__wrapped__
    before = edition(None)
    monkeypatch.setattr(getattr(kernel_cache, what), "__version__", "0.1")
    assert edition(None) != before


@pytest.mark.long
def test_the_engine_survives_two_flipped_bits_anywhere(tmp_path):
    """Without a checksum such files are mostly executed: some end the process by a signal."""
    forks = Forks(tmp_path, REAL)
    assert forks.first.status == 0
    rng = np.random.default_rng(0)
    signals = wrong = compiled = 0
    for attempt in range(8):
        cache = forks.copy(tmp_path / f"cache{attempt}")
        files = sorted(cache.rglob("*.nb[ci]"))
        sizes = np.array([path.stat().st_size for path in files])
        path = files[rng.choice(len(files), p=sizes / sizes.sum())] if attempt % 4 else files[rng.integers(len(files))]
        for _ in range(2):
            flip(path, rng.random(), int(rng.integers(8)))
        done = forks.run(cache)
        signals += done.status != 0
        wrong += done.status == 0 and done.numbers != forks.first.numbers
        compiled += done.compiled > 0
        shutil.rmtree(cache)
    forks.close()
    print(f"signals {signals}, wrong {wrong}, compiled again {compiled} of 8")
    assert (signals, wrong, compiled) == (0, 0, 8)
