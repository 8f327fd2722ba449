"""Judges every request to AWS by the service models of botocore: WSGI middleware in front of a server.

It finds the operation, recomputes the signature, parses the request as the service would, validates it
(enumerations included), serialises it again and compares. Emulators silently drop what they do not
know: a member that is misspelt or nested wrongly is found here. The verdict is GET /wv; POST /wv starts
a new one. POST /wv/fault?mode=MODE&operation=NAME&count=N spoils the next answers of an operation
(spoil.py says how).
"""
import collections
import http.client
import io
import json
import re
import sys
import threading
import traceback
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

import botocore.auth
import botocore.serialize
import botocore.session
import botocore.utils
import botocore.validate
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.model import ListShape
from moto.core.parse import PROTOCOL_PARSERS
from werkzeug.datastructures import Headers, MultiDict

sys.path.insert(0, str(Path(__file__).resolve().parent))
from spoil import (FAULT_KEY, FAULTS, NOT_YET, STATES, THROTTLED, History,  # noqa: E402
                   error_body, noun, with_state)

ListShape.is_flattened = property(lambda self: bool(self.serialization.get("flattened")))

SIGNING_NAMES = {
    "elasticloadbalancing": ["elbv2"], "es": ["opensearch"], "monitoring": ["cloudwatch"],
    "tagging": ["resourcegroupstaggingapi"],
}
SIGNATURE = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, ?"
    r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})")
FORMS = ("query", "ec2")


class Bad(Exception):
    """The request breaks the model."""


def path_pattern(uri):
    path, _, query = uri.partition("?")
    literal, pattern = 0, ""
    for part in re.split(r"(\{[^}]+\})", path):
        if part.startswith("{"):
            greedy = part.endswith("+}")
            name = re.sub(r"\W", "_", part[1:-2] if greedy else part[1:-1])
            pattern += "(?P<%s>%s)" % (name, ".+" if greedy else "[^/]+")
        else:
            pattern += re.escape(part)
            literal += len(part)
    wanted = [tuple(x.partition("=")[::2]) for x in query.split("&") if x]
    return re.compile("^" + pattern.rstrip("/") + "/?$"), literal, wanted


def normal_number(text):
    if re.fullmatch(r"-?\d+(\.\d+)?", text) and len(text) < 16:
        return repr(float(text))
    return text


def normal_xml(body):
    def form(element):
        return (element.tag, (element.text or "").strip(), tuple(sorted(element.attrib.items())),
                sorted([form(child) for child in element], key=lambda t: (t[0], t[1])))
    return form(ET.fromstring(body)) if body else None


def normal(protocol, body):
    if protocol in FORMS:
        pairs = parse_qsl(body.decode(), keep_blank_values=True) if isinstance(body, bytes) \
            else [(k, str(v)) for k, v in body.items()]
        return sorted((k, normal_number(v)) for k, v in pairs)
    if protocol in ("json", "rest-json"):
        return json.loads(body) if body else {}
    return normal_xml(body)


def enum_problems(shape, value, path):
    if shape.type_name == "structure" and isinstance(value, dict):
        return [p for k, v in value.items() if k in shape.members
                for p in enum_problems(shape.members[k], v, f"{path}.{k}")]
    if shape.type_name == "list" and isinstance(value, list):
        return [p for i, v in enumerate(value)
                for p in enum_problems(shape.member, v, f"{path}[{i}]")]
    if shape.type_name == "map" and isinstance(value, dict):
        return [p for k, v in value.items() for p in enum_problems(shape.value, v, f"{path}.{k}")]
    if shape.type_name == "string" and shape.enum and value not in shape.enum:
        return [f"{path}: {value!r} is none of {shape.enum[:12]}"]
    return []


