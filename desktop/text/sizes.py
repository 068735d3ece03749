"""File sizes as text."""


def format_size(size_bytes: float) -> str:
    """Return `size_bytes` in decimal units, as a file manager shows it: "5.1 GB", "84 MB", "12 kB"."""
    if size_bytes >= 1e9:
        return f"{size_bytes / 1e9:.1f} GB"
    return f"{size_bytes / 1e6:.0f} MB" if size_bytes >= 1e6 else f"{max(size_bytes, 0) / 1e3:.0f} kB"
