"""The catalogues hold every message of the app."""

from scripts.update_catalogues import DOMAIN, LOCALE, ROOT, extract_messages, format_catalogue


def test_template_holds_every_message_of_the_app() -> None:
    """If this fails, run `./unbraid messages`."""
    assert (LOCALE / f"{DOMAIN}.pot").read_bytes() == format_catalogue(extract_messages(ROOT / "desktop"))
