"""Deep networks in PyTorch: layers, quantisers, losses, training and export; needs the extra ``torch``."""

from __future__ import annotations

from importlib.util import find_spec

from hrsnn.errors import HrsnnError

if find_spec("torch") is None:
    raise HrsnnError("deep networks need PyTorch to be trained: pip install 'hrsnn[torch]'")
