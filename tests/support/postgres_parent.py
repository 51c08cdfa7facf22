"""A process that starts the embedded server, says where it is, and stops it when its input ends; made to be killed."""

import json
import sys
from pathlib import Path

from adapters.postgres import default_folder, start

if __name__ == "__main__":
    with start(Path(sys.argv[1]) if len(sys.argv) > 1 else default_folder()) as server:
        print(json.dumps({"pid": server.pid, "dsn": server.dsn(), "folder": str(server.folder)}), flush=True)
        sys.stdin.read()
