"""Model catalogue, model store and download. Works with files and checksums only, never with torch."""
