"""Losses of deep networks: cross-entropy at each step, and the regularisation of rates."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional


def temporal_cross_entropy(outputs: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy at each step, averaged over steps and samples: ``mean_t CE(o[t], y)``.

    Parameters
    ----------
    outputs : tensor (steps, samples, classes)
    labels : tensor of int64 (samples,)

    References
    ----------
    Deng et al. (2022), Temporal efficient training of spiking neural network via gradient re-weighting, ICLR.

    Examples
    --------
    >>> round(float(temporal_cross_entropy(torch.zeros(3, 2, 4), torch.tensor([0, 1]))), 4)
    1.3863
    """
    return functional.cross_entropy(outputs.flatten(0, 1), labels.repeat(len(outputs)))


def rate_regularisation(rates: Mapping[str, Tensor]) -> Tensor:
    """Sum over hidden layers of ``(f - 1/2)^2``, f the spikes a neuron and step; the first layer of neurons is left out.

    Parameters
    ----------
    rates : mapping of layer to tensor ()
        In the order of the layers.

    References
    ----------
    Wei et al. (2024), equation 15.

    Examples
    --------
    >>> float(rate_regularisation({"spike1": torch.tensor(0.1), "spike2": torch.tensor(0.5), "spike3": torch.tensor(0.0)}))
    0.25
    """
    hidden = list(rates.values())[1:]
    return torch.stack([(rate - 0.5) ** 2 for rate in hidden]).sum() if hidden else torch.zeros(())
