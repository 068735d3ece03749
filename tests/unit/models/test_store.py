import errno
import hashlib
import json
import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Generator
from pathlib import Path

import pytest

from desktop.errors import CancelledError, ModelRejectedError, ModelUnavailableError, StorageError
from desktop.models import store as module
from desktop.models.catalogue import CatalogueEntry, WeightsFile
from desktop.models.storage import partial_path
from desktop.models.store import ModelStore
from desktop.paths import Home
from desktop.pipeline.engines.load import EngineSpec, load_engine
from tests.helpers.engines import SOURCES, write_tiny_htdemucs
from tests.helpers.http_server import FileServer

BODIES = {"one.th": b"1" * 300_000, "two.th": b"2" * 500_000}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_htdemucs(tmp_path_factory.mktemp("weights") / "blindtest.th")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create_folders()


@pytest.fixture
def store(home: Home) -> ModelStore:
    return ModelStore(home)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Generator[FileServer]:
    """Serve a catalogue with one model, `pair`, of two files."""
    with FileServer(dict(BODIES)) as running:
        files = tuple(
            WeightsFile(name, f"{running.url}/{name}", hashlib.sha256(body).hexdigest()[:8])
            for name, body in BODIES.items()
        )
        entry = CatalogueEntry("pair", "A pair", "demucs", SOURCES, 800_000, files, ((1, 0, 0, 0), (0, 1, 1, 1)))
        monkeypatch.setattr(module, "catalogue", lambda: (entry,))
        yield running


def ignore_progress(done: int, total: int) -> None:
    pass


def never() -> bool:
    return False


def model_names(store: ModelStore) -> list[str]:
    return [model.name for model in store.list_models()]


def test_new_store_lists_sketch_and_the_downloadable_models(store: ModelStore) -> None:
    assert {model.name: (model.kind, model.is_installed) for model in store.list_models()} == {
        "htdemucs": ("demucs", False),
        "htdemucs_ft": ("demucs", False),
        "htdemucs_6s": ("demucs", False),
        "sketch": ("sketch", True),
    }


def test_sketch_has_the_sources_that_the_store_lists(store: ModelStore) -> None:
    assert store.get("sketch").sources == load_engine(EngineSpec("sketch", "sketch")).sources


def test_unknown_model_is_reported_and_sketch_cannot_be_downloaded(store: ModelStore) -> None:
    with pytest.raises(ModelUnavailableError, match=r"no model \\x1b\[2J"):
        store.get("\x1b[2J")
    for name in ("sketch", "nonsense"):
        with pytest.raises(ModelUnavailableError, match="is not a model that can be downloaded"):
            store.download(name, ignore_progress, never)


def test_model_is_downloaded_file_by_file_with_one_progress(store: ModelStore, server: FileServer) -> None:
    reports: list[tuple[int, int]] = []
    model = store.download("pair", lambda done, total: reports.append((done, total)), never)
    assert model.is_installed
    assert model.bag_weights == ((1, 0, 0, 0), (0, 1, 1, 1))
    assert [file.read_bytes() for file in model.files] == list(BODIES.values())
    assert reports[-1] == (800_000, 800_000)
    assert [done for done, _ in reports] == sorted(done for done, _ in reports)


def test_progress_counts_files_that_already_exist(store: ModelStore, server: FileServer) -> None:
    server.files.pop("two.th")
    with pytest.raises(ModelUnavailableError, match="404"):
        store.download("pair", ignore_progress, never)
    server.files |= BODIES
    reports: list[tuple[int, int]] = []
    server.requests.clear()
    assert store.download("pair", lambda done, total: reports.append((done, total)), never).is_installed
    assert [path for path, _ in server.requests] == ["/two.th"]
    assert reports[0][0] > 400_000
    assert reports[-1][0] == reports[-1][1]


@pytest.mark.parametrize("damage", [b"", b"1" * 299_999, b"3" * 300_000], ids=["empty", "too short", "other content"])
def test_damaged_file_is_detected_and_downloaded_again(store: ModelStore, server: FileServer, damage: bytes) -> None:
    model = store.download("pair", ignore_progress, never)
    model.files[0].write_bytes(damage)
    assert not store.get("pair").is_installed
    assert store.download("pair", ignore_progress, never).is_installed
    assert model.files[0].read_bytes() == BODIES["one.th"]


def test_files_copied_by_hand_count_as_installed_if_their_digests_match(
    store: ModelStore, server: FileServer, home: Home
) -> None:
    for name, body in BODIES.items():
        (home.models / name).write_bytes(body)
    assert store.get("pair").is_installed
    assert server.requests == []


def test_cancelled_download_installs_no_model(store: ModelStore, server: FileServer) -> None:
    with pytest.raises(CancelledError):
        store.download("pair", ignore_progress, lambda: True)
    assert not store.get("pair").is_installed


def test_removed_model_can_be_downloaded_again(store: ModelStore, server: FileServer, home: Home) -> None:
    for _ in range(2):
        store.download("pair", ignore_progress, never)
        store.remove("pair")
        assert not store.get("pair").is_installed
        assert {path.suffix for path in home.models.iterdir()} == {".lock"}


def test_removing_a_model_deletes_its_partial_download(store: ModelStore, server: FileServer, home: Home) -> None:
    partial_path(home.models / "one.th").write_bytes(b"1" * 1000)
    store.remove("pair")
    assert list(home.models.iterdir()) == []
    with pytest.raises(ModelUnavailableError, match="not on this computer"):
        store.remove("pair")


def test_sketch_and_unknown_models_cannot_be_removed(store: ModelStore) -> None:
    with pytest.raises(ModelRejectedError, match="built in"):
        store.remove("sketch")
    with pytest.raises(ModelUnavailableError):
        store.remove("nonsense")


