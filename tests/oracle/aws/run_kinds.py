#!/usr/bin/env python3
"""Runs the provider's scenarios of one kind against moto and, where moto is wrong, ministack.

Both stand behind the wire validator, whose verdict is part of the test: a violation, an error of its
own, or no request at all fails it.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from eks_plane import EksPlane  # noqa: E402
from servers import PAGES_OF_ONE, ministack, moto, schemas_with  # noqa: E402


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--ministack")
    parser.add_argument("--eks-plane", action="store_true")
    parser.add_argument("--schemas", required=True)
    parser.add_argument("kind")
    args = parser.parse_args()
    if args.ministack and not Path(args.ministack).exists():
        sys.exit(f"{args.ministack} is missing: run tools/oracles/python-env first")
    servers, process = {"moto": moto()}, None
    if args.ministack:
        process, servers["ministack"] = ministack(args.ministack)
    if args.eks_plane:
        servers["eks-plane"] = moto(EksPlane)
    try:
        with tempfile.TemporaryDirectory() as folder:
            command = [args.program, "--schemas", schemas_with(args.schemas, folder, PAGES_OF_ONE),
                       "--kind", args.kind]
            for name, server in servers.items():
                command += [f"--{name}", server.url]
            failed = subprocess.run(command, timeout=170, check=False).returncode != 0
    finally:
        if process:
            process.terminate()
            process.wait()
    for name, server in servers.items():
        print(f"{name}: {dict(server.judge.stat)}")
        for wrong in server.verdict():
            print(f"{name}: {wrong}")
            failed = True
        print(name, json.dumps(server.judge.seen))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
