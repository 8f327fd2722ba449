#!/usr/bin/env python3
"""Instructions of the hot paths, by callgrind: instructions_test.py HOT_PATHS. Fails where one takes more or fewer
than BAND around what is written down here: more is to be explained, fewer to be written down."""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
import tempfile

EACH = {  # instructions for one resource, or one key
    'compile': 942_000,
    'apply': 1_804_000,
    'plan-of-nothing': 243_000,
    'scan': 13_980,
    'queue': 738,
}
BAND = 0.1


def count(program, path):
    with tempfile.TemporaryDirectory() as folder:
        ran = subprocess.run(
            ['valgrind', '--tool=callgrind', '--collect-atstart=no', '--toggle-collect=HotPath',
             f'--callgrind-out-file={folder}/out', program, path], capture_output=True, text=True)
    found = re.search(r'Collected : (\d+)', ran.stderr)
    if ran.returncode != 0 or not found:
        sys.exit(f'{path}: {ran.stderr[-2000:]}')
    return int(found[1]) / int(ran.stdout)


def main():
    if not shutil.which('valgrind'):
        sys.exit('valgrind is missing: tools/packages --tests installs it')
    wrong = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        counts = pool.map(lambda path: count(sys.argv[1], path), EACH)
    for (path, written), each in zip(EACH.items(), counts):
        print(f'{path}: {each:,.0f} instructions each, {written:,} are written down')
        if abs(each - written) > BAND * written:
            wrong.append(path)
    if wrong:
        sys.exit(f'more than {BAND:.0%} away from what is written down in {__file__}: {", ".join(wrong)}')


if __name__ == '__main__':
    main()
