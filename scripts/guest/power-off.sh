#!/bin/sh
# What acpid runs when the power button is pressed.
export PATH=/bin
exec > /dev/console 2>&1
echo "guest: the power button was pressed"
sync
umount /disk 2>/dev/null || mount -o remount,ro /disk
poweroff -f
