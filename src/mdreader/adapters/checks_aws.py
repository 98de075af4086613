"""What AWS lets this server do: each permission that it needs, tried out, and named when it is missing.

Every check calls what the server calls. Nothing stays but a notice to the topic's subscribers and a ring of the job bell.
"""

import json
import re
import secrets
from collections.abc import Callable, Collection, Iterator
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

from mdreader.adapters.aws import Aws, AwsError, code_of
from mdreader.kernel.findings import Finding

_DENIED: Final = {
    "403",
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "AuthorizationErrorException",
    "NotAuthorizedException",
    "UnauthorizedOperation",
}
_UNREACHABLE: Final = {"ConnectTimeoutError", "EndpointConnectionError", "ConnectionClosedError", "ReadTimeoutError"}
_WAY_OUT: Final = "Check AWS_REGION, AWS_ENDPOINT_URL and the way out of the network: a NAT or a VPC endpoint."
# Nobody has it; a permission is there when AWS says so, and not that we may not ask.
_NOBODY: Final = "mdreader-doctor-nobody"
_ROOM: Final = 0.9
# What AWS calls the permission that is missing, where that is another one than the call's own: a key's, most of all.
_MISSING: Final = re.compile(r"authorized to perform:? [`']?([a-z0-9-]+:[A-Za-z]+)")
# What is said of our questions about nothing, once we may ask them.
_NO_MAIL: Final = frozenset({"BadRequestException", "InvalidParameterValue", "MessageRejected"})
_NO_TOKEN: Final = frozenset({"InvalidParameter", "InvalidParameterException"})
_NO_RECEIPT: Final = frozenset({"InvalidParameterValue", "ReceiptHandleIsInvalid"})
_NO_KEY: Final = "Access to KMS is not allowed"


