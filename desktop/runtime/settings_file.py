"""The settings file of a library: read again when it changes, and merged with the changes of other processes."""

import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from threading import RLock

from desktop.atomic_file import write_atomically
from desktop.paths import Home
from desktop.runtime.file_lock import FileLock
from desktop.setting_spec import SettingValue
from desktop.settings import Settings, settings_from_fields

_Stamp = tuple[int, int, int]
"""Modification time in nanoseconds, size in bytes and inode."""
# Seconds. Modification times of FAT disks are this coarse: a younger file may change again and keep its stamp.
_STAMP_AGE_S = 2.0
# Seconds to wait for a change by another process, which takes milliseconds.
_LOCK_TIMEOUT_S = 3.0
_MISSING: _Stamp = (0, 0, 0)
_log = logging.getLogger(__name__)


class SettingsFile:
    """Cached settings of a library. Each change is written at once, and only the changed fields replace those on disk.

    Every method is thread-safe. A file that cannot be read or is damaged changes nothing: the last known settings stay,
    which are the defaults at first.
    """

    def __init__(self, home: Home) -> None:
        """Read the settings."""
        self._path = home.settings
        self._lock = RLock()
        # Beside the file, which each change replaces by another one.
        self._file_lock = FileLock(home.settings.with_suffix(".lock"))
        self._stamp: _Stamp | None = None
        """Stamp of the file when it was read; None reads it again."""
        self._fields: dict[str, SettingValue] = {}
        self._unsaved: dict[str, SettingValue] = {}
        """Changes that could not be written yet."""
        self._problem = ""
        """Why the file could not be read the last time."""
        self._settings = Settings()
        self._listeners: list[Callable[[Settings], None]] = []
        self.refresh()

    @property
    def settings(self) -> Settings:
        """The settings as last read or changed, without access to the disk."""
        return self._settings

    def refresh(self) -> Settings:
        """Return the current settings; the file is read only if its time, size or inode changed."""
        with self._lock:
            self._read_if_changed()
            return self._update(settings_from_fields(self._fields | self._unsaved))

    def change(self, **values: SettingValue) -> bool:
        """Set the named fields and write them; return True if every change so far is on disk.

        A failure to write is logged only, and what was not written is written with the next change.
        """
        with self._lock:
            changed, is_saved = self._merge_into_file(values)
            self._update(changed)
            return is_saved

    def add_listener(self, listener: Callable[[Settings], None]) -> None:
        """Call `listener` with the settings after each change of them, in the thread that made or found it."""
        self._listeners.append(listener)

    def _update(self, settings: Settings) -> Settings:
        if settings != self._settings:
            self._settings = settings
            for listener in self._listeners:
                listener(settings)
        return settings

    def _read_if_changed(self) -> None:
        problem = ""
        try:
            if _stamp_of(self._path.stat()) != self._stamp:
                self._read()
        except FileNotFoundError:
            self._fields, self._stamp = {}, _MISSING
        except (OSError, ValueError, RecursionError) as error:
            problem = f"{type(error).__name__}: {error}"
        if problem and problem != self._problem:
            _log.warning("Settings were not read, the last known ones apply: %s", problem)
        self._problem = problem

    def _read(self) -> None:
        """Read the file. Raises OSError, and ValueError or RecursionError if it is damaged."""
        with self._path.open("rb") as file:
            status, data = os.fstat(file.fileno()), file.read()
        is_old = time.time() - status.st_mtime > _STAMP_AGE_S
        self._stamp = _stamp_of(status) if is_old else None
        self._fields = _parse(data)

    def _merge_into_file(self, values: Mapping[str, SettingValue]) -> tuple[Settings, bool]:
        """Replace the fields `values` in the file; return the new settings, and whether they are on disk.

        No other process can change the file between its reading and its writing.
        """
        try:
            has_lock = self._file_lock.acquire_within(_LOCK_TIMEOUT_S)
        except OSError:
            has_lock = True  # a folder without write access: the write below fails and says so
        try:
            self._read_if_changed()
            changed = replace(settings_from_fields(self._fields | self._unsaved), **values)
            self._unsaved |= values
            if not has_lock:
                _log.warning("Settings were not saved: another process holds their lock")
            return changed, has_lock and self._write()
        finally:
            self._file_lock.release()

    def _write(self) -> bool:
        fields = self._fields | self._unsaved
        try:
            write_atomically(self._path, json.dumps(fields, indent=2).encode())
        except OSError as error:
            # Only convenience is lost; a full disk is reported by the operations that need the space.
            _log.warning("Settings were not saved: %s", error)
            return False
        self._fields, self._unsaved, self._stamp = fields, {}, None
        return True


def load_settings(home: Home) -> Settings:
    """Return the settings of a library once, for a command that ends soon."""
    return SettingsFile(home).settings


def _stamp_of(status: os.stat_result) -> _Stamp:
    return status.st_mtime_ns, status.st_size, status.st_ino


def _parse(data: bytes) -> dict[str, SettingValue]:
    """Return the fields of a settings file, also those that this version does not know.

    Raises ValueError or RecursionError if it is damaged. No setting is a list or an object, so these are dropped.
    """
    saved = json.loads(data.decode("utf-8"))
    if not isinstance(saved, dict):
        raise ValueError("The settings are not a JSON object")
    return {key: value for key, value in saved.items() if isinstance(value, str | int | float)}
