"""What macOS knows of the app: its Info.plist, with the files that it opens."""

from file_types import FileType, file_types
from product import COPYRIGHT, IDENTIFIER, NAME, version

# PyTorch 2.13 and PyAV 18.1 are built for nothing older, and for Apple's own processors alone.
MINIMUM_MACOS = "14.0"
# Those that macOS knows by itself. The others are told of, for a Mac without the program that made them known.
_APPLE_UTI_PREFIXES = ("public.", "com.apple.", "com.microsoft.", "org.3gpp.", "com.real.")


def info_plist() -> dict[str, object]:
    """Every value beside those that PyInstaller writes by itself."""
    return {
        "CFBundleName": NAME,
        "CFBundleDisplayName": NAME,
        "CFBundleIdentifier": IDENTIFIER,
        "CFBundleShortVersionString": version(),
        "CFBundleVersion": version(),
        "CFBundlePackageType": "APPL",
        "CFBundleDevelopmentRegion": "en",
        "CFBundleDocumentTypes": [_document(kind) for kind in file_types()],
        "UTImportedTypeDeclarations": [
            _declaration(kind) for kind in file_types() if not kind.uti.startswith(_APPLE_UTI_PREFIXES)
        ],
        "LSApplicationCategoryType": "public.app-category.music",
        "LSMinimumSystemVersion": MINIMUM_MACOS,
        "LSArchitecturePriority": ["arm64"],
        "NSHighResolutionCapable": True,
        "NSRequiresAquaSystemAppearance": False,
        # Songs are separated and told of while the window is behind others.
        "NSAppSleepDisabled": True,
        "NSPrincipalClass": "NSApplication",
        "NSHumanReadableCopyright": COPYRIGHT,
    }


def _document(kind: FileType) -> dict[str, object]:
    return {
        "CFBundleTypeName": kind.title,
        "CFBundleTypeRole": "Viewer",
        "CFBundleTypeExtensions": list(kind.extensions),
        "CFBundleTypeMIMETypes": list(kind.mime),
        "LSItemContentTypes": [kind.uti],
        # Offered under "Open With", and never in place of the user's player.
        "LSHandlerRank": "Alternate",
    }


def _declaration(kind: FileType) -> dict[str, object]:
    above = "public.movie" if kind.mime[0].startswith("video/") else "public.audio"
    tags = {"public.filename-extension": list(kind.extensions), "public.mime-type": list(kind.mime)}
    return {
        "UTTypeIdentifier": kind.uti,
        "UTTypeDescription": kind.title,
        "UTTypeConformsTo": [above],
        "UTTypeTagSpecification": tags,
    }
