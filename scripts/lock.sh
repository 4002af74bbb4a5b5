#!/usr/bin/env bash
# Writes constraints.txt: the exact version of everything that pyproject.toml leads to, resolved anew.
#
#   scripts/lock.sh [PYTHON]
set -euo pipefail
cd "$(dirname "$0")/.."
python=${1:-python3}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$python" -m venv "$scratch/venv"
"$scratch/venv/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade pip
"$scratch/venv/bin/python" -m pip install --quiet --editable '.[dev]'
{
  echo "# Exact versions of all that Lamina runs and is tested with; written by \`make lock\`."
  "$scratch/venv/bin/python" -m pip freeze --all --exclude setuptools --exclude-editable | grep -E '^[A-Za-z0-9._-]+==[^ ]+$' | LC_ALL=C sort -f
} >"$scratch/constraints.txt"
mv "$scratch/constraints.txt" constraints.txt
