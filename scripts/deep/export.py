"""``hrsnn deep export``: a quantised network in a packed file of integers, for inference without PyTorch."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from pathlib import Path

if not __package__:  # run as a file: import the package from the checkout, and nothing from this folder
    sys.path[0] = str(Path(__file__).resolve().parent.parent.parent)

from hrsnn.errors import InputError
from hrsnn.scripts.cli.command import execute
from hrsnn.scripts.deep.options import PACKED, OfTrained
from hrsnn.scripts.deep.outcome import DeepOutcome


@dataclass(frozen=True, kw_only=True)
class DeepExport(OfTrained):
    """Write a quantised network as a packed file, and count its bytes."""

    def run(self) -> DeepOutcome:
        """Write the file, and report its size beside the count of the paper."""
        from hrsnn.deep.learning.export import packed
        from hrsnn.deep.memory import memory_of
        from hrsnn.deep.packed.network import payload_size

        settings, state = self.spiking()
        if self.path is not None:
            raise InputError("--path", str(self.path), "has no effect: no data are read")
        if self.format != "png":
            raise InputError("--format", self.format, "has no effect: nothing is drawn")
        network = self.network_of(settings, state)
        whole = packed(network.eval(), settings.coding)
        data = whole.to_bytes()
        bits = settings.precision.weight_bits, settings.precision.potential_bits
        memory, full = memory_of(whole.architecture, *bits), memory_of(whole.architecture)
        return DeepOutcome(
            title=f"{settings.model} with weights of {bits[0]} and potentials of {bits[1]} bits",
            seed=self.seed,
            scores={
                "bytes_of_the_file": len(data),
                "bytes_of_its_numbers": payload_size(whole),
                "bytes_of_its_weights": math.ceil(memory.weights),
                "bytes_as_the_paper_counts": math.ceil(memory.total()),
                "bytes_of_floating_point": math.ceil(full.total()),
            },
            details={"network": settings.plain(), "layers": whole.header()["layers"]},
            files={PACKED: data},
        )


if __name__ == "__main__":
    sys.exit(execute(DeepExport))
