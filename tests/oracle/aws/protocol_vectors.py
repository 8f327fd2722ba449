#!/usr/bin/env python3
"""Runs the vendor's own protocol and signature vectors through aws_wire and aws_sign.

    protocol_vectors.py --sdist FILE --wire build/tests/aws_wire --sign build/tests/aws_sign

The vectors lie in the sdist of botocore: 162 requests and 110 answers of the five protocols, and the
Signature Version 4 suite. Event streams are not spoken, and counted apart.
"""

import argparse
import base64
import json
import math
import pathlib
import re
import subprocess
import sys
import tarfile
import urllib.parse
import xml.etree.ElementTree as ET

ROOT = "botocore-1.44.5/tests/unit/"
PROTOCOLS = ["ec2", "json", "query", "rest-json", "rest-xml"]
TOKEN = "00000000-0000-4000-8000-000000000000"
EXPECTED = {"input": 162, "output": 110, "sigv4": 34}
MOST_EVENT_STREAMS = 6

class Failures:
    """What went wrong, by the name of the case."""

    def __init__(self):
        self.cases = {}

    def add(self, name, message):
        self.cases.setdefault(name, []).append(message)


def ask(binary, lines):
    """The answers of a conformance binary to these objects, in order."""
    text = "".join(json.dumps(line) + "\n" for line in lines)
    done = subprocess.run([binary], input=text.encode(), stdout=subprocess.PIPE, check=False)
    answers = done.stdout.decode().splitlines()
    if done.returncode != 0 or len(answers) != len(lines):
        print(f"{binary} ended with {done.returncode} after {len(answers)} of {len(lines)} lines")
        bad = lines[len(answers)] if len(answers) < len(lines) else None
        print(json.dumps(bad)[:2000])
        sys.exit(1)
    return [json.loads(answer) for answer in answers]


def read_vectors(sdist):
    """The vectors' texts by their path below ROOT, read in one pass over the archive."""
    vectors = {}
    with tarfile.open(sdist) as archive:
        for member in archive:
            if member.isfile() and member.name.startswith((ROOT + "protocols/legacy/",
                                                           ROOT + "auth/aws4_testsuite/")):
                vectors[member.name[len(ROOT):]] = archive.extractfile(member).read().decode()
    return vectors


def model_of(suite, case):
    name = case["given"].get("name", "OperationName")
    return name, {"metadata": suite["metadata"], "shapes": suite["shapes"],
                  "operations": {name: case["given"]}}


def pairs(query):
    """A query or form as sorted pairs: their order says nothing."""
    return sorted(urllib.parse.parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)))


def unordered_maps(fields):
    """Form fields without the numbers of map entries (x.entry.N.key): maps have no order."""
    entries, rest = {}, []
    for name, value in fields:
        match = re.fullmatch(r"(.*?\.entry)\.(\d+)\.(.*)", name)
        if match:
            entries.setdefault(match[1], {}).setdefault(match[2], []).append((match[3], value))
        else:
            rest.append((name, value))
    return rest, {name: sorted(map(sorted, numbered.values()))
                  for name, numbered in entries.items()}


def same_json(left, right):
    try:
        return json.loads(left) == json.loads(right)
    except ValueError:
        return left == right


def canonical_xml(text):
    """Canonical text, with the entries of maps sorted."""
    root = ET.fromstring(ET.canonicalize(text, strip_text=True))
    for element in root.iter():
        if len(element) > 1 and all(child.tag.endswith("entry") for child in element):
            element[:] = sorted(element, key=ET.tostring)
    return ET.tostring(root)


def same_xml(left, right):
    if left == right:
        return True
    try:
        return canonical_xml(left) == canonical_xml(right)
    except ET.ParseError:
        return False


def check_request(protocol, case, got, failures, name):
    if "method" not in got:
        return failures.add(name, f"refused: {got}")
    want = case["serialized"]
    body = got.get("body")
    if body is None:
        body = base64.b64decode(got["body_base64"]).decode("latin-1")
    if "body" in want:
        if protocol in ("json", "rest-json"):
            same = same_json(body, want["body"])
        elif protocol == "rest-xml":
            same = same_xml(body, want["body"])
        else:
            same = unordered_maps(pairs(body)) == unordered_maps(pairs(want["body"]))
        if not same:
            failures.add(name, f"body\n  got  {body}\n  want {want['body']}")
    want_uri = want.get("uri", "/") or "/"
    got_path, _, got_query = got["uri"].partition("?")
    want_path, _, want_query = want_uri.partition("?")
    if got_path != want_path or pairs(got_query) != pairs(want_query):
        failures.add(name, f"uri\n  got  {got['uri']}\n  want {want_uri}")
    if "method" in want and got["method"] != want["method"]:
        failures.add(name, f"method {got['method']}, want {want['method']}")
    if "host" in want and got["host"] != want["host"]:
        failures.add(name, f"host {got['host']}, want {want['host']}")
    headers = {key.lower(): value for key, value in got["headers"].items()}
    for key, value in want.get("headers", {}).items():
        actual = headers.get(key.lower())
        if key.lower() == "content-type" and actual:
            actual, value = actual.split(";")[0], value.split(";")[0]
        if actual is None or actual.replace(", ", ",") != value.replace(", ", ","):
            failures.add(name, f"header {key}: got {actual!r}, want {value!r}")
    for key in want.get("forbidHeaders", []):
        if key.lower() in headers:
            failures.add(name, f"header {key} must not be there")


