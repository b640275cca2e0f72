#!/bin/sh
# smdmc on a bare Linux machine (x86-64, glibc 2.34 or newer): nothing is fetched and nothing installed.
#   run.sh doctor               which devices there are, and whether they compute right
#   run.sh kernels …            smdmc bench kernels …
#   run.sh golden FOLDER …      the reference cases of a folder
#   run.sh bench …              training and sampling; with --against torch beside PyTorch. Results land in the current folder
#   run.sh smdmc …              any other command of smdmc
# The choice of a device is --device, as for smdmc run; without it the GPU is taken.
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
export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$lent"

# An NVIDIA card whose driver is there but registered nowhere, as in containers, is registered here.
shares=${XDG_DATA_DIRS:-/usr/local/share:/usr/share}
registered() {
  for folder in /etc $(printf %s "$shares" | tr : ' ') /usr/local/nvidia/share; do
    for json in "$folder"/vulkan/icd.d/*nvidia*.json; do [ -e "$json" ] && return; done
  done
  return 1
}
if [ -e /dev/nvidiactl ] && [ -z "${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-}" ] && ! registered; then
  for name in libGLX_nvidia.so.0 libEGL_nvidia.so.0; do
    lib=$(printf '%s\n' "$known" | sed -n "s/.*$name .*=> //p" | head -n 1)
    for folder in /usr/local/nvidia/lib64 /usr/lib/x86_64-linux-gnu /usr/lib64; do
      [ -n "$lib" ] || ! [ -e "$folder/$name" ] || lib=$folder/$name
    done
    [ -n "$lib" ] || continue
    mkdir -p "$root/share/vulkan/icd.d"
    printf '{"file_format_version":"1.0.1","ICD":{"library_path":"%s","api_version":"1.3.0"}}\n' "$lib" > "$root/share/vulkan/icd.d/nvidia_icd.json"
    export XDG_DATA_DIRS="$root/share:$shares"
    break
  done
fi
vendor=/usr/local/nvidia/share/glvnd/egl_vendor.d/10_nvidia.json
[ -n "${__EGL_VENDOR_LIBRARY_FILENAMES:-}" ] || ! [ -e $vendor ] || export __EGL_VENDOR_LIBRARY_FILENAMES=$vendor

# Tuned tiles and compiled shaders stay from one run to the next.
export XDG_CACHE_HOME="${XDG_CACHE_HOME:-$root/cache}"
mkdir -p "$XDG_CACHE_HOME"

start() { script=$1; shift; "$root/node" "$root/app/bin/$script.mjs" "$@"; }

command=${1:-help}
[ $# -eq 0 ] || shift
case $command in
  doctor)
    start smdmc doctor || true
    failed=0
    for device in webgpu software; do
      say "
A forward pass on --device $device:"
      start golden "$root/app/cases" --device $device || failed=1
    done
    exit $failed
    ;;
  kernels) start smdmc bench kernels "$@" ;;
  golden) folder=$1; shift; start golden "$folder" --device webgpu "$@" ;;
  bench) start bench --device webgpu --results "$PWD" "$@" ;;
  smdmc) start smdmc "$@" ;;
  *) sed -n '2,9s/^# \{0,1\}//p' "$0" ;;
esac
