# Sourced by run.sh. An NVIDIA card whose driver is registered nowhere, as in containers → a registration for this run; of a driver that
# cannot be used, what it lacks and how to get it.

# missing_of LIBRARY: what it wants and the machine has not.
missing_of() { ldd "$1" 2> /dev/null | sed -n 's/^[[:space:]]*\([^ ]*\) => not found.*/\1/p' | tr '\n' ' '; }

# packages_of LIBRARIES: the Debian packages that hold them.
packages_of() {
  for lib in "$@"; do
    case $lib in
      libX11.so*) echo libx11-6 ;;
      libXext.so*) echo libxext6 ;;
      libxcb.so*) echo libxcb1 ;;
      libEGL.so*) echo libegl1 ;;
      libGL.so*) echo libgl1 ;;
      libGLX.so*) echo libglx0 ;;
      libGLdispatch.so*) echo libglvnd0 ;;
    esac
  done | sort -u | tr '\n' ' '
}

# registered SHARES: whether a JSON file names NVIDIA's driver to Vulkan's loader, by the loader's rules.
registered() {
  for folder in /etc $(printf %s "$1" | tr : ' ') /usr/local/nvidia/share; do
    for json in "$folder"/vulkan/icd.d/*nvidia*.json; do [ -e "$json" ] && return; done
  done
  return 1
}

# library_at NAME KNOWN FOLDERS: where the library of that name lies, by `ldconfig -p`, else in one of the folders.
library_at() {
  found=$(printf '%s\n' "$2" | sed -n "s/.*$1 .*=> //p" | head -n 1)
  for folder in $3; do
    [ -n "$found" ] || ! [ -e "$folder/$1" ] || found=$folder/$1
  done
  printf %s "$found"
}

# nvidia_driver KNOWN SHARES OWN FOLDERS: registers the driver in the folder OWN where that is needed, and adds OWN to XDG_DATA_DIRS.
nvidia_driver() {
  broken='' lacked=''
  for name in libGLX_nvidia.so.0 libEGL_nvidia.so.0; do
    lib=$(library_at $name "$1" "$4")
    [ -n "$lib" ] || continue
    missing=$(missing_of "$lib")
    if [ -n "$missing" ]; then
      broken="$broken
  $lib wants $missing"
      lacked="$lacked$missing"
    # The one that loads may be another than the one that is registered.
    elif registered "$2" && [ -z "$broken" ]; then
      return
    else
      mkdir -p "$3/vulkan/icd.d"
      printf '{"file_format_version":"1.0.1","ICD":{"library_path":"%s","api_version":"1.3.0"}}\n' "$lib" > "$3/vulkan/icd.d/nvidia_icd.json"
      export XDG_DATA_DIRS="$3:$2"
      return
    fi
  done
  if [ -n "$broken" ]; then
    packages=$(packages_of $lacked)
    say "An NVIDIA card is here and its Vulkan driver, too, but the driver cannot be loaded:$broken${packages:+
  = apt install $packages}
  = or make the bundle with \`npm run bundle -- TARGET --libs FOLDER\`, where FOLDER has those libraries or the packages they are in"
  elif ! registered "$2"; then
    say 'An NVIDIA card is here, but not its Vulkan driver, libGLX_nvidia.so.0 or libEGL_nvidia.so.0.
  = in a container: start it with NVIDIA_DRIVER_CAPABILITIES=all (docker run --gpus all -e NVIDIA_DRIVER_CAPABILITIES=all …)
  = where the driver lies elsewhere: LD_LIBRARY_PATH=ITS_FOLDER and VK_DRIVER_FILES=/PATH/TO/nvidia_icd.json'
  fi
}
