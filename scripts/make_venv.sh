#!/bin/sh
# Makes the virtual environment $1 with the first Python that is new enough, with pip inside.
# PYTHON names one to use. A name on PATH proves little: version managers leave stubs there that do not start.
set -eu

folder=$1
for name in ${PYTHON:-} python3 python3.12 python3.13 python3.14 python3.11 python; do
    if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
        python=$name
        break
    fi
done
if [ -z "${python:-}" ]; then
    echo "mdreader needs Python 3.11 or later, and none was found. Install one, or name it: make run PYTHON=/path/to/python3" >&2
    exit 1
fi

echo "Making $folder with $("$python" --version)"
rm -rf "$folder"
if "$python" -c 'import ensurepip' >/dev/null 2>&1; then
    "$python" -m venv "$folder"
elif "$python" -m pip --version >/dev/null 2>&1; then
    # Debian ships Python without ensurepip; a pip outside can install one inside.
    "$python" -m venv --without-pip "$folder"
    "$python" -m pip --python "$folder/bin/python" install --quiet --disable-pip-version-check pip
else
    echo "This Python cannot make virtual environments: install its venv package (apt-get install python3-venv), then try again." >&2
    exit 1
fi
