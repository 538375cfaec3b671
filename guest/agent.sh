#!/bin/sh
# A guest agent of a few lines that misbehaves, in place of QEMU's: it freezes and thaws the test guest's disks, and
#   hang-frozen  answers nothing any more once it has frozen them
#   hang-thaw    answers the freeze, and nothing after that
#   fail         says that it cannot freeze
# Source: QEMU guest agent protocol.
mode=$1
killall qemu-ga 2>/dev/null
for each in /sys/class/virtio-ports/*; do
  [ "$(cat "$each/name" 2>/dev/null)" = org.qemu.guest_agent.0 ] && port=/dev/${each##*/}
done
# One program at a time has the port.
until (: <> "$port") 2>/dev/null; do sleep 0.1; done
exec <> "$port" >&0

disks() { for disk in a b; do fsfreeze "$1" "/disk/$disk" 2>/dev/null; done; }
hang() { while :; do sleep 60; done; }

while :; do
  read -r line || { sleep 0.1; continue; }
  case $line in
    *guest-sync*) id=${line##*\"id\":}; printf '\377{"return": %s}\n' "${id%%\}*}" ;;
    *guest-fsfreeze-freeze*)
      [ "$mode" != fail ] || { echo '{"error": {"class": "GenericError", "desc": "a disk cannot be frozen"}}'; continue; }
      disks --freeze
      [ "$mode" != hang-frozen ] || hang
      echo '{"return": 2}' ;;
    *guest-fsfreeze-thaw*) [ "$mode" != hang-thaw ] || hang; disks --unfreeze; echo '{"return": 2}' ;;
    *) echo '{"error": {"class": "CommandNotFound", "desc": "not here"}}' ;;
  esac
done
