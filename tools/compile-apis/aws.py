#!/usr/bin/env python3
"""Compiles the API descriptions of AWS services into schemas/apis/aws/.

From one pinned botocore wheel, for the operations named in aws-operations.txt: operations, the
shapes they reach, paginators, waiters and where the endpoint is. Facts only; every piece of prose
is left out. The output is deterministic, one line a shape and an operation.

    tools/compile-apis/aws.py [--wheel FILE] [--check]

Without --wheel the wheel comes from pip, into ${XDG_CACHE_HOME:-~/.cache}/tandem/. --check writes
nothing and exits 1 if a checked-in file differs.
"""

import argparse
import fnmatch
import gzip
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import zipfile

VERSION = "1.44.5"
WHEEL = f"botocore-{VERSION}-py3-none-any.whl"
SHA256 = "8f16a56d1dff125dd65322ae021efa7ba5195a6db5102b96862566055b748921"
PROTOCOLS = ["json", "query", "ec2", "rest-json", "rest-xml"]
HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE.parent.parent / "schemas" / "apis" / "aws"

METADATA = [
    "apiVersion", "awsQueryCompatible", "endpointPrefix", "globalEndpoint", "jsonVersion",
    "protocol", "serviceId", "signatureVersion", "signingName", "targetPrefix", "xmlNamespace",
]
OPERATION = ["authtype", "auth", "deprecated", "endpoint", "idempotent", "unsignedPayload",
             "httpChecksumRequired"]
SHAPE_REF = [
    "shape", "location", "locationName", "flattened", "xmlNamespace", "xmlAttribute", "queryName",
    "timestampFormat", "streaming", "jsonvalue", "idempotencyToken", "hostLabel", "eventpayload",
    "eventheader", "deprecated", "resultWrapper",
]
SHAPE = [
    "type", "required", "payload", "enum", "min", "max", "pattern", "sensitive", "exception",
    "fault", "union", "document", "box", "synthetic", "eventstream", "event", "retryable", "wrapper",
]


def fail(message):
    sys.exit(f"aws.py: {message}")


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fetch_wheel():
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    folder = cache / "tandem" / SHA256
    wheel = folder / WHEEL
    if not wheel.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
                        "--only-binary", ":all:", "--dest", str(folder), f"botocore=={VERSION}"],
                       check=True)
    return wheel


def read_selection():
    """[(service, version, protocol, [glob, …])] in the file's order."""
    services = []
    for line in (HERE / "aws-operations.txt").read_text().splitlines():
        line = line.split("#")[0].rstrip()
        if not line:
            continue
        words = line.split()
        if line[0] != " ":
            if len(words) != 3:
                fail(f"aws-operations.txt: '{line}' is not 'service version protocol'")
            services.append((words[0], words[1], words[2], []))
        else:
            services[-1][3].extend(words)
    return services


class Source:
    def __init__(self, wheel):
        self.zip = zipfile.ZipFile(wheel)
        self.names = set(self.zip.namelist())

    def read(self, path):
        """The JSON at botocore/data/PATH.json[.gz], or None."""
        for suffix, decode in ((".json.gz", gzip.decompress), (".json", lambda data: data)):
            name = f"botocore/data/{path}{suffix}"
            if name in self.names:
                return json.loads(decode(self.zip.read(name)))
        return None


def pick(source, keys):
    return {key: source[key] for key in keys if key in source and source[key] is not False}


def compile_ref(ref):
    return pick(ref, SHAPE_REF)


def compile_shape(shape):
    out = pick(shape, SHAPE + [key for key in SHAPE_REF if key != "shape"])
    if "error" in shape:
        out["error"] = pick(shape["error"], ["code", "httpStatusCode", "senderFault"])
    if "members" in shape:
        out["members"] = {name: compile_ref(ref) for name, ref in shape["members"].items()}
    for part in ("member", "key", "value"):
        if part in shape:
            out[part] = compile_ref(shape[part])
    return out


def compile_operation(operation):
    out = {"name": operation["name"], "http": pick(operation["http"], ["method", "requestUri",
                                                                       "responseCode"])}
    out.update(pick(operation, OPERATION))
    for part in ("input", "output"):
        if part in operation:
            out[part] = compile_ref(operation[part])
    if operation.get("errors"):
        out["errors"] = [{"shape": error["shape"]} for error in operation["errors"]]
    return out


def reachable(shapes, roots):
    """The names of shapes that `roots` lead to, in the source's order."""
    seen, open_names = set(), list(roots)
    while open_names:
        name = open_names.pop()
        if name in seen:
            continue
        seen.add(name)
        shape = shapes[name]
        refs = list(shape.get("members", {}).values())
        refs += [shape[part] for part in ("member", "key", "value") if part in shape]
        open_names += [ref["shape"] for ref in refs]
    return [name for name in shapes if name in seen]


