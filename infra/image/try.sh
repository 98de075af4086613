#!/usr/bin/env bash
# Runs an image with a read-only root and without powers, until its own health check says that it is well; stops it in time.
#   try.sh mdreader:check
set -euo pipefail

image=${1:?which image?}
container=$(docker run --detach --read-only --cap-drop ALL --security-opt no-new-privileges \
    --tmpfs /data:mode=0700,uid=10001,gid=10001 --tmpfs /tmp:mode=1777 --publish 127.0.0.1::8000 "$image")
trap 'docker logs --tail 50 "$container"; docker rm --force "$container" >/dev/null' EXIT

for _ in $(seq 60); do
    state=$(docker inspect --format '{{.State.Health.Status}}' "$container")
    [ "$state" = healthy ] && break
    sleep 1
done
[ "$state" = healthy ] || { echo "It does not become healthy: $state" >&2; exit 1; }

address=$(docker port "$container" 8000/tcp)
curl --fail --silent --show-error "http://$address/api/ready"
curl --fail --silent --show-error --header 'Accept: text/html' "http://$address/" | grep -q '<script'

began=$SECONDS
docker stop --time 15 "$container" >/dev/null
code=$(docker inspect --format '{{.State.ExitCode}}' "$container")
if [ "$code" != 0 ] || ((SECONDS - began > 12)); then
    echo "It stopped with $code after $((SECONDS - began)) s" >&2
    exit 1
fi
echo "well, and stopped in time"
