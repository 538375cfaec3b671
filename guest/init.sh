#!/bin/sh
# Process 1 of the test guest. It keeps numbered, checksummed records on two disks and proves at every boot that they
# are whole. What it says on the serial console is read by console.ts; docs/test-guest.md describes both.
#
# A record is a line "number milliseconds checksum"; the checksum chains all records before it. Record n goes to disk a,
# then to disk b, each synchronously: at every instant the last numbers differ by 0 or 1. Anything else is corruption.
# Only built-in commands run once per record: a fork costs milliseconds in an emulated machine.

mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
stty -echo -icanon

# /modules/always and /modules/pci/<device id> list modules in the order that they need.
load() { for each in $(cat "$1"); do [ -e "/sys/module/$each" ] || insmod "/modules/$each.ko"; done; }
load /modules/always
for each in /sys/bus/pci/devices/*/device; do
  read -r id < "$each"
  [ ! -e "/modules/pci/$id" ] || load "/modules/pci/$id"
done

mode=write
rate=10
chunks=0
for each in $(cat /proc/cmdline); do
  case $each in
    us.mode=*) mode=${each#*=} ;;
    us.rate=*) rate=${each#*=} ;;
    us.load=*) chunks=${each#*=} ;;
  esac
done
[ "$mode" = load ] && [ "$chunks" = 0 ] && chunks=1

say() { echo "$*"; }

# now: milliseconds since 1970, from the uptime, which is read without a fork.
uptime_ms() { read -r up _ < /proc/uptime; ms=$((${up%.*} * 1000 + 1${up#*.} * 10 - 1000)); }
uptime_ms
epoch_ms=$(($(date +%s) * 1000 - ms))
now() { uptime_ms; now=$((epoch_ms + ms)); }

# --- power ---------------------------------------------------------------------------------------------------------

stopping=no
trap 'stopping=yes' USR1

watch_power_button() {
  for each in /sys/class/input/event*; do
    [ "$(cat "$each/device/name")" = 'Power Button' ] || continue
    (dd if="/dev/input/${each##*/}" of=/dev/null bs=24 count=1 2>/dev/null; kill -USR1 1) &
  done
}

power_off() {
  say "POWEROFF a=$number_a b=$number_b"
  cd /
  umount /disk/a /disk/b 2>/dev/null
  poweroff -f
}

# The log may end in the half line of a boot that was killed.
ready() { say; say "READY boot=$(cat /proc/sys/kernel/random/boot_id)"; }

start_agent() {
  # A guest whose agent hangs while it is frozen can be thawed by its magic key.
  echo 1 > /proc/sys/kernel/sysrq
  [ -x /bin/qemu-ga ] || return
  for each in /sys/class/virtio-ports/*; do
    [ "$(cat "$each/name" 2>/dev/null)" = org.qemu.guest_agent.0 ] && qemu-ga -m virtio-serial -p "/dev/${each##*/}" >/dev/null 2>&1 &
  done
}

# --- disks and their verification ----------------------------------------------------------------------------------

why=''
number_a=0
number_b=0

# mount_disk <name> <device…>: the first device that is there, all writes synchronous.
mount_disk() {
  name=$1
  shift
  mkdir -p "/disk/$name"
  for each in "$@"; do
    [ -b "$each" ] || continue
    mount -t ext4 -o "sync,noatime,$access" "$each" "/disk/$name" 2>/dev/null || why="$why mount-$name-failed"
    return
  done
  why="$why no-disk-$name"
}

mount_disks() {
  access=rw
  [ "$mode" = verify ] && access=ro
  mount_disk a /dev/vda /dev/sda
  mount_disk b /dev/vdb /dev/sdb
}

