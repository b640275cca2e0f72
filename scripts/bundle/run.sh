#!/bin/sh
# smdmc on a bare Linux machine (x86-64, glibc 2.34, GCC 12's libstdc++ or newer): nothing is fetched and nothing installed.
#   run.sh doctor               which devices there are, and whether they compute right
#   run.sh golden [FOLDER] …    the reference cases of a folder, or those that are here; --precision f16
#   run.sh tests                the tests of kernels
#   run.sh kernels …            smdmc bench kernels …, such as --preset 170M --tune
#   run.sh bench …              training and sampling; `bench gpu` beside PyTorch. Results land in the current folder
#   run.sh all                  all of these in this order, each into a file of the current folder
#   run.sh smdmc …              any other command of smdmc
# The choice of a device is --device, as for smdmc run; golden takes any GPU without it.
set -eu

say() { printf '%s\n' "$*" >&2; }

here=$(cd "$(dirname "$0")" && pwd)
# Of the payload beside this file, if there is one.
id=''

# Where the bundle lies unpacked; a payload is unpacked once, under a name that nobody else's folder has.
unpacked() {
  [ -n "$id" ] || { printf %s "$here"; return; }
  base=${TMPDIR:-/tmp}/smdmc-$id-$(id -u)
  if ! [ -O "$base" ] || ! [ -x "$base/smdmc/node" ]; then
    fresh=$(mktemp -d "$base.XXXXXX")
    say "unpacking into $base"
    tar -C "$fresh" -xJf "$here/payload.tar.xz" 2> /dev/null || python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])' "$here/payload.tar.xz" "$fresh"
    mv -T "$fresh" "$base" 2> /dev/null || { [ -O "$base" ] && [ -x "$base/smdmc/node" ] && rm -rf "$fresh"; } || base=$fresh
  fi
  printf %s "$base/smdmc"
}
root=$(unpacked)

# Libraries that the machine has not are lent: found by name alone, and behind its own.
known=$(PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2> /dev/null || true)
lent=$root/lent
mkdir -p "$lent"
for lib in "$root"/lib/*; do
  case $known in *"${lib##*/} "*) ;; *) ln -sf "$lib" "$lent/" ;; esac
done
export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$lent" SMDMC_LENT="$lent"

if ! why=$("$root/node" -e "require('$root/app/node_modules/webgpu/dist/linux-x64/dawn.node')" 2>&1); then
  say "Node or Dawn does not start here: $(printf '%s\n' "$why" | grep -m 1 -E 'not found|cannot|denied|rror:' || printf %s "$why")
  = they want glibc 2.34 and GCC 12's libstdc++ or newer, as Debian 12 and Ubuntu 22.04 have them
  = and a folder from which programs may run: TMPDIR names another one"
  exit 1
fi

. "$root/nvidia.sh"
if [ -z "${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-}" ] && [ -e /dev/nvidiactl ]; then
  nvidia_driver "$known" "${XDG_DATA_DIRS:-/usr/local/share:/usr/share}" "$root/share" '/usr/local/nvidia/lib64 /usr/lib/x86_64-linux-gnu /usr/lib64'
fi
vendor=/usr/local/nvidia/share/glvnd/egl_vendor.d/10_nvidia.json
[ -n "${__EGL_VENDOR_LIBRARY_FILENAMES:-}" ] || ! [ -e $vendor ] || export __EGL_VENDOR_LIBRARY_FILENAMES=$vendor

# Tuned tiles and compiled shaders stay from one run to the next.
export XDG_CACHE_HOME="${XDG_CACHE_HOME:-$root/cache}"
mkdir -p "$XDG_CACHE_HOME"

start() { script=$1; shift; "$root/node" "$root/app/bin/$script.mjs" "$@"; }

doctor() {
  start smdmc doctor || true
  [ -e /dev/nvidiactl ] || [ -e /dev/dri ] || say '
No GPU was given to this machine: there is neither /dev/nvidiactl nor /dev/dri. A container gets one by `docker run --gpus all`.'
  failed=0
  for device in webgpu software; do
    say "
A forward pass on --device $device:"
    start golden "$root/app/cases/A_mdm_forward" --device $device || failed=1
  done
  return $failed
}

golden() {
  folder=$root/app/cases
  case ${1:---} in --*) ;; *) folder=$1; shift ;; esac
  start golden "$folder" --device webgpu "$@"
}

# A test at a time, for they share the device.
tests() { "$root/node" --test --test-concurrency=1 --test-reporter=spec "$root"/app/bin/*.test.mjs; }

# What fails does not keep the rest from being measured.
all() {
  failed=0
  step() {
    name=$1; shift
    say "$name: $*"
    "$@" > "smdmc-$name.txt" 2>&1 || { failed=1; say "  failed; the end of smdmc-$name.txt is:"; tail -n 5 "smdmc-$name.txt" >&2; }
  }
  step 1-doctor doctor
  if ! grep -q 'auto takes webgpu' smdmc-1-doctor.txt; then
    say 'No GPU was found, so there is nothing to measure: smdmc-1-doctor.txt says what was, and what would help.'
    return 1
  fi
  step 2-golden-f32 golden
  step 3-golden-f16 golden --precision f16
  step 4-tests tests
  step 5-kernels start smdmc bench kernels --preset 170M --tune
  step 6-bench start bench gpu
  return $failed
}

command=${1:-help}
[ $# -eq 0 ] || shift
case $command in
  doctor | golden | tests | all) $command "$@" ;;
  kernels) start smdmc bench kernels "$@" ;;
  bench | smdmc) start "$command" "$@" ;;
  *) sed -n '2,11s/^# \{0,1\}//p' "$0" ;;
esac
