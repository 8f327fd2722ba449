"""Compares tandem's expressions with cel-go, value for value and error for error.

Builds the Go program beside this file once per version of its sources, generates requests from the seed,
runs both programs over them and compares every line. TANDEM_SEED and TANDEM_COUNT override the
defaults; the seed is printed.
"""

import argparse
import hashlib
import json
import multiprocessing
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import expressions  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
SHARDS = 2  # each generates, runs and compares its own part, on a core of its own


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


def exact(value):
    """A form in which ints, doubles, bools and the sign of zero differ."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def run_shard(task):
    """Generates, runs and compares `count` requests: (compared, values, what differs)."""
    seed, count, path, programs = task
    generator = expressions.Generator(seed)
    with open(path, "w", encoding="utf-8") as out:
        for _ in range(count):
            out.write(json.dumps(generator.request()) + "\n")
    running = []
    for i, program in enumerate(programs):
        with open(path, "rb") as requests, open(f"{path}.{i}", "wb") as answers:
            running.append(subprocess.Popen([program], stdin=requests, stdout=answers))
    for process in running:
        if process.wait() != 0:
            raise RuntimeError(f"{process.args[0]} ended with {process.returncode}, seed {seed}")
    compared = values = 0
    different = []
    with open(path, encoding="utf-8") as requests, open(path + ".0", encoding="utf-8") as reference, \
            open(path + ".1", encoding="utf-8") as tandem:
        for request in requests:
            theirs, ours = json.loads(reference.readline()), json.loads(tandem.readline())
            compared += 1
            values += "value" in theirs
            if ("error" in theirs) != ("error" in ours) or exact(theirs.get("value")) != exact(ours.get("value")):
                different.append((json.loads(request), theirs, ours))
    return compared, values, different


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--eval", required=True, help="tandem's expr_eval")
    parser.add_argument("--cache", required=True, help="folder for the built reference and the answers")
    arguments = parser.parse_args()
    seed = int(os.environ.get("TANDEM_SEED", "20260101"))
    count = int(os.environ.get("TANDEM_COUNT", "100000"))
    programs = (build_reference(arguments.cache), arguments.eval)
    print(f"seed {seed}, {count} expressions", flush=True)

    tasks = [(seed * SHARDS + i, count // SHARDS + (1 if i < count % SHARDS else 0),
              os.path.join(arguments.cache, f"requests-{i}"), programs) for i in range(SHARDS)]
    with multiprocessing.Pool(SHARDS) as pool:
        results = pool.map(run_shard, tasks)
    compared = sum(result[0] for result in results)
    values = sum(result[1] for result in results)
    different = [item for result in results for item in result[2]]
    print(f"{compared} compared: {values} values, {compared - values} errors, {len(different)} different")
    different.sort(key=lambda item: len(item[0]["expr"]))
    for request, theirs, ours in different[:20]:
        print(json.dumps(request, ensure_ascii=False))
        print("  reference:", json.dumps(theirs, ensure_ascii=False))
        print("  tandem:   ", json.dumps(ours, ensure_ascii=False))
    if different or compared != count:
        sys.exit(1)


if __name__ == "__main__":
    main()