class Validator:
    def __init__(self):
        self.session = botocore.session.get_session()
        self.secrets = {"testing": "testing"}
        self.revoked = set()  # keys that are known, and no longer good
        self.history = History()
        self.deleted = set()  # nouns of deletes since a fault was set for them
        self.models, self.operations = {}, {}
        self.lock = threading.Lock()
        self.reset()

    def reset(self):
        self.stat, self.violations = collections.Counter(), []
        self.seen = collections.Counter()
        self.faults = []

    def model(self, service):
        with self.lock:
            if service not in self.models:
                self.models[service] = self.session.get_service_model(service)
            return self.models[service]

    def operations_of(self, model):
        with self.lock:
            if model.service_name not in self.operations:
                self.operations[model.service_name] = [
                    (name, model.operation_model(name).http.get("method"),
                     *path_pattern(model.operation_model(name).http["requestUri"]))
                    for name in model.operation_names]
            return self.operations[model.service_name]

    def resolve(self, model, protocol, method, path, query, headers, form):
        if protocol in FORMS:
            action = form.get("Action")
            if action not in model.operation_names:
                raise Bad(f"unknown Action {action}")
            if form.get("Version") != model.api_version:
                raise Bad(f"Version {form.get('Version')} != {model.api_version}")
            return action, {}
        if protocol == "json":
            target = headers.get("X-Amz-Target") or ""
            prefix, _, action = target.rpartition(".")
            if prefix != model.metadata["targetPrefix"] or action not in model.operation_names:
                raise Bad(f"unknown target {target}")
            sent = headers.get("Content-Type", "").split(";")[0]
            wanted = "application/x-amz-json-" + str(model.metadata.get("jsonVersion", "1.0"))
            if sent != wanted:
                raise Bad(f"content-type {sent}, wanted {wanted}")
            return action, {}
        best = None
        given = dict(query)
        for name, verb, pattern, literal, wanted in self.operations_of(model):
            found = pattern.match(path) if verb == method else None
            if not found or any(k not in given or (v and given[k] != v) for k, v in wanted):
                continue
            operation = model.operation_model(name)
            members = operation.input_shape.members.items() if operation.input_shape else []
            needed = [s.serialization.get("name") for m, s in members
                      if s.serialization.get("location") == "querystring"
                      and m in operation.input_shape.required_members]
            if any(n not in given for n in needed):
                continue
            score = (len(wanted) + len(needed), literal)
            if best is None or score > best[0]:
                best = (score, name, found.groupdict())
        if not best:
            raise Bad(f"no operation for {method} {path}?{query}")
        return best[1], best[2]

    def check(self, environ, body):
        """Returns (service, operation)."""
        headers = Headers()
        for key, value in environ.items():
            if key.startswith("HTTP_"):
                headers[key[5:].replace("_", "-").title()] = value
        if environ.get("CONTENT_TYPE"):
            headers["Content-Type"] = environ["CONTENT_TYPE"]
        raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
        parts = urlsplit(raw)
        signed = SIGNATURE.match(headers.get("Authorization", ""))
        service_name = self.check_signature(signed, environ, headers, raw, body) if signed else "sts"
        problems = []
        for name in SIGNING_NAMES.get(service_name, [service_name]):
            model = self.model(name)
            try:
                operation = self.check_request(model, environ, parts, headers, body)
            except Bad as bad:
                problems.append(f"{name}: {bad}")
                continue
            unsigned = model.operation_model(operation).auth_type == "none"
            if bool(signed) == unsigned:
                raise Bad(f"{name}.{operation} is " + ("signed" if signed else "not signed: " +
                          headers.get("Authorization", "")[:40]))
            return name, operation
        raise Bad("; ".join(problems))

    def check_signature(self, signed, environ, headers, raw, body):
        key, _, region, service, names, signature = signed.groups()
        request = AWSRequest(method=environ["REQUEST_METHOD"],
                             url="http://" + headers["Host"] + raw, data=body)
        names = names.split(";")
        if "host" not in names or "x-amz-date" not in names:
            raise Bad("host and x-amz-date are not signed")
        for name in names:
            request.headers[name] = headers.get(name)
        request.context["timestamp"] = headers["X-Amz-Date"]
        if key not in self.secrets:
            raise Bad("signed with a key that nobody gave")
        token = headers.get("X-Amz-Security-Token")
        signer = botocore.auth.SigV4Auth(Credentials(key, self.secrets[key], token), service, region)
        canonical = signer.canonical_request(request)
        if signer.signature(signer.string_to_sign(request, canonical), request) != signature:
            raise Bad("the signature is wrong")
        return service

    def check_request(self, model, environ, parts, headers, body):
        protocols = model.metadata.get("protocols") or [model.metadata["protocol"]]
        form_type = (environ.get("CONTENT_TYPE") or "").startswith(
            "application/x-www-form-urlencoded")
        if "X-Amz-Target" in headers:
            protocol = "json"
        elif form_type and any(p in FORMS for p in protocols):
            protocol = "ec2" if "ec2" in protocols else "query"
        else:
            protocol = model.metadata["protocol"]
        if protocol not in protocols:
            raise Bad(f"protocol {protocol} is none of {protocols}")
        query = parse_qsl(parts.query, keep_blank_values=True)
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)) \
            if protocol in FORMS else {}
        name, labels = self.resolve(model, protocol, environ["REQUEST_METHOD"], parts.path, query,
                                    headers, form)
        self.validate(model, protocol, name, labels, parts.path, query, headers, form, body)
        return name

    def validate(self, model, protocol, name, labels, path, query, headers, form, body):
        operation = model.operation_model(name)
        shape = operation.input_shape
        url_params = {}
        for member, inner in (shape.members.items() if shape else []):
            if inner.serialization.get("location") == "uri":
                label = inner.serialization.get("name", member)
                url_params[label] = unquote(labels.get(re.sub(r"\W", "_", label)) or "")
        parser = PROTOCOL_PARSERS[protocol](operation, timestamp_parser=botocore.utils.parse_timestamp)
        values = MultiDict(form.items() if protocol in FORMS else query)
        try:
            parsed = parser.parse({"body": body, "headers": headers, "method": "",
                                   "url_params": url_params, "url_path": path, "values": values})
        except Exception as error:
            raise Bad(f"{name}: cannot be parsed: {type(error).__name__} {error}")
        parsed = {k: v for k, v in parsed.items() if v is not None}

        def prune(inner, value):
            if inner.type_name == "structure" and isinstance(value, dict):
                return {k: prune(inner.members[k], v) for k, v in value.items()
                        if k in inner.members and v is not None and not (
                            inner.members[k].serialization.get("location")
                            in ("querystring", "headers") and v in ([], {}))}
            if inner.type_name == "list" and isinstance(value, list):
                return [prune(inner.member, v) for v in value]
            if inner.type_name == "map" and isinstance(value, dict):
                return {k: prune(inner.value, v) for k, v in value.items()}
            return value

        if shape:
            parsed = prune(shape, parsed)
            report = botocore.validate.ParamValidator().validate(parsed, shape)
            if report.has_errors():
                raise Bad(f"{name}: {report.generate_report()[:300]}")
            problems = enum_problems(shape, parsed, name)
            if problems:
                raise Bad("; ".join(problems[:5]))
        try:
            again = botocore.serialize.SERIALIZERS[protocol]().serialize_to_request(parsed, operation)
        except Exception as error:
            raise Bad(f"{name}: cannot be serialised: {type(error).__name__} {error}")
        wanted = again["body"]
        wanted = wanted.encode() if isinstance(wanted, str) else wanted
        sent, model_form = normal(protocol, body), normal(protocol, wanted or b"" if not isinstance(
            wanted, dict) else wanted)
        if sent != model_form:
            raise Bad(f"{name}: the body is not what the model writes\n  sent  {str(sent)[:600]}\n"
                      f"  model {str(model_form)[:600]}")
        if not protocol.startswith("rest"):
            return
        given = again["query_string"]
        target = urlsplit(again["url_path"])
        pairs = given.items() if isinstance(given, dict) else given
        allowed = sorted([(k, str(x)) for k, v in pairs
                          for x in (v if isinstance(v, list) else [v])]
                         + parse_qsl(target.query, keep_blank_values=True))
        if [k for k, _ in sorted(query)] != [k for k, _ in allowed]:
            raise Bad(f"{name}: query {sorted(query)}, the model writes {allowed}")
        if unquote(target.path).rstrip("/") != unquote(path).rstrip("/"):
            raise Bad(f"{name}: path {path}, the model writes {target.path}")

    def learn(self, service, operation, body):
        """Keys that the token service gives are as good as the test's own."""
        if service != "sts" or not operation.startswith("AssumeRole"):
            return
        keys = re.search(rb"<AccessKeyId>([^<]+)</AccessKeyId>", body)
        secret = re.search(rb"<SecretAccessKey>([^<]+)</SecretAccessKey>", body)
        if keys and secret:
            self.secrets[keys.group(1).decode()] = secret.group(1).decode()

    def operation_of(self, request):
        """The operation that a raw HTTP request asks for; "" if it is none."""
        head, _, body = request.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = Headers([line.split(": ", 1) for line in lines if ": " in line])
        if target.startswith("/wv"):
            return ""
        signed = SIGNATURE.match(headers.get("Authorization", ""))
        parts = urlsplit(target)
        for name in SIGNING_NAMES.get(signed.group(4), [signed.group(4)]) if signed else ["sts"]:
            try:
                model = self.model(name)
                form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
                protocol = "json" if "X-Amz-Target" in headers else "query" if "Action" in form \
                    else model.metadata["protocol"]
                return self.resolve(model, protocol, method, parts.path,
                                    parse_qsl(parts.query, keep_blank_values=True), headers, form)[0]
            except Bad:
                continue
        return ""

    def fault_for(self, operation):
        """The next fault of the operation, which is met now; each request meets one."""
        with self.lock:
            if operation.startswith("Delete"):
                self.deleted.add(noun(operation))
            for fault in self.faults:
                if fault["mode"] == "linger" and noun(fault["operation"]) not in self.deleted:
                    continue
                if fault["operation"] == operation and fault["count"] > 0:
                    fault["count"] -= 1
                    return fault["mode"]
        return None

    def set_fault(self, mode, operation, count=1):
        if mode not in FAULTS:
            raise ValueError(f"no fault {mode}")
        with self.lock:
            self.faults.append({"mode": mode, "operation": operation, "count": count})
            if mode == "linger":
                self.deleted.discard(noun(operation))


