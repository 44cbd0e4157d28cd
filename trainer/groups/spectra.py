"""A first, quick comparison of looks: the amplitudes of their spectra, by direction and wavelength.

The amplitudes do not change if a picture is shifted. If it is turned, they turn too; if it is enlarged, they move
towards longer waves; if it is mirrored, they are mirrored. So turn, scale and mirror are found without knowing the
shift (Fourier-Mellin; Reddy and Chatterji, 1996).
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trainer.photos.look import LOOK_SIZE

Floats = npt.NDArray[np.float32]

_DIRECTIONS, _WAVES = 24, 12  # 7.5 degrees a direction
_LONGEST, _SHORTEST = 3.0, 24.0  # periods in the width of a look
_STEP = (_SHORTEST / _LONGEST) ** (1 / (_WAVES - 1))  # each wavelength is this many times the next
_TURNS = np.arange(-2, 3)  # in directions: 15 degrees to each side
_ZOOMS = np.arange(-2, 3)  # in wavelengths
_SMOOTHING = 0.8  # in samples of the spectrum
_FREQUENCIES = _DIRECTIONS // 2 + 1


class Spectra(NamedTuple):
    """The spectra of looks.

    ``turned`` (looks, frequencies, waves), complex64, is the Fourier transform over the directions of the logarithm of
    the amplitudes, ``energy`` (looks, waves) the sum of the squares for each wavelength.
    """

    turned: npt.NDArray[np.complex64]
    energy: Floats

    def of(self, looks: npt.NDArray[np.intp]) -> Spectra:
        """The spectra of some of the looks, by index."""
        return Spectra(self.turned[looks], self.energy[looks])


class Guess(NamedTuple):
    """How each second look of some pairs may lie over the first one, best guess of pictures that are mirrored or not.

    ``scores`` (pairs, 2) are correlations of spectra, -1 to 1, ``maps`` (pairs, 2, 2, 2) take a place in the first
    look, seen from its centre, to the place in the second one; index 1 of the second axis is the mirrored one.
    """

    scores: Floats
    maps: Floats


def make_spectra(pixels: npt.NDArray[np.uint8]) -> Spectra:
    """The spectra of looks (looks, 64, 64)."""
    from scipy.fft import rfft, rfft2

    grey = pixels.astype(np.float32)
    grey -= grey.mean(axis=(1, 2), keepdims=True)
    window = np.hanning(LOOK_SIZE + 2)[1:-1].astype(np.float32)
    amplitudes = np.abs(rfft2(grey * np.outer(window, window)))
    level = amplitudes.mean(axis=(1, 2), keepdims=True)
    logarithms = np.log(amplitudes + 0.1 * level + 1e-3).reshape(len(pixels), -1)
    polar = (logarithms @ _sampling()).reshape(len(pixels), _DIRECTIONS, _WAVES)
    polar -= polar.mean(axis=1, keepdims=True)
    return Spectra(rfft(polar, axis=1).astype(np.complex64), (polar**2).sum(axis=1))


def compare_spectra(first: Spectra, second: Spectra) -> Guess:
    """Guess turn, scale and mirror of each pair of looks: row by row, the looks of ``first`` and of ``second``."""
    pairs = len(first.turned)
    frequency = np.arange(_FREQUENCIES)
    weights = np.where((frequency == 0) | (frequency == _DIRECTIONS // 2), 1, 2) / _DIRECTIONS
    turning = (weights[:, None] * np.exp(2j * np.pi * np.outer(frequency, _TURNS) / _DIRECTIONS)).astype(np.complex64)
    mirroring = np.exp(-2j * np.pi * frequency / _DIRECTIONS).astype(np.complex64)
    scores = np.empty((pairs, 2, len(_ZOOMS), len(_TURNS)), np.float32)
    for place, zoom in enumerate(_ZOOMS):
        ours = slice(max(0, zoom), _WAVES + min(0, zoom))
        theirs = slice(max(0, -zoom), _WAVES + min(0, -zoom))
        one, other = first.turned[:, :, ours], second.turned[:, :, theirs]
        norm = np.sqrt(first.energy[:, ours].sum(axis=1) * second.energy[:, theirs].sum(axis=1)) + 1e-6
        plain = (one * other.conj()).sum(axis=2) @ turning
        mirrored = ((one * other).sum(axis=2) * mirroring) @ turning
        scores[:, 0, place] = plain.real / norm[:, None]
        scores[:, 1, place] = mirrored.real / norm[:, None]
    flat = scores.reshape(pairs, 2, len(_ZOOMS) * len(_TURNS))
    best = flat.argmax(axis=2)
    found = np.take_along_axis(flat, best[:, :, None], axis=2)[:, :, 0]
    return Guess(found, _maps()[np.arange(2), best])


@cache
def _sampling() -> Floats:
    """Weights (samples of a spectrum, directions x waves) that average the spectrum around each direction and wave."""
    directions = (np.arange(_DIRECTIONS) + 0.5) * np.pi / _DIRECTIONS
    radii = _LONGEST * _STEP ** np.arange(_WAVES)
    down = np.fft.fftfreq(LOOK_SIZE, 1 / LOOK_SIZE)[:, None, None, None]
    across = np.arange(LOOK_SIZE // 2 + 1)[None, :, None, None]
    x, y = radii * np.cos(directions)[:, None], radii * np.sin(directions)[:, None]
    # A real picture's spectrum has each value twice, at (x, y) and (-x, -y); the array has the half with x >= 0.
    distance = np.minimum((across - x) ** 2 + (down - y) ** 2, (across + x) ** 2 + (down + y) ** 2)
    weights = np.exp(-distance / (2 * _SMOOTHING**2))
    weights /= weights.sum(axis=(0, 1))
    return np.asarray(weights.reshape(LOOK_SIZE * (LOOK_SIZE // 2 + 1), -1), np.float32)


@cache
def _maps() -> Floats:
    """The map of each guess: (2, zooms x turns, 2, 2)."""
    zoom, turn = (part.ravel() for part in np.meshgrid(_ZOOMS, _TURNS, indexing="ij"))
    scale, angle = _STEP**zoom, -turn * np.pi / _DIRECTIONS
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    plain = np.stack([np.stack([cosine, -sine], -1), np.stack([sine, cosine], -1)], -2)
    return np.asarray(np.stack([plain, np.array([[-1], [1]]) * plain]), np.float32)
