"""The kind `brian`: neurons and links given as Brian2 equations."""

from __future__ import annotations

from hrsnn.equations.builder import build_brian
from hrsnn.equations.model import BrianModel
from hrsnn.equations.network import BrianNetwork
from hrsnn.equations.presets import PRESETS
from hrsnn.kinds.contract import Kind

BRIAN = Kind(
    summary="neurons and links by Brian2 equations, such as AdEx, Izhikevich, Hodgkin-Huxley",
    spec=BrianModel,
    build=build_brian,
    load=BrianNetwork.load,
    spaces={"default": {"weight_scale": [0.25, 4.0], "input_scale": [0.25, 4.0]}},
    presets=PRESETS,
)
