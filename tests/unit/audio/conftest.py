from tests.helpers.bad_files import bad_files

__all__ = ["bad_files"]
