"""Tokens of requests, as the vendor documents them, in front of moto, which keeps none of them.

WSGI middleware for creates of class A. A CreateHealthCheck with the caller reference and settings of an
earlier one answers with that health check, with other settings HealthCheckAlreadyExists. A hosted zone's
caller reference is refused the second time, whoever asks. EKS answers the same request under the same
token with what it answered before, and refuses another one.
"""
import io
import json
import re
import threading

XML = "text/xml"
JSON = "application/json"
CREATES = [
    (re.compile(r"^/2013-04-01/healthcheck$"), "healthcheck"),
    (re.compile(r"^/2013-04-01/hostedzone$"), "hostedzone"),
    (re.compile(r"^/clusters(/[^/]+/node-groups)?$"), "eks"),
]


class Tokens:
    def __init__(self, app):
        self.app = app
        self.lock = threading.Lock()
        self.known = {}

    def __call__(self, environ, start):
        path = (environ.get("RAW_URI") or environ.get("REQUEST_URI")).partition("?")[0]
        kind = next((k for pattern, k in CREATES if pattern.match(path)), None)
        if environ["REQUEST_METHOD"] != "POST" or kind is None:
            return self.app(environ, start)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        token = self.token(kind, body)
        with self.lock:
            before = self.known.get((kind, path, token)) if token else None
            if before is None:
                answer = self.ask(environ)
                if token and answer[0].startswith("2"):
                    self.known[(kind, path, token)] = (body, answer)
                return self.say(answer, start)
        return self.say(self.again(kind, body, *before), start)

    @staticmethod
    def token(kind, body):
        if kind == "eks":
            return json.loads(body).get("clientRequestToken")
        found = re.search(rb"<CallerReference>([^<]+)</CallerReference>", body)
        return found.group(1) if found else None

    @staticmethod
    def again(kind, body, first_body, first_answer):
        if kind == "hostedzone":
            return Tokens.refuse("409 Conflict", "HostedZoneAlreadyExists")
        if body == first_body:
            return first_answer
        if kind == "healthcheck":
            return Tokens.refuse("409 Conflict", "HealthCheckAlreadyExists")
        text = json.dumps({"__type": "InvalidParameterException", "message": "another request"}).encode()
        return "400 Bad Request", [("Content-Type", JSON)], text

    @staticmethod
    def refuse(status, code):
        text = (f"<ErrorResponse><Error><Code>{code}</Code><Message>the caller reference was used"
                f"</Message></Error><RequestId>1</RequestId></ErrorResponse>").encode()
        return status, [("Content-Type", XML)], text

    def ask(self, environ):
        kept = {}

        def keep(status, headers, exc_info=None):
            kept["status"], kept["headers"] = status, headers

        text = b"".join(self.app(environ, keep))
        return kept["status"], kept["headers"], text

    @staticmethod
    def say(answer, start):
        status, headers, text = answer
        start(status, [(k, v) for k, v in headers if k.lower() != "content-length"]
              + [("Content-Length", str(len(text)))])
        return [text]
