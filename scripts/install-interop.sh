#!/usr/bin/env bash
#
# Installs the clients that test/interop runs, on Debian 12, as root. Go must be there, from 1.22, and Rust,
# from 1.88: Debian's own are older than their clients ask for.
#
#   system packages   librabbitmq's amqp-tools, php-amqplib, Bunny; Python and Java where they are not there
#   python/           a virtual environment with test/interop/python/requirements.txt
#   java/             the jars of test/interop/java/pom.xml
#   nestjs/           what examples/nestjs stands on
#   Go's own cache    the modules of test/interop/go/go.mod, compiled
#   rust/             the crates of test/interop/rust/Cargo.lock, compiled
#
# Folders lie in HOMING_INTEROP_HOME, the user's cache otherwise. What is there already stays.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

home=${HOMING_INTEROP_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/homing-interop}
clients=test/interop
mkdir -p "$home"

# unless COMMAND PACKAGE…: the packages, when the command is not there.
unless() {
  command -v "$1" >/dev/null || packages+=("${@:2}")
}

packages=(amqp-tools php-amqplib php-cli ruby-bunny)
unless python3 python3 python3-venv
unless javac default-jdk-headless
unless mvn maven
export DEBIAN_FRONTEND=noninteractive
apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "${packages[@]}"

# made FOLDER FROM: whether the folder was made whole, and from what the file says now.
made() {
  cmp -s "$home/$1/made-from" "$2"
}

if ! made python "$clients/python/requirements.txt"; then
  rm -rf "$home/python"
  python3 -m venv "$home/python"
  "$home/python/bin/pip" install --retries 5 --requirement "$clients/python/requirements.txt"
  cp "$clients/python/requirements.txt" "$home/python/made-from"
fi

if ! made java "$clients/java/pom.xml"; then
  rm -rf "$home/java"
  mvn --batch-mode --quiet --file "$clients/java/pom.xml" \
    org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory="$home/java"
  cp "$clients/java/pom.xml" "$home/java/made-from"
fi

if ! made nestjs examples/nestjs/package-lock.json; then
  rm -rf "$home/nestjs"
  mkdir "$home/nestjs"
  cp examples/nestjs/package.json examples/nestjs/package-lock.json "$home/nestjs"
  (cd "$home/nestjs" && npm ci --ignore-scripts)
  cp examples/nestjs/package-lock.json "$home/nestjs/made-from"
fi

# Compiles the client with all it stands on, so that the test has little left to do.
go -C "$clients/go" build -o "$home/go-client" .
rm "$home/go-client"

# As for Go. Without debug information, and without what the clients can do beyond AMQP.
cargo build --quiet --locked --manifest-path "$clients/rust/Cargo.toml" --target-dir "$home/rust"
