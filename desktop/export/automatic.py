"""Automatic exports of finished songs: what the settings say is written of them, and where."""

from collections.abc import Mapping
from pathlib import Path

import platformdirs

from desktop.export.presets import BUILT_IN_PRESETS, read_saved_presets
from desktop.export.settings import ExportSettings
from desktop.jobs.export_job import AutomaticExport
from desktop.jobs.model import Job
from desktop.settings import SKETCH_MODEL, Settings, valid_settings

_SAVED_PREFIX = "saved:"
"""Begins the setting for a preset that the user saved; its name follows."""


def automatic_export(job: Job, model_used: str, settings: Settings) -> AutomaticExport | None:
    """Return the automatic export of a song that `model_used` has separated; None if the settings want none.

    A song with an output folder of its own is not exported twice, and stems in draft quality, which Sketch made
    because the model was not available, are not exported at all.
    """
    is_draft = model_used == SKETCH_MODEL and job.options.model != SKETCH_MODEL
    if not settings.auto_export or job.options.out is not None or is_draft:
        return None
    return AutomaticExport(auto_export_settings(settings), auto_export_folder(settings))


def auto_export_folder(settings: Settings) -> Path:
    """Return the folder of automatic exports: the chosen one, or `Unbraid` in the user's music folder."""
    chosen = settings.auto_export_folder
    return Path(chosen) if chosen else platformdirs.user_music_path() / "Unbraid"


def auto_export_settings(settings: Settings) -> ExportSettings:
    """Return what automatic exports write: the chosen preset, or all stems if it was deleted.

    A built-in preset has the export format of the settings.
    """
    form = ExportSettings(file_format=valid_settings(settings).export_format)
    built_in = next((preset for preset in BUILT_IN_PRESETS if preset.key == settings.auto_export_preset), None)
    if built_in is not None:
        return built_in.apply_to(form)
    saved = {saved_preset_value(name): preset for name, preset in read_saved_presets(settings.export_presets).items()}
    return saved.get(settings.auto_export_preset, form).fitted()


def saved_preset_value(name: str) -> str:
    """Return the value of the setting `auto_export_preset` for the preset that the user saved under `name`."""
    return _SAVED_PREFIX + name


def renamed_preset(settings: Settings, old: str, new: str) -> Mapping[str, str]:
    """Return the change of the settings that keeps a preset the one of automatic exports when it is renamed."""
    is_chosen = settings.auto_export_preset == saved_preset_value(old)
    return {"auto_export_preset": saved_preset_value(new)} if is_chosen else {}
