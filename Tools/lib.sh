# Shared by the scripts in Tools/: sourced, never run. Paths are relative to the root of the clone.

cd "$(dirname "${BASH_SOURCE[0]}")/.."

# A backtrace of an optimised server takes minutes; the message of an invariant is what counts.
export SWIFT_BACKTRACE=enable=no

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
else
  bold='' dim='' red='' green='' plain=''
fi

heading() { printf '\n%s== %s%s\n' "$bold" "$1" "$plain"; }
note() { printf '%s%s%s\n' "$dim" "$1" "$plain"; }
fail() {
  printf '%s%s%s\n' "$red" "$1" "$plain" >&2
  exit "${2:-1}"
}

# What the toolchain itself loads, and what it compiles C and links with: an unpacked archive of
# swift.org brings neither.
toolchain_packages=(
  ca-certificates git g++ libcurl4 libncurses6 libsqlite3-0 libxml2
)
# What building and running needs, beside the Swift toolchain.
build_packages=(
  libprotobuf-c-dev protobuf-c-compiler protobuf-compiler libprotobuf-dev libzstd-dev libssl-dev
  zlib1g-dev pkg-config tzdata python3 python3-protobuf
)
# What the tests need on top: the Go client, and redis to measure beside.
test_packages=(
  golang-go golang-github-containerd-ttrpc-dev gogottrpc gogoprotobuf golang-goprotobuf-dev
  redis-server redis-tools
)

# Installs those of the named Debian packages that are missing.
need_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
      missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  note "installing ${missing[*]}"
  if ! command -v apt-get >/dev/null; then
    fail "install these first: ${missing[*]}" 69
  fi
  local as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  # No questions, and no services started: the bench starts its own redis.
  export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
  local said
  said=$(
    { "${as_root[@]}" apt-get update -qq &&
      "${as_root[@]}" apt-get install -qq -y --no-install-recommends "${missing[@]}"; } </dev/null 2>&1
  ) || {
    printf '%s\n' "$said" | tail -n 20 >&2
    fail "apt-get could not install ${missing[*]}" 69
  }
}

# The toolchain itself comes from swift.org: on PATH, or where swiftly puts it.
need_swift() {
  local place=${SWIFTLY_BIN_DIR:-$HOME/.local/share/swiftly/bin}
  command -v swift >/dev/null || [ ! -x "$place/swift" ] || PATH=$place:$PATH
  command -v swift >/dev/null || fail "the Swift 6.3 toolchain is not on PATH (swift.org/install)" 69
  need_packages "${toolchain_packages[@]}"
}

release=${PROMISED_BUILD:-.build/release}
# Everything that runs, in one build; tests link what they need themselves.
build_release() { swift build -c release; }

# Fails when the server, or a library it loads, brings Foundation.
check_no_foundation() {
  local found
  found=$(ldd "$release/promised" | grep -i foundation) || true
  [ -z "$found" ] || { echo "promised loads Foundation: $found"; return 1; }
  echo "promised loads no Foundation"
}
