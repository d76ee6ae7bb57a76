"""Folders of images, one folder a class, and the pixels of an image file.

::

    ROOT/CLASS/*.png                                 one part
    ROOT/train/CLASS/*.png, ROOT/test/CLASS/*.png    two parts

The files may be PNG, JPEG, BMP, GIF, TIFF, PGM and PPM, by their endings; others, and hidden files, are passed over. They
are decoded by Pillow (https://pillow.readthedocs.io/en/stable/handbook/image-file-formats.html).
"""

from __future__ import annotations

import contextlib
import itertools
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from hrsnn.errors import FileError
from hrsnn.files.reading import open_binary, refuse_damaged
from hrsnn.files.writing import PathLike
from hrsnn.validation.limits import beyond_memory, limit
from hrsnn.validation.units import takes

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".pgm", ".ppm")
#: Formats that are decoded: not those that Pillow gives to other programs, such as PostScript.
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "PPM")
_GREY, _WIDE = ("1", "L", "LA", "La"), ("I;16", "I;16B", "I;16L", "I;16N", "I")
_COLOUR = ("P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr", "LAB", "HSV")


def holds_images(path: Path) -> bool:
    """Return whether a folder has images in folders of classes, or of parts and classes."""
    files = itertools.chain(path.glob("*/*"), path.glob("*/*/*"))
    return any(file.suffix.lower() in ENDINGS for file in files)


@takes()
def image_shape(path: PathLike) -> tuple[int, int, int]:
    """Return the height, width and number of colours (1 or 3) of an image, from its header.

    Raises
    ------
    FileError
        When the file is missing, no image, or too large.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "a.pgm"
    >>> _ = path.write_bytes(b"P5 3 2 255 " + bytes([0, 10, 20, 30, 40, 50]))
    >>> image_shape(path)
    (2, 3, 1)
    """
    with _opened(path) as image:
        return image.height, image.width, 3 if image.mode in _COLOUR else 1


@takes()
def read_image(path: PathLike, colours: int | None = None) -> np.ndarray:
    """Return the pixels of an image.

    Parameters
    ----------
    path : path
        PNG, JPEG, BMP, GIF, TIFF, PGM or PPM.
    colours : {1, 3}, optional
        1: colours are converted to grey, 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601). 3: grey becomes equal red,
        green and blue. By default as in the file.

    Returns
    -------
    ndarray of uint8, (height, width) of grey, or (height, width, 3) of red, green and blue

    Raises
    ------
    FileError
        When the file is missing, damaged, no image, or so large that Pillow takes it for a decompression bomb.

    Notes
    -----
    Transparency is dropped; of several frames the first is read; 16 bits are rounded to 8; the orientation in the metadata
    is not applied.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "a.pgm"
    >>> _ = path.write_bytes(b"P5 3 2 255 " + bytes([0, 10, 20, 30, 40, 50]))
    >>> read_image(path)
    array([[ 0, 10, 20],
           [30, 40, 50]], dtype=uint8)
    """
    with _opened(path) as image:
        if image.mode in _WIDE:
            pixels = np.rint(np.asarray(image, dtype=np.float64) / 257).astype(np.uint8)
        else:
            pixels = np.array(image.convert("L" if image.mode in _GREY else "RGB"))
            if pixels.ndim == 3 and colours == 1:
                pixels = np.array(image.convert("RGB").convert("L"))
        return np.repeat(pixels[..., np.newaxis], 3, axis=2) if pixels.ndim == 2 and colours == 3 else pixels


@contextlib.contextmanager
def _opened(path: PathLike) -> Iterator[Any]:
    """Open an image, of which only the header is read, if its pixels may be."""
    from PIL import Image, UnidentifiedImageError  # takes a tenth of a second, and most tasks need none

    with open_binary(path) as file, refuse_damaged(path, "image"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            if not os.fstat(file.fileno()).st_size:
                raise FileError(path, "is empty")
            with Image.open(file, formats=_FORMATS) as image:
                needed = 4 * image.width * image.height
                if needed > limit("memory"):
                    raise FileError(path, beyond_memory(needed))
                wide = image.mode in _WIDE and (image.mode != "I" or image.format in ("PNG", "PPM"))
                if not (wide or image.mode in _GREY or image.mode in _COLOUR):
                    raise FileError(path, f"has pixels of mode {image.mode}: must be grey or colours of 8 or 16 bits")
                yield image
        except UnidentifiedImageError as error:
            raise FileError(path, f"is damaged or no image of the formats {', '.join(_FORMATS)}") from error
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            most = f"{Image.MAX_IMAGE_PIXELS:,} pixels".replace(",", " ")
            raise FileError(path, f"says that it has over {most}: is taken for a decompression bomb") from error
