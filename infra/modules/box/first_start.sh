#!/bin/bash
# The first start of the machine: its data volume, and room to build in. deploy.sh does the rest.
set -euo pipefail

# shellcheck disable=SC2154 # Terraform writes it
device=/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${volume}
for _ in $(seq 300); do
    [ -e "$device" ] && break
    sleep 1
done
[ -e "$device" ] || { echo "The data volume did not appear" >&2; exit 1; }

# Only a volume without anything on it gets a file system: this one may come from a machine before.
if ! blkid "$device"; then
    mkfs.ext4 -q -L mdreader "$device"
fi
mkdir -p /srv/mdreader
grep -q ' /srv/mdreader ' /etc/fstab || echo 'LABEL=mdreader /srv/mdreader ext4 defaults,noatime,nodev,nosuid,nofail 0 2' >>/etc/fstab
mountpoint -q /srv/mdreader || mount /srv/mdreader
resize2fs "$device" # after the volume was made larger

if [ ! -e /swapfile ]; then
    fallocate -l 2G /swapfile
    chmod 600 /swapfile
    mkswap /swapfile
    echo '/swapfile none swap sw 0 0' >>/etc/fstab
    swapon /swapfile
fi
