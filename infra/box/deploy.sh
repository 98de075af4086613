#!/usr/bin/env bash
# mdreader on one machine (Ubuntu LTS), behind nginx with a certificate of Let's Encrypt. Run as root, from a checkout.
#
#   deploy.sh install --domain docs.example.org --email ops@example.org [--image NAME] [--staging]
#   deploy.sh update [--image NAME]   a new version; goes back by itself when that one does not become ready
#   deploy.sh rollback                the version before
#   deploy.sh status                  what runs, and whether it is well
#   deploy.sh backup                  a copy, while it runs; a timer makes one each night
#   deploy.sh restore NAME            a copy takes the place of what is there, which is kept beside it
#   deploy.sh renew                   certificates that are about to end; a timer does it
#
# Without --image the image is built here, from the checkout as it stands. Everything may be run again at any time.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
checkout=$(cd "$here/../.." && pwd)
root=${BOX_ROOT:-/srv/mdreader}
units=${BOX_UNITS:-/etc/systemd/system}
tries=${BOX_TRIES:-60} # seconds for a version to become ready, roughly
pause=${BOX_PAUSE:-1}
user=${BOX_USER:-10001} # of the image

say() { printf '%s\n' "$*"; }
fail() {
    printf 'deploy.sh: %s\n' "$*" >&2
    exit 1
}

# ---- settings of the box: NAME=value lines in box.env ----

get() { [ ! -e "$root/box.env" ] || sed -n "s/^$1=//p" "$root/box.env"; }

put() {
    local fresh="$root/box.env.new"
    { grep -v "^$1=" "$root/box.env" 2>/dev/null || true; } >"$fresh"
    printf '%s=%s\n' "$1" "$2" >>"$fresh"
    mv "$fresh" "$root/box.env"
}

compose() {
    BOX_ROOT=$root BOX_SCRIPTS=$here docker compose --env-file "$root/box.env" --file "$here/compose.yaml" "$@"
}

# Writes $1 from standard input; succeeds only when that changed it.
changed() {
    local fresh
    fresh=$(mktemp "$1.XXXXXX")
    cat >"$fresh"
    chmod 644 "$fresh"
    if cmp -s "$fresh" "$1"; then
        rm "$fresh"
        return 1
    fi
    mv "$fresh" "$1"
}

# ---- steps ----