def endpoint(partition, metadata):
    """Where the service answers in the partition, and in which region's name it is signed."""
    prefix = metadata["endpointPrefix"]
    service = partition["services"].get(prefix, {})
    suffix = partition["dnsSuffix"]
    fill = lambda text: text.replace("{service}", prefix).replace("{dnsSuffix}", suffix)
    defaults = service.get("defaults", {})
    out = {"hostname": fill(defaults.get("hostname", partition["defaults"]["hostname"])),
           "signingName": metadata.get("signingName", prefix)}
    scope = defaults.get("credentialScope", {})
    if "service" in scope:
        out["signingName"] = scope["service"]
    if service.get("isRegionalized", True) is False:
        only = service["endpoints"][service["partitionEndpoint"]]
        out["hostname"] = fill(only.get("hostname", out["hostname"]))
        out["signingRegion"] = only["credentialScope"]["region"]
    return out


def choose_protocol(metadata, wanted, service):
    offered = metadata.get("protocols") or [metadata["protocol"]]
    if wanted != "-":
        if wanted not in offered:
            fail(f"{service} offers {offered}, not '{wanted}'")
        return wanted
    for protocol in [metadata["protocol"]] + offered:
        if protocol in PROTOCOLS:
            return protocol
    fail(f"{service} offers only {offered}")


def compile_service(source, partition, service, version, protocol, globs):
    folder = f"{service}/{version}"
    model = source.read(f"{folder}/service-2")
    if model is None:
        fail(f"{folder} is not in the wheel")
    names = []
    for glob in globs:
        found = fnmatch.filter(model["operations"], glob)
        if not found:
            fail(f"{service} has no operation '{glob}'")
        names += found
    names = sorted(set(names))
    operations = {name: compile_operation(model["operations"][name]) for name in names}
    roots = []
    for operation in operations.values():
        roots += [operation[part]["shape"] for part in ("input", "output") if part in operation]
        roots += [error["shape"] for error in operation.get("errors", [])]
    metadata = pick(model["metadata"], METADATA)
    metadata["protocol"] = choose_protocol(model["metadata"], protocol, service)
    paginators = (source.read(f"{folder}/paginators-1") or {}).get("pagination", {})
    waiters = (source.read(f"{folder}/waiters-2") or {}).get("waiters", {})
    return {
        "metadata": metadata,
        "endpoint": endpoint(partition, metadata),
        "operations": operations,
        "shapes": {name: compile_shape(model["shapes"][name])
                   for name in reachable(model["shapes"], roots)},
        "pagination": {name: pick(paginators[name], ["input_token", "output_token", "result_key",
                                                     "limit_key", "more_results"])
                       for name in names if name in paginators},
        "waiters": {name: dict(pick(waiter, ["operation", "delay", "maxAttempts"]),
                               acceptors=[pick(acceptor, ["state", "matcher", "argument",
                                                          "expected"])
                                          for acceptor in waiter["acceptors"]])
                    for name, waiter in sorted(waiters.items())
                    if waiter["operation"] in operations},
    }


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def write(model):
    """One line a member of each section, so that a change of one shape is a change of one line."""
    sections = []
    for section, members in model.items():
        if section in ("metadata", "endpoint"):
            sections.append(f"{compact(section)}:{compact(members)}")
        else:
            lines = ",\n".join(f"{compact(key)}:{compact(member)}"
                               for key, member in members.items())
            sections.append(f"{compact(section)}:{{\n{lines}\n}}" if lines
                            else f"{compact(section)}:{{}}")
    return "{" + ",\n".join(sections) + "}\n"


def notice(services):
    lines = "\n".join(f"  {service}.json  botocore/data/{service}/{version}/"
                      for service, version, _, _ in services)
    return f"""API descriptions of Amazon Web Services: compiled facts.

Compiled by tools/compile-apis/aws.py from botocore {VERSION}
  package  {WHEEL}
  sha256   {SHA256}
  licence  Apache License 2.0, https://www.apache.org/licenses/LICENSE-2.0
  Copyright 2012-2026 Amazon.com, Inc. or its affiliates.

Changed: only the operations listed in tools/compile-apis/aws-operations.txt and the shapes they
reach are kept; names, types, limits and wire traits are kept, all documentation is left out.

{lines}
"""


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--wheel", type=pathlib.Path)
    arguments.add_argument("--check", action="store_true")
    options = arguments.parse_args()
    wheel = options.wheel or fetch_wheel()
    if digest(wheel) != SHA256:
        fail(f"{wheel} is not the pinned wheel: sha256 is {digest(wheel)}")
    source = Source(wheel)
    partitions = source.read("endpoints")["partitions"]
    partition = next(item for item in partitions if item["partition"] == "aws")
    services = read_selection()
    outputs = {"NOTICE": notice(services)}
    for service, version, protocol, globs in services:
        outputs[f"{service}.json"] = write(
            compile_service(source, partition, service, version, protocol, globs))
    stale = 0
    for name, text in outputs.items():
        path = OUT / name
        if options.check:
            if not path.exists() or path.read_text() != text:
                print(f"{path} differs from what aws.py makes", file=sys.stderr)
                stale += 1
        else:
            OUT.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            print(f"{path.name}: {len(text)} bytes")
    sys.exit(1 if stale else 0)


if __name__ == "__main__":
    main()
