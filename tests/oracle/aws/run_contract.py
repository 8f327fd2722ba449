#!/usr/bin/env python3
"""Runs the suite that every provider must pass over the AWS plugin, with moto behind the wire validator."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from idempotency import Tokens  # noqa: E402
from servers import moto, schemas_with  # noqa: E402


def main():
    program, schemas, *flags = sys.argv[1:]
    server = moto(Tokens)
    with tempfile.TemporaryDirectory() as folder:
        # So few to a page that the suite meets several.
        environment = {**os.environ, "TANDEM_AWS_ENDPOINT": server.url,
                       "TANDEM_AWS_SCHEMAS": schemas_with(schemas, folder, (r"\bpage: \d+", "page: 20"))}
        failed = subprocess.run([program, *flags], env=environment, timeout=200, check=False).returncode
    print("validator:", dict(server.judge.stat), dict(server.judge.seen))
    for wrong in server.verdict():
        print(wrong)
        failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
