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
def library(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create_folders()


@pytest.fixture
def shelf(library: Home) -> ModelStore:
    return ModelStore(library)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Generator[FileServer]:
    """Serves a catalogue of one model, `pair`, that is made of two files."""
    with FileServer(dict(BODIES)) as running:
        files = tuple(
            WeightsFile(name, f"{running.url}/{name}", hashlib.sha256(body).hexdigest()[:8])
            for name, body in BODIES.items()
        )
        entry = CatalogueEntry("pair", "A pair", SOURCES, 800_000, files, ((1, 0, 0, 0), (0, 1, 1, 1)))
        monkeypatch.setattr(module, "read_catalogue", lambda: (entry,))
        yield running


def nothing(done: int, total: int) -> None:
    pass


def never() -> bool:
    return False


def names(shelf: ModelStore) -> list[str]:
    return [model.name for model in shelf.list_models()]


def test_a_new_shelf_has_sketch_and_what_could_be_downloaded(shelf: ModelStore) -> None:
    assert {model.name: (model.kind, model.is_installed) for model in shelf.list_models()} == {
        "htdemucs": ("demucs", False),
        "htdemucs_ft": ("demucs", False),
        "htdemucs_6s": ("demucs", False),
        "sketch": ("sketch", True),
    }


def test_sketch_makes_the_stems_that_the_shelf_says(shelf: ModelStore) -> None:
    assert shelf.get("sketch").sources == load_engine(EngineSpec("sketch", "sketch")).sources


def test_a_name_that_is_not_there_is_told(shelf: ModelStore) -> None:
    with pytest.raises(ModelUnavailableError, match=r"no model \\x1b\[2J"):
        shelf.get("\x1b[2J")
    for name in ("sketch", "nonsense"):
        with pytest.raises(ModelUnavailableError, match="is not a model that can be downloaded"):
            shelf.download(name, nothing, never)


def test_a_model_is_downloaded_file_by_file_with_one_progress(shelf: ModelStore, server: FileServer) -> None:
    told: list[tuple[int, int]] = []
    model = shelf.download("pair", lambda done, total: told.append((done, total)), never)
    assert model.is_installed
    assert model.bag_weights == ((1, 0, 0, 0), (0, 1, 1, 1))
    assert [file.read_bytes() for file in model.files] == list(BODIES.values())
    assert told[-1] == (800_000, 800_000)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_progress_counts_files_that_were_there(shelf: ModelStore, server: FileServer) -> None:
    server.files.pop("two.th")
    with pytest.raises(ModelUnavailableError, match="404"):
        shelf.download("pair", nothing, never)
    server.files |= BODIES
    told: list[tuple[int, int]] = []
    server.requests.clear()
    assert shelf.download("pair", lambda done, total: told.append((done, total)), never).is_installed
    assert [path for path, _ in server.requests] == ["/two.th"]
    assert told[0][0] > 400_000
    assert told[-1][0] == told[-1][1]


@pytest.mark.parametrize("damage", [b"", b"1" * 299_999, b"3" * 300_000])
def test_a_damaged_file_is_noticed_and_fetched_anew(shelf: ModelStore, server: FileServer, damage: bytes) -> None:
    model = shelf.download("pair", nothing, never)
    model.files[0].write_bytes(damage)
    assert not shelf.get("pair").is_installed
    assert shelf.download("pair", nothing, never).is_installed
    assert model.files[0].read_bytes() == BODIES["one.th"]


def test_files_put_there_by_hand_count_when_they_are_right(
    shelf: ModelStore, server: FileServer, library: Home
) -> None:
    for name, body in BODIES.items():
        (library.models / name).write_bytes(body)
    assert shelf.get("pair").is_installed
    assert server.requests == []


def test_a_cancelled_download_leaves_no_model(shelf: ModelStore, server: FileServer) -> None:
    with pytest.raises(CancelledError):
        shelf.download("pair", nothing, lambda: True)
    assert not shelf.get("pair").is_installed


def test_a_removed_model_can_be_downloaded_again(shelf: ModelStore, server: FileServer, library: Home) -> None:
    for _ in range(2):
        shelf.download("pair", nothing, never)
        shelf.remove("pair")
        assert not shelf.get("pair").is_installed
        assert {path.suffix for path in library.models.iterdir()} == {".lock"}


def test_removing_gives_back_the_room_of_a_broken_download(
    shelf: ModelStore, server: FileServer, library: Home
) -> None:
    partial_path(library.models / "one.th").write_bytes(b"1" * 1000)
    shelf.remove("pair")
    assert list(library.models.iterdir()) == []
    with pytest.raises(ModelUnavailableError, match="not on this computer"):
        shelf.remove("pair")


def test_sketch_and_unknown_models_cannot_be_removed(shelf: ModelStore) -> None:
    with pytest.raises(ModelRejectedError, match="built in"):
        shelf.remove("sketch")
    with pytest.raises(ModelUnavailableError):
        shelf.remove("nonsense")


def test_a_shelf_that_cannot_be_written_is_told(tmp_path: Path, server: FileServer) -> None:
    (tmp_path / "models").write_text("in the way")
    shelf = ModelStore(Home(tmp_path))
    with pytest.raises(StorageError, match="could not be stored"):
        shelf.download("pair", nothing, never)


def test_an_imported_file_is_named_after_its_stem_and_loads(shelf: ModelStore, tiny: Path, library: Home) -> None:
    model = shelf.import_file(tiny)
    assert (model.name, model.is_installed, model.is_imported, model.sources) == ("blindtest", True, True, SOURCES)
    assert model.files[0].read_bytes() == tiny.read_bytes()
    assert model.size_bytes == tiny.stat().st_size
    assert ModelStore(library).get("blindtest") == model
    assert load_engine(EngineSpec(model.name, "demucs", model.files)).sources == SOURCES


def test_an_imported_file_leaves_nothing_else_behind(shelf: ModelStore, tiny: Path, library: Home) -> None:
    shelf.import_file(tiny)
    assert {path.name for path in (library.models / "imported").iterdir()} == {"blindtest.th", "blindtest.json"}
    shelf.remove("blindtest")
    assert list((library.models / "imported").iterdir()) == []
    assert "blindtest" not in names(shelf)


@pytest.mark.parametrize(
    ("given", "name"), [("My Model", "My Model"), ("../../evil", "_.._evil"), ("a\nb", "a_b"), ("v1.2", "v1.2")]
)
def test_an_imported_file_takes_the_name_it_is_given(shelf: ModelStore, tiny: Path, given: str, name: str) -> None:
    model = shelf.import_file(tiny, given)
    assert model.name == name
    assert model.files[0].parent.name == "imported"
    assert shelf.get(name) == model


def test_names_that_are_taken_are_refused(shelf: ModelStore, tiny: Path) -> None:
    shelf.import_file(tiny)
    for name in (None, "BlindTest", "htdemucs", "HTDemucs_FT", "sketch"):
        with pytest.raises(ModelRejectedError, match=r"already\. Give another name with --name"):
            shelf.import_file(tiny, name)
    assert names(shelf).count("blindtest") == 1


def test_the_suffix_of_an_imported_file_does_not_matter(shelf: ModelStore, tiny: Path, tmp_path: Path) -> None:
    odd = tmp_path / "model.json"
    odd.write_bytes(tiny.read_bytes())
    assert shelf.import_file(odd).files[0].read_bytes() == tiny.read_bytes()


def test_what_is_no_model_is_refused_and_not_kept(shelf: ModelStore, tmp_path: Path, library: Home) -> None:
    song = tmp_path / "song.th"
    song.write_bytes(b"RIFF and so on")
    for path in (song, tmp_path / "missing.th", tmp_path):
        with pytest.raises(ModelRejectedError):
            shelf.import_file(path)
    assert not (library.models / "imported").exists()


def test_no_room_for_an_import_leaves_nothing_behind(shelf: ModelStore, tiny: Path, library: Home) -> None:
    (library.models / "imported" / "blindtest.th").mkdir(parents=True)
    with pytest.raises(StorageError, match="could not be stored"):
        shelf.import_file(tiny)
    assert [path.name for path in (library.models / "imported").iterdir()] == ["blindtest.th"]


@pytest.mark.parametrize("note", ["", "{", "[]", '{"file": 3}', json.dumps({"file": "../x.th", "sources": []}), "null"])
def test_a_damaged_note_hides_its_model_and_no_other(shelf: ModelStore, tiny: Path, library: Home, note: str) -> None:
    shelf.import_file(tiny)
    (library.models / "imported" / "other.json").write_text(note)
    assert "other" not in names(shelf)
    assert "blindtest" in names(shelf)


def test_a_mirror_takes_the_place_of_the_server_and_nothing_is_run(tmp_path: Path) -> None:
    with FileServer() as server:
        code = "from desktop.__main__ import main; import sys; sys.exit(main(['models', 'download', 'htdemucs']))"
        environment = os.environ | {"UNBRAID_HOME": str(tmp_path), "UNBRAID_MODEL_URL": f"{server.url}/"}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False, timeout=60
        )
    assert done.returncode != 0
    assert "the server said 404" in done.stderr
    assert server.requests == [("/955717e8-8726e21a.th", None)]


