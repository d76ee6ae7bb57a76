"""Registry of the engines, and the choice of one for a run."""

from __future__ import annotations

import logging
from collections.abc import Collection

from hrsnn.engines.capabilities import FEATURES, Engine
from hrsnn.engines.contract import EngineFunction
from hrsnn.errors import HrsnnError, InputError
from hrsnn.runtime.registry import Registry

#: Engines of this package and of installed ones; each has a folder here, whose ``__init__`` declares it.
ENGINES: Registry[Engine] = Registry(
    "engine",
    "hrsnn.engines",
    Engine,
    {
        "balanced": "hrsnn.engines.balanced:BALANCED",
        "brian2": "hrsnn.engines.brian:BRIAN2",
        "brian2-balanced": "hrsnn.engines.brian:BRIAN2_BALANCED",
        "brian2-cython": "hrsnn.engines.brian:BRIAN2_CYTHON",
        "brian2-equations": "hrsnn.engines.brian:BRIAN2_EQUATIONS",
        "brian2-equations-cython": "hrsnn.engines.brian:BRIAN2_EQUATIONS_CYTHON",
        "brian2-equations-numpy": "hrsnn.engines.brian:BRIAN2_EQUATIONS_NUMPY",
        "brian2-numpy": "hrsnn.engines.brian:BRIAN2_NUMPY",
        "compiled": "hrsnn.engines.compiled:COMPILED",
        "exact": "hrsnn.engines.exact:EXACT",
        "nest": "hrsnn.engines.nest:NEST",
        "torch": "hrsnn.engines.torch:TORCH",
        "torch-cuda": "hrsnn.engines.torch:TORCH_CUDA",
    },
    others=("auto",),
)

logger = logging.getLogger("hrsnn")


def check_name(name: str) -> None:
    """Check that `name` is an engine or "auto", without loading it.

    Raises
    ------
    InputError
        For an unknown name.
    """
    if name != "auto":
        ENGINES.check(name)


def check_runs(name: str, kind: str, needed: Collection[str] = ()) -> None:
    """Check that an engine, or with "auto" any engine, can simulate a run, without loading it.

    Parameters
    ----------
    name, kind, needed
        As for :func:`choose`.

    Raises
    ------
    InputError
        For an unknown name; when the engine cannot simulate networks of this kind or lacks features, with its reasons and
        the engines that can.
    """
    if name == "auto":
        able = _able(kind, needed)
        if not any(engine.priority > 0 for engine in able.values()):
            wanted = ", ".join(FEATURES[feature] for feature in FEATURES if feature in needed)
            what = f"a network of the kind {kind!r}" + (f" and {wanted}" if wanted else "")
            raise InputError("engine", "auto", f"no engine is chosen that can simulate {what}; {_that_can(able)}")
        return
    engine = ENGINES.find(name)
    if kind not in engine.kinds:
        raise InputError("engine", name, f"cannot simulate a network of the kind {kind!r}; {_that_can(_able(kind))}")
    lacking = engine.lacks(needed)
    if lacking:
        reasons = [f"cannot {FEATURES[feature]}: {engine.can[feature]}" for feature in lacking]
        raise InputError("engine", name, "; ".join([*reasons, _that_can(_able(kind, needed))]))


def choose(name: str, kind: str = "reservoir", needed: Collection[str] = ()) -> EngineFunction:
    """Return the engine `name`, or refuse it where it cannot simulate the run; "auto" is the best one that can.

    Parameters
    ----------
    name : str
        An engine, or "auto": the engine of the highest priority that can simulate the run and can be loaded, with a log
        message when one of a higher priority cannot be loaded.
    kind : str
        Kind of the network, ``network.kind``.
    needed : collection of str
        Features that the run needs, from :func:`hrsnn.engines.capabilities.needs`.

    Raises
    ------
    InputError
        For an unknown name; when the engine cannot simulate networks of this kind or lacks features, with its reasons and
        the engines that can; when it cannot be loaded.
    """
    check_runs(name, kind, needed)
    try:
        return ENGINES.find(best(kind, needed) if name == "auto" else name).load()
    except ImportError as error:
        raise InputError("engine", name, f"cannot be loaded here ({error}); auto takes one that can") from error


def why_not_loaded(name: str) -> str:
    """Return why an engine cannot be loaded here; empty where it can."""
    try:
        ENGINES.find(name).load()
    except HrsnnError as error:
        return error.allowed if isinstance(error, InputError) else str(error)
    except ImportError as error:
        return str(error)
    return ""


def best(kind: str, needed: Collection[str] = ()) -> str:
    """Return the name of the engine that "auto" is for networks of a kind and runs that need some features.

    Raises
    ------
    InputError
        When none that can simulate such a run can be loaded.

    Examples
    --------
    >>> best("reservoir"), best("balanced")
    ('compiled', 'balanced')
    """
    able = {name: engine for name, engine in _able(kind, needed).items() if engine.priority > 0}
    failed: dict[str, Exception] = {}
    for name in sorted(able, key=lambda name: -able[name].priority):
        try:
            able[name].load()
        except (ImportError, HrsnnError) as error:
            failed[name] = error
            continue
        for other, reason in failed.items():
            logger.info("engine %s instead of %s, which cannot be loaded: %s", name, other, reason)
        return name
    reasons = "; ".join(f"{name}: {error}" for name, error in failed.items())
    raise InputError("engine", "auto", f"none of the engines that can simulate this run can be loaded ({reasons})")


def _able(kind: str, needed: Collection[str] = ()) -> dict[str, Engine]:
    return ENGINES.where(lambda engine: kind in engine.kinds and not engine.lacks(needed))


def _that_can(engines: Collection[str]) -> str:
    return f"engines that can: {', '.join(engines) or 'none'}"
