#!/bin/sh
# Set up what `make report` (setup.sh main) or `make test` (setup.sh test) needs, once.
# A stamp in .venv remembers what was set up, so that a second call ends at once.
set -eu
cd "$(dirname "$0")"
purpose=${1:-main}
lock=requirements.lock
[ "$purpose" = test ] && lock=requirements-test.lock

# What the tests need includes what a report needs.
sum=$(cat setup.sh pyproject.toml requirements.lock requirements-test.lock package-lock.json | sha256sum | cut -c1-16)
[ -e ".venv/.ready-test-$sum" ] && exit 0
[ "$purpose" = main ] && [ -e ".venv/.ready-main-$sum" ] && exit 0

fail() { printf 'Error: %s\n' "$1" >&2; exit 2; }

# Install Debian packages, or say in one sentence which to install.
debian() {
    if command -v apt-get >/dev/null 2>&1; then
        if [ "$(id -u)" = 0 ]; then run=""; elif sudo -n true 2>/dev/null; then run="sudo -n"; else run=no; fi
        if [ "$run" != no ]; then
            export DEBIAN_FRONTEND=noninteractive
            $run apt-get update -qq >/dev/null 2>&1 || true
            # shellcheck disable=SC2086
            $run apt-get install -y -qq --no-install-recommends "$@" >/dev/null </dev/null && return 0
        fi
    fi
    fail "these system packages are missing and could not be installed from here: run 'sudo apt-get install $*', then make again."
}

python=""
for name in python3 python3.14 python3.13 python3.12 python3.11; do
    if command -v $name >/dev/null 2>&1 && $name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
        python=$name; break
    fi
done
[ -n "$python" ] || fail "Python 3.11, 3.12 or 3.13 is needed; install it and make again."

if ! .venv/bin/python -c '' 2>/dev/null; then
    rm -rf .venv
    if ! $python -m venv .venv >/dev/null 2>&1; then
        rm -rf .venv
        debian "$(basename "$(readlink -f "$(command -v $python)")")-venv"
        $python -m venv .venv || fail "'$python -m venv .venv' does not work."
    fi
fi

# Modules are compiled when they are first imported: most of TensorFlow never is.
echo "Installing the locked versions into .venv (a few minutes, once) …" >&2
.venv/bin/python -m pip install -q --no-compile --disable-pip-version-check --require-hashes --no-deps -r "$lock" ||
    fail "the locked packages could not be installed; check the network and make again."
.venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e . ||
    fail "reportgen itself could not be installed into .venv."

has_library() { .venv/bin/python -c "import ctypes; ctypes.CDLL('$1')" 2>/dev/null; }
has_browser() {
    command -v chromium >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 ||
        ls .venv/browsers/chromium*/*/chrome >/dev/null 2>&1
}
missing=""
has_library libpango-1.0.so.0 && has_library libpangoft2-1.0.so.0 || missing="libpango-1.0-0 libpangoft2-1.0-0"
has_library libharfbuzz-subset.so.0 || missing="$missing libharfbuzz-subset0"
if [ "$purpose" = test ]; then
    command -v pdftotext >/dev/null 2>&1 || missing="$missing poppler-utils"
    command -v npm >/dev/null 2>&1 || missing="$missing nodejs npm"
    has_browser || ! apt-cache show chromium 2>/dev/null | grep -q '^Filename' || missing="$missing chromium"
fi
# shellcheck disable=SC2086
[ -z "$missing" ] || debian $missing
if [ "$purpose" = test ]; then
    npm ci --silent --no-audit --no-fund || fail "the npm packages of the browser tests could not be installed."
    # Ubuntu has no Chromium package; the test driver brings one of its own.
    has_browser || PLAYWRIGHT_BROWSERS_PATH=.venv/browsers npx --no-install playwright-core install --with-deps chromium ||
        fail "no Chromium for the browser tests could be installed: install chromium or google-chrome, then make again."
fi
rm -f .venv/.ready-*
touch ".venv/.ready-$purpose-$sum"