class Middleware:
    def __init__(self, app):
        self.app, self.judge = app, Validator()

    def control(self, environ, start):
        judge = self.judge
        query = {k: v[0] for k, v in parse_qs(environ.get("QUERY_STRING", "")).items()}
        if environ["PATH_INFO"] == "/wv/fault":
            judge.set_fault(query["mode"], query["operation"], int(query.get("count", 1)))
        elif environ["REQUEST_METHOD"] == "POST":
            judge.reset()
        left = [f for f in judge.faults if f["count"] > 0]
        body = json.dumps({"stat": judge.stat, "seen": judge.seen, "violations": judge.violations,
                           "faults_left": left}).encode()
        start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    def __call__(self, environ, start):
        judge = self.judge
        if environ["PATH_INFO"].startswith("/wv"):
            return self.control(environ, start)
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length)
        environ["wsgi.input"] = io.BytesIO(body)
        service, operation = "", ""
        judge.stat["requests"] += 1
        try:
            service, operation = judge.check(environ, body)
            judge.seen[f"{service}.{operation}"] += 1
            judge.stat["ok"] += 1
        except Bad as bad:
            judge.stat["violations"] += 1
            judge.violations.append(str(bad)[:1400])
        except Exception:
            judge.stat["internal"] += 1
            judge.violations.append("INTERNAL " + traceback.format_exc()[-900:])
        status, headers, text = self.answer(service, operation, environ, body)
        kept = [(k, v) for k, v in headers if k.lower() != "content-length"]
        start(status, kept + [("Content-Length", str(len(text)))])
        return [text]

    def answer(self, service, operation, environ, body):
        """What the server says, spoilt by the fault that is set for it."""
        judge = self.judge
        if self.refuses(environ):
            return self.refuse(service, "403 Forbidden", "InvalidClientTokenId",
                               "The security token included in the request is invalid.")
        fault = environ.get(FAULT_KEY)
        if fault == "throttle":
            code = THROTTLED.get(judge.model(service).metadata["protocol"], "ThrottlingException")
            return self.refuse(service, "400 Bad Request", code, "slow down")
        if fault == "fail":
            return self.refuse(service, "500 Internal Server Error", "InternalFailure", "it failed")
        if fault == "expire":
            return self.refuse(service, "403 Forbidden", "ExpiredToken", "The token is expired.")
        key = (environ.get("RAW_URI") or environ.get("REQUEST_URI"), body)
        if fault in ("stale", "linger"):
            old = judge.history.before_the_last_change(operation, key)
            if old is None and operation in NOT_YET and fault == "stale":
                status, code = NOT_YET[operation]
                return self.refuse(service, f"{status} Old", code, "there is none yet")
            if old is not None:
                words = STATES[operation][2] if operation in STATES else None
                spoilt = fault == "linger" and words is not None
                return old[0], old[1], with_state(operation, old[2], words) if spoilt else old[2]
        answer = {}

        def keep(status, headers, exc_info=None):
            answer["status"], answer["headers"] = status, headers
            return lambda data: None

        produced = self.app(environ, keep)
        text = b"".join(produced)
        if hasattr(produced, "close"):
            produced.close()
        judge.learn(service, operation, text)
        judge.history.remember(operation, key, (answer["status"], answer["headers"], text))
        if fault == "html":
            page = b"<!doctype html><html><title>502</title><h1>Bad Gateway</h1></html>"
            return "502 Bad Gateway", [("Content-Type", "text/html")], page
        if fault == "busy":
            text = with_state(operation, text, None)
        return answer["status"], answer["headers"], text

    def refuses(self, environ):
        """Keys that were taken back: the service says so, and it is no violation."""
        signed = SIGNATURE.match(environ.get("HTTP_AUTHORIZATION", ""))
        return signed is not None and signed.group(1) in self.judge.revoked

    def refuse(self, service, status, code, message):
        text, kind = error_body(self.judge.model(service or "sts").metadata["protocol"], code, message)
        return status, [("Content-Type", kind)], text


class Forward:
    """WSGI: hands every request on to a server at 127.0.0.1:port."""

    def __init__(self, port):
        self.port = port

    def __call__(self, environ, start):
        headers = {}
        for key, value in environ.items():
            if key.startswith("HTTP_") and key != "HTTP_CONNECTION":
                headers[key[5:].replace("_", "-").title()] = value
        if environ.get("CONTENT_TYPE"):
            headers["Content-Type"] = environ["CONTENT_TYPE"]
        target = environ.get("RAW_URI") or environ.get("REQUEST_URI")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(environ["REQUEST_METHOD"], target, environ["wsgi.input"].read(), headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        skipped = ("transfer-encoding", "connection", "content-length")
        kept = [(k, v) for k, v in answer.getheaders() if k.lower() not in skipped]
        start(f"{answer.status} {answer.reason}", kept + [("Content-Length", str(len(body)))])
        return [body]
