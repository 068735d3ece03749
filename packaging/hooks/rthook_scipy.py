"""Runtime hook of the packaged app: replaces `scipy.special`, which SciPy's Fourier transforms and filters import.

They need it only for the fast Hankel transform and for shifts in the frequency domain, which the app never uses, and it
would add a second OpenBLAS: 32 MB.
"""

import sys
from types import ModuleType

_absent = ModuleType("scipy.special")
_absent.loggamma = _absent.poch = None  # type: ignore[attr-defined]
sys.modules["scipy.special"] = _absent
