"""How commands end by a signal: once is enough, at any moment, with one line, and nothing is left."""

from __future__ import annotations

import contextlib
import gc
import os
import random
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hrsnn.networks.graphs.centrality import betweenness
from hrsnn.runtime.stopping import SIGNALS, Stop, check_stopped, signals_deferred, stopping
from hrsnn.scripts.cli.command import notes

SMALL = {
    "memory": "--neurons 60 --values 600 --max-delay 10",
    "prune": "--neurons 60 --iterations 10",
    "variants": "--neurons 60 --seeds 2 --tasks memory --values 600 --jobs 2",
    "compare": "--neurons 60 --seeds 4 --jobs 2 --iterations 5",
    "search": "--neurons 60 --trials 8 --workers 2 --values 600 --seeds 2 --fresh 4",
}
LINUX = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="looks at processes in /proc")


def send(number: int) -> None:
    os.kill(os.getpid(), number)
    time.sleep(5)  # in which it arrives


class Late:
    """Sends a signal when it is thrown away: Python ignores the exception."""

    def __del__(self) -> None:
        send(signal.SIGINT)


def in_a_finalizer() -> None:
    late = Late()
    del late
    time.sleep(5)


def in_a_callback() -> None:
    import weakref

    late = threading.Event()
    _ = weakref.ref(late, lambda _: send(signal.SIGINT))
    del late
    time.sleep(5)


def swallowed() -> None:
    with contextlib.suppress(BaseException):  # as a bare ``except`` does
        send(signal.SIGINT)
    time.sleep(5)


def turned_into_another() -> None:
    try:
        send(signal.SIGINT)
    except KeyboardInterrupt:
        raise ImportError("numpy._core failed to import") from None


def twice() -> None:
    try:
        send(signal.SIGINT)
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.2)
        PUT_AWAY.append(True)


#: What `twice` has come to the end of.
PUT_AWAY: list[bool] = []


@pytest.mark.parametrize(
    ("work", "code"),
    [
        (lambda: send(signal.SIGINT), 130),
        (lambda: send(signal.SIGTERM), 143),
        (lambda: send(signal.SIGHUP), 129),
        (in_a_finalizer, 130),
        (in_a_callback, 130),
        (swallowed, 130),
        (turned_into_another, 130),
        (twice, 130),
    ],
    ids=["INT", "TERM", "HUP", "finalizer", "callback", "swallowed", "converted", "twice"],
)
def test_one_signal_ends_the_work_with_one_line(
    work: Callable[[], None], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    began = time.monotonic()
    with stopping("prog") as stopped:
        work()
    seconds = time.monotonic() - began
    gc.collect()  # of all that the tests before left, which may take seconds
    assert stopped.code == code
    assert capsys.readouterr().err == f"prog: {SIGNALS[signal.Signals(code - 128)]}\n"
    assert seconds < 3
    assert {number: signal.getsignal(number) for number in SIGNALS} == before
    assert PUT_AWAY or work is not twice


def test_the_outermost_context_has_the_end_and_the_innermost_the_name(capsys: pytest.CaptureFixture[str]) -> None:
    with stopping("outer") as outer:
        with stopping("inner"):
            turned_into_another()
        pytest.fail("it went on")
    assert outer.code == 130
    assert capsys.readouterr().err == "inner: interrupted\n"


def test_errors_and_other_threads_are_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), stopping("prog"):
        _ = 1 / 0
    handlers: list[Any] = []

    def elsewhere() -> None:
        with stopping("prog"), signals_deferred():
            handlers.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert handlers == [signal.getsignal(signal.SIGTERM)]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("number", list(SIGNALS))
def test_what_is_held_is_done_first(number: int) -> None:
    done = []
    with stopping("prog") as stopped:
        with signals_deferred():
            with signals_deferred(children=True):
                os.kill(os.getpid(), number)
                time.sleep(0.1)
            done.append(True)
        done.append(False)
    assert done == [True]
    assert stopped.code == 128 + number


def test_held_without_a_command_holds_pythons_own_interrupt() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt) as caught, signals_deferred():  # noqa: PT012
        os.kill(os.getpid(), signal.SIGINT)
        done.append(True)
    assert done
    assert not isinstance(caught.value, Stop)


def test_an_interrupted_evaluation_is_no_outcome() -> None:
    check_stopped()
    kept = []
    with stopping("prog") as stopped:
        try:
            turned_into_another()
        except ImportError as error:
            check_stopped()
            kept.append(error)
    assert (stopped.code, kept) == (130, [])


