#!/usr/bin/env bash
# Builds wheel and source archive into dist/, with locked tools, and tries the wheel in an empty environment.
#   wheel.sh v1.2.3     The tag must name the version that the package has
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

tag=${1:?which tag?}
version=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' src/mdreader/__init__.py)
if [ "$tag" != "v$version" ]; then
    echo "The tag is $tag, but the package is version $version: change src/mdreader/__init__.py first, or tag v$version" >&2
    exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
install() { "$1/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: "${@:2}"; }

# What is built of one commit is the same each time.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
scripts/make_venv.sh "$work/build"
install "$work/build" --requirement requirements-build.lock
rm -rf dist
# The source archive first: the wheel's hook builds the page beside the sources.
"$work/build/bin/python" -m hatchling build --target sdist --directory dist
"$work/build/bin/python" -m hatchling build --target wheel --directory dist

scripts/make_venv.sh "$work/empty"
install "$work/empty" --requirement requirements.lock
"$work/empty/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --no-deps dist/*.whl
cd "$work"
empty/bin/python -c 'import mdreader; assert "site-packages" in mdreader.__file__'
PORT=0 MDREADER_DATA=$work/data empty/bin/mdreader doctor
