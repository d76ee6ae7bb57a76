"""Training of networks by gradients, with PyTorch; needs the extra ``torch``."""

from __future__ import annotations

from importlib.util import find_spec

from hrsnn.errors import HrsnnError

if find_spec("torch") is None:
    raise HrsnnError("training needs PyTorch: pip install 'hrsnn[torch]'")

from hrsnn.training.loop import Training, train
from hrsnn.training.module import TrainableModule
from hrsnn.training.network import TrainableNetwork
from hrsnn.training.options import TrainingOptions
from hrsnn.training.steps import predict, predict_series

__all__ = ["TrainableModule", "TrainableNetwork", "Training", "TrainingOptions", "predict", "predict_series", "train"]
