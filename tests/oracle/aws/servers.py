"""The servers that play AWS, each behind a wire validator of its own, on 127.0.0.1."""
import http.client
import logging
import os
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

os.environ.update({"MOTO_IAM_LOAD_MANAGED_POLICIES": "true", "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
                   "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"})

from werkzeug.serving import WSGIRequestHandler, make_server  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parent))
from spoil import Wire  # noqa: E402
from wire_validator import Forward, Middleware  # noqa: E402

MOTO_ACCOUNT = "123456789012"


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *unused):
        pass


class Server:
    """`app` behind the validator: `port` for the product, `bare_port` for whoever is not judged."""

    def __init__(self, app):
        logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
        self.middleware = Middleware(app)
        self.judge = self.middleware.judge
        self.port = Wire(self.judge, self._serve(self.middleware)).port
        self._app, self._bare_port = app, None

    @staticmethod
    def _serve(app):
        server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server.server_port

    @property
    def bare_port(self):
        if self._bare_port is None:
            self._bare_port = self._serve(self._app)
        return self._bare_port

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def verdict(self):
        """What is wrong with the requests so far, as texts; none at all is wrong as well."""
        wrong = [f"VIOLATION {violation}" for violation in self.judge.violations]
        if self.judge.stat["requests"] == 0 or self.judge.stat["ok"] == 0:
            wrong.append("no request came")
        wrong += [f"a fault was set and never met: {fault}" for fault in self.judge.faults
                  if fault["count"] > 0]
        return wrong


def moto(in_front=lambda app: app):
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    return Server(in_front(DomainDispatcherApplication(create_backend_app)))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ministack(program):
    """Returns (process, Server)."""
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
    return process, Server(Forward(port))


def schemas_with(schemas, folder, *changes):
    """A copy of the kind files in `folder` with each (pattern, replacement) of `changes` made."""
    os.symlink(Path(schemas).resolve() / "apis", Path(folder) / "apis")
    for file in Path(schemas).glob("kinds/aws/*/*.yaml"):
        copy = Path(folder) / file.relative_to(schemas)
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = file.read_text()
        for pattern, replacement in changes:
            text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
        copy.write_text(text)
    return folder


# Lists ask for one entry a page: tokens are met at once.
PAGES_OF_ONE = (r"\bpage: \d+", "page: 1")
# How long absence is doubted: tests do not wait as long as users do.
SHORT_WINDOW = (r"^consistency: \w+$", "consistency: 1s")
