# kg-platform: the `kg` command and the explorer. The database and the ledger are other containers.
FROM python:3.12.11-slim-bookworm

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PYTHONUNBUFFERED=1

WORKDIR /app

# First what changes least: exactly the locked packages, each checked against its hash.
COPY requirements.lock ./
RUN pip install --require-hashes --no-deps -r requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY kg_platform/ kg_platform/
COPY ingest/ ingest/
COPY embeddings/ embeddings/
COPY ui/ ui/
COPY recipes/ recipes/
COPY migrations/ migrations/
RUN pip install --no-deps --no-build-isolation --no-index .

# The only folder that is written to belongs to a user without rights anywhere else.
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin kg \
    && install -d -o kg -g kg -m 0750 /data
ENV HOME=/data \
    KG_HOME=/data \
    KG_CACHE=/data/cache
# Not /app: its source folders must not be imported in the place of what was installed.
WORKDIR /data
USER 10001
VOLUME /data

EXPOSE 8501
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=4 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]

CMD ["kg", "ui", "--address", "0.0.0.0", "--port", "8501", "--no-browser"]
