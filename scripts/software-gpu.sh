#!/bin/sh
# Debian's newest Mesa → a GPU made of software that has all the kernels can use: f16, subgroups, and from Mesa 26 on matrices of 8x8x8.
#   scripts/software-gpu.sh [--update] [FOLDER]        FOLDER: by default ~/.cache/smdmc/mesa
# Packages come from testing and unstable through apt, with its checks of signatures, and are unpacked into the folder: nothing is
# installed and root is not needed. They want a newer C library than a stable Debian has, so that comes along, and FOLDER/bin/node runs
# the machine's Node with it. Child processes of Node find that script as process.execPath.
set -eu

say() { printf '%s\n' "$*"; }
fail() { say "software-gpu: $*" >&2; exit 1; }

update=no
if [ "${1:-}" = --update ]; then update=yes; shift; fi
folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/smdmc/mesa}

usage() {
  say "Run what is to have it with $folder/bin in front of the path:"
  say "  PATH=\"$folder/bin:\$PATH\" npm test"
  say "  PATH=\"$folder/bin:\$PATH\" node --import tsx --test test/kernels.test.ts"
}

# Older folders lack the second driver.
complete() { [ -x "$folder/bin/node" ] && [ -e "$folder/lib/libvulkan_nouveau.so" ]; }
if complete && [ $update = no ]; then
  say "Mesa $(cat "$folder/version") is in $folder; --update looks for a newer one."
  usage
  exit
fi

for tool in apt-get apt-cache dpkg dpkg-deb node; do
  command -v $tool > /dev/null || fail "there is no $tool; this script is for Debian and its relatives, with Node"
done
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
[ -r $keyring ] || fail "there is no $keyring to check signatures with: apt-get install debian-archive-keyring"
node=$(command -v node)
[ "$node" != "$folder/bin/node" ] || fail "$folder/bin is in the path: take it out, so that the machine's own Node is found"

mkdir -p "$(dirname "$folder")"
folder=$(cd "$(dirname "$folder")" && pwd)/$(basename "$folder")
fresh=$(mktemp -d "$folder-XXXXXX")
apt=$(mktemp -d)
trap 'rm -rf "$fresh" "$apt"' EXIT
trap 'exit 1' INT TERM
# Where root runs this, apt fetches as a user of its own, who must be able to come here.
chmod 755 "$apt"

# An apt of our own, for which no package is installed yet: it finds all that Mesa depends on, down to the C library.
mkdir -p "$apt/lists/partial" "$apt/archives/partial"
: > "$apt/status"
for suite in testing unstable; do
  say "deb [signed-by=$keyring] http://deb.debian.org/debian $suite main"
done > "$apt/sources.list"
architecture=$(dpkg --print-architecture)
cat > "$apt/apt.conf" << EOF
APT::Architecture "$architecture";
APT::Architectures { "$architecture"; };
APT::Install-Recommends "false";
Dir::State::Lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::State::extended_states "$apt/extended_states";
Dir::Cache::archives "$apt/archives";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
EOF
export APT_CONFIG="$apt/apt.conf"

say "Asking deb.debian.org for the newest mesa-vulkan-drivers…"
apt-get -qq update
version=$(apt-cache policy mesa-vulkan-drivers | sed -n 's/^ *Candidate: *//p')
case "$version" in '' | '(none)') fail 'Debian has no mesa-vulkan-drivers for this machine' ;; esac
if complete && [ "$(cat "$folder/version")" = "$version" ]; then
  say "Mesa $version is the newest, and it is in $folder."
  usage
  exit
fi

say "Fetching Mesa $version with what it needs, about 70 MB…"
download() { apt-get -qq --yes --download-only "$@" install mesa-vulkan-drivers libvulkan1; }
# Unstable may be halfway between two versions of a library, testing never is.
download || download --target-release testing || fail 'apt could not fetch the packages'
version=$(dpkg-deb --field "$apt"/archives/mesa-vulkan-drivers_*.deb Version)
for package in "$apt"/archives/*.deb; do dpkg-deb --extract "$package" "$fresh/all"; done

# Of Mesa's drivers lavapipe, the one made of software, and that for NVIDIA's cards, whose compiler bench/assembly asks.
mkdir -p "$fresh/bin" "$fresh/lib"
cp -a "$fresh"/all/usr/lib/*-linux-gnu*/*.so* "$fresh/lib"
cp "$fresh"/all/usr/share/vulkan/icd.d/lvp_icd*.json "$fresh/lavapipe.json"
find "$fresh/lib" -name 'libvulkan_*' ! -name 'libvulkan_lvp.so' ! -name 'libvulkan_nouveau.so' -delete
find "$fresh/lib" -name 'libVkLayer_*' -delete
rm -rf "$fresh/all"

say "process.execPath = '$folder/bin/node'" > "$fresh/exec-path.cjs"
loader=$(basename "$fresh"/lib/ld-linux*.so.*)
cat > "$fresh/bin/node" << EOF
#!/bin/sh
# Node with the C library and the software GPU of this folder; written by smdmc's scripts/software-gpu.sh.
export VK_DRIVER_FILES='$folder/lavapipe.json'
case "\${NODE_OPTIONS:-}" in
  *'$folder/exec-path.cjs'*) ;;
  *) export NODE_OPTIONS='--require="$folder/exec-path.cjs" '"\${NODE_OPTIONS:-}" ;;
esac
exec '$folder/lib/$loader' --library-path '$folder/lib' --argv0 node '$node' "\$@"
EOF
chmod +x "$fresh/bin/node"
say "$version" > "$fresh/version"

chmod 755 "$fresh"
rm -rf "$folder"
mv "$fresh" "$folder"
say "Mesa $version is in $folder ($(du -sh "$folder" | cut -f 1))."
[ "${version%%.*}" -ge 26 ] || say 'It has no matrices: Mesa has them from 26 on.'
if ! "$folder/bin/node" "$(dirname "$0")/../bin/smdmc.js" doctor 2> /dev/null | grep -A 2 llvmpipe; then
  rm -rf "$folder"
  fail 'Node finds no GPU there, so it was removed again; has npm ci been run?'
fi
usage
