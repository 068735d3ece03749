@echo off
rem Sets up Unbraid if anything is missing, then starts it. The script unbraid does the same elsewhere.
setlocal
set "root=%~dp0"
set "python=%root%.venv\Scripts\python.exe"
set "kind=app"
if "%~1"=="test" set "kind=test"
if "%~1"=="bench" set "kind=test"
if "%~1"=="messages" set "kind=test"

set "PYTHONPATH="
set "PYTHONHOME="
set "UNBRAID_STAMP="
rem The environment's own Python checks whether it is complete; only a set-up needs another one.
if exist "%python%" "%python%" -I "%root%scripts\bootstrap.py" --ready %kind% 2>nul && goto start

set "base="
for %%P in ("py -3" "python3" "python") do if not defined base (
    %%~P -c "import sys; sys.exit(sys.version_info < (3, 11))" >nul 2>nul && set "base=%%~P"
)
if not defined base (
    echo Unbraid needs Python 3.11 or newer, and there is none here. Get it from python.org or the Microsoft Store.>&2
    exit /b 1
)
%base% -I "%root%scripts\bootstrap.py" %kind% || exit /b 1

:start
set "PYTHONSAFEPATH=1"
if "%kind%"=="test" (
    "%python%" "%root%scripts\run_tests.py" %*
) else (
    "%python%" -I -m desktop %*
)
exit /b %errorlevel%
