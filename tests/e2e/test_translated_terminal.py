"""The command line in the pseudo-language: no text that it prints stays in English."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.jobs.model import Job, JobOptions, JobState
from desktop.text.catalogue import LANGUAGE_VARIABLE, PSEUDO_LANGUAGE, PSEUDO_START
from tests.helpers.command import NO_SERVER, CommandResult, run_unbraid
from tests.helpers.library import RunningLibrary, running_library, write_song
from tests.helpers.pseudo_language import untranslated_words

SONGS = ("finished", "fresh", "waiting", "broken", "broken.wav")
STEMS = {"vocals", "drums", "bass", "other"}
# Words that argparse prints in its own language.
ARGPARSE_LINES = ("usage:", "options:", "positional arguments:", "  -h, --help")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLibrary]:
    """Run one library for all commands, with a worker whose own messages are in English."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNBRAID_MODEL_URL", NO_SERVER)
        with running_library(tmp_path_factory.mktemp("library")) as running:
            yield running


@pytest.fixture(scope="module")
def done_job(running: RunningLibrary, tmp_path_factory: pytest.TempPathFactory) -> Job:
    """Return a completed job of the song "finished", which every test leaves in the library."""
    song = write_song(tmp_path_factory.mktemp("songs") / "finished.wav", 1.0)
    job = running.service.add(song, JobOptions(model="sketch"))
    return running.wait_for(job, JobState.COMPLETED)


def run(running: RunningLibrary, *arguments: str | Path, **extra: str) -> CommandResult:
    """Run a command in the pseudo-language, on lines of any length."""
    return run_unbraid(running.home.root, *arguments, **{LANGUAGE_VARIABLE: PSEUDO_LANGUAGE, "COLUMNS": "1000"} | extra)


def assert_translated(result: CommandResult, *names: str) -> None:
    """Assert that a command printed something, and only translated words and `names`."""
    lines = (result.stdout + result.stderr).splitlines()
    assert any(PSEUDO_START in line for line in lines), lines
    assert not {line: words for line in lines if (words := untranslated_words(line, names))}


def own_lines(result: CommandResult) -> CommandResult:
    """Return the result of wrong usage or of --help without argparse's lines."""
    texts = (
        "\n".join(line for line in text.splitlines() if not line.startswith(ARGPARSE_LINES))
        for text in (result.stdout, result.stderr)
    )
    return CommandResult(result.exit_status, *texts)


def test_results_of_a_new_and_a_repeated_separation_are_translated(running: RunningLibrary, tmp_path: Path) -> None:
    song = write_song(tmp_path / "fresh.wav", 1.0)
    first = run(running, "separate", "--model", "sketch", song)
    assert first.exit_status == 0, first.stderr
    assert first.stdout.startswith("✓ fresh  ⟦4 stéms⟧ · ⟦")
    assert_translated(first, "fresh", *STEMS)
    again = run(running, "separate", "--model", "sketch", song)
    assert_translated(again, "fresh", "fresh.wav", *STEMS)
    assert "⟦fresh.wav îs ålréådý" in again.stderr


@pytest.mark.usefixtures("done_job")
def test_lists_are_translated(running: RunningLibrary) -> None:
    models = json.loads(run(running, "models", "list", "--json").stdout)
    words = {word for model in models for word in [model["name"], *model["sources"]]}
    assert_translated(run(running, "models", "list"), "Sketch", *words)
    assert_translated(run(running, "jobs"), *SONGS, "sketch")


def test_commands_say_in_translation_what_they_did(running: RunningLibrary, done_job: Job, tmp_path: Path) -> None:
    job_id = done_job.id
    assert_translated(run(running, "pause"))
    assert_translated(run(running, "resume"))
    assert_translated(run(running, "export", job_id, "--to", __file__), "finished")
    assert_translated(run(running, "remove", job_id), "finished", "restore")
    assert_translated(run(running, "bin"), "finished")
    assert_translated(run(running, "restore", job_id), "finished")
    assert_translated(run(running, "remove", job_id), "finished", "restore")
    assert_translated(run(running, "bin", "--delete", job_id))  # without a terminal to ask in
    assert_translated(run(running, "restore", "--last"), "finished")
    copied = run(running, "export", job_id, "--to", tmp_path / "out")
    assert copied.exit_status == 0
    assert not untranslated_words(copied.stdout + copied.stderr, {"finished", "wav", *map(str.capitalize, STEMS)})


def test_commands_on_a_waiting_song_are_translated(running: RunningLibrary, tmp_path: Path) -> None:
    running.service.pause_queue()
    job = running.service.add(write_song(tmp_path / "waiting.wav", 1.0), JobOptions(model="sketch"))
    try:
        for command in (("pause", job.id), ("resume", job.id), ("move", job.id), ("jobs",), ("cancel", job.id)):
            assert_translated(run(running, *command), *SONGS, "sketch")
    finally:
        running.service.resume_queue()
        running.service.remove_jobs([job.id])
        running.service.bin.delete([job.id])


