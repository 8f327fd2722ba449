"""Compares tandem's expressions with cel-go, value for value and error for error.

Builds the Go program beside this file once per version of its sources, generates requests from the seed,
runs both programs over all of them and compares every line. TANDEM_SEED and TANDEM_COUNT override the
defaults; the seed is printed.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import expressions  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
SHARDS = 2  # the reference runs on as many cores


def build_reference(cache):
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin:/usr/lib/go/bin")
    if go is None:
        sys.exit("oracle_cel needs Go 1.24 or newer to build the reference: install it and put 'go' on the PATH")
    digest = hashlib.sha256()
    for name in ("go.mod", "go.sum", "main.go"):
        with open(os.path.join(HERE, name), "rb") as source:
            digest.update(source.read())
    program = os.path.join(cache, "cel_eval-" + digest.hexdigest()[:16])
    if not os.path.exists(program):
        os.makedirs(cache, exist_ok=True)
        fresh = program + ".new"
        built = subprocess.run([go, "build", "-o", fresh, "."], cwd=HERE)
        if built.returncode != 0:
            sys.exit("oracle_cel cannot build the reference in " + HERE)
        os.replace(fresh, program)
    return program


def start(program, path):
    return subprocess.Popen([program], stdin=open(path, "rb"), stdout=open(path + "." + os.path.basename(program), "wb"))


def exact(value):
    """A form in which ints, doubles, bools and the sign of zero differ."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--eval", required=True, help="tandem's expr_eval")
    parser.add_argument("--cache", required=True, help="folder for the built reference and the answers")
    arguments = parser.parse_args()
    seed = int(os.environ.get("TANDEM_SEED", "20260101"))
    count = int(os.environ.get("TANDEM_COUNT", "100000"))
    reference = build_reference(arguments.cache)
    print(f"seed {seed}, {count} expressions")

    generator = expressions.Generator(seed)
    shards = [os.path.join(arguments.cache, f"requests-{i}") for i in range(SHARDS)]
    running = []
    for i, path in enumerate(shards):
        share = count // SHARDS + (count % SHARDS if i == 0 else 0)
        with open(path, "w", encoding="utf-8") as out:
            for _ in range(share):
                out.write(json.dumps(generator.request()) + "\n")
        running += [start(reference, path), start(arguments.eval, path)]
    for process in running:
        if process.wait(timeout=300) != 0:
            sys.exit(f"{process.args[0]} ended with {process.returncode}")

    compared = values = 0
    different = []
    for path in shards:
        answers = [open(path + "." + os.path.basename(p), encoding="utf-8") for p in (reference, arguments.eval)]
        requests = open(path, encoding="utf-8")
        for request in requests:
            theirs, ours = (json.loads(f.readline()) for f in answers)
            compared += 1
            values += "value" in theirs
            if ("error" in theirs) != ("error" in ours) or exact(theirs.get("value")) != exact(ours.get("value")):
                different.append((json.loads(request), theirs, ours))
    print(f"{compared} compared: {values} values, {compared - values} errors, {len(different)} different")
    different.sort(key=lambda item: len(item[0]["expr"]))
    for request, theirs, ours in different[:20]:
        print(json.dumps(request, ensure_ascii=False))
        print("  reference:", json.dumps(theirs, ensure_ascii=False))
        print("  tandem:   ", json.dumps(ours, ensure_ascii=False))
    if different or compared != count:
        sys.exit(1)


main()
