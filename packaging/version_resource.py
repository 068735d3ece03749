"""Version resource of the Windows executables, in PyInstaller's format."""

from pathlib import Path

from product import COPYRIGHT, NAME, SUMMARY, version

_TEXT = """VSVersionInfo(
  ffi=FixedFileInfo(filevers={numbers}, prodvers={numbers}, mask=0x3F, flags=0x0, OS=0x40004, fileType=0x1, subtype=0x0),
  kids=[
    StringFileInfo([StringTable('040904B0', [{strings}])]),
    VarFileInfo([VarStruct('Translation', [1033, 1200])]),
  ],
)
"""


def write_version_resource(path: Path) -> Path:
    """Write the resource for the current version to `path` and return it.

    Windows shows FileDescription as the name in menus and in the task manager.
    """
    number = version()
    values = {
        "CompanyName": NAME, "FileDescription": NAME, "Comments": SUMMARY, "FileVersion": number,
        "InternalName": "unbraid", "LegalCopyright": COPYRIGHT, "OriginalFilename": "unbraid.exe",
        "ProductName": NAME, "ProductVersion": number,
    }  # fmt: skip
    strings = ", ".join(f"StringStruct({name!r}, {value!r})" for name, value in values.items())
    numbers = (*map(int, number.split(".")), 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_TEXT.format(numbers=numbers, strings=strings), encoding="utf-8")
    return path
