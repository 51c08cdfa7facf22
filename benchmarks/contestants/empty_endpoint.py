"""An empty FastAPI endpoint, served exactly as services/api is."""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI

app = FastAPI()


@app.post("/empty")
async def empty() -> dict[str, str]:
    """Nothing is asked, nothing is done."""
    return {}


if __name__ == "__main__":
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="auto",
        http="httptools",
        log_level="warning",
        access_log=False,
        server_header=False,
    )
