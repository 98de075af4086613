"""What was asked for by name, each taken away or set to something else in turn."""

from breaking.mutation import Mutation

MODULES = "infra/modules/"


def _team(name: str, gate: str, file: str, old: str, new: str, says: str) -> Mutation:
    return Mutation(name, gate, MODULES + file, old, new, says, "team")


def _planet(name: str, file: str, old: str, new: str, says: str) -> Mutation:
    return Mutation(name, "test", "infra/" + file, old, new, says, "planet")


ALL = [
    # ---- files and how they are served ----
    _team(
        "files for who has no signature",
        "test",
        "files/distribution.tf",
        "      compress                   = true\n      trusted_key_groups         = [aws_cloudfront_key_group.this.id]\n",
        "      compress                   = true\n",
        "Nobody downloads anything without a signature",
    ),
    _team(
        "a bucket that does not know CloudFront",
        "policies",
        "files/distribution.tf",
        "    origin_access_control_id = aws_cloudfront_origin_access_control.this.id\n",
        "",
        "origin_access_control_id",
    ),
    _team(
        "pages without an address of IPv6",
        "policies",
        "edge/main.tf",
        'for_each = toset(["A", "AAAA"])',
        'for_each = toset(["A"])',
        "of type AAAA",
    ),
    _team(
        "old versions kept for a year",
        "policies",
        "files/main.tf",
        "noncurrent_days = 90",
        "noncurrent_days = 365",
        "module.files.aws_s3_bucket.this keeps old versions",
    ),
    _team(
        "parts of uploads kept for ever",
        "policies",
        "audit/main.tf",
        "    abort_incomplete_multipart_upload {\n      days_after_initiation = 1\n    }\n",
        "",
        "keeps parts of uploads",
    ),
    _team(
        "pages that delete files",
        "test",
        "files/main.tf",
        'allowed_methods = ["GET", "PUT"]',
        'allowed_methods = ["GET", "PUT", "DELETE"]',
        "Pages of mdreader alone upload",
    ),
    _team(
        "attachments that never grow cheaper",
        "test",
        "files/main.tf",
        '"INTELLIGENT_TIERING"',
        '"STANDARD_IA"',
        "lies where that is cheap",
    ),
    _team(
        "files kept by CloudFront for as long as they say",
        "test",
        "files/distribution.tf",
        "max_ttl     = each.value",
        "max_ttl     = 31536000",
        "Nothing is kept for longer",
    ),
    # ---- servers ----
    _team(
        "servers that wait for 90 % of the CPU",
        "test",
        "service/scaling.tf",
        "target_value       = 70\n    scale_out_cooldown = 60\n    scale_in_cooldown  = 600",
        "target_value       = 90\n    scale_out_cooldown = 60\n    scale_in_cooldown  = 600",
        "at 70 % of the CPU",
    ),
    _team(
        "servers that count everybody as one server's",
        "test",
        "service/scaling.tf",
        '"everybody / tasks"',
        '"everybody"',
        "by their open sockets",
    ),
    _team(
        "connections that are cut, not drained",
        "test",
        "load_balancer/main.tf",
        "deregistration_delay = var.draining_seconds",
        "deregistration_delay = 0",
        "A leaving task drains",
    ),
    _team(
        "images that nobody scans",
        "policies",
        "registry/main.tf",
        "scan_on_push = true",
        "scan_on_push = false",
        "images are not scanned",
    ),
    # ---- private tasks ----
    _team(
        "tasks that cannot write their logs",
        "test",
        "network/main.tf",
        '"email", "logs", ',
        '"email", ',
        "does not reach logs",
    ),
    _team(
        "private tasks without a route out",
        "test",
        "network/main.tf",
        'count                  = var.nat == "gateway" ? local.count : 0',
        "count                  = 0",
        "of which 0 have a route to NAT",
    ),
    _team(
        "endpoints for everybody",
        "test",
        "network/endpoints.tf",
        "cidr_ipv4         = var.cidr",
        'cidr_ipv4         = "10.0.0.0/8"',
        "lets in others than the network",
    ),
    # ---- database ----
    _team(
        "a database that nobody can look into",
        "test",
        "database/main.tf",
        "performance_insights_enabled          = true",
        "performance_insights_enabled          = false",
        "Performance Insights",
    ),
    # ---- people and mail ----
    _team(
        "passwords of six letters",
        "test",
        "identity/main.tf",
        "minimum_length                   = 12",
        "minimum_length                   = 6",
        "Long passwords",
    ),
    _team(
        "no Google in the pool",
        "test",
        "identity/main.tf",
        'concat(["COGNITO"], var.providers_made)',
        '["COGNITO"]',
        "Google is offered",
    ),
    _team(
        "no GitHub",
        "test",
        "service/tasks.tf",
        "    var.github_client_id == null ? {} : { GITHUB_CLIENT_ID = var.github_client_id },\n",
        "",
        "Google and GitHub sign people in",
    ),
    _team(
        "mail without DKIM",
        "test",
        "mail/main.tf",
        "count   = 3 # as many as SES makes",
        "count   = 0",
        "signs by DKIM",
    ),
    _team("mail in the clear", "test", "mail/main.tf", '"REQUIRE"', '"OPTIONAL"', "Mail goes by TLS"),
    _team(
        "bounces that nobody hears of",
        "test",
        "mail/main.tf",
        '"SEND", "BOUNCE", "COMPLAINT"]',
        '"SEND"]',
        "told by SNS to a queue",
    ),
    _team(
        "messages that are tried for ever",
        "test",
        "queue/main.tf",
        "maxReceiveCount     = var.tries",
        "maxReceiveCount     = 1000",
        "What nobody could work on five times",
    ),
    # ---- alarms, dashboard, trail ----
    _team(
        "an alarm at every second request that fails",
        "test",
        "alarms/main.tf",
        "threshold   = 5\n",
        "threshold   = 50\n",
        "has another threshold",
    ),
    _team(
        "errors of the load balancer that do not count",
        "test",
        "alarms/main.tf",
        "100 * (FILL(server, 0) + FILL(no_server, 0))",
        "100 * (FILL(server, 0))",
        "A share is taken of something else",
    ),
    _team(
        "an alarm on a disk that looks at memory",
        "test",
        "alarms/main.tf",
        '"FreeStorageSpace"',
        '"FreeableMemory"',
        "An alarm looks at something else",
    ),
    _team(
        "a dashboard without sockets",
        "test",
        "alarms/dashboard.tf",
        '"Open sockets"',
        '"Sockets"',
        "The dashboard shows",
    ),
    _team(
        "a trail of one region",
        "policies",
        "audit/main.tf",
        "is_multi_region_trail         = true",
        "is_multi_region_trail         = false",
        "is_multi_region_trail",
    ),
    # ---- planet ----
    _planet(
        "a proxy that takes every connection",
        "modules/aurora/proxy.tf",
        "max_connections_percent      = 90",
        "max_connections_percent      = 100",
        "share connections by RDS Proxy",
    ),
    _planet(
        "a copy that follows nobody",
        "modules/aurora_copy/main.tf",
        "global_cluster_identifier = var.global_identifier",
        "global_cluster_identifier = null",
        "part of the global database",
    ),
    _planet(
        "readers that end at two",
        "modules/aurora/main.tf",
        "max_capacity       = var.readers_max",
        "max_capacity       = 2",
        "Readers come with the load on them",
    ),
    _planet(
        "a cache that cannot grow",
        "modules/cache/main.tf",
        '"disabled" : "enabled"',
        '"disabled" : "disabled"',
        "Shards with a copy each",
    ),
    _planet(
        "an accelerator that hides who asks",
        "modules/accelerator/main.tf",
        "client_ip_preservation_enabled = true",
        "client_ip_preservation_enabled = false",
        "hears who asks",
    ),
    _planet(
        "servers that know of no other cell",
        "environments/planet/main.tf",
        'join(", ", [for cell in var.cells : "${cell.name}=${cell.url}"])',
        '""',
        "Servers know their cell",
    ),
]
