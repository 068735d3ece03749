"""The output that the user has chosen, for the session."""

from desktop.playback.output_settings import OutputSettings
from desktop.playback.session import Session
from desktop.settings import Settings
from desktop.ui.core.settings_store import SettingsStore


def follow_output_settings(session: Session, settings_store: SettingsStore) -> None:
    """Play on the output of the settings, now and after each change of them."""

    def apply(settings: Settings) -> None:
        output = OutputSettings.of(settings)
        if output != session.output:
            session.set_output(output)

    apply(settings_store.settings)
    settings_store.changed.connect(apply)
