"""Desktop entry and AppStream metadata for Linux: menu entry, file types, and the page in software centres."""

from datetime import UTC, datetime
from xml.sax.saxutils import escape

from file_types import mime_types
from product import IDENTIFIER, NAME, SUMMARY, version

_ENTRY = """[Desktop Entry]
Type=Application
Name={name}
GenericName=Stem separator
Comment={summary}
Exec={command} %F
Icon={icon}
Terminal=false
StartupNotify=true
StartupWMClass=unbraid
Categories=AudioVideo;Audio;Qt;
Keywords=stems;vocals;karaoke;separate;demix;remix;demucs;
MimeType={mime};
"""
_PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<component type="desktop-application">
  <id>{identifier}</id>
  <name>{name}</name>
  <summary>Separate songs into stems</summary>
  <metadata_license>CC0-1.0</metadata_license>
  <project_license>MIT</project_license>
  <developer_name>Unbraid's contributors</developer_name>
  <description>
    <p>Drop a song and get its stems: vocals, drums, bass and the rest, separated on your own computer.</p>
    <p>A draft of every stem plays within seconds, while the model works on the final one. The stems are ordinary audio
    files that add up exactly to the song.</p>
  </description>
  <launchable type="desktop-id">{entry}.desktop</launchable>
  <content_rating type="oars-1.1" />
  <provides>
    <binary>unbraid</binary>
  </provides>
  <releases>
    <release version="{version}" date="{date}" />
  </releases>
</component>
"""


def desktop_entry(command: str = "unbraid", icon: str = "unbraid") -> str:
    """Return the content of unbraid.desktop. `command`: the command to start; `icon`: name of the icon."""
    return _ENTRY.format(name=NAME, summary=SUMMARY, command=command, icon=icon, mime=";".join(mime_types()))


def metainfo(timestamp: float, entry: str = "unbraid") -> str:
    """Return the AppStream metadata; `timestamp`: release time in seconds since 1970, `entry`: desktop entry's name."""
    date = datetime.fromtimestamp(timestamp, UTC).date().isoformat()
    return _PAGE.format(identifier=IDENTIFIER, name=escape(NAME), version=version(), date=date, entry=entry)
