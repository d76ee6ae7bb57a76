"""What is said while kernels are compiled: one line, once in a process, and only where it takes a while."""

from __future__ import annotations

import io
import logging
import sys
import time
from collections.abc import Callable

import pytest

from hrsnn.engines.cache import notice
from hrsnn.scripts.cli.command import notes


class Terminal(io.StringIO):
    """Standard error that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _first_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notice, "PATIENCE", 0.05)
    monkeypatch.setattr(notice, "_told", [])


def compiling(seconds: float, then: Callable[[], object] = lambda: None) -> Callable[[], object]:
    """A stand-in for Numba's compiler."""

    def compile_() -> object:
        time.sleep(seconds)
        return then()

    return notice.announced(compile_)


def test_a_command_says_it_once_and_when_it_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    inner = compiling(0.2)
    with notes("hrsnn memory", quiet=False):
        compiling(0.2, then=inner)()  # a kernel that compiles another
        compiling(0.2)()
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("hrsnn memory: compiling kernels, once")
    assert second.startswith("hrsnn memory: compiled in ")


@pytest.mark.parametrize(("quiet", "seconds"), [(True, 0.2), (False, 0.0)], ids=["--quiet", "a small kernel"])
def test_a_command_says_nothing(quiet: bool, seconds: float, capsys: pytest.CaptureFixture[str]) -> None:
    with notes("hrsnn memory", quiet=quiet):
        compiling(seconds)()
    assert capsys.readouterr().err == ""


def test_python_says_it_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(notice, "_handlers", lambda: iter([logging.NullHandler()]))  # those of pytest read the log too
    compiling(0.2)()
    assert capsys.readouterr().err == ""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    compiling(0.2)()
    shown = terminal.getvalue()
    assert shown.startswith("hrsnn: compiling kernels, once")
    assert "\r\x1b[Kcompiling: 0 s\r\x1b[K" in shown  # counted on a line that is erased
    assert shown.endswith("hrsnn: compiled in 0 s\n")


def test_a_compilation_that_fails_ends_the_count() -> None:
    def fail() -> None:
        raise TypeError("no such type")

    with pytest.raises(TypeError):
        compiling(0.1, then=fail)()
    assert notice._present == []


def test_kernels_are_compiled_with_the_notice(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    from hrsnn.engines.jit import jit

    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    entered: list[int] = []
    monkeypatch.setattr(notice, "_voice", lambda: entered.append(1))

    @jit
    def doubled(value):  # type: ignore[no-untyped-def]
        return 2 * value

    assert (doubled(2), doubled(3), len(entered)) == (4, 6, 1)
