"""Serve the API: `python -m services.api`."""

from __future__ import annotations

import os
import tempfile

import uvicorn

from services.settings import NoDatabase, Settings, as_role

ROLE = "leadledger_desk"
STOP_WITHIN_SECONDS = 10


def main() -> None:
    """Until SIGTERM or Ctrl-C; what is under way is finished first."""
    settings = Settings()
    try:
        as_role(settings.dsn, ROLE)
    except NoDatabase as missing:
        raise SystemExit(str(missing)) from None
    with tempfile.TemporaryDirectory(prefix="leadledger-metrics-") as counts:
        if settings.workers > 1:
            os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", counts)
        uvicorn.run(
            "services.api:create_app",
            factory=True,
            host=settings.host,
            port=settings.port,
            workers=settings.workers,
            loop="auto",
            http="httptools",
            log_level=settings.log_level,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=STOP_WITHIN_SECONDS,
        )


if __name__ == "__main__":
    main()
