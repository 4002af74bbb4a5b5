#!/usr/bin/env bash
# Makes a virtual environment and installs this project into it, in the versions of constraints.txt.
#
#   scripts/venv.sh PYTHON VENV WHAT       WHAT is . or '.[dev]'
#
# Works with Debian's bare python3 (no python3-venv package) as long as pip is there.
set -euo pipefail
cd "$(dirname "$0")/.."
python=$1 venv=$2 what=$3

fail() {
  echo "make: $1" >&2
  exit 1
}

make_venv() {
  command -v "$python" >/dev/null || fail "no $python here; install Python 3.11, or say which one: make run PYTHON=/path/to/python"
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$("$python" -V) is too old, Lamina needs 3.11; say which one to use: make run PYTHON=/path/to/python"
  rm -rf "$venv"
  if "$python" -c 'import ensurepip; ensurepip.version()' 2>/dev/null; then
    "$python" -m venv "$venv"
    return
  fi
  "$python" -m pip --version >/dev/null 2>&1 || fail "$python has neither ensurepip nor pip; run: apt install python3-pip"
  "$python" -m venv --without-pip "$venv"
  "$python" -m pip --python "$venv/bin/python" install --quiet --disable-pip-version-check pip ||
    fail "could not put pip into $venv (pip 22.3 or later is needed); run: apt install python3-venv"
}

"$venv/bin/python" -m pip --version >/dev/null 2>&1 || make_venv
echo "Installing Lamina into $venv" >&2
# Not needed, and what it leaves for every start of the interpreter to load would be felt by ours.
"$venv/bin/python" -m pip uninstall --quiet --yes --disable-pip-version-check setuptools 2>/dev/null || true
# The commands that earlier ones write load regular expressions, which would be felt too.
PIP_CONSTRAINT=constraints.txt "$venv/bin/python" -m pip install --quiet --disable-pip-version-check pip || true
# By the environment and not by -c, because only so do the pins reach the build's own environment too.
PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt \
  "$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check --editable "$what" ||
  fail "the installation failed; mend what is named above and call make again"
