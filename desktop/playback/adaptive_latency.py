"""Latency that grows while a device underflows: a loaded machine may wake the audio callback later than was asked for."""

import logging
from collections import deque
from collections.abc import Callable
from time import monotonic

from desktop.playback.output_settings import OutputSettings

# So many underflows within so many seconds double the latency; a single one may be the start of another program.
_MAX_UNDERFLOWS, _PERIOD_S = 2, 10.0
_log = logging.getLogger(__name__)


class AdaptiveLatency:
    """Latency of the output: that of the settings at first, which doubles with underflows and stays until they change."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        """Begin without underflows; `clock` returns seconds that never go back."""
        self._clock = clock
        self._factor = 1
        self._settings = OutputSettings()
        self._underflows = 0
        self._underflow_times: deque[float] = deque(maxlen=_MAX_UNDERFLOWS)

    def latency_ms(self, settings: OutputSettings) -> int:
        """Return the latency in milliseconds with which a device should be open."""
        if settings != self._settings:
            self._settings, self._factor = settings, 1
        return max(settings.latency_ms, min(settings.max_latency_ms, settings.latency_ms * self._factor))

    def begin(self, underflows: int) -> None:
        """Count from `underflows` on, because a device was opened."""
        self._underflows = underflows
        self._underflow_times.clear()

    def note_underflows(self, underflows: int) -> None:
        """Double the latency if `underflows`, counted since the song was opened, have become too many too quickly."""
        now = self._clock()
        self._underflow_times.extend([now] * min(_MAX_UNDERFLOWS, underflows - self._underflows))
        self._underflows = underflows
        times = self._underflow_times
        if len(times) == _MAX_UNDERFLOWS and now - times[0] < _PERIOD_S:
            times.clear()
            before = self.latency_ms(self._settings)
            if before < self._settings.max_latency_ms:
                self._factor *= 2
                after = self.latency_ms(self._settings)
                _log.info("The sound device underflows: latency raised from %d to %d ms", before, after)
