"""Changes to the Dockerfile, the workflows and the scripts."""

from breaking.mutation import Mutation

CHECKOUT = "actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0"
CHECK, RELEASE = ".github/workflows/check.yml", ".github/workflows/release.yml"
SERVICES = "      - name: Services for the tests, not started\n"

ALL = [
    Mutation(
        "a base that is always the latest",
        "hadolint",
        "Dockerfile",
        "FROM python:3.11.15-slim-bookworm AS build",
        "FROM python:latest AS build",
        "DL3007",
    ),
    Mutation(
        "a base without a version",
        "image",
        "Dockerfile",
        "FROM python:3.11.15-slim-bookworm AS build",
        "FROM python AS build",
        "no version",
    ),
    Mutation("an image that runs as root", "hadolint", "Dockerfile", "USER 10001:10001", "USER root", "DL3002"),
    Mutation(
        "an image whose user is not named", "image", "Dockerfile", "USER 10001:10001\n", "", "does not run as a user"
    ),
    Mutation(
        "an image that nobody asks for its health",
        "image",
        "Dockerfile",
        "HEALTHCHECK --interval",
        "LABEL interval",
        "HEALTHCHECK",
    ),
    Mutation(
        "packages and what they recommend", "hadolint", "Dockerfile", "--no-install-recommends g++", "g++", "DL3015"
    ),
    Mutation(
        "an action that is not pinned",
        "zizmor",
        RELEASE,
        "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2",
        "actions/upload-artifact@v4",
        "unpinned-uses",
    ),
    Mutation(
        "a key that does not expire",
        "static keys",
        CHECK,
        SERVICES,
        SERVICES + "        env:\n          AWS_ACCESS_KEY_ID: ${{ secrets.AWS_ACCESS_KEY_ID }}\n",
        "static key",
    ),
    Mutation(
        "words of strangers in a script",
        "zizmor",
        RELEASE,
        'run: infra/delivery/wheel.sh "$GITHUB_REF_NAME"',
        "run: infra/delivery/wheel.sh ${{ github.ref_name }}",
        "template-injection",
    ),
    Mutation(
        "a workflow that may do everything",
        "zizmor",
        CHECK,
        "timeout-minutes: 60\n    permissions:\n      contents: read",
        "timeout-minutes: 60\n    permissions: write-all",
        "excessive-permissions",
    ),
    Mutation(
        "credentials that stay in the checkout",
        "zizmor",
        RELEASE,
        f"      - uses: {CHECKOUT}\n        with:\n          persist-credentials: false\n      - name: Build",
        f"      - uses: {CHECKOUT}\n      - name: Build",
        "artipacked",
    ),
    Mutation("a misspelt expression", "actionlint", CHECK, "${{ matrix.runner }}", "${{ matrix.runer }}", "runer"),
    Mutation(
        "a job that needs one that is not there",
        "actionlint",
        RELEASE,
        "  release:\n    name: release\n    needs: wheel",
        "  release:\n    name: release\n    needs: weel",
        "weel",
    ),
    Mutation(
        "an unquoted variable in deploy.sh",
        "shellcheck",
        "infra/box/deploy.sh",
        'fresh=$(mktemp "$1.XXXXXX")',
        "fresh=$(mktemp $1.XXXXXX)",
        "SC2086",
    ),
    Mutation(
        "a step into a folder that may not be there",
        "shellcheck",
        ".ci/run",
        'cd "$(dirname "$0")/.."',
        'cd "$(dirname "$0")/.."; rm -rf $HOME/$UNSET',
        "SC2086",
    ),
    Mutation(
        "Terraform that is not formatted",
        "fmt",
        "infra/modules/cache/main.tf",
        "  port                       = 6379\n",
        "  port = 6379\n",
        "cache/main.tf",
    ),
    Mutation(
        "a secret in user data",
        "static keys",
        "infra/modules/box/first_start.sh",
        "set -euo pipefail",
        "set -euo pipefail\nexport SMTP_PASSWORD=correct-horse-battery",
        "looks like a secret",
    ),
]
