"""Titles of models in the language of the user."""

from desktop.settings import READY_STEMS_MODEL
from desktop.text.message import Message, verbatim

_TITLES = {
    "htdemucs": Message("HT Demucs"),
    "htdemucs_ft": Message("HT Demucs · fine-tuned"),
    "htdemucs_6s": Message("HT Demucs · six stems"),
    "sketch": Message("Sketch · draft quality"),
    READY_STEMS_MODEL: Message("Ready-made"),
}


def find_model_title(name: str, title: str = "") -> Message:
    """Return the title of the model `name`.

    `title` is its title in the model store; without one, use that of the built-in model, or the name.
    """
    built_in = _TITLES.get(name)
    return built_in if built_in and title in ("", built_in.template) else verbatim(title or name)
