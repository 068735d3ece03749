#!/bin/sh
# Removes what install.sh put there. The library, with songs and stems, is kept.
set -eu
share=${XDG_DATA_HOME:-$HOME/.local/share}
place=$HOME/.local/lib/unbraid
(cd "$place/share" && find . -type f) | while IFS= read -r file; do rm -f "$share/$file"; done
rm -f "$HOME/.local/bin/unbraid"
rm -rf "$place"
update-desktop-database "$share/applications" 2>/dev/null || true
echo "Unbraid is removed. Your library is still in $share/Unbraid."
