"""The shim of `make infra-cycle`: what was sent is said again, and what is in use is not taken away."""

from io import BytesIO

from shim.cloudfront import CloudFront
from shim.memory import Memory
from shim.wire import Call, Reply

ROOT = "/2020-05-31/"
SENT = (
    b"<DistributionConfig><Origins><Origin><Id>files</Id><OriginAccessControlId>OAC</OriginAccessControlId></Origin></Origins>"
    b"<DefaultCacheBehavior><CachePolicyId>policy-1</CachePolicyId><FunctionAssociations><Items><FunctionAssociation>"
    b"<FunctionARN>arn:aws:cloudfront::1:function/origin</FunctionARN></FunctionAssociation></Items></FunctionAssociations>"
    b"</DefaultCacheBehavior></DistributionConfig>"
)
SAID = (
    b"<Distribution><Id>D1</Id><Origins><Origin><Id>files</Id></Origin></Origins><DefaultCacheBehavior>"
    b"<FunctionAssociations><Quantity>0</Quantity></FunctionAssociations><ForwardedValues><QueryString>false</QueryString>"
    b"</ForwardedValues></DefaultCacheBehavior></Distribution>"
)


def call(method: str, path: str, body: bytes = b"", target: str = "") -> Call:
    return Call.read(
        {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_X_AMZ_TARGET": target,
            "wsgi.input": BytesIO(body),
        }
    )


def moto(asked: Call) -> Reply:
    """What moto answers about a distribution."""
    return Reply("204 NO CONTENT" if asked.method == "DELETE" else "200 OK", [], SAID)


def test_what_a_distribution_names_stays_until_it_is_gone() -> None:
    cloudfront = CloudFront(moto)
    cloudfront.answer(call("POST", f"{ROOT}cache-policy", b"<CachePolicyConfig/>"))
    cloudfront.answer(call("POST", f"{ROOT}distribution", SENT))
    for kind, name, code in (("cache-policy", "policy-1", "CachePolicy"), ("function", "origin", "function")):
        refused = cloudfront.answer(call("DELETE", f"{ROOT}{kind}/{name}"))
        assert refused is not None
        assert refused.status.startswith("409")
        assert f"<Code>{code}InUse</Code>".encode() in refused.text
    cloudfront.answer(call("DELETE", f"{ROOT}distribution/D1"))
    gone = cloudfront.answer(call("DELETE", f"{ROOT}cache-policy/policy-1"))
    assert gone is not None
    assert gone.status.startswith("204")


def test_a_distribution_is_said_as_it_was_sent() -> None:
    cloudfront = CloudFront(moto)
    cloudfront.answer(call("POST", f"{ROOT}distribution", SENT))
    found = cloudfront.answer(call("GET", f"{ROOT}distribution/D1"))
    assert found is not None
    assert b"<OriginAccessControlId>OAC</OriginAccessControlId>" in found.text
    assert b"function/origin" in found.text
    assert b"ForwardedValues" not in found.text


def test_subnets_of_a_cache_stay_until_it_is_gone() -> None:
    deleting = Reply("200 OK", [], b"<Status>deleting</Status>")
    memory = Memory(lambda _: deleting, lambda _: False)

    def ask(form: str) -> Reply:
        found = memory.answer(call("POST", "/", form.encode()))
        assert found is not None
        return found

    ask("Action=CreateReplicationGroup&ReplicationGroupId=a&CacheSubnetGroupName=subnets")
    assert b"CacheSubnetGroupInUse" in ask("Action=DeleteCacheSubnetGroup&CacheSubnetGroupName=subnets").text
    assert ask("Action=DescribeReplicationGroups&ReplicationGroupId=a").status.startswith("404")
    assert ask("Action=DeleteCacheSubnetGroup&CacheSubnetGroupName=subnets").good
