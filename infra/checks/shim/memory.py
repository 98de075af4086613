"""What moto takes and does not say again, or says in other words: this remembers what was sent and says that."""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from shim.wire import Ask, Call, Reply, refusal, reply

# How much an object has to have to be moved: the provider waits until it is said again.
LEAST_SIZE = "x-amz-transition-default-minimum-object-size"
# What moto does not keep of a service of ECS.
OF_SERVICES = (
    "availabilityZoneRebalancing",
    "capacityProviderStrategy",
    "enableECSManagedTags",
    "healthCheckGracePeriodSeconds",
)
INSIGHTS = ("Enabled", "KMSKeyId", "RetentionPeriod")
# moto has replication groups, and not the nodes that they are made of.
CACHE_NODE = (
    '<DescribeCacheClustersResponse xmlns="http://elasticache.amazonaws.com/doc/2015-02-02/"><DescribeCacheClustersResult><CacheClusters>'
    "<CacheCluster><CacheClusterId>{id}</CacheClusterId><CacheClusterStatus>available</CacheClusterStatus><Engine>{Engine}</Engine>"
    "<EngineVersion>{EngineVersion}.1</EngineVersion><CacheNodeType>{CacheNodeType}</CacheNodeType><NumCacheNodes>1</NumCacheNodes>"
    "<PreferredMaintenanceWindow>{PreferredMaintenanceWindow}</PreferredMaintenanceWindow>"
    "<AutoMinorVersionUpgrade>{AutoMinorVersionUpgrade}</AutoMinorVersionUpgrade>"
    "<CacheParameterGroup><CacheParameterGroupName>{CacheParameterGroupName}</CacheParameterGroupName></CacheParameterGroup>"
    "<CacheSubnetGroupName>{CacheSubnetGroupName}</CacheSubnetGroupName>"
    "<SecurityGroups><member><SecurityGroupId>{group}</SecurityGroupId><Status>active</Status></member></SecurityGroups>"
    "<TransitEncryptionEnabled>{TransitEncryptionEnabled}</TransitEncryptionEnabled>"
    "<TransitEncryptionMode>{TransitEncryptionMode}</TransitEncryptionMode>"
    "<AtRestEncryptionEnabled>{AtRestEncryptionEnabled}</AtRestEncryptionEnabled></CacheCluster></CacheClusters></DescribeCacheClustersResult>"
    "</DescribeCacheClustersResponse>"
)


