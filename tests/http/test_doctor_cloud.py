"""`mdreader doctor --cloud` tries out what a fleet needs, and names what is missing."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from mdreader.adapters.aws import Aws
from mdreader.cli import doctor
from support.aws import REGION
from support.aws_refusing import refusing_aws
from support.cognito import UserPool, new_pool
from support.findings import failures, found, texts

ARN = f"arn:aws:sns:{REGION}:123456789012"
CALLER = (
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:role/mdreader</Arn>"
    "<Account>123456789012</Account><UserId>x</UserId></GetCallerIdentityResult></GetCallerIdentityResponse>"
)
BUCKET = "mdreader-files"
PAGE = "https://notes.example.org"


# ---- an AWS where all is well ----


@pytest.fixture
def bucket(aws_endpoint: str) -> Any:
    client = Aws(REGION, aws_endpoint).client("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    return client


def close_to_the_public(client: Any, **change: bool) -> None:
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    client.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=dict.fromkeys(names, True) | change)


def let_in(client: Any, *methods: str) -> None:
    rule = {"AllowedOrigins": [PAGE], "AllowedMethods": list(methods), "AllowedHeaders": ["*"]}
    client.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [rule]})


def test_a_bucket_that_does(aws_endpoint: str, bucket: Any) -> None:
    close_to_the_public(bucket)
    let_in(bucket, "GET", "PUT")
    findings = found(aws_endpoint_url=aws_endpoint, aws_s3_bucket=BUCKET, public_url=PAGE)
    assert {finding.state for finding in findings} == {"ok"}
    assert len(texts(findings, "ok", "bucket")) == 8
    assert "Contents" not in bucket.list_objects_v2(Bucket=BUCKET)  # nothing stays


def test_a_bucket_that_anybody_may_read(aws_endpoint: str, bucket: Any) -> None:
    close_to_the_public(bucket, BlockPublicPolicy=False)
    findings = found(aws_endpoint_url=aws_endpoint, aws_s3_bucket=BUCKET, public_url=PAGE)
    assert failures(findings) == ["bucket: public access is open: BlockPublicPolicy"]
    assert texts(findings, "warn", "bucket") == ["it has no CORS rules"]


def test_a_bucket_whose_rules_lack_a_method(aws_endpoint: str, bucket: Any) -> None:
    close_to_the_public(bucket)
    let_in(bucket, "GET")
    findings = found(aws_endpoint_url=aws_endpoint, aws_s3_bucket=BUCKET, public_url=PAGE)
    assert texts(findings, "warn", "bucket") == [f"its CORS rules lack PUT from {PAGE}"]


def test_a_bucket_that_is_not_there(aws_endpoint: str) -> None:
    findings = found(aws_endpoint_url=aws_endpoint, aws_s3_bucket="none")
    assert failures(findings) == ["bucket: none: s3:ListBucket fails: 404"]
    assert "AWS_S3_BUCKET" in findings[-1].advice


def test_a_topic_a_queue_and_a_secret(aws_endpoint: str) -> None:
    aws = Aws(REGION, aws_endpoint)
    topic = aws.client("sns").create_topic(Name="operations")["TopicArn"]
    queue = aws.client("sqs").create_queue(QueueName="events")["QueueUrl"]
    bell = aws.client("sqs").create_queue(QueueName="bell")["QueueUrl"]
    secret = aws.client("secretsmanager").create_secret(
        Name="s", SecretString='{"password": "hidden", "username": "u"}'
    )
    findings = found(
        aws_endpoint_url=aws_endpoint,
        sns_topic_arn=topic,
        ses_events_queue_url=queue,
        ses_events_topic_arn=topic,
        jobs_queue_url=bell,
        secrets_arn=secret["ARN"],
    )
    assert {finding.state for finding in findings} == {"ok"}
    assert texts(findings, "ok", "secret") == ["readable; it holds password, username"]
    assert texts(findings, "ok", "queue") == [
        "bell: 0 wait",
        "sqs:ReceiveMessage is allowed",
        "sqs:DeleteMessage is allowed",
        "sqs:SendMessage is allowed",
        "events: 0 wait",
        "sqs:ReceiveMessage is allowed",
        "sqs:DeleteMessage is allowed",
    ]
    assert texts(findings, "ok", "reports") == ["sns:ConfirmSubscription is allowed"]
    assert "hidden" not in repr(findings)


def test_a_secret_with_a_value_that_cannot_be_used(aws_endpoint: str) -> None:
    client = Aws(REGION, aws_endpoint).client("secretsmanager")
    secret = client.create_secret(Name="s", SecretString='{"redis_url": "hidden://x"}')
    (failure,) = failures(found(aws_endpoint_url=aws_endpoint, secrets_arn=secret["ARN"]))
    assert "redis_url" in failure
    assert "hidden" not in failure


def pool_settings(pool: UserPool) -> dict[str, Any]:
    return {
        "aws_endpoint_url": pool.endpoint,
        "identity": "cognito",
        "cognito_user_pool_id": pool.pool_id,
        "cognito_client_id": pool.client_id,
    }


def test_a_user_pool(aws_endpoint: str) -> None:
    pool = new_pool(aws_endpoint)
    findings = found(**pool_settings(pool))
    assert failures(findings) == []
    assert "ALLOW_USER_PASSWORD_AUTH" in texts(findings, "ok", "app client")
    for action in ("AdminGetUser", "AdminUserGlobalSignOut", "AdminSetUserPassword", "AdminUpdateUserAttributes"):
        assert f"cognito-idp:{action} is allowed" in texts(findings, "ok", "user pool")


def test_a_user_pool_that_would_let_nobody_in(aws_endpoint: str) -> None:
    pool = new_pool(aws_endpoint)
    pool.client.update_user_pool_client(UserPoolId=pool.pool_id, ClientId=pool.client_id, ExplicitAuthFlows=[])
    plain = pool.client.create_user_pool(PoolName="by name")["UserPool"]["Id"]
    client = pool.client.create_user_pool_client(UserPoolId=plain, ClientName="x", GenerateSecret=True)
    settings = pool_settings(pool) | {
        "cognito_user_pool_id": plain,
        "cognito_client_id": client["UserPoolClient"]["ClientId"],
        "cognito_domain": "https://people.example.org",
        "public_url": PAGE,
    }
    assert set(failures(found(**settings))) == {
        "user pool: people cannot sign in with an address",
        "user pool: it sends no codes to addresses",
        "app client: ALLOW_USER_PASSWORD_AUTH is off",
        "app client: ALLOW_REFRESH_TOKEN_AUTH is off",
        "app client: it has a secret, and none is set",
        "app client: a hosted sign-in would not come back here",
    }


# ---- an AWS that denies ----


@pytest.fixture
def denying(aws_credentials: None) -> Iterator[str]:
    with refusing_aws({"GetCallerIdentity": CALLER}) as endpoint:
        yield endpoint


def test_each_missing_permission_is_one_line_that_names_it(denying: str) -> None:
    findings = found(
        aws_endpoint_url=denying,
        aws_s3_bucket=BUCKET,
        mail_url="ses:",
        email_from="noreply@example.org",
        ses_events_queue_url=f"{denying}/123456789012/events",
        ses_events_topic_arn=f"{ARN}:mail",
        sns_topic_arn=f"{ARN}:operations",
        identity="cognito",
        cognito_user_pool_id="eu-central-1_Example",
        cognito_client_id="7client",
    )
    denied = {
        finding.advice.removeprefix("Allow ").removesuffix(" to this server's role.")
        for finding in findings
        if finding.state == "fail"
    }
    assert {
        "s3:ListBucket",
        "ses:GetAccount",
        "ses:SendRawEmail",
        "sns:ConfirmSubscription",
        "sqs:GetQueueAttributes",
        "sns:Publish",
        "cognito-idp:DescribeUserPool",
        "cognito-idp:DescribeUserPoolClient",
        "cognito-idp:AdminGetUser",
        "cognito-idp:AdminUserGlobalSignOut",
        "cognito-idp:AdminSetUserPassword",
        "cognito-idp:AdminUpdateUserAttributes",
    } <= denied
    assert texts(findings, "warn", "mail") == ["whether EMAIL_FROM is verified cannot be seen"]


def test_a_bucket_that_one_may_only_see(aws_credentials: None) -> None:
    with refusing_aws({"GetCallerIdentity": CALLER, "HeadBucket": ""}) as endpoint:
        findings = found(aws_endpoint_url=endpoint, aws_s3_bucket=BUCKET)
    assert failures(findings) == [
        "bucket: s3:PutObject is denied",
        "bucket: s3:GetObject is denied",
        "bucket: s3:DeleteObject is denied",
        "bucket: s3:ListMultipartUploadParts is denied",
        "bucket: s3:AbortMultipartUpload is denied",
    ]
    assert len(texts(findings, "warn", "bucket")) == 2


def test_a_secret_that_may_not_be_read_ends_it(denying: str) -> None:
    findings = found(
        aws_endpoint_url=denying, secrets_arn=f"arn:aws:secretsmanager:{REGION}:1:secret:x", aws_s3_bucket=BUCKET
    )
    assert failures(findings) == ["secret: secretsmanager:GetSecretValue is denied"]


def test_a_key_that_may_not_be_used_is_named(aws_credentials: None) -> None:
    hidden = {"__type": "AccessDeniedException", "message": "Access to KMS is not allowed"}
    with refusing_aws({"GetCallerIdentity": CALLER, "GetSecretValue": hidden}) as endpoint:
        findings = found(aws_endpoint_url=endpoint, secrets_arn=f"arn:aws:secretsmanager:{REGION}:1:secret:x")
    assert failures(findings) == ["secret: kms:Decrypt is denied"]
    said = "User: arn:aws:sts::1:assumed-role/mdreader is not authorized to perform: kms:GenerateDataKey on resource: x"
    denied = {"SendMessage": {"__type": "AccessDeniedException", "message": said}}
    with refusing_aws({"GetCallerIdentity": CALLER} | denied) as endpoint:
        findings = found(aws_endpoint_url=endpoint, jobs_queue_url=f"{endpoint}/123456789012/bell")
    assert "queue: kms:GenerateDataKey is denied" in failures(findings)


def test_without_credentials_that_is_all_that_is_said(monkeypatch: pytest.MonkeyPatch, denying: str) -> None:
    with refusing_aws() as endpoint:
        findings = found(aws_endpoint_url=endpoint, aws_s3_bucket=BUCKET)
    assert failures(findings) == ["credentials: AWS does not know who this is: AccessDenied"]


def test_an_aws_that_does_not_answer(aws_credentials: None) -> None:
    findings = found(aws_endpoint_url="http://127.0.0.1:9", aws_s3_bucket=BUCKET, redis_url="redis://127.0.0.1:9/0")
    assert failures(findings) == [
        "credentials: AWS does not answer: EndpointConnectionError",
        "redis: no answer: ConnectionError",
    ]


@pytest.mark.parametrize(
    ("account", "verified", "expected"),
    [
        ({"ProductionAccessEnabled": True}, True, []),
        ({"ProductionAccessEnabled": True}, False, ["fail: noreply@example.org is not verified"]),
        ({"ProductionAccessEnabled": False}, True, ["warn: the account is in SES's sandbox, 200 mails a day"]),
        ({"SendingEnabled": False}, True, ["fail: SES has stopped this account's mail"]),
        (
            {"ProductionAccessEnabled": True, "SendQuota": {"Max24HourSend": 200.0, "SentLast24Hours": 190.0}},
            True,
            ["warn: 190 of 200 mails of this day are used"],
        ),
    ],
)
def test_what_ses_says_of_an_account(
    aws_credentials: None, account: dict[str, Any], verified: bool, expected: list[str]
) -> None:
    known = {"SendingEnabled": True, "SendQuota": {"Max24HourSend": 200.0, "SentLast24Hours": 1.0}} | account
    answers = {
        "GetCallerIdentity": CALLER,
        "GetAccount": known,
        "GetEmailIdentity": {"VerifiedForSendingStatus": verified},
        "SendEmail": {"MessageId": "1"},
    }
    with refusing_aws(answers) as endpoint:
        findings = found(aws_endpoint_url=endpoint, mail_url="ses:", email_from="noreply@example.org")
    mail = [finding for finding in findings if finding.subject == "mail" and finding.state != "ok"]
    assert [f"{finding.state}: {finding.text}" for finding in mail] == expected
    failures(findings)


# ---- the command ----


def test_nothing_of_it_chosen_is_well() -> None:
    assert [finding.text for finding in found()] == ["the settings choose nothing of it"]


def test_for_programs_each_finding_is_a_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MDREADER_DATA", str(tmp_path))
    monkeypatch.setenv("PORT", "0")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:9/0")
    assert doctor.run(cloud=True, as_json=True) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(set(line) == {"state", "subject", "text", "advice"} for line in lines)
    assert [line["subject"] for line in lines if line["state"] == "fail" and line["subject"] != "page"] == ["redis"]
