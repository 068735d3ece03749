"""The sound device, opened when something is to be heard and not before."""

from desktop.errors import SoundUnavailableError


def default_device() -> str:
    """Name of the device that would play. Raises SoundUnavailableError."""
    try:
        import sounddevice
    except OSError as error:
        raise SoundUnavailableError("Sound needs PortAudio. Install it: sudo apt-get install libportaudio2") from error
    try:
        return str(sounddevice.query_devices(kind="output")["name"])
    except (sounddevice.PortAudioError, ValueError) as error:
        raise SoundUnavailableError("There is no sound device. Connect one, then press play again.") from error