UNFINISHED = """
import logging, os, signal
from hrsnn.runtime.stopping import stopping

class Unfinished:
    def __del__(self):
        logging.getLogger("library").warning("deleted before it was used")

def work():
    unfinished = Unfinished()
    os.kill(os.getpid(), signal.SIGINT)

with stopping("prog", last=True) as stopped:
    work()
raise SystemExit(stopped.code)
"""


def test_what_libraries_say_of_unfinished_work_is_not_shown(root: Path) -> None:
    done = subprocess.run([sys.executable, "-c", UNFINISHED], cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "prog: interrupted\n")


def test_a_warning_that_a_signal_caused_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Matplotlib takes whatever an import raises for a damaged installation, and warns of it."""
    with stopping("prog"), notes("prog", quiet=False):
        warnings.warn("before", UserWarning, stacklevel=1)
        try:
            signal.raise_signal(signal.SIGINT)
        except Stop:
            warnings.warn("Unable to import Axes3D", UserWarning, stacklevel=1)
            raise
    assert capsys.readouterr().err == "prog: warning: before\nprog: interrupted\n"


def test_networkit_takes_ctrl_c_for_itself_and_gives_it_back() -> None:
    nodes = np.random.default_rng(0).integers(0, 3000, (2, 60_000))
    link = nodes[:, nodes[0] != nodes[1]]
    link = np.unique(link, axis=1)
    betweenness(3, [0, 1], [1, 2])  # imported
    weight = np.random.default_rng(1).random(link.shape[1]) + 0.1
    sender = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    sender.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        betweenness(3000, *link, weight)
    sender.join()
    assert time.monotonic() - began < 5


# commands, from outside


@pytest.fixture(autouse=True)
def ctrl_c_counts() -> Iterator[None]:
    """A shell has its background jobs ignore Ctrl-C; whoever runs the tests may be one, and that is inherited."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def hrsnn(root: Path, folder: Path, *arguments: str, before: str = "") -> subprocess.Popen[str]:
    (folder / "tmp").mkdir(exist_ok=True)
    command = [sys.executable, "-m", "hrsnn", *arguments]
    if before:
        command = ["sh", "-c", f'{before} exec "$@"', "sh", *command]
    with (folder / "stderr").open("w") as err:
        return subprocess.Popen(
            command,
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
            start_new_session=True,
            env={**os.environ, "TMPDIR": str(folder / "tmp"), "OMP_NUM_THREADS": "1"},
        )


def caught(process: int) -> bool:
    """Whether the process has a handler of SIGTERM: Python itself installs none."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return False
    mask = int(status.split("SigCgt:")[1].split()[0], 16)
    return bool(mask >> (signal.SIGTERM - 1) & 1)


def session(leader: int) -> list[int]:
    """The processes of a session that are alive."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(int(status.parent.name))
    return found


def until(what: Callable[[], Any], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.005)
    return bool(what())


