"""Runs first in the packaged app: SciPy's Fourier transforms and filters do without its special functions.

They import them for the fast Hankel transform and for shifts in the frequency domain, which the app never asks for, and
with them comes a second OpenBLAS: 32 MB.
"""

import sys
from types import ModuleType

_absent = ModuleType("scipy.special")
_absent.loggamma = _absent.poch = None  # type: ignore[attr-defined]
sys.modules["scipy.special"] = _absent
