"""Functions that run the commands: from the parsed arguments to the exit status.

Modules are imported in the functions, so that `unbraid --help` and `unbraid jobs` do not wait for Celery.
"""

import argparse


def run_separate(arguments: argparse.Namespace) -> int:
    """Separate the given tracks. Return the exit status."""
    from desktop.cli import separate

    return separate.run_separate(arguments)


def run_import_stems(arguments: argparse.Namespace) -> int:
    """Add a song whose stems another program separated. Return the exit status."""
    from desktop.cli.import_stems import import_stems

    return import_stems(arguments.paths, arguments.title, again=arguments.again, as_json=arguments.json)


def run_jobs(arguments: argparse.Namespace) -> int:
    """List the jobs of the library. Return the exit status."""
    from desktop.cli.jobs import list_jobs

    return list_jobs(as_json=arguments.json)


def run_job_action(arguments: argparse.Namespace) -> int:
    """Cancel, separate again, move or remove one job. Return the exit status."""
    from desktop.cli.bin import remove_job
    from desktop.cli.jobs import cancel_or_separate_again, move_job

    if arguments.command_name == "remove":
        return remove_job(arguments.id)
    if arguments.command_name == "move":
        return move_job(arguments.id, arguments.to or 1)
    return cancel_or_separate_again(arguments.command_name, arguments.id, getattr(arguments, "model", None))


def run_clear(_: argparse.Namespace) -> int:
    """Move all jobs that have ended to the bin. Return the exit status."""
    from desktop.cli.bin import clear_ended_jobs

    return clear_ended_jobs()


def run_restore(arguments: argparse.Namespace) -> int:
    """Restore jobs from the bin. Return the exit status."""
    from desktop.cli.bin import restore_jobs

    return restore_jobs(arguments.ids, arguments.last)


def run_bin(arguments: argparse.Namespace) -> int:
    """List the bin, or delete jobs in it. Return the exit status."""
    from desktop.cli.bin import delete_removed_jobs, list_bin

    if arguments.empty or arguments.delete:
        return delete_removed_jobs(arguments.delete or [], arguments.yes)
    return list_bin(as_json=arguments.json)


def run_pause(arguments: argparse.Namespace) -> int:
    """Pause or resume jobs or the queue. Return the exit status."""
    from desktop.cli.jobs import pause_or_resume_jobs, pause_or_resume_queue

    return (
        pause_or_resume_jobs(arguments.command_name, arguments.ids)
        if arguments.ids
        else pause_or_resume_queue(arguments.command_name)
    )


def run_analyse(arguments: argparse.Namespace) -> int:
    """Print the analysis of a file or a job. Return the exit status."""
    from desktop.cli.analyse import analyse

    return analyse(arguments.file_or_id, as_json=arguments.json)


def run_export(arguments: argparse.Namespace) -> int:
    """Export jobs. Return the exit status."""
    from desktop.cli.export import export_jobs, settings_from_arguments

    return export_jobs(arguments.ids, arguments.to, settings_from_arguments(arguments), as_json=arguments.json)


def run_models(arguments: argparse.Namespace) -> int:
    """List, download, import or remove models. Return the exit status."""
    from desktop.cli import models

    return models.run_models(arguments)


def run_doctor(arguments: argparse.Namespace) -> int:
    """Check the installation. Return the exit status."""
    from desktop.cli import doctor

    return doctor.run_doctor(as_json=arguments.json)