def test_doctor_is_translated(running: RunningLibrary) -> None:
    checks = json.loads(run(running, "doctor", "--json").stdout)
    assert {"storage", "database", "redis", "worker"} <= {check["name"] for check in checks}
    assert {check["verdict"] for check in checks} <= {"ok", "warning", "problem"}
    (worker,) = (check["found"] for check in checks if check["name"] == "worker")
    names = [word for word in worker.replace("⟦", "").split() if "@" in word]
    assert_translated(run(running, "doctor"), "Redis", "Sketch", "htdemucs", *names)


def test_message_of_the_worker_is_translated_when_it_is_shown(running: RunningLibrary, tmp_path: Path) -> None:
    """The file has the header of a sound file and nothing that can be decoded, which only the worker notices."""
    song = write_song(tmp_path / "broken.wav", 0.1)
    song.write_bytes(song.read_bytes()[:44])
    result = run(running, "separate", "--json", "--model", "sketch", song)
    assert result.exit_status == 1
    (value,) = result.json_lines
    assert value["status"] == "failed"
    assert value["error"].startswith(PSEUDO_START)
    assert not untranslated_words(value["error"], {"broken", "broken.wav"})
    assert_translated(run(running, "jobs"), *SONGS, "sketch")


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["cancel", "ffffffff"], ["jobs"]),
        (["restore", "ffffffff"], ["bin"]),
        (["separate", "--model", "nosuch", "song.wav"], ["nosuch"]),
        (["separate", "--model", "sketch", "nosuch.wav"], ["nosuch.wav"]),
        (["separate", "--model", "sketch", "README.md"], ["README.md", "README"]),
        (["separate", "--model", "sketch", "--out", "README.md", "song.wav"], ["README.md"]),
        (["models", "download", "nosuch"], ["nosuch"]),
        (["models", "remove", "sketch"], ["sketch"]),
        (["models", "remove", "htdemucs"], []),
        (["models", "import", "README.md"], ["README.md", "README"]),
        (["nosuch.wav"], ["nosuch.wav"]),  # no display: separated in the terminal
        ([], []),  # no display
    ],
)
def test_errors_are_translated(running: RunningLibrary, arguments: list[str], names: list[str]) -> None:
    result = run(running, *arguments)
    assert result.exit_status in (1, 2)
    assert_translated(result, *names)


def test_error_in_an_environment_variable_is_translated(running: RunningLibrary) -> None:
    result = run(running, "jobs", UNBRAID_RUNTIME="nosuch")
    assert result.exit_status == 1
    assert_translated(result, "UNBRAID_RUNTIME", "nosuch", "auto", "torch", "openvino", "cuda", "mps")


def test_error_in_an_argument_is_translated_after_the_words_of_argparse(running: RunningLibrary) -> None:
    result = run(running, "separate", "")
    assert result.exit_status == 2
    assert_translated(own_lines(result), "separate", "error", "argument", "FILE", "FOLDER")


def test_help_of_the_program_and_the_worker_is_translated(running: RunningLibrary) -> None:
    program = own_lines(run(running, "--help"))
    assert "⟦Sépåråté söñgs îñtö stéms öñ thîs çömpütér." in program.stdout
    worker = own_lines(run(running, "worker", "--help"))
    assert "⟦Sépåråté thé söñgs îñ thé qüéüé.⟧" in worker.stdout
    assert "öñé@%h" in worker.stdout


def test_keys_and_states_of_json_are_the_same_in_every_language(running: RunningLibrary, done_job: Job) -> None:
    (value,) = (value for value in json.loads(run(running, "jobs", "--json").stdout) if value["id"] == done_job.id)
    (english,) = (
        value
        for value in json.loads(run_unbraid(running.home.root, "jobs", "--json").stdout)
        if value["id"] == done_job.id
    )
    assert value == english
    assert value["status"] == "completed"


def test_logs_of_a_translated_command_and_its_worker_are_in_english(tmp_path: Path) -> None:
    library = tmp_path / "library"
    song = write_song(tmp_path / "logged.wav", 1.0)
    result = run_unbraid(library, "separate", "--model", "sketch", song, UNBRAID_LANGUAGE=PSEUDO_LANGUAGE)
    assert result.exit_status == 0, result.stderr
    assert PSEUDO_START in result.stdout
    logs = [path.read_text(encoding="utf-8") for path in (library / "logs").glob("*.log")]
    assert any("Task" in log or "task" in log for log in logs)
    assert not [log for log in logs if PSEUDO_START in log]
    shutil.rmtree(library)
