"""Checks of the tree itself. `tidy.py layers|words|links|rules --root DIR` prints every finding and exits 1.

layers  a module includes what its row of src/layers.txt names, all of that and nothing else, and of other modules
        only public headers; arrows go down; public headers include no third party
words   public names hold no Manager, Helper, Util, Impl; nothing speaks of one machine or of a registry
links   relative links of the pages lead somewhere
rules   each rule that is cited stands in docs/rules.md, and each that stands there is cited by a test
"""
import argparse
import pathlib
import re
import subprocess
import sys

THIRD_PARTY = [
    (re.compile(r'^(nlohmann)/'), 'json'),
    (re.compile(r'^yaml-cpp/'), 'yaml-cpp'),
    (re.compile(r'^re2/'), 're2'),
    (re.compile(r'^(grpc|grpcpp)/'), 'grpc'),
    (re.compile(r'^google/protobuf/|\.pb\.h$'), 'protobuf'),
    (re.compile(r'^httplib\.h$'), 'httplib'),
    (re.compile(r'^openssl/'), 'crypto'),
    (re.compile(r'^sqlite3\.h$'), 'sqlite'),
    (re.compile(r'^prometheus/'), 'prometheus'),
    (re.compile(r'^CLI/'), 'cli11'),
    (re.compile(r'^spdlog/'), 'spdlog'),
    (re.compile(r'^fmt/'), 'fmt'),
    (re.compile(r'^expat\.h$'), 'expat'),
    (re.compile(r'^zlib\.h$'), 'zlib'),
]
# A library that brings another's headers with it.
BRINGS = {'grpc': {'protobuf'}, 'httplib': {'crypto'}}
INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]')


def read_layers(root):
    rows = {}
    for line in (root / 'src/layers.txt').read_text().splitlines():
        if not line[:1].isdigit():
            continue
        layer, module, needs, third = (cell.strip() for cell in line.split('|'))
        third = set(third.split())
        for name in list(third):
            third |= BRINGS.get(name, set())
        rows[module] = (int(layer), set(needs.split()), third)
    return rows


def files_of(root, module):
    for folder, public in ((root / 'include/tandem' / module, True), (root / 'src' / module, False)):
        if folder.is_dir():
            for path in sorted(folder.rglob('*')):
                if path.suffix in ('.h', '.cc'):
                    yield path, public


def check_layers(root):
    rows = read_layers(root)
    found = []
    for module, (layer, needs, _) in rows.items():
        for need in needs:
            if need not in rows:
                found.append(f'src/layers.txt: {module} names {need}, which is no module')
            elif rows[need][0] > layer:
                found.append(f'src/layers.txt: {module} (layer {layer}) names {need} (layer {rows[need][0]})')
    for folder in ('src', 'include/tandem'):
        for path in sorted((root / folder).iterdir()) if (root / folder).is_dir() else []:
            if path.is_dir() and path.name not in rows:
                found.append(f'{folder}/{path.name}: no row in src/layers.txt')
    for module, (_, needs, third) in rows.items():
        unused, unused_third = set(needs), set(third)
        for third_party in third:
            unused_third -= BRINGS.get(third_party, set())
        files = list(files_of(root, module))
        if not files:
            found.append(f'src/layers.txt: {module} has no folder')
        for path, public in files:
            name = path.relative_to(root)
            for number, line in enumerate(path.read_text().splitlines(), 1):
                match = INCLUDE.match(line)
                if not match:
                    continue
                target = match[1]
                own = re.match(r'^tandem/([a-z_]+)/', target)
                private = re.match(r'^([a-z_]+)/', target)
                if private and private[1] != module and (root / 'src' / target).is_file():
                    found.append(f'{name}:{number}: {target} is private to {private[1]}')
                    continue
                if own and not target.endswith('.pb.h'):
                    unused.discard(own[1])
                    if own[1] != module and own[1] not in needs:
                        found.append(f'{name}:{number}: {module} may not include {own[1]}')
                    continue
                for pattern, library in THIRD_PARTY:
                    if pattern.search(target):
                        unused_third.discard(library)
                        if public:
                            found.append(f'{name}:{number}: a public header includes {target}')
                        elif library not in third:
                            found.append(f'{name}:{number}: {library} is not on the row of {module}')
                        break
        for name in sorted(unused | unused_third) if files else []:
            found.append(f'src/layers.txt: {module} names {name} and includes nothing of it')
    return found


NAMES = re.compile(r'\b(?:class|struct|enum class)\s+(\w*(?:Manager|Helper|Util|Utils|Impl)\b)')
# Written apart, so that this file does not find itself.
WORDS = re.compile('|'.join((r'(?<![\w.$}/-])/(?:' + 'work|farm|ro' + r'ot)/[\w.]', r'\bregistry\.np' + 'mjs',
                             r'\bpypi\.o' + 'rg', r'\bproxy\.go' + 'lang', r'\bcrates\.i' + r'o\b')))


def tracked(root):
    out = subprocess.run(['git', '-C', str(root), 'ls-files', '-z'], capture_output=True)
    if out.returncode == 0:
        return [root / name for name in out.stdout.decode().split('\0') if name]
    return [path for path in sorted(root.rglob('*')) if path.is_file()]


def check_words(root):
    found = []
    for path in tracked(root):
        try:
            text = path.read_text()
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        name = path.relative_to(root)
        for number, line in enumerate(text.splitlines(), 1):
            if len(line) > 5000:
                continue
            if path.suffix == '.h' and (match := NAMES.search(line)):
                found.append(f'{name}:{number}: the name {match[1]}')
            if match := WORDS.search(line):
                found.append(f'{name}:{number}: "{match[0]}"')
    return found


LINK = re.compile(r'\]\(([^)#\s]+)(?:#[^)]*)?\)')


def check_links(root):
    found = []
    for path in tracked(root):
        if path.suffix != '.md' or not path.exists():
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for target in LINK.findall(line):
                if re.match(r'^[a-z]+:', target):
                    continue
                if not (path.parent / target).exists():
                    found.append(f'{path.relative_to(root)}:{number}: {target} is not there')
    return found


RULE = re.compile(r'\bR([1-9]\d?)\b')
CITES = {'.cc', '.h', '.py', '.md', '.proto', '.yaml'}


def check_rules(root):
    page = root / 'docs/rules.md'
    known = set(re.findall(r'^## R(\d+)\. ', page.read_text(), re.MULTILINE))
    found, tested = [], set()
    for path in tracked(root):
        if path.suffix not in CITES or path == page or not path.exists():
            continue
        name = path.relative_to(root)
        for number, line in enumerate(path.read_text(errors='replace').splitlines(), 1):
            for rule in RULE.findall(line.replace('_', ' ')):
                if rule not in known:
                    found.append(f'{name}:{number}: R{rule} is not in docs/rules.md')
                elif name.parts[0] == 'tests':
                    tested.add(rule)
    for rule in sorted(known - tested, key=int):
        found.append(f'docs/rules.md: no test names R{rule}')
    return found


CHECKS = {'layers': check_layers, 'words': check_words, 'links': check_links, 'rules': check_rules}

if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('check', choices=CHECKS)
    parser.add_argument('--root', type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    findings = CHECKS[arguments.check](arguments.root)
    for finding in findings:
        print(finding)
    print(f'{arguments.check}: {len(findings)} findings')
    sys.exit(1 if findings else 0)
