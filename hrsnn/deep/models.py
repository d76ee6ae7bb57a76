"""Models by name: functions from the shape of a sample and the number of classes to an architecture."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from hrsnn.deep.architecture import Architecture, Builder
from hrsnn.errors import InputError
from hrsnn.runtime.registry import Registry
from hrsnn.validation.numbers import count_of

#: Channels of the convolutions of VGG networks; "M" stands for the mean over squares of 2 x 2.
_VGG_SNN = (64, 128, "M", 256, 256, "M", 512, 512, "M", 512, 512)
_VGG16 = (64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512)
#: Side of images from which a residual network begins with a 7 x 7 convolution of stride 2, as for ImageNet.
_LARGE = 128
#: A network that a processor trains on images of 32 x 32 pixels in minutes.
_VGG_SMALL = (32, 32, "M", 64, 64, "M", 128)


@dataclass(frozen=True)
class Model:
    """A model.

    Parameters
    ----------
    summary : str
        A few words, for lists.
    build : callable
        Function of a `Builder` that adds all layers but the last, and returns the name of the node that the last one reads.
    """

    summary: str
    build: Callable[[Builder], str]


#: Models of this package and of installed ones.
MODELS: Registry[Model] = Registry(
    "model",
    "hrsnn.models",
    Model,
    {
        "mlp": "hrsnn.deep.models:MLP",
        "conv-16-32-fc64": "hrsnn.deep.models:SMALL",
        "vgg-small": "hrsnn.deep.models:VGG_SMALL",
        "vgg16": "hrsnn.deep.models:VGG16",
        "vgg-snn": "hrsnn.deep.models:VGG_SNN",
        "resnet-19": "hrsnn.deep.models:RESNET19",
        "resnet-18": "hrsnn.deep.models:RESNET18",
        "resnet-19-projected": "hrsnn.deep.models:RESNET19_PROJECTED",
        "resnet-small": "hrsnn.deep.models:RESNET_SMALL",
    },
)


def architecture(model: str, shape: tuple[int, ...], classes: int) -> Architecture:
    """Return the architecture of a model for samples of a shape.

    Parameters
    ----------
    model : str
        One of :data:`MODELS`: ``mlp`` (two layers of 256), ``conv-16-32-fc64``, ``vgg-small`` (5 convolutions), ``vgg16``
        (13), ``vgg-snn`` (8), ``resnet-19`` (3, 3 and 2 blocks, 128 to 512 channels), ``resnet-18``; with a 1 x 1
        convolution in every shortcut ``resnet-19-projected`` and ``resnet-small`` (2 blocks, 16 and 32 channels).
    shape : tuple of int
        (channels, height, width), or (values,).
    classes : int

    Raises
    ------
    InputError
        For an unknown model, one that does not fit the shape, or a number below 1.

    Notes
    -----
    The networks end with the mean over the image and one fully connected layer, the only counts with which table 2 of Wei
    et al. (2024) is met: see :func:`hrsnn.deep.memory.memory_table`.

    Examples
    --------
    >>> network = architecture("resnet-19", (3, 32, 32), 10)
    >>> sum(node.weights for node in network.weighted)
    12558720
    """
    shape = tuple(count_of("shape", side) for side in shape)
    if len(shape) not in (1, 3):
        raise InputError("shape", shape, "must be (channels, height, width) or (values,)")
    builder = Builder(model, shape, count_of("classes", classes))
    last = MODELS.find(model).build(builder)
    builder.linear(last, builder.classes, normalised=False)
    return builder.done()


def _mlp(builder: Builder) -> str:
    last = "input"
    for _ in range(2):
        last = builder.spike(builder.linear(last, 256))
    return last


def _small(builder: Builder) -> str:
    last = "input"
    for channels in (16, 32):
        last = builder.pool(builder.spike(builder.conv(last, channels)))
    return builder.spike(builder.linear(last, 64))


def _vgg(layers: tuple[int | str, ...]) -> Callable[[Builder], str]:
    def build(builder: Builder) -> str:
        last = "input"
        for layer in layers:
            last = builder.pool(last) if isinstance(layer, str) else builder.spike(builder.conv(last, layer))
        return builder.global_pool(last)

    return build


def _residual(stages: tuple[tuple[int, int], ...], projected: bool = False) -> Callable[[Builder], str]:
    def build(builder: Builder) -> str:
        large = len(builder.input_shape) == 3 and min(builder.input_shape[1:]) >= _LARGE
        stem = builder.conv("input", stages[0][1], kernel=7 if large else 3, stride=2 if large else 1)
        last = builder.spike(stem)
        if large:
            last = builder.pool(last)
        for stage, (blocks, channels) in enumerate(stages):
            for block in range(blocks):
                last = _block(builder, last, channels, 2 if stage and not block else 1, projected)
        return builder.global_pool(last)

    return build


def _block(builder: Builder, source: str, channels: int, stride: int, projected: bool) -> str:
    """Add two convolutions and a shortcut around them, by a 1 x 1 convolution where the shape changes or all have one."""
    share = 1 / math.sqrt(2)
    inner = builder.spike(builder.conv(source, channels, stride=stride))
    outer = builder.conv(inner, channels, share=share)
    same = stride == 1 and builder.shape(source)[0] == channels and not projected
    around = source if same else builder.conv(source, channels, kernel=1, stride=stride, share=share)
    return builder.spike(outer, around)


MLP = Model("two fully connected layers of 256, for samples of any shape", _mlp)
SMALL = Model("convolutions of 16 and 32 channels and a layer of 64", _small)
VGG_SMALL = Model("5 convolutions, of 32 to 128 channels", _vgg(_VGG_SMALL))
VGG16 = Model("13 convolutions, of 64 to 512 channels", _vgg(_VGG16))
VGG_SNN = Model("8 convolutions, of 64 to 512 channels", _vgg(_VGG_SNN))
RESNET19 = Model("8 residual blocks of 128, 256 and 512 channels", _residual(((3, 128), (3, 256), (2, 512))))
RESNET18 = Model("8 residual blocks of 64 to 512 channels", _residual(((2, 64), (2, 128), (2, 256), (2, 512))))
#: Of these all shortcuts are currents, so that they can be converted (:func:`hrsnn.deep.robust.conversion.converted`).
RESNET19_PROJECTED = Model(
    "resnet-19 with a 1 x 1 convolution in every shortcut", _residual(((3, 128), (3, 256), (2, 512)), projected=True)
)
RESNET_SMALL = Model(
    "2 residual blocks of 16 and 32 channels, with a 1 x 1 convolution in each shortcut",
    _residual(((1, 16), (1, 32)), projected=True),
)
