# What installers on the device share. An environment is made under a name of its own and only then becomes BASE/venv,
# in one step: a cut anywhere leaves the environment that was there before, and what runs from it goes on.

say() { printf 'edge: %s\n' "$*" >&2; }
die() { code=$1; shift; say "$*"; exit "$code"; }

# Where the environment goes.
base_folder() {
    if [ -n "${EDGE_HOME-}" ]; then echo "$EDGE_HOME"
    elif [ "$(id -u)" -eq 0 ]; then echo /opt/edge
    else echo "$HOME/.local/share/edge"; fi
}

# The Python $1 (such as 3.11).
find_python() {
    for candidate in "python$1" python3; do
        if [ "$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$1" ]; then
            command -v "$candidate"
            return
        fi
    done
    die 78 "this device has no Python $1; make a bundle for the one it has (python3 --version)"
}

# Make the environment $2 in BASE $1 with the Python $3 from the wheels in the folder $4; "$@" after that: pip's options.
make_environment() {
    base=$1; name=$2; python=$3; wheels=$4
    shift 4
    mkdir -p "$base/environments"
    exec 9> "$base/environments.lock"
    flock 9
    if [ ! -f "$base/environments/$name/ready" ]; then
        "$python" -c 'import ensurepip, venv' 2>/dev/null ||
            die 78 "python3-venv is missing; run: sudo apt-get install -y python3-venv"
        rm -rf "$base/environments/$name"
        "$python" -m venv "$base/environments/$name"
        "$base/environments/$name/bin/python" -m pip install --quiet --disable-pip-version-check \
            --find-links "$wheels" "$@" "$wheels"/*.whl >&2
        "$base/environments/$name/bin/edge" --help > /dev/null
        sync
        touch "$base/environments/$name/ready"
    fi
    touch "$base/environments/$name"
    ln -sfn "environments/$name" "$base/.venv.new"
    mv -T "$base/.venv.new" "$base/venv"
    # What was current until now may still run, and a service names the environment that it was written in.
    ls -t "$base/environments" | tail -n +3 | while read -r old; do
        [ "$old" = "$name" ] || grep -qs "/environments/$old/" /etc/systemd/system/*.service ||
            rm -rf "$base/environments/$old"
    done
}