@pytest.fixture
def ended() -> Iterator[list[subprocess.Popen[str]]]:
    """Processes whose sessions end with the test."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for one in processes:
        for number in session(one.pid):
            os.kill(number, signal.SIGKILL)
        one.communicate()


@LINUX
@pytest.mark.parametrize(
    ("sent", "before", "code", "said"),
    [
        ("SIGINT", "", 130, ["hrsnn memory: interrupted"]),
        ("SIGTERM", "", 143, ["hrsnn memory: terminated"]),
        ("SIGHUP", "", 129, ["hrsnn memory: hung up"]),
        ("SIGHUP", "trap '' HUP;", 0, []),  # as nohup does
        ("SIGINT", "trap '' INT;", 0, []),
    ],
)
def test_signals_of_a_command(
    sent: str, before: str, code: int, said: list[str], root: Path, tmp_path: Path, ended: list[Any]
) -> None:
    arguments = ["memory", *SMALL["memory"].split(), "--quiet", "--out", str(tmp_path / "out")]
    program = hrsnn(root, tmp_path, *arguments, before=before)
    ended.append(program)
    # the lock of the out folder says that the work has begun
    assert until(lambda: (tmp_path / "out").exists() or program.poll() is not None, 60)
    os.killpg(program.pid, getattr(signal, sent))
    program.communicate(timeout=120)
    assert program.returncode == code
    assert (tmp_path / "stderr").read_text().splitlines() == said
    assert (tmp_path / "out" / "metrics.json").exists() == (code == 0)


@LINUX
def test_a_signal_while_a_command_is_imported(root: Path, tmp_path: Path, ended: list[Any]) -> None:
    program = hrsnn(root, tmp_path, "memory")
    ended.append(program)
    assert until(lambda: caught(program.pid), 60)
    os.killpg(program.pid, signal.SIGINT)
    out, _ = program.communicate(timeout=20)
    assert (program.returncode, out) == (130, "")
    assert (tmp_path / "stderr").read_text() in ("hrsnn: interrupted\n", "hrsnn memory: interrupted\n")


def trial(root: Path, folder: Path, verb: str, moment: float) -> str:
    """What is wrong after Ctrl-C `moment` seconds after the command's first line."""
    folder.mkdir()
    before = shared_memory()
    program = hrsnn(root, folder, verb, *SMALL[verb].split(), "--quiet", "--out", str(folder / "out"))
    try:
        until(lambda: caught(program.pid) or program.poll() is not None, 60)
        until(lambda: program.poll() is not None, moment)
        if program.poll() is None:
            os.killpg(program.pid, signal.SIGINT)
        gone = until(lambda: program.poll() is not None, 5)
        alone = until(lambda: not session(program.pid), 5)
        said = (folder / "stderr").read_text()
        left = [str(path) for path in folder.rglob("*") if path.name.startswith(".hrsnn") or path.parent.name == "tmp"]
        left += shared_memory(program.pid, before)
        lines = {0: [""], 130: ["hrsnn: interrupted\n", f"hrsnn {verb}: interrupted\n"]}
        right = gone and alone and not left and said in lines.get(program.returncode, [])
        return "" if right else f"{verb} after {moment:.2f} s: {program.returncode}, {gone=}, {alone=}, {left}\n{said}"
    finally:
        for number in session(program.pid):
            os.kill(number, signal.SIGKILL)
        program.communicate()


@LINUX
@pytest.mark.long
def test_ctrl_c_at_random_moments(root: Path, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    longest, moments = {}, pytestconfig.getoption("moments")
    for verb in (verbs := ["search", "prune", "variants", "memory"][:moments]):
        began = time.monotonic()
        hrsnn(root, tmp_path, verb, *SMALL[verb].split(), "--quiet").communicate()
        longest[verb] = time.monotonic() - began
    random_moments = random.Random(0)
    trials = []
    for k in range(moments):
        verb = verbs[k % len(verbs)]
        # most of what can go wrong does so in the beginning: imports, processes that start
        trials.append((verb, random_moments.random() ** 2 * longest[verb]))
    with ThreadPoolExecutor(2) as pool:
        wrong = list(pool.map(lambda k: trial(root, tmp_path / str(k), *trials[k]), range(len(trials))))
    assert [one for one in wrong if one] == []


def test_what_is_removed_of_shared_memory_is_no_news(root: Path) -> None:
    """A process that is ended between making a semaphore and putting it away leaves it to loky's tracker."""
    code = (
        "import os\n"
        "from hrsnn.runtime.parallel import run_all\n"
        "if __name__ == '__main__':\n"
        "    run_all(abs, [-1, 2], jobs=2)\n"
        "    from joblib.externals.loky.backend import resource_tracker\n"
        "    resource_tracker.register('/loky-0-gone', 'semlock')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True, timeout=120)
    assert (done.stdout, done.stderr) == ("", "")


def shared_memory(process: int | None = None, before: Sequence[str] = ()) -> list[str]:
    """What loky and joblib name after a process, but for what another process with its number left before."""
    names = os.listdir("/dev/shm") if Path("/dev/shm").is_dir() else []
    if process is not None:
        names = [name for name in names if f"loky-{process}-" in name or f"folder_{process}_" in name]
    return sorted(set(names).difference(before))


@LINUX
@pytest.mark.slow
@pytest.mark.parametrize(
    "verb", ["variants", *(pytest.param(verb, marks=pytest.mark.long) for verb in ("compare", "search"))]
)
def test_workers_of_a_killed_command_end(verb: str, root: Path, tmp_path: Path, ended: list[Any]) -> None:
    before = shared_memory()
    program = hrsnn(root, tmp_path, verb, *SMALL[verb].split(), "--quiet", "--out", str(tmp_path / "out"))
    ended.append(program)
    # the command itself, both resource trackers and at least one worker
    assert until(lambda: len(session(program.pid)) > 3 or program.poll() is not None, 60)
    time.sleep(random.Random(verb).random() * 3)
    program.kill()
    program.wait()
    assert until(lambda: not session(program.pid), 5)
    assert shared_memory(program.pid, before) == []
