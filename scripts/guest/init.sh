#!/bin/sh
# The first and only program of the test guest. What it shall do, the kernel's command line says:
#   cloudhost.address=10.0.0.5/16 cloudhost.gateway=10.0.0.1   its address on the first interface
#   cloudhost.heartbeat                                        writes a line to its disk every second
#   cloudhost.burn                                             keeps every CPU busy, and counts its loops
#   cloudhost.hotplug                                          uses CPUs and memory that it is given, and says what it has
#   cloudhost.deaf                                             ignores the power button
# It serves its disk over HTTP on port 80, echoes on port 7, and says "ready" on the port cloudhost.boot.0.
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
hostname guest

for module in $(cat /modules/order); do insmod "/modules/$module"; done

value() { for word in $(cat /proc/cmdline); do case "$word" in "$1"=*) echo "${word#*=}";; esac; done; }
asked() { for word in $(cat /proc/cmdline); do [ "$word" = "$1" ] && return 0; done; return 1; }

# The disk is found a moment after its driver is loaded.
tries=0
while [ ! -e /dev/vda ] && [ $tries -lt 100 ]; do usleep 50000; tries=$((tries + 1)); done
mount -t ext4 /dev/vda /disk && echo "guest: its disk says: $(cat /disk/etc/greeting)"

ip link set lo up
address=$(value cloudhost.address)
if [ -n "$address" ]; then
  ip link set eth0 up
  ip address add "$address" dev eth0
  ip route add default via "$(value cloudhost.gateway)"
fi
httpd -p 80 -h /disk
while :; do nc -l -p 7 -e cat; done &

asked cloudhost.deaf || acpid -l /dev/null

beat() { while :; do date +%s >> /disk/heartbeat; sync; sleep 1; done; }
burn() { loops=0; while :; do i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); done; loops=$((loops + 1)); echo "$1 $loops" > "/tmp/loops-$1"; done; }
hotplug() {
  while :; do
    for switch in /sys/devices/system/cpu/cpu[1-9]*/online /sys/devices/system/memory/memory*/online; do
      [ "$(cat "$switch")" = 1 ] || echo 1 > "$switch"
    done 2>/dev/null
    memory=$(($(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo) / 1024))
    now="cpus=$(nproc) memory=$memory disks=$(cd /sys/block; echo vd*) nics=$(cd /sys/class/net; echo eth*)"
    [ "$now" = "$told" ] || echo "guest: $now"
    told=$now
    sleep 1
  done
}
asked cloudhost.heartbeat && beat &
asked cloudhost.hotplug && hotplug &
if asked cloudhost.burn; then for cpu in $(seq "$(nproc)"); do burn "$cpu" & done; fi

# The port appears by itself, some time after its driver is loaded.
tries=0
while ! grep -q '^cloudhost.boot.0$' /sys/class/virtio-ports/*/name 2>/dev/null && [ $tries -lt 200 ]; do
  usleep 50000
  tries=$((tries + 1))
done
# On the console first: who has been told on the port may reset the machine before another line is out.
echo "guest: ready after $(cut -d' ' -f1 /proc/uptime) s"
for port in /sys/class/virtio-ports/*; do
  if [ "$(cat "$port/name")" = cloudhost.boot.0 ]; then
    exec 3> "/dev/${port##*/}"
    echo ready >&3
  fi
done

while :; do sleep 3600; done
