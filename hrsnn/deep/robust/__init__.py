"""Adversarial robustness of deep networks: attacks, training, pruning, conversion to spikes; needs the extra ``torch``."""

from __future__ import annotations

from importlib.util import find_spec

from hrsnn.errors import HrsnnError

if find_spec("torch") is None:
    raise HrsnnError("robust networks need PyTorch: pip install 'hrsnn[torch]'")
