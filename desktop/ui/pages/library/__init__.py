"""The library page: the job table, its commands and the import of tracks."""
