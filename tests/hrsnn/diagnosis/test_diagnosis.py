"""What `hrsnn doctor` finds: each fault that it looks for is found, and says what to do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from hrsnn.diagnosis import equal_spikes, machine
from hrsnn.diagnosis.installation import of_extra, of_requirements
from hrsnn.stimuli.spike_trains import SpikeTrains


@pytest.mark.parametrize(
    ("needed", "state", "advice"),
    [
        ("numpy>=1", "ok", ""),
        ("numpy>=999", "failed", "pip install 'numpy>=999'"),
        ("no-such-package>=2", "failed", "pip install 'no-such-package>=2'"),
    ],
)
def test_required_packages(needed: str, state: str, advice: str) -> None:
    (found,) = of_requirements([Requirement(needed)])
    assert (found.state, found.advice) == (state, advice)


def test_a_package_that_may_be_left_out_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hrsnn.diagnosis.installation.version", lambda name: "")
    (found,) = of_requirements([Requirement("matplotlib>=3.9")])
    assert (found.state, found.value, found.advice) == (
        "note",
        "not installed",
        "figures need it: pip install 'matplotlib>=3.9'",
    )


@pytest.mark.parametrize(
    ("needed", "state", "advice"),
    [
        (["numpy>=1"], "ok", ""),
        (["numpy>=1", "no-such-package"], "note", "pip install 'hrsnn[torch]'"),
        (["numpy>=999"], "failed", "pip install 'hrsnn[torch]'"),
    ],
)
def test_extras(needed: list[str], state: str, advice: str) -> None:
    found = of_extra("torch", map(Requirement, needed))
    assert (found.subject, found.state, found.advice) == ("torch", state, advice)


def test_without_a_compiler_there_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    from hrsnn.engines.brian import session

    for works, state in ((True, "ok"), (False, "note")):
        monkeypatch.setattr(session, "compiler_works", lambda works=works: works)
        assert machine.compiler().state == state
    assert "install g++" in machine.compiler().advice


def test_without_brian2_the_compiler_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hrsnn.engines.brian.session", None)
    found = machine.compiler()
    assert (found.state, found.value[:10]) == ("note", "not tried:")


def test_the_cache_is_counted_and_one_that_others_can_write_is_a_note(tmp_path: Path) -> None:
    (tmp_path / "hrsnn").mkdir(mode=0o700)
    (tmp_path / "hrsnn" / "one.nbi").write_bytes(b"1" * 100)
    found = machine.of_cache("cache", str(tmp_path))
    assert (found.state, found.value) == ("ok", f"{tmp_path}/hrsnn: 1 kernels, 100 bytes")
    (tmp_path / "hrsnn").chmod(0o777)
    found = machine.of_cache("cache", str(tmp_path))
    assert found.state == "note"
    assert "can be written by other users" in found.value
    assert "XDG_CACHE_HOME" in found.advice


def test_each_library_of_linear_algebra_is_named_with_its_threads() -> None:
    assert all(one.state in ("ok", "note") for one in machine.linear_algebra())


class Spiked:
    """Activity of a run that has these spikes: (time in ms, neuron)."""

    def __init__(self, *spikes: tuple[float, int]) -> None:
        self.spikes = SpikeTrains.from_samples([([time for time, _ in spikes], [who for _, who in spikes])], 60, 100.0)
        self.spike_count = len(spikes)


@pytest.mark.parametrize(
    ("got", "said"),
    [
        ([(10.0, 3), (20.0, 4)], ""),
        ([(10.0 + 1e-12, 3), (20.0, 4)], ""),  # the same step
        ([(10.0, 3), (20.1, 4)], "other spikes: the first in stimulus 0, neuron 4, at 20 ms"),
        ([(10.0, 3)], "other spikes: the first in stimulus 0, neuron 4, at 20 ms"),
        ([(10.0, 2), (20.0, 4)], "other spikes: the first in stimulus 0, neuron 2, at 10 ms"),
    ],
)
def test_spikes_differ_by_a_step_or_a_neuron(got: list[tuple[float, int]], said: str) -> None:
    assert equal_spikes.difference(Spiked((10.0, 3), (20.0, 4)), Spiked(*got), dt=0.1) == said  # type: ignore[arg-type]


def test_an_engine_with_other_spikes_and_one_that_does_not_run_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    def timed(name: str, *rest: object) -> tuple[Spiked, float]:
        if name == "torch":
            raise OSError("libc10.so: cannot open shared object file")
        return Spiked((10.0, 3 if name == equal_spikes.REFERENCE else 4)), 0.1

    monkeypatch.setattr(equal_spikes, "_timed", timed)
    monkeypatch.setattr(equal_spikes, "_others", lambda reservoir: iter(["compiled", "torch"]))
    reference, compiled, torch = equal_spikes.equal_spikes()
    assert reference.state == "ok"
    assert (compiled.state, compiled.value[:13]) == ("failed", "other spikes:")
    assert (torch.state, torch.value) == ("failed", "does not run: OSError: libc10.so: cannot open shared object file")
    assert "github.com/hrsnn/hrsnn/issues" in torch.advice
