"""NEST imported without its banner, which would be printed among results, and without symbols that others would take."""

from __future__ import annotations

import os
import sys


def import_nest() -> None:
    """Import NEST, so that later imports of it print nothing, and it shares no symbols with other libraries.

    By itself it makes those of its library global. NetworKit, loaded after it, then takes some of them for its own, and the
    interpreter aborts when it ends ("free(): invalid pointer").

    Raises
    ------
    ImportError
        When NEST is not installed; the message names the extra.
    """
    if sys.modules.get("nest"):
        return
    arguments, quiet, setdlopenflags = sys.argv, os.environ.get("PYNEST_QUIET"), sys.setdlopenflags
    sys.setdlopenflags = lambda flags: None
    sys.argv = sys.argv[:1] or [""]  # NEST reads options of its own from the command line, such as --debug
    os.environ["PYNEST_QUIET"] = "1"
    try:
        import nest  # noqa: F401
    except ImportError as error:
        raise ImportError("it needs NEST: pip install 'hrsnn[nest]'") from error
    finally:
        sys.argv, sys.setdlopenflags = arguments, setdlopenflags
        if quiet is None:
            del os.environ["PYNEST_QUIET"]
        else:
            os.environ["PYNEST_QUIET"] = quiet
