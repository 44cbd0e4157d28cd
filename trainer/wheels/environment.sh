# Functions for the scripts that install edge on a device. An environment is made under its own name, and only then
# becomes BASE/venv, in one step. If the script is interrupted, the old environment stays in use.

# What is made here, no other user may change, whatever the umask was.
umask "$(printf %04o "$(( $(umask) | 022 ))")"

say() { printf 'edge: %s\n' "$*" >&2; }
die() { code=$1; shift; say "$*"; exit "$code"; }

# Print the folder for environments.
base_folder() {
    if [ -n "${EDGE_HOME-}" ]; then echo "$EDGE_HOME"
    elif [ "$(id -u)" -eq 0 ]; then echo /opt/edge
    else echo "$HOME/.local/share/edge"; fi
}

# Print the path of the Python with the version $1, for example 3.11.
find_python() {
    for candidate in "python$1" python3; do
        if [ "$("$candidate" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$1" ]; then
            command -v "$candidate"
            return
        fi
    done
    die 78 "this device has no Python $1; make a bundle for its own Python (python3 --version prints it)"
}

# Make the environment $2 in BASE $1 with the Python $3 from the wheels in the folder $4, each with the hash that
# requirements.txt there gives. If $5 is "online", pip fetches what has no wheel there, without a hash.
make_environment() {
    base=$1; name=$2; python=$3; wheels=$4; missing=$5
    mkdir -p "$base/environments"
    exec 9> "$base/environments.lock"
    flock 9
    if [ ! -f "$base/environments/$name/ready" ]; then
        "$python" -c 'import ensurepip, venv' 2>/dev/null ||
            die 78 "python3-venv is missing; run: sudo apt-get install -y python3-venv"
        rm -rf "$base/environments/$name"
        "$python" -m venv "$base/environments/$name"
        set -- "$base/environments/$name/bin/python" -m pip install --quiet --disable-pip-version-check
        if [ "$missing" = online ]; then
            "$@" --no-index --find-links "$wheels" --no-deps --require-hashes -r "$wheels/requirements.txt" >&2
            "$@" --find-links "$wheels" "$wheels"/*.whl >&2
        else
            "$@" --no-index --find-links "$wheels" --require-hashes -r "$wheels/requirements.txt" >&2
        fi
        "$base/environments/$name/bin/edge" --help > /dev/null
        sync
        touch "$base/environments/$name/ready"
    fi
    touch "$base/environments/$name"
    ln -sfn "environments/$name" "$base/.venv.new"
    mv -T "$base/.venv.new" "$base/venv"
    # Keep the two newest: a process may still use the old one. Keep also those that a service of systemd names.
    ls -t "$base/environments" | tail -n +3 | while read -r old; do
        [ "$old" = "$name" ] || grep -qs "/environments/$old/" /etc/systemd/system/*.service ||
            rm -rf "$base/environments/$old"
    done
}