class Memory:
    """By operation: what was sent."""

    def __init__(self, ask: Ask, in_use: Callable[[str], bool]) -> None:
        """Start with nothing. `in_use` says whether something of CloudFront's names an ARN."""
        self.ask = ask
        self.in_use = in_use
        self.lifecycles: dict[str, tuple[bytes, str]] = {}
        self.allowed: dict[str, str] = {}
        self.tags: dict[str, dict[str, str]] = {}
        self.caches: dict[str, dict[str, str]] = {}
        self.services: dict[str, dict[str, Any]] = {}
        self.pools: dict[str, str] = {}
        self.algorithms: dict[str, str] = {}
        self.listeners: dict[str, str] = {}
        self.insights: dict[str, bytes] = {}
        self.rules: dict[str, str] = {}
        self.operations: dict[str, Callable[[Call], Reply]] = {
            "CreateReplicationGroup": self._make_cache,
            "DescribeReplicationGroups": self._cache,
            "DescribeCacheClusters": self._cache_nodes,
            "DeleteCacheSubnetGroup": self._drop_cache_subnets,
            "SetQueueAttributes": self._set_queue,
            "GetQueueAttributes": self._queue,
            "RegisterScalableTarget": self._make_target,
            "ListTagsForResource": self._target_tags,
            "RequestCertificate": self._make_certificate,
            "DescribeCertificate": self._certificate,
            "CreateListener": self._make_listener,
            "DeleteListener": self._drop_listener,
            "CreateService": self._make_service,
            "DescribeServices": self._services,
            "CreateUserPool": self._make_pool,
            "DescribeUserPool": self._pool,
            "CreateDBInstance": self._make_database,
            "DescribeDBInstances": self._databases,
            "DescribeDBParameters": self._parameters,
            "AuthorizeSecurityGroupIngress": self._make_rule,
            "AuthorizeSecurityGroupEgress": self._make_rule,
            "DescribeSecurityGroupRules": self._rules,
        }

    def answer(self, call: Call) -> Reply | None:
        """Answer what is remembered."""
        if "lifecycle" in call.query:
            return self._lifecycle(call)
        return self.operations[call.operation](call) if call.operation in self.operations else None

    def _lifecycle(self, call: Call) -> Reply:
        """The rules of a bucket, which moto gives back in other words than it was given."""
        place = f"{call.environ.get('HTTP_HOST')}{call.path}"
        if call.method == "GET" and place in self.lifecycles:
            rules, size = self.lifecycles[place]
            return reply(rules, **{LEAST_SIZE: size})
        found = self.ask(call)
        if found.good and call.method == "PUT":
            size = call.environ.get(f"HTTP_{LEAST_SIZE.upper().replace('-', '_')}", "all_storage_classes_128K")
            self.lifecycles[place] = (call.body, size)
            return reply(b"", **{LEAST_SIZE: size})
        if found.good and call.method == "DELETE":
            self.lifecycles.pop(place, None)
        return found

    # ---- cache ----

    def _make_cache(self, call: Call) -> Reply:
        self.caches[call.form["ReplicationGroupId"]] = call.form
        return self.ask(call)

    def _cache(self, call: Call) -> Reply:
        """To moto a group that is deleted is being deleted for good."""
        found = self.ask(call)
        if b"<Status>deleting</Status>" not in found.text:
            return found
        self.caches.pop(call.form.get("ReplicationGroupId", ""), None)
        return refusal("ReplicationGroupNotFoundFault", "404 NOT FOUND")

    def _cache_nodes(self, call: Call) -> Reply:
        node = call.form.get("CacheClusterId", "")
        sent = self.caches.get(node.rsplit("-", 1)[0])
        if sent is None:
            return self.ask(call)
        text = CACHE_NODE.format(id=node, group=sent["SecurityGroupIds.SecurityGroupId.1"], **_words(sent))
        return reply(text.encode())

    def _drop_cache_subnets(self, call: Call) -> Reply:
        """Moto has no deleting of them."""
        if call.form["CacheSubnetGroupName"] in {sent["CacheSubnetGroupName"] for sent in self.caches.values()}:
            return refusal("CacheSubnetGroupInUse", "400 BAD REQUEST")
        return reply(b"<DeleteCacheSubnetGroupResponse/>")

    # ---- queues and scaling ----

    def _set_queue(self, call: Call) -> Reply:
        """Moto does not know who may send dead letters to a queue."""
        attributes = call.json.get("Attributes") or {}
        if "RedriveAllowPolicy" not in attributes:
            return self.ask(call)
        self.allowed[call.json["QueueUrl"]] = attributes["RedriveAllowPolicy"]
        return reply({})

    def _queue(self, call: Call) -> Reply:
        names = [name for name in call.json.get("AttributeNames") or [] if name != "RedriveAllowPolicy"]
        found = self.ask(call.saying({**call.json, "AttributeNames": names or ["QueueArn"]}))
        if not found.good:
            return found
        whole = found.json
        said = whole.setdefault("Attributes", {})
        if self.allowed.get(call.json["QueueUrl"]):
            said["RedriveAllowPolicy"] = self.allowed[call.json["QueueUrl"]]
        if said.get("RedrivePolicy"):
            # As AWS writes it: without blanks.
            said["RedrivePolicy"] = json.dumps(json.loads(said["RedrivePolicy"]), separators=(",", ":"))
        return found.saying(whole)

    def _make_target(self, call: Call) -> Reply:
        """Application Auto Scaling takes tags and never says them."""
        found = self.ask(call)
        if found.good and "Tags" in call.json:
            self.tags[found.json["ScalableTargetARN"]] = call.json["Tags"]
        return found

    def _target_tags(self, call: Call) -> Reply:
        if "AnyScaleFrontendService" not in call.environ.get("HTTP_X_AMZ_TARGET", ""):
            return self.ask(call)
        return reply({"Tags": self.tags.get(call.json["ResourceARN"], {})})

    # ---- certificates ----

    def _make_certificate(self, call: Call) -> Reply:
        found = self.ask(call)
        if found.good:
            self.algorithms[found.json["CertificateArn"]] = call.json.get("KeyAlgorithm", "RSA_2048")
        return found

    def _certificate(self, call: Call) -> Reply:
        """To moto every certificate is an RSA one, and in use for good. The provider deletes none that is."""
        found = self.ask(call)
        if not found.good:
            return found
        whole, arn = found.json, call.json["CertificateArn"]
        users = [listener for listener, used in self.listeners.items() if used == arn]
        whole["Certificate"]["InUseBy"] = users or (["a distribution"] if self.in_use(arn) else [])
        whole["Certificate"]["KeyAlgorithm"] = self.algorithms.get(arn, "RSA_2048")
        return found.saying(whole)

    def _make_listener(self, call: Call) -> Reply:
        found = self.ask(call)
        for arn in re.findall(rb"<ListenerArn>([^<]+)<", found.text):
            self.listeners[arn.decode()] = call.form.get("Certificates.member.1.CertificateArn", "")
        return found

    def _drop_listener(self, call: Call) -> Reply:
        self.listeners.pop(call.form["ListenerArn"], None)
        return self.ask(call)

    # ---- servers, accounts, database ----

    def _make_service(self, call: Call) -> Reply:
        found = self.ask(call)
        if found.good:
            kept = {name: call.json[name] for name in OF_SERVICES if name in call.json}
            self.services[found.json["service"]["serviceArn"]] = kept
        return self._said(found, [found.json["service"]]) if found.good else found

    def _services(self, call: Call) -> Reply:
        found = self.ask(call)
        return self._said(found, found.json.get("services", [])) if found.good else found

    def _said(self, found: Reply, services: Iterable[dict[str, Any]]) -> Reply:
        more = [{**one, **self.services.get(one["serviceArn"], {})} for one in services]
        for one in more:
            if one.get("capacityProviderStrategy"):
                # It is the strategy that says where tasks run.
                one.pop("launchType", None)
        return found.saying({**found.json, **({"service": more[0]} if "service" in found.json else {"services": more})})

    def _make_pool(self, call: Call) -> Reply:
        found = self.ask(call)
        if found.good:
            self.pools[found.json["UserPool"]["Id"]] = call.json.get("UserPoolTier", "ESSENTIALS")
        return found

    def _pool(self, call: Call) -> Reply:
        found = self.ask(call)
        whole = found.json
        if found.good:
            whole["UserPool"]["UserPoolTier"] = self.pools.get(whole["UserPool"]["Id"], "ESSENTIALS")
        return found.saying(whole)

    def _make_database(self, call: Call) -> Reply:
        sent = {"Enabled": call.form.get("EnablePerformanceInsights")}
        sent |= {name: call.form.get(f"PerformanceInsights{name}") for name in INSIGHTS[1:]}
        self.insights[call.form["DBInstanceIdentifier"]] = "".join(
            f"<PerformanceInsights{name}>{value}</PerformanceInsights{name}>" for name, value in sent.items() if value
        ).encode()
        return self.ask(call)

    def _databases(self, call: Call) -> Reply:
        """Moto watches no database."""
        found = self.ask(call)

        def whole(match: re.Match[bytes]) -> bytes:
            name = re.search(rb"<DBInstanceIdentifier>([^<]+)<", match[0])
            more = self.insights.get(name[1].decode() if name else "", b"")
            return match[0].replace(b"</DBInstance>", more + b"</DBInstance>")

        return found.saying(re.sub(rb"<DBInstance>.*?</DBInstance>", whole, found.text, flags=re.DOTALL))

    def _parameters(self, call: Call) -> Reply:
        """Moto says those that were set, and not that somebody set them; the provider looks at such alone."""
        found = self.ask(call)
        return found.saying(found.text.replace(b"</Parameter>", b"<Source>user</Source></Parameter>"))

    # ---- network ----

    def _make_rule(self, call: Call) -> Reply:
        found = self.ask(call)
        said = [value for name, value in call.form.items() if name.endswith(".Description")]
        for rule in re.findall(rb"<securityGroupRuleId>([^<]+)<", found.text):
            self.rules[rule.decode()] = said[0] if said else ""
        return found

    def _rules(self, call: Call) -> Reply:
        """Moto keeps what is said of a rule for addresses, and not of one for a group or a list."""

        def whole(match: re.Match[str]) -> str:
            rule = re.search(r"<securityGroupRuleId>([^<]+)<", match[0])
            said = self.rules.get(rule[1] if rule else "")
            if not said or "<description>" in match[0]:
                return match[0]
            return match[0].replace(
                "</securityGroupRuleId>", f"</securityGroupRuleId><description>{said}</description>"
            )

        found = self.ask(call)
        return found.saying(
            re.sub(r"<item>\s*<securityGroupRuleId>.*?</item>", whole, found.text.decode(), flags=re.DOTALL).encode()
        )


def _words(form: dict[str, str]) -> dict[str, str]:
    """The fields whose names can stand in a template."""
    return {name: value for name, value in form.items() if name.isidentifier()}