def test_a_model_that_is_here_or_can_be_downloaded_is_available_and_nothing_of_it_is_read(
    shelf: ModelStore, server: FileServer
) -> None:
    shelf.check_available("sketch")
    assert server.requests == []
    shelf.check_available("pair")
    assert [path for path, _ in server.requests] == ["/one.th"]
    shelf.download("pair", nothing, never)
    server.requests.clear()
    shelf.check_available("pair")
    assert server.requests == []


def test_a_model_that_can_not_be_downloaded_now_is_told_in_a_sentence(shelf: ModelStore, server: FileServer) -> None:
    server.forced_status = 503
    with pytest.raises(ModelUnavailableError, match=r"^A pair is not downloaded, and the server said 503\. Try again"):
        shelf.check_available("pair")
    with pytest.raises(ModelUnavailableError, match="There is no model nonesuch"):
        shelf.check_available("nonesuch")


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "there is no internet connection"),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), "there is no internet connection"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), "the server refused the connection"),
        (TimeoutError("timed out"), "the server does not answer"),
    ],
)
def test_a_user_reads_of_the_connection_and_no_words_of_the_system(
    shelf: ModelStore, server: FileServer, monkeypatch: pytest.MonkeyPatch, error: OSError, reason: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise urllib.error.URLError(error)

    monkeypatch.setattr(urllib.request, "urlopen", fail)
    with pytest.raises(ModelUnavailableError, match=f"^A pair is not downloaded, and {reason}. Try again"):
        shelf.check_available("pair")