def plain(value):
    """Numbers as floats, so that 1 and 1.0 are one; floats within a microsecond's rounding."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, float) and math.isfinite(value):
        return round(value, 6)
    return value


def check_answer(case, got, failures, name):
    if "error" not in case:
        if "result" not in got:
            return failures.add(name, f"got {got}, want {case['result']}")
        if plain(got["result"]) != plain(case["result"]):
            failures.add(name, f"result\n  got  {got['result']}\n  want {case['result']}")
        return None
    want = {"code": case.get("errorCode", ""), "message": case.get("errorMessage", "")}
    if got.get("error") != want:
        failures.add(name, f"error\n  got  {got.get('error')}\n  want {want}")
    if plain(got.get("members") or {}) != plain(case["error"]):
        failures.add(name, f"members\n  got  {got.get('members')}\n  want {case['error']}")
    return None


def has_event_stream(suite):
    return any(shape.get("eventstream") for shape in suite["shapes"].values())


def run_protocols(vectors, wire, failures):
    streams = 0
    counts = {"input": 0, "output": 0}
    for direction in ("input", "output"):
        for protocol in PROTOCOLS:
            suites = json.loads(vectors[f"protocols/legacy/{direction}/{protocol}.json"])
            questions, cases = [], []
            for number, suite in enumerate(suites):
                for index, case in enumerate(suite["cases"]):
                    counts[direction] += 1
                    if direction == "output" and has_event_stream(suite):
                        streams += 1
                        continue
                    operation, model = model_of(suite, case)
                    question = {"model": model, "operation": operation}
                    if direction == "input":
                        question["params"] = case.get("params", {})
                        question["endpoint"] = suite.get("clientEndpoint", "https://example.com")
                        question["idempotency_token"] = TOKEN
                    else:
                        response = dict(case["response"])
                        if "body" not in response:
                            response["body"] = "<xml/>" if protocol == "query" else ""
                        question["response"] = response
                        question["members"] = True
                    questions.append(question)
                    cases.append((f"{direction}/{protocol} {number}:{index} "
                                  f"{case.get('id', suite['description'])}", case))
            for (name, case), got in zip(cases, ask(wire, questions)):
                if direction == "input":
                    check_request(protocol, case, got, failures, name)
                else:
                    check_answer(case, got, failures, name)
    return counts, streams


def read_raw_request(text):
    """A .req file: request line, headers (continued lines folded by a line feed), body."""
    head, _, body = text.replace("\r\n", "\n").partition("\n\n")
    lines = head.split("\n")
    method, _, rest = lines[0].partition(" ")
    uri = rest.rsplit(" ", 1)[0]
    headers = []
    for line in lines[1:]:
        if line[:1] in (" ", "\t") and headers:
            headers[-1][1] += "\n" + line
        elif line:
            key, _, value = line.partition(":")
            headers.append([key, value])
    return {"method": method, "uri": uri, "headers": headers, "body": body}


def run_signatures(vectors, sign, failures):
    folder = "auth/aws4_testsuite/"
    stems = sorted(name[:-len(".req")] for name in vectors if name.endswith(".req"))
    read = lambda name: vectors[name].replace("\r", "")
    questions = []
    for stem in stems:
        request = read_raw_request(vectors[stem + ".req"])
        signed = re.search(r"^x-amz-security-token:(.*)$", read(stem + ".creq"), re.MULTILINE)
        sent = re.search(r"^x-amz-security-token:(.*)$", read(stem + ".sreq"),
                         re.MULTILINE | re.IGNORECASE)
        questions.append({
            "request": request,
            "credentials": {"access_key": "AKIDEXAMPLE",
                            "secret_key": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                            "token": sent[1].strip() if sent else "",
                            "sign_token": bool(signed)},
            "region": "us-east-1", "service": "service", "timestamp": "20150830T123600Z"})
    for stem, got in zip(stems, ask(sign, questions)):
        name = "sigv4/" + stem[len(folder):]
        for part, suffix in (("canonical_request", ".creq"), ("string_to_sign", ".sts"),
                             ("authorization", ".authz")):
            want = read(stem + suffix)
            if got[part] != want:
                failures.add(name, f"{part}\n  got  {got[part]!r}\n  want {want!r}")
    return len(stems)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sdist", type=pathlib.Path, required=True)
    parser.add_argument("--wire", required=True)
    parser.add_argument("--sign", required=True)
    options = parser.parse_args()
    if not options.sdist.exists():
        sys.exit(f"{options.sdist} is missing: run tools/oracles/python-env first")
    failures = Failures()
    vectors = read_vectors(options.sdist)
    counts, streams = run_protocols(vectors, options.wire, failures)
    counts["sigv4"] = run_signatures(vectors, options.sign, failures)
    for name, messages in failures.cases.items():
        for message in messages:
            print(f"{name}: {message}")
    print(f"requests {counts['input']}, answers {counts['output']} ({streams} event streams not "
          f"spoken), signatures {counts['sigv4']}; {len(failures.cases)} failed")
    if counts != EXPECTED or streams > MOST_EVENT_STREAMS:
        print(f"expected {EXPECTED} and at most {MOST_EVENT_STREAMS} event streams")
        sys.exit(1)
    sys.exit(1 if failures.cases else 0)


if __name__ == "__main__":
    main()
