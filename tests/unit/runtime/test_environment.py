"""Foreign environment variables: of another Celery application, a Django project, Python, or another Qt."""

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

VARIABLE_READ = re.compile(
    r"""(?:environ(?:\.get|\.pop|\.setdefault)?|getenv|_env|envvar|\benv)\s*[(\[=]\s*['"](\w+)['"]"""
)
# Parts of the packages that this app never loads: other transports, and test utilities.
NOT_LOADED = re.compile(r"kombu/transport/(?!redis|base|virtual)|celery/contrib/")
# Variables of the terminal and the system, with the same meaning for every program.
COMMON_VARIABLES = {"ITERM_PROFILE", "NO_COLOR", "NUMBER_OF_PROCESSORS", "TERM"}
OTHER_BROKER = "redis://127.0.0.1:1/9"
BROKER_VARIABLES = ("BROKER_URL", "CELERY_BROKER_URL", "CELERY_BROKER_READ_URL", "CELERY_BROKER_WRITE_URL")
RESULT_VARIABLES = ("CELERY_RESULT_BACKEND", "RESULT_BACKEND")
ANOTHER_APPLICATIONS = dict.fromkeys((*BROKER_VARIABLES, *RESULT_VARIABLES), OTHER_BROKER) | {
    "CELERY_CONFIG_MODULE": "theirs.celeryconfig",
    "DJANGO_SETTINGS_MODULE": "theirs.settings",
}


@pytest.mark.parametrize("package", ["celery", "kombu", "billiard"])
def test_every_variable_that_celery_reads_is_foreign(package: str) -> None:
    folder = Path(str(import_module(package).__file__)).parent
    sources = [path for path in folder.rglob("*.py") if not NOT_LOADED.search(path.as_posix())]
    read = {
        name for path in sources for name in VARIABLE_READ.findall(path.read_text(errors="replace"))
    } - COMMON_VARIABLES
    assert read - set(foreign_variables(dict.fromkeys(read, ""))) == set()
    assert read


def test_own_and_system_variables_are_kept() -> None:
    ours = dict.fromkeys(("PATH", "HOME", "REDIS_HOST", "UNBRAID_HOME", "QT_QPA_PLATFORM", "LANG", "NO_COLOR"), "x")
    environment = ours | ANOTHER_APPLICATIONS
    remove_foreign_variables(environment)
    assert environment == ours


def test_broker_of_another_application_is_never_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ANOTHER_APPLICATIONS.items():
        monkeypatch.setenv(name, value)
    ours = broker_url()
    for connection in (app.connection(), app.connection_for_read(), app.connection_for_write()):
        assert (connection.hostname, connection.port) == ("localhost", 6379)
    assert app._get_backend().url == ours  # an earlier test may have created app.backend


def test_program_that_imports_the_celery_app_keeps_its_environment() -> None:
    script = "import os, json, desktop.tasks.celery_app; print(json.dumps(dict(os.environ)))"
    environment = command_environment(Path("/nowhere"), **ANOTHER_APPLICATIONS)
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, check=True)
    assert ANOTHER_APPLICATIONS.items() <= json.loads(result.stdout).items()


def test_python_variables_have_no_effect() -> None:
    script = """if True:
        import os, sys
        from desktop.runtime.environment import restart_without_python_variables
        restart_without_python_variables()
        flags = sys.flags
        print(flags.optimize, flags.inspect, flags.dev_mode, flags.verbose, sys.warnoptions, sys.argv[1:],
              sorted(name for name in os.environ if name.startswith("PYTHON")))"""
    python_variables = {"PYTHONINSPECT": "1", "PYTHONOPTIMIZE": "2", "PYTHONWARNINGS": "error", "PYTHONDEVMODE": "1"}
    clean = {
        name: value for name, value in command_environment(Path("/nowhere")).items() if not name.startswith("PYTHON")
    }
    command = [sys.executable, "-c", script, "a b", "--c"]
    result = subprocess.run(
        command,
        cwd=ROOT,
        env=clean | python_variables | {"PYTHONUNBUFFERED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == "0 0 False 0 [] ['a b', '--c'] ['PYTHONUNBUFFERED']"


@pytest.mark.parametrize("isolated", [True, False])
def test_child_process_is_isolated_if_its_parent_is(isolated: bool) -> None:
    script = "from desktop.runtime.processes import own_command; print(own_command('worker'))"
    command = [sys.executable, *(["-I"] if isolated else []), "-c", script]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert ("'-I'" in output) == isolated
    assert own_command("worker")[-3:] == ["-m", "desktop", "worker"]
