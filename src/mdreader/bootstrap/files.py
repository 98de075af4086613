"""Where files are kept."""

from mdreader.adapters.blobs_local import LocalBlobs
from mdreader.kernel.clock import Clock
from mdreader.ports.blobs import BlobStore
from mdreader.settings import Settings, SettingsError


def make_blobs(settings: Settings, secret: bytes, clock: Clock) -> BlobStore:
    """Where files are kept. Raises `SettingsError`."""
    if settings.aws_s3_bucket is None:
        local = LocalBlobs(settings.data.resolve() / "blobs", secret=secret, now=clock.now)
        local.sweep()
        return local
    from mdreader.adapters.aws import Aws
    from mdreader.adapters.blobs_s3 import CloudFront, S3Blobs

    cloudfront = None
    if settings.cloudfront_domain and settings.cloudfront_key_id and settings.cloudfront_private_key:
        key = settings.cloudfront_private_key.replace("\\n", "\n").encode()
        cloudfront = CloudFront(settings.cloudfront_domain, settings.cloudfront_key_id, key)
    client = Aws(settings.aws_region, settings.aws_endpoint_url).client("s3", signature_version="s3v4")
    try:
        return S3Blobs(client, settings.aws_s3_bucket, now=clock.now, cloudfront=cloudfront)
    except ValueError as error:
        raise SettingsError(f"cloudfront_private_key: {error}") from None
