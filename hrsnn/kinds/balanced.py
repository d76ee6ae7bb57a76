"""The kind `balanced`: neurons whose spikes follow a linear system, with fast and slow weights of either sign."""

from __future__ import annotations

from hrsnn.balanced import BalancedNetwork, BalancedSpec, build_balanced
from hrsnn.kinds.contract import Kind
from hrsnn.kinds.equations import of_balanced

BALANCED = Kind(
    summary="tight balance of excitation and inhibition: spikes that follow a linear system",
    spec=BalancedSpec,
    build=build_balanced,
    load=BalancedNetwork.load,
    decodes=True,
    equations=of_balanced,
    spaces={
        "default": {"decay": [200.0, 1600.0], "frequency": [2.0, 10.0], "decoder_norm": [0.25, 0.8]},
        "norms": {
            "decoder_norm": {"mean": [0.25, 0.8], "cv": [0.05, 0.5]},
            "leak": {"mean": [10.0, 40.0], "cv": [0.05, 0.5]},
        },
    },
    presets={
        "dense_code": {"decoder_norm": 0.1, "dt": 0.05},
        "cue": {
            "system": "inputs",
            "neurons": 100,
            "decay": 2000.0,
            "leak": 0.5,
            "gain": 0.1,
            "decoder_norm": 0.38,
            "dt": 0.25,
        },
        "delay_line": {"system": "legendre", "dimensions": 12, "decoder_norm": 0.1},
    },
)
