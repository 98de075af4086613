# The base is pinned to a patch version. A digest pins it to the byte: `docker buildx imagetools inspect` of this name
# prints the index's digest, which covers both architectures; write it behind the name, name@sha256:..., in both places.

FROM python:3.11.15-slim-bookworm AS build

# What is built is the same on every day: hatchling writes this date into the wheel.
ENV SOURCE_DATE_EPOCH=1700000000 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore

# The fast search for differences has no wheel for Linux on ARM. It is compiled on both architectures, so that both hold the same.
# Its compiler has no version here: Debian keeps only the newest build, and nothing of this stage but what it made goes on.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends g++ \
    && rm -rf /var/lib/apt/lists/*

COPY requirements-build.lock requirements-image.lock /build/
RUN pip install --only-binary :all: --require-hashes --requirement /build/requirements-build.lock

# requirements.lock, or requirements-fleet.lock with the drivers of PostgreSQL, Redis, AWS and OpenTelemetry.
ARG LOCK=requirements.lock
COPY ${LOCK} /build/runtime.lock
RUN pip wheel --only-binary :all: --no-binary fast-diff-match-patch --no-build-isolation --require-hashes \
        --wheel-dir /build/wheels --requirement /build/runtime.lock --requirement /build/requirements-image.lock \
    && python3 -m venv --without-pip /opt/mdreader \
    && pip --python /opt/mdreader/bin/python install --no-index --no-deps --no-compile /build/wheels/*.whl

WORKDIR /build/mdreader
COPY web/package.json web/package-lock.json web/
COPY hatch_build.py ./
RUN python3 hatch_build.py install web
COPY pyproject.toml README.md LICENSE ./
COPY web web
COPY src src
# The page is built by hatch_build.py on the way. Byte code is written here, since nothing can be written later.
RUN python3 -m hatchling build --target wheel --directory /build/dist \
    && pip --python /opt/mdreader/bin/python install --no-deps --no-index --no-compile /build/dist/*.whl \
    && /opt/mdreader/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/mdreader/lib
COPY infra/image/health.py /opt/mdreader/


FROM python:3.11.15-slim-bookworm

ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="mdreader" \
      org.opencontainers.image.description="A collaborative Markdown workspace" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# Nothing installs anything from here on. /data is all that the server writes, /tmp what libraries may.
RUN rm -r "$(python3 -c 'import ensurepip; print(*ensurepip.__path__)')" \
    && pip uninstall --yes --quiet --root-user-action ignore setuptools wheel pip \
    && groupadd --gid 10001 mdreader \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin mdreader \
    && install --directory --owner 10001 --group 10001 --mode 0750 /data
COPY --from=build /opt/mdreader /opt/mdreader

ENV PATH=/opt/mdreader/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=8000 \
    MDREADER_DATA=/data \
    MDREADER_LOG_FORMAT=json

USER 10001:10001
WORKDIR /data
# Volumes, so that they can be written under a read-only root and belong to the user where a platform makes them empty.
VOLUME ["/data", "/tmp"]
EXPOSE 8000

# The server ends within 10 seconds of SIGTERM (longer by MDREADER_STOP_DELAY): give it 15 before SIGKILL.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python3", "-I", "-S", "/opt/mdreader/health.py"]
ENTRYPOINT ["mdreader"]
CMD ["serve"]
