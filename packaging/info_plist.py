"""Values of the app's Info.plist for macOS, including its file types."""

from file_types import FileType, file_types
from product import COPYRIGHT, IDENTIFIER, NAME, version

# PyTorch 2.13 and PyAV 18.1 are not built for older versions, and only for Apple silicon.
MINIMUM_MACOS = "14.0"
# File types that macOS declares itself. The others are imported, for a Mac without the program that declares them.
_APPLE_UTI_PREFIXES = ("public.", "com.apple.", "com.microsoft.", "org.3gpp.", "com.real.")


def info_plist() -> dict[str, object]:
    """Return every value except those that PyInstaller writes itself."""
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
        # Jobs are processed, and notifications shown, while the window is behind others.
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
        # Offered under "Open With", but never as the default in place of the user's player.
        "LSHandlerRank": "Alternate",
    }


def _declaration(kind: FileType) -> dict[str, object]:
    parent_type = "public.movie" if kind.mime[0].startswith("video/") else "public.audio"
    tags = {"public.filename-extension": list(kind.extensions), "public.mime-type": list(kind.mime)}
    return {
        "UTTypeIdentifier": kind.uti,
        "UTTypeDescription": kind.title,
        "UTTypeConformsTo": [parent_type],
        "UTTypeTagSpecification": tags,
    }