packages() {
    local missing=()
    command -v docker >/dev/null && docker compose version >/dev/null 2>&1 || missing+=(docker.io docker-compose-v2 docker-buildx)
    command -v curl >/dev/null || missing+=(curl)
    command -v openssl >/dev/null || missing+=(openssl)
    if ((${#missing[@]})); then
        say "Installing ${missing[*]}"
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq
        apt-get install --yes -qq --no-install-recommends "${missing[@]}" >/dev/null
    fi
    systemctl enable --now --quiet docker
}

folders() {
    install -d -m 755 "$root" "$root/nginx" "$root/acme" "$root/letsencrypt"
    install -d -m 700 "$root/tls"
    install -d -m 700 -o "$user" -g "$user" "$root/data" "$root/backups"
    [ -e "$root/box.env" ] || install -m 600 /dev/null "$root/box.env"
    if [ ! -e "$root/settings.env" ]; then
        install -m 600 /dev/null "$root/settings.env"
        cat >"$root/settings.env" <<'SETTINGS'
# Settings of mdreader beside those that deploy.sh gives: NAME=value, see docs/settings.md. Then: deploy.sh update
# MDREADER_SIGNUP=closed
# MAIL_URL=smtp://user:password@host:587
# EMAIL_FROM=mdreader <mdreader@example.org>
SETTINGS
    fi
}

build() {
    local revision tag
    revision=$(git -C "$checkout" rev-parse --short=12 HEAD 2>/dev/null || echo unknown)
    # What is not committed has a name of its own by its time, so that going back is always to something else.
    if [ "$revision" = unknown ] || [ -n "$(git -C "$checkout" status --porcelain 2>/dev/null)" ]; then
        revision=$revision-$(date +%Y%m%d%H%M%S)
    fi
    tag=mdreader:$revision
    if ! docker image inspect "$tag" >/dev/null 2>&1; then
        say "Building $tag; the first time takes some minutes" >&2
        docker build --quiet --build-arg LOCK=requirements-fleet.lock --build-arg "REVISION=$revision" --tag "$tag" "$checkout" >&2
    fi
    printf '%s\n' "$tag"
}

proxy() {
    sed "s/@DOMAIN@/$(get DOMAIN)/g" "$here/nginx.conf" | changed "$root/nginx/nginx.conf" || return 1
}

# Until there is a real certificate: nginx does not start without one, and without nginx there is none to be had.
makeshift() {
    [ -e "$root/tls/fullchain.pem" ] && return
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj "/CN=$(get DOMAIN)" \
        -keyout "$root/tls/privkey.pem" -out "$root/tls/fullchain.pem" 2>/dev/null
    chmod 600 "$root/tls/privkey.pem"
}

renew() {
    local live trial=()
    live=$root/letsencrypt/live/$(get DOMAIN)
    [ "$(get STAGING)" != yes ] || trial=(--staging)
    if ! compose run --rm --no-deps -T certbot certonly --webroot --webroot-path /var/www/acme --non-interactive \
        --agree-tos --keep-until-expiring --email "$(get EMAIL)" --domain "$(get DOMAIN)" "${trial[@]}"; then
        say "No certificate yet: $(get DOMAIN) must lead to this machine, with port 80 open. The timer tries again twice a day." >&2
        return 1
    fi
    if ! cmp -s "$live/fullchain.pem" "$root/tls/fullchain.pem"; then
        install -m 600 "$live/privkey.pem" "$root/tls/privkey.pem"
        install -m 644 "$live/fullchain.pem" "$root/tls/fullchain.pem"
        compose exec -T nginx nginx -c /etc/nginx/box/nginx.conf -s reload
        say "The certificate is renewed"
    fi
}

timers() {
    local name what when fresh=no
    while read -r name what when; do
        changed "$units/mdreader-$name.service" <<UNIT && fresh=yes
[Unit]
Description=mdreader: $name
After=docker.service network-online.target

[Service]
Type=oneshot
Environment=BOX_ROOT=$root
ExecStart=$here/deploy.sh $what
UNIT
        changed "$units/mdreader-$name.timer" <<UNIT && fresh=yes
[Unit]
Description=mdreader: $name

[Timer]
OnCalendar=$when
RandomizedDelaySec=1h
Persistent=true

[Install]
WantedBy=timers.target
UNIT
    done <<'TIMERS'
backup backup *-*-* 02:00:00
renew renew *-*-* 04,16:00:00
TIMERS
    [ "$fresh" = no ] || systemctl daemon-reload
    systemctl enable --now --quiet mdreader-backup.timer mdreader-renew.timer
}

# ---- health, and the way back ----

answers() {
    curl --fail --silent --show-error --insecure --max-time 5 --output /dev/null \
        --resolve "$(get DOMAIN):443:127.0.0.1" "https://$(get DOMAIN)/api/ready"
}

# Three times in a row, through nginx: a server that dies right after its start is not well.
ready() {
    local row=0 try reason=
    for ((try = 0; try < tries; try++)); do
        if reason=$(answers 2>&1); then
            row=$((row + 1))
            [ "$row" -ge 3 ] && return 0
        else
            row=0
        fi
        sleep "$pause"
    done
    say "It does not become ready: ${reason:-it answered, and stopped again}" >&2
    return 1
}

run_image() {
    put MDREADER_IMAGE "$1"
    compose up --detach --no-deps --no-build mdreader
}

copy() { compose run --rm --no-deps -T backup save "$1"; }

# Afterwards whoever follows a workspace is told to read it anew.
restore_copy() {
    compose stop mdreader &&
        compose run --rm --no-deps -T backup restore "$1" &&
        compose run --rm --no-deps -T mdreader migrate --restored
}

# $1: the image to go back to; $2: a copy from before, for when the newer version has changed the database, or nothing.
go_back() {
    say "Going back to $1"
    if run_image "$1" && ready; then
        return 0
    fi
    [ -n "$2" ] || return 1
    say "It cannot use the database any more; putting back the copy $2 from before the update"
    restore_copy "$2" && run_image "$1" && ready
}

deploy() {
    local image=$1 current saved=
    current=$(get MDREADER_IMAGE)
    if [ -e "$root/data/mdreader.sqlite3" ] && [ -n "$current" ] && [ "$image" != "$current" ]; then
        saved=before-update-$(date +%Y%m%d-%H%M%S)
        copy "$saved"
    fi
    say "Starting $image"
    if run_image "$image" && start_proxy && ready; then
        if [ -n "$current" ] && [ "$image" != "$current" ]; then
            put PREVIOUS_IMAGE "$current"
            put PREVIOUS_COPY "$saved"
        fi
        say "$image is well at https://$(get DOMAIN)"
        return
    fi
    compose logs --tail 30 mdreader >&2 || true
    [ -n "$current" ] && [ "$image" != "$current" ] || fail "$image does not become ready, and there is no version to go back to. Its last lines stand above."
    go_back "$current" "$saved" || fail "$current does not become ready either. deploy.sh status says more; the copy is $saved."
    fail "$image did not become ready; $current runs again, and nothing is lost. Its last lines stand above."
}

start_proxy() {
    local fresh=no
    proxy && fresh=yes
    compose up --detach --no-deps --no-build nginx
    [ "$fresh" = no ] || compose exec -T nginx nginx -c /etc/nginx/box/nginx.conf -s reload
}

# ---- commands ----

installed() { [ -n "$(get DOMAIN)" ] || fail "This box is not installed yet: deploy.sh install --domain NAME --email ADDRESS"; }

command=${1:-}
[ $# -gt 0 ] && shift
[ "$(id -u)" = 0 ] || [ -n "${BOX_USER:-}" ] || fail "Run it as root: sudo $0 $command"
image='' domain='' email='' staging='' name=''
while [ $# -gt 0 ]; do
    case $1 in
    --image | --domain | --email)
        [ $# -ge 2 ] || fail "$1 needs a value"
        printf -v "${1#--}" '%s' "$2"
        shift 2
        ;;
    --staging)
        staging=yes
        shift
        ;;
    -*) fail "There is no option $1; the head of this file says what there is" ;;
    *)
        name=$1
        shift
        ;;
    esac
done

case $command in
install)
    mkdir -p "$root"
    domain=${domain:-$(get DOMAIN)} email=${email:-$(get EMAIL)}
    [[ $domain =~ ^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$ ]] || fail "--domain is a name such as docs.example.org"
    [[ $email =~ ^[^@[:space:]]+@[^@[:space:]]+$ ]] || fail "--email is the address that Let's Encrypt writes to when something is wrong"
    packages
    folders
    put DOMAIN "$domain"
    put EMAIL "$email"
    put STAGING "${staging:-no}"
    makeshift
    [ -n "$image" ] || image=$(build)
    deploy "$image"
    timers
    renew || exit 3
    ;;
update)
    installed
    [ -n "$image" ] || image=$(build)
    deploy "$image"
    ;;
