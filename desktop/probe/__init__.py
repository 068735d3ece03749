"""The probe: a separate process that reads tags and covers of untrusted files, so that a crash affects only itself."""
