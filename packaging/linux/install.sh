#!/bin/sh
# Installs Unbraid for this user alone, without root. Again: upgrades it in place; the library is kept.
set -eu
here=$(CDPATH='' cd -P -- "$(dirname -- "$0")" && pwd)
share=${XDG_DATA_HOME:-$HOME/.local/share}
# Not ~/.local/share/Unbraid: that is the library.
place=$HOME/.local/lib/unbraid

if [ "$here" = "$place" ]; then
    echo "Unbraid is installed already, in $place." >&2
    exit 1
fi
for running in /proc/[0-9]*/exe; do
    if [ "$(readlink "$running" 2>/dev/null || true)" = "$place/unbraid" ]; then
        echo "Unbraid is running. Quit it, then try again." >&2
        exit 1
    fi
done
mkdir -p "$place.new" "$HOME/.local/bin" "$share"
rm -rf "$place.new"
cp -a "$here" "$place.new"
rm -rf "$place"
mv "$place.new" "$place"
ln -sf "$place/unbraid" "$HOME/.local/bin/unbraid"
cp -R "$place/share/." "$share/"
sed -i "s|@COMMAND@|\"$place/unbraid\"|" "$share/applications/unbraid.desktop"
update-desktop-database "$share/applications" 2>/dev/null || true
gtk-update-icon-cache -q "$share/icons/hicolor" 2>/dev/null || true
echo "Unbraid is in the menu of your desktop; in a terminal: $HOME/.local/bin/unbraid"
echo "To remove it: $place/uninstall.sh"