class Checks:
    """Checks of AWS by services; each is a generator of findings."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def _client(self, service: str) -> Any:
        return self._aws.client(service, retries={"total_max_attempts": 1})

    def caller(self) -> Iterator[Finding]:
        """Whose credentials these are."""
        try:
            answer = self._client("sts").get_caller_identity()
        except AwsError as error:
            code = code_of(error)
            if code in _UNREACHABLE:
                yield Finding("fail", "credentials", f"AWS does not answer: {code}", _WAY_OUT)
                return
            advice = "Give the task or instance a role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; AWS_REGION names the region."
            yield Finding("fail", "credentials", f"AWS does not know who this is: {code}", advice)
        else:
            yield Finding("ok", "credentials", str(answer["Arn"]))

    def secret(self, arn: str) -> Iterator[Finding]:
        """SECRETS_ARN."""
        client = self._client("secretsmanager")
        answer, finding = _try("secret", "secretsmanager:GetSecretValue", lambda: client.get_secret_value(SecretId=arn))
        if answer is None:
            yield finding
            return
        try:
            names = sorted(json.loads(answer.get("SecretString", "")).keys())
        except (ValueError, AttributeError):
            yield Finding(
                "fail", "secret", "it is not a JSON object", 'Write it as {"username": "...", "password": "..."}.'
            )
            return
        yield Finding("ok", "secret", f"readable; it holds {', '.join(names) or 'nothing'}")

    def bucket(self, name: str, public_url: str | None) -> Iterator[Finding]:
        """AWS_S3_BUCKET."""
        client = self._client("s3")
        answer, finding = _try("bucket", "s3:ListBucket", lambda: client.head_bucket(Bucket=name))
        if answer is None:
            missing = "404" in finding.text or "NoSuchBucket" in finding.text
            advice = "Make it, or correct AWS_S3_BUCKET and AWS_REGION." if missing else finding.advice
            yield Finding("fail", "bucket", f"{name}: {finding.text}", advice)
            return
        yield Finding("ok", "bucket", f"{name} is there")
        yield from self._objects(client, name)
        yield self._private(client, name)
        yield self._origins(client, name, public_url)

    @staticmethod
    def _objects(client: Any, name: str) -> Iterator[Finding]:
        key = f"doctor/{uuid4()}"

        def read() -> bytes:
            return bytes(client.get_object(Bucket=name, Key=key)["Body"].read())

        steps: tuple[tuple[str, Callable[[], Any]], ...] = (
            ("s3:PutObject", lambda: client.put_object(Bucket=name, Key=key, Body=b"mdreader")),
            ("s3:GetObject", read),
            ("s3:DeleteObject", lambda: client.delete_object(Bucket=name, Key=key)),
        )
        for action, call in steps:
            yield _try("bucket", action, call)[1]
        # Large files go in parts; of an upload that nobody began there is nothing to see and nothing to give up.
        nobody = {"Bucket": name, "Key": key, "UploadId": _NOBODY}
        for action, call in (
            ("s3:ListMultipartUploadParts", lambda: client.list_parts(**nobody)),
            ("s3:AbortMultipartUpload", lambda: client.abort_multipart_upload(**nobody)),
        ):
            yield _try("bucket", action, call, fine={"NoSuchUpload"})[1]

    @staticmethod
    def _private(client: Any, name: str) -> Finding:
        advice = (
            f"aws s3api put-public-access-block --bucket {name}, with all four on: nothing in it is for the public."
        )
        try:
            blocks = client.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        except AwsError as error:
            if code_of(error) in _DENIED:
                return Finding(
                    "warn", "bucket", "whether it is private cannot be seen", "Allow s3:GetBucketPublicAccessBlock."
                )
            return Finding("fail", "bucket", "public access is not blocked", advice)
        if all(blocks.values()):
            return Finding("ok", "bucket", "public access is blocked")
        return Finding(
            "fail",
            "bucket",
            f"public access is open: {', '.join(sorted(k for k, v in blocks.items() if not v))}",
            advice,
        )

    @staticmethod
    def _origins(client: Any, name: str, public_url: str | None) -> Finding:
        origin = public_url and "{0.scheme}://{0.netloc}".format(urlsplit(public_url))
        advice = f"Allow GET and PUT from {origin or 'PUBLIC_URL, which is not set,'} in the bucket's CORS rules: the page uploads to it."
        try:
            rules = client.get_bucket_cors(Bucket=name)["CORSRules"]
        except AwsError as error:
            if code_of(error) in _DENIED:
                return Finding("warn", "bucket", "its CORS rules cannot be seen", "Allow s3:GetBucketCORS.")
            return Finding("warn", "bucket", "it has no CORS rules", advice)
        allowed = {
            method
            for rule in rules
            if origin in rule["AllowedOrigins"] or "*" in rule["AllowedOrigins"]
            for method in rule["AllowedMethods"]
        }
        missing = sorted({"GET", "PUT"} - allowed)
        if missing:
            return Finding("warn", "bucket", f"its CORS rules lack {' and '.join(missing)} from {origin}", advice)
        return Finding("ok", "bucket", "its CORS rules let the page in")

    def mail(self, sender: str) -> Iterator[Finding]:
        """MAIL_URL=ses:, and EMAIL_FROM."""
        client = self._client("sesv2")
        answer, finding = _try("mail", "ses:GetAccount", client.get_account)
        if answer is None:
            yield finding
        else:
            yield from _account(answer)
        yield self._sending(client, sender)
        domain = sender.rpartition("@")[2].rstrip(">")
        states = []
        for identity in (sender, domain):
            try:
                states.append(bool(client.get_email_identity(EmailIdentity=identity)["VerifiedForSendingStatus"]))
            except AwsError as error:
                if code_of(error) in _DENIED:
                    yield Finding(
                        "warn", "mail", "whether EMAIL_FROM is verified cannot be seen", "Allow ses:GetEmailIdentity."
                    )
                    return
        if any(states):
            yield Finding("ok", "mail", f"{sender} may be sent from")
        else:
            text = f"{sender} is not verified" if states else f"neither {sender} nor {domain} is an identity"
            yield Finding("fail", "mail", text, f"Verify the domain {domain} in SES, with DKIM.")

    @staticmethod
    def _sending(client: Any, sender: str) -> Finding:
        # To nobody, and no mail: refused for that by whom we may ask.
        mail = {"FromEmailAddress": sender, "Destination": {"ToAddresses": []}, "Content": {"Raw": {"Data": b"-"}}}
        return _try("mail", "ses:SendRawEmail", lambda: client.send_email(**mail), fine=_NO_MAIL)[1]

    def reports(self, arn: str) -> Iterator[Finding]:
        """SES_EVENTS_TOPIC_ARN: its subscription is confirmed from here."""
        client = self._client("sns")
        nobody = {"TopicArn": arn, "Token": _NOBODY}
        yield _try("reports", "sns:ConfirmSubscription", lambda: client.confirm_subscription(**nobody), fine=_NO_TOKEN)[
            1
        ]

    def topic(self, arn: str) -> Iterator[Finding]:
        """SNS_TOPIC_ARN."""
        client = self._client("sns")
        message = {"kind": "doctor", "severity": "info", "message": "mdreader doctor can publish here."}
        yield _try(
            "topic",
            "sns:Publish",
            lambda: client.publish(TopicArn=arn, Subject="mdreader: doctor", Message=json.dumps(message)),
        )[1]

    def queue(self, url: str) -> Iterator[Finding]:
        """A queue that the server reads."""
        client = self._client("sqs")
        answer, finding = _try(
            "queue",
            "sqs:GetQueueAttributes",
            lambda: client.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]),
        )
        if answer is None:
            yield finding
            return
        waiting = answer["Attributes"]["ApproximateNumberOfMessages"]
        yield Finding("ok", "queue", f"{url.rpartition('/')[2]}: {waiting} wait")
        # Seen for no time at all, a message stays for whoever works on it.
        receive = {"QueueUrl": url, "MaxNumberOfMessages": 1, "VisibilityTimeout": 0, "WaitTimeSeconds": 0}
        yield _try("queue", "sqs:ReceiveMessage", lambda: client.receive_message(**receive))[1]
        nobody = {"QueueUrl": url, "ReceiptHandle": _NOBODY}
        yield _try("queue", "sqs:DeleteMessage", lambda: client.delete_message(**nobody), fine=_NO_RECEIPT)[1]

    def bell(self, url: str) -> Iterator[Finding]:
        """JOBS_QUEUE_URL: it is read and written. The message that this leaves wakes a worker, which finds nothing new."""
        yield from self.queue(url)
        client = self._client("sqs")
        yield _try("queue", "sqs:SendMessage", lambda: client.send_message(QueueUrl=url, MessageBody="ring"))[1]

    def user_pool(self, pool_id: str, client_id: str, *, has_secret: bool, callback: str | None) -> Iterator[Finding]:
        """COGNITO_USER_POOL_ID and COGNITO_CLIENT_ID; `callback` is the address that a hosted sign-in comes back to."""
        client = self._client("cognito-idp")
        answer, finding = _try(
            "user pool", "cognito-idp:DescribeUserPool", lambda: client.describe_user_pool(UserPoolId=pool_id)
        )
        if answer is None:
            yield finding
        else:
            yield from _pool(answer["UserPool"])
        describe = {"UserPoolId": pool_id, "ClientId": client_id}
        answer, finding = _try(
            "app client", "cognito-idp:DescribeUserPoolClient", lambda: client.describe_user_pool_client(**describe)
        )
        if answer is None:
            yield finding
        else:
            yield from _app_client(answer["UserPoolClient"], has_secret=has_secret, callback=callback)
        nobody = {"UserPoolId": pool_id, "Username": _NOBODY}
        password = {"Password": f"Aa1!{secrets.token_urlsafe(24)}", "Permanent": True}
        for action, call in (
            ("cognito-idp:AdminGetUser", lambda: client.admin_get_user(**nobody)),
            ("cognito-idp:AdminUserGlobalSignOut", lambda: client.admin_user_global_sign_out(**nobody)),
            ("cognito-idp:AdminSetUserPassword", lambda: client.admin_set_user_password(**nobody, **password)),
            (
                "cognito-idp:AdminUpdateUserAttributes",
                lambda: client.admin_update_user_attributes(**nobody, UserAttributes=[]),
            ),
        ):
            yield _try("user pool", action, call, fine={"UserNotFoundException"})[1]


def _try(subject: str, action: str, call: Callable[[], Any], *, fine: Collection[str] = ()) -> tuple[Any, Finding]:
    """The answer, or None, and what to say of it. `fine`: codes of errors that show the permission as well as an answer."""
    try:
        answer = call()
    except AwsError as error:
        code = code_of(error)
        if code in fine:
            return None, Finding("ok", subject, f"{action} is allowed")
        if code in _DENIED:
            if (named := _MISSING.search(str(error))) is not None:
                action = named[1]
            elif _NO_KEY in str(error):
                action = "kms:Decrypt"
            return None, Finding("fail", subject, f"{action} is denied", f"Allow {action} to this server's role.")
        if code in _UNREACHABLE:
            return None, Finding("fail", subject, f"AWS does not answer to {action}: {code}", _WAY_OUT)
        return None, Finding(
            "fail", subject, f"{action} fails: {code}", "Check that its setting names something that is there."
        )
    return answer, Finding("ok", subject, f"{action} is allowed")


def _account(answer: dict[str, Any]) -> Iterator[Finding]:
    quota = answer.get("SendQuota", {})
    sent, limit = quota.get("SentLast24Hours", 0.0), quota.get("Max24HourSend", 0.0)
    if not answer.get("SendingEnabled", False):
        yield Finding(
            "fail", "mail", "SES has stopped this account's mail", "See the account's reputation in SES's console."
        )
    elif not answer.get("ProductionAccessEnabled", False):
        advice = "Ask SES for production access: until then it sends to verified addresses alone."
        yield Finding("warn", "mail", f"the account is in SES's sandbox, {limit:.0f} mails a day", advice)
    elif limit > 0 and sent > _ROOM * limit:
        yield Finding(
            "warn", "mail", f"{sent:.0f} of {limit:.0f} mails of this day are used", "Ask SES for a higher quota."
        )
    else:
        yield Finding(
            "ok", "mail", f"{sent:.0f} of {'unlimited' if limit < 0 else f'{limit:.0f}'} mails of this day are used"
        )


def _pool(pool: dict[str, Any]) -> Iterator[Finding]:
    yield Finding("ok", "user pool", f"{pool['Id']} ({pool.get('Name', '')})")
    if "email" not in pool.get("UsernameAttributes", ()) and "email" not in pool.get("AliasAttributes", ()):
        advice = (
            "People sign in with their address: make a pool with email as a sign-in option. It cannot be changed later."
        )
        yield Finding("fail", "user pool", "people cannot sign in with an address", advice)
    if "email" not in pool.get("AutoVerifiedAttributes", ()):
        advice = "Let it verify email by itself; without it nobody gets a code, and no account is linked."
        yield Finding("fail", "user pool", "it sends no codes to addresses", advice)
    if pool.get("UsernameConfiguration", {}).get("CaseSensitive", False):
        advice = "Make a pool that is not: Ada@example.org and ada@example.org are one person here."
        yield Finding("warn", "user pool", "it tells upper case from lower case in addresses", advice)
    if pool.get("MfaConfiguration") == "ON":
        advice = "Set it to optional: who has no app yet could not come in to set one up."
        yield Finding("warn", "user pool", "it demands a second factor of everybody", advice)


def _app_client(client: dict[str, Any], *, has_secret: bool, callback: str | None) -> Iterator[Finding]:
    flows = set(client.get("ExplicitAuthFlows", ()))
    for flow in ("ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"):
        if flow in flows:
            yield Finding("ok", "app client", flow)
        else:
            yield Finding(
                "fail", "app client", f"{flow} is off", f"Switch {flow} on in the app client's authentication flows."
            )
    if bool(client.get("ClientSecret")) != has_secret:
        advice = (
            "Put it into the secret of SECRETS_ARN as cognito_client_secret, or into COGNITO_CLIENT_SECRET."
            if client.get("ClientSecret")
            else "Unset COGNITO_CLIENT_SECRET."
        )
        text = "it has a secret, and none is set" if client.get("ClientSecret") else "a secret is set, and it has none"
        yield Finding("fail", "app client", text, advice)
    if client.get("EnableTokenRevocation") is False:
        advice = "Enable token revocation: without it a log-out leaves the pool's refresh token in force."
        yield Finding("warn", "app client", "its tokens cannot be revoked", advice)
    if client.get("PreventUserExistenceErrors") != "ENABLED":
        advice = "Enable PreventUserExistenceErrors: with LEGACY it tells strangers who has an account."
        yield Finding("warn", "app client", "it tells unknown addresses from wrong passwords", advice)
    if callback is not None:
        if callback in client.get("CallbackURLs", ()) and "code" in client.get("AllowedOAuthFlows", ()):
            yield Finding("ok", "app client", "a hosted sign-in comes back here")
        else:
            advice = f"Add the callback {callback} and the authorization code grant to the app client."
            yield Finding("fail", "app client", "a hosted sign-in would not come back here", advice)
