"""Variables that are not ours: another Celery application's, a Django project's, Python's, another Qt's."""

import json
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from desktop.runtime.environment import foreign_variables, remove_foreign_variables
from desktop.runtime.processes import own_command
from desktop.tasks.celery_app import app, broker_url
from tests.helpers.command import ROOT, command_environment

READ = re.compile(r"""(?:environ(?:\.get|\.pop|\.setdefault)?|getenv|_env|envvar|\benv)\s*[(\[=]\s*['"](\w+)['"]""")
# Read by parts of the packages that this app never loads: other transports, and aids for tests.
NOT_LOADED = re.compile(r"kombu/transport/(?!redis|base|virtual)|celery/contrib/")
# The terminal's and the system's, whose meaning is the same to every program.
COMMON = {"ITERM_PROFILE", "NO_COLOR", "NUMBER_OF_PROCESSORS", "TERM"}
ELSEWHERE = "redis://127.0.0.1:1/9"
BROKERS = ("BROKER_URL", "CELERY_BROKER_URL", "CELERY_BROKER_READ_URL", "CELERY_BROKER_WRITE_URL")
RESULTS = ("CELERY_RESULT_BACKEND", "RESULT_BACKEND")
ANOTHER_APPLICATIONS = dict.fromkeys((*BROKERS, *RESULTS), ELSEWHERE) | {
    "CELERY_CONFIG_MODULE": "theirs.celeryconfig",
    "DJANGO_SETTINGS_MODULE": "theirs.settings",
}


@pytest.mark.parametrize("package", ["celery", "kombu", "billiard"])
def test_no_variable_that_celery_reads_is_left(package: str) -> None:
    folder = Path(str(import_module(package).__file__)).parent
    sources = [path for path in folder.rglob("*.py") if not NOT_LOADED.search(path.as_posix())]
    read = {name for path in sources for name in READ.findall(path.read_text(errors="replace"))} - COMMON
    assert read - set(foreign_variables(dict.fromkeys(read, ""))) == set()
    assert read


def test_what_is_ours_or_the_systems_stays() -> None:
    ours = dict.fromkeys(("PATH", "HOME", "REDIS_HOST", "UNBRAID_HOME", "QT_QPA_PLATFORM", "LANG", "NO_COLOR"), "x")
    environment = ours | ANOTHER_APPLICATIONS
    remove_foreign_variables(environment)
    assert environment == ours


def test_another_applications_broker_is_never_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ANOTHER_APPLICATIONS.items():
        monkeypatch.setenv(name, value)
    ours = broker_url()
    for connection in (app.connection(), app.connection_for_read(), app.connection_for_write()):
        assert (connection.hostname, connection.port) == ("localhost", 6379)
    assert app._get_backend().url == ours  # app.backend may have been made by an earlier test


def test_a_program_that_loads_our_application_keeps_its_own_environment() -> None:
    script = "import os, json, desktop.tasks.celery_app; print(json.dumps(dict(os.environ)))"
    environment = command_environment(Path("/nowhere"), **ANOTHER_APPLICATIONS)
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, check=True)
    assert ANOTHER_APPLICATIONS.items() <= json.loads(told.stdout).items()


def test_variables_of_pythons_change_nothing() -> None:
    script = """if True:
        import os, sys
        from desktop.runtime.environment import restart_without_python_variables
        restart_without_python_variables()
        flags = sys.flags
        print(flags.optimize, flags.inspect, flags.dev_mode, flags.verbose, sys.warnoptions, sys.argv[1:],
              sorted(name for name in os.environ if name.startswith("PYTHON")))"""
    steering = {"PYTHONINSPECT": "1", "PYTHONOPTIMIZE": "2", "PYTHONWARNINGS": "error", "PYTHONDEVMODE": "1"}
    clean = {
        name: value for name, value in command_environment(Path("/nowhere")).items() if not name.startswith("PYTHON")
    }
    words = [sys.executable, "-c", script, "a b", "--c"]
    told = subprocess.run(
        words, cwd=ROOT, env=clean | steering | {"PYTHONUNBUFFERED": "1"}, capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == "0 0 False 0 [] ['a b', '--c'] ['PYTHONUNBUFFERED']"


@pytest.mark.parametrize("isolated", [True, False])
def test_children_ignore_variables_of_pythons_as_their_parent_does(isolated: bool) -> None:
    script = "from desktop.runtime.processes import own_command; print(own_command('worker'))"
    words = [sys.executable, *(["-I"] if isolated else []), "-c", script]
    told = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert ("'-I'" in told) == isolated
    assert own_command("worker")[-3:] == ["-m", "desktop", "worker"]
