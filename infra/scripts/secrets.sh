#!/usr/bin/env bash
# Secrets of an environment that people choose, put where they belong without passing through Terraform, whose state would keep them.
#
#   secrets.sh key FOLDER              make the key pair that signs downloads; the public half goes into the tfvars file
#   secrets.sh put ENVIRONMENT KEY     after the first apply: the private half, and the proof that CloudFront brings
#   secrets.sh rotate ENVIRONMENT      a new proof, while requests go on
#   secrets.sh set ENVIRONMENT NAME    one value of the app's secret, from standard input: google_client_secret, github_client_secret
#   secrets.sh google ENVIRONMENT ID   Google as a provider of the environment's user pool; its client secret from standard input
#
# ENVIRONMENT is a folder with a state, such as infra/environments/team. Needs terraform, AWS CLI 2, openssl and python3, and credentials
# that may write the secret, the key-value store, the user pool and the services. Nothing secret is an argument of any command.

set -euo pipefail
umask 077

die() {
    echo "secrets.sh: $*" >&2
    exit 1
}

output() { # ENVIRONMENT NAME
    terraform -chdir="$1" output -raw "$2" 2>/dev/null || die "$1 has no output $2: run terraform apply in it first."
}

# The app's secret with NAME set to what standard input says; an empty secret is {}.
change() { # SECRET NAME
    local value
    value=$(cat)
    [ -n "$value" ] || die "standard input is empty: pipe the value in."
    {
        aws secretsmanager get-secret-value --secret-id "$1" --query SecretString --output text 2>/dev/null || echo '{}'
        printf '%s' "$value"
    } | python3 -c '
import json, sys
first, _, value = sys.stdin.read().partition("\n")
kept = json.loads(first)
kept[sys.argv[1]] = value
print(json.dumps({"SecretId": sys.argv[2], "SecretString": json.dumps(kept)}))
' "$2" "$1" | aws secretsmanager put-secret-value --cli-input-json file:///dev/stdin >/dev/null
}

current() { # SECRET NAME
    aws secretsmanager get-secret-value --secret-id "$1" --query SecretString --output text 2>/dev/null |
        python3 -c 'import json, sys; print(json.load(sys.stdin).get(sys.argv[1], ""))' "$2" 2>/dev/null || true
}

# CloudFront's functions read the new value within seconds, everywhere.
prove() { # STORE, the value on standard input
    local etag
    etag=$(aws cloudfront-keyvaluestore describe-key-value-store --kvs-arn "$1" --query ETag --output text)
    python3 -c '
import json, sys
print(json.dumps({"KvsARN": sys.argv[1], "IfMatch": sys.argv[2], "Key": "origin", "Value": sys.stdin.read()}))
' "$1" "$etag" | aws cloudfront-keyvaluestore put-key --cli-input-json file:///dev/stdin >/dev/null
}

# Servers read their secret when they start.
restart() { # ENVIRONMENT
    local cluster service
    cluster=$(output "$1" cluster)
    for service in web worker; do
        if [ "$(aws ecs describe-services --cluster "$cluster" --services "$service" --query 'services[0].status' --output text)" = ACTIVE ]; then
            aws ecs update-service --cluster "$cluster" --service "$service" --force-new-deployment >/dev/null
            aws ecs wait services-stable --cluster "$cluster" --services "$service"
        fi
    done
}

make_key() { # FOLDER
    mkdir -p "$1"
    [ ! -e "$1/private.pem" ] || die "$1/private.pem is there already; choose another folder."
    openssl genrsa -out "$1/private.pem" 2048 2>/dev/null
    openssl rsa -in "$1/private.pem" -pubout -out "$1/public.pem" 2>/dev/null
    echo "files_public_key = <<-KEY"
    cat "$1/public.pem"
    echo "KEY"
    echo "Put these lines into the tfvars file. Keep $1/private.pem until \`secrets.sh put\` has run, and delete it then." >&2
}

put() { # ENVIRONMENT KEY
    local secret proof
    secret=$(output "$1" app_secret)
    openssl rsa -in "$2" -noout 2>/dev/null || die "$2 is no private RSA key: \`secrets.sh key\` makes one."
    change "$secret" cloudfront_private_key <"$2"
    proof=$(current "$secret" origin_secret)
    if [ -z "$proof" ]; then
        proof=$(openssl rand -hex 32)
        printf '%s' "$proof" | change "$secret" origin_secret
    fi
    printf '%s' "${proof%%,*}" | prove "$(output "$1" key_value_store_arn)"
    echo "Done: servers that start from now on have it. Delete $2."
}

rotate() { # ENVIRONMENT
    local secret old new
    secret=$(output "$1" app_secret)
    old=$(current "$secret" origin_secret)
    [ -n "$old" ] || die "there is no proof yet: run \`secrets.sh put\` first."
    new=$(openssl rand -hex 32)
    printf '%s' "$new,${old%%,*}" | change "$secret" origin_secret
    restart "$1"
    printf '%s' "$new" | prove "$(output "$1" key_value_store_arn)"
    sleep 60 # until the last place of CloudFront's has the new value
    printf '%s' "$new" | change "$secret" origin_secret
    restart "$1"
    echo "Done: the old proof opens nothing any more."
}

google() { # ENVIRONMENT ID
    local pool
    pool=$(output "$1" user_pool_id)
    python3 -c '
import json, sys
details = {"client_id": sys.argv[2], "client_secret": sys.stdin.read().strip(), "authorize_scopes": "openid email profile"}
print(json.dumps({"UserPoolId": sys.argv[1], "ProviderName": "Google", "ProviderType": "Google", "ProviderDetails": details,
                  "AttributeMapping": {"email": "email", "email_verified": "email_verified", "name": "name", "username": "sub"}}))
' "$pool" "$2" | aws cognito-idp create-identity-provider --cli-input-json file:///dev/stdin >/dev/null
    echo 'Done: set cognito_providers = ["Google"] and apply.'
}

case "${1:-} $#" in
    "key 2") make_key "$2" ;;
    "put 3") put "$2" "$3" ;;
    "rotate 2") rotate "$2" ;;
    "set 3") change "$(output "$2" app_secret)" "$3" ;;
    "google 3") google "$2" "$3" ;;
    *)
        sed -n '2,12s/^# \{0,1\}//p' "$0" >&2
        exit 2
        ;;
esac
