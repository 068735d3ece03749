"""The packaged app contains what it reads at run time."""

import pytest

pytest.importorskip("PyInstaller", reason="needs scripts/lock/build.txt")
import bundle_parts


def test_packaged_app_contains_every_resource_in_its_folder() -> None:
    root = bundle_parts.ROOT
    files = {
        path.relative_to(root) for path in (root / "resources").rglob("*") if path.is_file() and path.suffix != ".py"
    }
    placed = {(source, folder) for source, folder in bundle_parts.datas() if source.startswith(str(root / "resources"))}
    assert placed == {(str(root / file), str(file.parent)) for file in files}
    assert any(folder.endswith("locale") for _, folder in placed)


def test_translations_of_qt_are_in_the_app_for_its_own_languages_only() -> None:
    names = ["qtbase_de", "qtbase_pt_BR", "qtdeclarative_de"]
    entries = [(f"PySide6/Qt/translations/{name}.qm", name, "DATA") for name in names]
    languages = {path.name for path in (bundle_parts.ROOT / "resources" / "locale").glob("*/")}
    kept = [source for _, source, _ in bundle_parts.remove_unused_files(entries)]
    assert kept == [name for name in names[:2] if name.removeprefix("qtbase_") in languages]