# verify_records <disk>: sets number, at, checksum to the last record's; adds to `why` what is wrong.
verify_records() {
  number=0 at=0 checksum=0 complaint=none
  [ -e "/disk/$1/records" ] || return
  set -- "$1" $(awk '
    NF != 3 || $1 != NR { complaint = "record-" NR "-is-not-in-order"; exit }
    { chain = (chain * 31 + $1 * 7919 + $2) % 2147483647 }
    $3 != chain { complaint = "record-" NR "-has-a-wrong-checksum"; exit }
    { at = $2; last = $3 }
    END { print (complaint ? NR - 1 : NR), at + 0 ? at : 0, last + 0 ? last : 0, complaint ? complaint : "none" }
  ' "/disk/$1/records")
  number=$2 at=$3 checksum=$4 complaint=${5:-unreadable}
  [ "$complaint" = none ] || why="$why $1-$complaint"
}

# verify_load <disk>: every chunk of the load whose last log line is a checksum has it. "-" means: was being written.
verify_load() {
  [ -e "/disk/$1/load.log" ] || return
  (cd "/disk/$1/load" && awk '{ sum[$1] = $2 } END { for (each in sum) if (sum[each] != "-") print sum[each] "  " each }' ../load.log > /load.sums \
    && { [ ! -s /load.sums ] || md5sum -c -s /load.sums; }) || why="$why $1-load-is-damaged"
}

verify() {
  verify_records b
  number_b=$number
  verify_records a
  number_a=$number
  ahead=$((number_a - number_b))
  [ "$ahead" = 0 ] || [ "$ahead" = 1 ] || why="$why disks-are-of-different-times"
  verify_load a
  verify_load b
  ok=yes
  [ -z "$why" ] || ok=no
  say "VERIFIED a=$number_a b=$number_b ok=$ok at=$at$why"
}

# --- writing -------------------------------------------------------------------------------------------------------

fail() {
  why="$why $1"
  say "FAILED $1"
  writing=no
}

# The record that reached disk a only before the end is the next one for disk b.
catch_up() {
  [ "$number_a" -gt "$number_b" ] || return
  echo "$number_a $at $checksum" >> /disk/b/records || fail write-b
  number_b=$number_a
}

write_record() {
  now
  next=$((number_a + 1))
  sum=$(((checksum * 31 + next * 7919 + now) % 2147483647))
  echo "$next $now $sum" >> /disk/a/records || { fail write-a; return; }
  number_a=$next at=$now checksum=$sum
  echo "$next $now $sum" >> /disk/b/records || { fail write-b; return; }
  number_b=$next
  say "WROTE $next at=$now"
}

# One chunk of 64 KiB random bytes on each disk, in one of 32 places, its checksum logged after it.
write_chunk() {
  place=$((number_a * 2654435761 % 4294967296 / 134217728))
  for disk in a b; do
    mkdir -p "/disk/$disk/load"
    echo "$place -" >> "/disk/$disk/load.log"
    dd if=/dev/urandom of="/disk/$disk/load/$place" bs=64k count=1 conv=notrunc 2>/dev/null || { fail "write-$disk"; return; }
    sum=$(md5sum < "/disk/$disk/load/$place")
    echo "$place ${sum%% *}" >> "/disk/$disk/load.log"
  done
}

write_once() {
  write_record
  count=0
  while [ "$count" -lt "$chunks" ] && [ "$writing" = yes ]; do
    write_chunk
    count=$((count + 1))
  done
}

set_rate() { period=$((1000 / $1)); }

# --- commands, one a line on the console ---------------------------------------------------------------------------

obey() {
  set -- $1
  case $1 in
    quiet) writing=no; sync; say "QUIET a=$number_a b=$number_b" ;;
    write) [ -z "$2" ] || set_rate "$2"; writing=yes ;;
    verify) why=''; sync; echo 3 > /proc/sys/vm/drop_caches; verify ;;
    run) shift; (eval "$*"); say "RAN status=$?" ;;
  esac
}

# Waits until the next record is due, obeying what comes in (also when late); ends at once when the power button was
# pressed.
wait_until_due() {
  while [ "$stopping" = no ]; do
    left=999
    [ "$writing" = no ] || { uptime_ms; left=$((due - ms)); }
    [ "$left" -le 999 ] || left=999
    [ "$left" -ge 1 ] || left=1
    case ${#left} in 1) pause=0.00$left ;; 2) pause=0.0$left ;; *) pause=0.$left ;; esac
    # A read that times out in the middle of a line loses its beginning: only one character is waited for.
    if read -r -n 1 -t "$pause" first; then
      [ -z "$first" ] || { read -r -t 5 rest && obey "$first$rest"; }
    elif [ "$writing" = yes ]; then
      return
    fi
  done
}

watch_power_button
if [ "$mode" = idle ]; then
  ready
  writing=no
else
  mount_disks
  ready
  verify
  writing=yes
  [ "$mode" = verify ] || [ "$ok" = no ] && writing=no
fi
start_agent
set_rate "$rate"
[ "$writing" = no ] || catch_up

uptime_ms
due=$ms
while [ "$stopping" = no ]; do
  wait_until_due
  [ "$stopping" = no ] || break
  write_once
  due=$((due + period))
  uptime_ms
  [ "$due" -gt "$((ms - 1000))" ] || due=$ms
done
power_off
