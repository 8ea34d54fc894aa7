#!/usr/bin/env bash
# What `./dev arm64` does, as root: compiles the release for arm64 against Debian's packages of that architecture, and
# collects the files of its image there as docker/Dockerfile does. qemu then runs the one in a mesh, the other alone.
#     tests/arm64/run.sh PACKAGE…      the Debian packages of a build
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$PWD/build/arm64
root=$out/root

if [ ! -e "$root/etc/woad-made" ]; then
  rm -rf "$root"
  mkdir -p "$out"
  libraries=$(printf '%s\n' "$@" | grep -vxE 'g\+\+|cmake|ninja-build|git|ccache' | paste -sd,)
  debootstrap --arch=arm64 --variant=minbase --include="$libraries,libstdc++-12-dev,binutils,dpkg-dev" bookworm "$root" \
    "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >"$out/root.log" 2>&1 || { tail -n 5 "$out/root.log" >&2; exit 1; }
  touch "$root/etc/woad-made"
fi

triplet=aarch64-linux-gnu
export PKG_CONFIG_SYSROOT_DIR=$root PKG_CONFIG_LIBDIR=$root/usr/lib/$triplet/pkgconfig:$root/usr/share/pkgconfig
only=()
for kind in LIBRARY INCLUDE PACKAGE; do only+=("-DCMAKE_FIND_ROOT_PATH_MODE_$kind=ONLY"); done
cmake -S . -B "$out/build" -G Ninja -DWOAD_PRESET=release -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
  -DCMAKE_C_COMPILER=$triplet-gcc -DCMAKE_CXX_COMPILER=$triplet-g++ -DCMAKE_SYSROOT="$root" \
  -DCMAKE_FIND_ROOT_PATH="$root" -DCMAKE_FIND_ROOT_PATH_MODE_PROGRAM=NEVER "${only[@]}" >"$out/configure.log"
ninja -C "$out/build" woad >"$out/compile.log" || { tail -n 60 "$out/compile.log" >&2; exit 1; }

QEMU_LD_PREFIX=$root python3 tests/e2e/run.py --binary "$out/build/woad" smoke matrix

rm -rf "$root/woad"
mkdir "$root/woad"
cp docker/collect "$out/build/woad" "$root/woad/"
chroot "$root" /woad/collect /woad/woad /woad/image 0 $(./dev packages runtime)
chroot --userspec=1337:1337 "$root/woad/image" /usr/bin/woad version