rollback)
    installed
    previous=$(get PREVIOUS_IMAGE)
    [ -n "$previous" ] || fail "There is no version before this one"
    current=$(get MDREADER_IMAGE) saved=$(get PREVIOUS_COPY)
    copy "before-rollback-$(date +%Y%m%d-%H%M%S)"
    # Not the copy from before the update: people have written since. Whoever wants that one says so, with restore.
    go_back "$previous" '' || {
        go_back "$current" '' || true
        fail "$previous cannot use the database of $current, which runs again. To give up what was written since: deploy.sh restore $saved, then update --image $previous"
    }
    put PREVIOUS_IMAGE "$current"
    put PREVIOUS_COPY ''
    say "$previous runs again"
    ;;
status)
    installed
    compose ps
    say "image: $(get MDREADER_IMAGE), before: $(get PREVIOUS_IMAGE)"
    say "certificate: $(openssl x509 -noout -enddate -in "$root/tls/fullchain.pem")"
    say "last copy: $(find "$root/backups" -name '*.tar' -printf '%f\n' | sort | tail -n 1)"
    df -h "$root" | tail -n 1
    tries=3 ready && say "ready"
    ;;
backup)
    installed
    copy "backup-$(date +%Y%m%d-%H%M%S)"
    ;;
restore)
    installed
    [ -n "$name" ] || fail "Which one? $(find "$root/backups" -name '*.tar' -printf '%f ')"
    if ! restore_copy "${name%.tar}"; then
        run_image "$(get MDREADER_IMAGE)"
        fail "The copy was not taken; the server runs again on what was there."
    fi
    run_image "$(get MDREADER_IMAGE)"
    ready || fail "The server does not become ready on the copy; what was there before lies in $root/data/before-restore-*"
    say "Restored; what was there before lies in $root/data/before-restore-*"
    ;;
renew)
    installed
    renew
    ;;
*)
    sed -n '2,/^set /s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    [ -z "$command" ] && exit 0
    exit 2
    ;;
esac
