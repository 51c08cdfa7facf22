# One image for every process; compose.yaml says which one a container runs.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONPATH=/app
WORKDIR /app

COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock

COPY domain/ domain/
COPY commands/ commands/
COPY projections/ projections/
COPY adapters/ adapters/
COPY services/ services/
RUN python -m compileall -q . && useradd --system --uid 10001 --no-create-home leadledger

USER 10001
EXPOSE 8000
CMD ["python", "-m", "services.api"]