def test_store_that_cannot_be_written_is_reported(tmp_path: Path, server: FileServer) -> None:
    (tmp_path / "models").write_text("in the way")
    store = ModelStore(Home(tmp_path))
    with pytest.raises(StorageError, match="could not be stored"):
        store.download("pair", ignore_progress, never)


def test_imported_model_is_named_after_its_file_and_loads(store: ModelStore, tiny: Path, home: Home) -> None:
    model = store.import_file(tiny)
    assert (model.name, model.is_installed, model.is_imported, model.sources) == ("blindtest", True, True, SOURCES)
    assert model.files[0].read_bytes() == tiny.read_bytes()
    assert model.size_bytes == tiny.stat().st_size
    assert ModelStore(home).get("blindtest") == model
    assert load_engine(EngineSpec(model.name, "demucs", model.files)).sources == SOURCES


def test_import_writes_only_weights_and_manifest_and_removal_deletes_both(
    store: ModelStore, tiny: Path, home: Home
) -> None:
    store.import_file(tiny)
    assert {path.name for path in (home.models / "imported").iterdir()} == {"blindtest.th", "blindtest.json"}
    store.remove("blindtest")
    assert list((home.models / "imported").iterdir()) == []
    assert "blindtest" not in model_names(store)


@pytest.mark.parametrize(
    ("requested", "name"), [("My Model", "My Model"), ("../../evil", "_.._evil"), ("a\nb", "a_b"), ("v1.2", "v1.2")]
)
def test_imported_model_takes_the_given_name_with_unsafe_characters_replaced(
    store: ModelStore, tiny: Path, requested: str, name: str
) -> None:
    model = store.import_file(tiny, requested)
    assert model.name == name
    assert model.files[0].parent.name == "imported"
    assert store.get(name) == model


def test_import_refuses_names_that_are_in_use(store: ModelStore, tiny: Path) -> None:
    store.import_file(tiny)
    for name in (None, "BlindTest", "htdemucs", "HTDemucs_FT", "sketch"):
        with pytest.raises(ModelRejectedError, match=r"already exists\. Choose another name with --name"):
            store.import_file(tiny, name)
    assert model_names(store).count("blindtest") == 1


def test_suffix_of_an_imported_file_does_not_matter(store: ModelStore, tiny: Path, tmp_path: Path) -> None:
    renamed = tmp_path / "model.json"
    renamed.write_bytes(tiny.read_bytes())
    assert store.import_file(renamed).files[0].read_bytes() == tiny.read_bytes()


def test_import_refuses_files_that_are_not_models_and_keeps_nothing(
    store: ModelStore, tmp_path: Path, home: Home
) -> None:
    song = tmp_path / "song.th"
    song.write_bytes(b"RIFF and so on")
    for path in (song, tmp_path / "missing.th", tmp_path):
        with pytest.raises(ModelRejectedError):
            store.import_file(path)
    assert not (home.models / "imported").exists()


def test_failed_import_leaves_no_files(store: ModelStore, tiny: Path, home: Home) -> None:
    (home.models / "imported" / "blindtest.th").mkdir(parents=True)
    with pytest.raises(StorageError, match="could not be stored"):
        store.import_file(tiny)
    assert [path.name for path in (home.models / "imported").iterdir()] == ["blindtest.th"]


@pytest.mark.parametrize(
    "manifest", ["", "{", "[]", '{"file": 3}', json.dumps({"file": "../x.th", "sources": []}), "null"]
)
def test_damaged_manifest_hides_its_model_and_no_other(
    store: ModelStore, tiny: Path, home: Home, manifest: str
) -> None:
    store.import_file(tiny)
    (home.models / "imported" / "other.json").write_text(manifest)
    assert "other" not in model_names(store)
    assert "blindtest" in model_names(store)


def test_mirror_replaces_the_download_server(tmp_path: Path) -> None:
    with FileServer() as server:
        script = "from desktop.__main__ import main; import sys; sys.exit(main(['models', 'download', 'htdemucs']))"
        environment = os.environ | {"UNBRAID_HOME": str(tmp_path), "UNBRAID_MODEL_URL": f"{server.url}/"}
        result = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False, timeout=60
        )
    assert result.returncode != 0
    assert "the server answered with error 404" in result.stderr
    assert server.requests == [("/955717e8-8726e21a.th", None)]


def test_installed_or_downloadable_model_is_available(store: ModelStore, server: FileServer) -> None:
    store.check_available("sketch")
    assert server.requests == []
    store.check_available("pair")
    assert [path for path, _ in server.requests] == ["/one.th"]
    store.download("pair", ignore_progress, never)
    server.requests.clear()
    store.check_available("pair")
    assert server.requests == []


def test_model_that_cannot_be_downloaded_now_is_reported(store: ModelStore, server: FileServer) -> None:
    server.forced_status = 503
    with pytest.raises(
        ModelUnavailableError, match=r"^A pair is not downloaded, and the server answered with error 503\. Try again"
    ):
        store.check_available("pair")
    with pytest.raises(ModelUnavailableError, match="There is no model nonesuch"):
        store.check_available("nonesuch")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "there is no internet connection"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "there is no internet connection"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "the server refused the connection"),
        (TimeoutError("timed out"), "the server does not answer"),
    ],
)
def test_connection_errors_are_reported_in_plain_words(
    store: ModelStore, server: FileServer, monkeypatch: pytest.MonkeyPatch, error: OSError, reason: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise urllib.error.URLError(error)

    monkeypatch.setattr(urllib.request.OpenerDirector, "open", fail)
    with pytest.raises(ModelUnavailableError, match=f"^A pair is not downloaded, and {reason}. Try again"):
        store.check_available("pair")
