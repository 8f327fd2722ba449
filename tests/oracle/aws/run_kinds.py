#!/usr/bin/env python3
"""Runs the provider's scenarios of one kind against moto and, where moto is wrong, ministack.

Both stand behind the wire validator, whose verdict is part of the test: a violation, an error of its
own, or no request at all fails it.
"""
import argparse
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

os.environ.update({"MOTO_IAM_LOAD_MANAGED_POLICIES": "true", "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
                   "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"})

import logging

from werkzeug.serving import WSGIRequestHandler, make_server

sys.path.insert(0, str(Path(__file__).resolve().parent))
from eks_plane import EksPlane  # noqa: E402
from wire_validator import Forward, Middleware  # noqa: E402


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *unused):
        pass


def serve(app):
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    middleware = Middleware(app)
    server = make_server("127.0.0.1", 0, middleware, threaded=True, request_handler=Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return middleware, server.server_port


def moto(in_front=lambda app: app):
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    return serve(in_front(DomainDispatcherApplication(create_backend_app)))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ministack(program):
    port = free_port()
    process = subprocess.Popen(
        [program], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port),
             "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0"})
    for _ in range(300):
        try:
            probe = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
            probe.request("GET", "/_ministack/health")
            probe.getresponse().read()
            break
        except OSError:
            time.sleep(0.1)
    middleware, front = serve(Forward(port))
    return process, middleware, front


def with_pages_of_one(schemas, folder):
    """A copy of the kind files whose lists ask for one entry a page: tokens are met at once."""
    os.symlink(Path(schemas).resolve() / "apis", Path(folder) / "apis")
    for file in Path(schemas).glob("kinds/aws/*/*.yaml"):
        copy = Path(folder) / file.relative_to(schemas)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(re.sub(r"\bpage: \d+", "page: 1", file.read_text()))
    return folder


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--ministack")
    parser.add_argument("--eks-plane", action="store_true")
    parser.add_argument("--schemas", required=True)
    parser.add_argument("kind")
    args = parser.parse_args()
    judges, process = {}, None
    folder = tempfile.TemporaryDirectory()
    schemas = with_pages_of_one(args.schemas, folder.name)
    judges["moto"] = moto()
    command = [args.program, "--schemas", schemas, "--kind", args.kind,
               "--moto", f"http://127.0.0.1:{judges['moto'][1]}"]
    if args.ministack and not Path(args.ministack).exists():
        sys.exit(f"{args.ministack} is missing: run tools/oracles/python-env first")
    if args.ministack:
        process, middleware, port = ministack(args.ministack)
        judges["ministack"] = (middleware, port)
        command += ["--ministack", f"http://127.0.0.1:{port}"]
    if args.eks_plane:
        judges["eks-plane"] = moto(EksPlane)
        command += ["--eks-plane", f"http://127.0.0.1:{judges['eks-plane'][1]}"]
    try:
        failed = subprocess.run(command, timeout=100, check=False).returncode != 0
    finally:
        folder.cleanup()
        if process:
            process.terminate()
            process.wait()
    for name, (middleware, _) in judges.items():
        judge = middleware.judge
        print(f"{name}: {dict(judge.stat)}")
        for violation in judge.violations:
            print(f"{name}: VIOLATION {violation}")
        if judge.stat["requests"] == 0 or judge.violations or judge.stat["ok"] == 0:
            failed = True
        if any(fault["count"] > 0 for fault in judge.faults):
            print(f"{name}: a fault was set and never met: {judge.faults}")
            failed = True
        print(name, json.dumps(judge.seen))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
