"""Made-up secrets that can be told in any bytes, and the search for them.

Every canary holds the marker three times among random digits, so that a search for the marker's spellings
finds a canary of which a piece was cut off as well.
"""
import base64
import os
import random
import re

MARKER = 'qX7cNrY3w'


class Canaries:
    """Hands out texts of several shapes; no two are alike."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.made = set()

    def new(self, shape='word'):
        digits = lambda: f'{self.random.getrandbits(32):08x}'
        text = {
            'word': lambda: f'{MARKER}{digits()}{MARKER}{digits()}{MARKER}',
            'odd': lambda: f'{MARKER}+/ {digits()}&<"\\%\'{MARKER}=${digits()}#{MARKER}~é',
            'lines': lambda: f'-----BEGIN {MARKER}-----\n{digits()}\n{MARKER}{digits()}\n-----END {MARKER}-----',
            'short': lambda: f'{MARKER}{digits()[:4]}',
            'long': lambda: ''.join(f'{MARKER}{digits()}' for _ in range(60)),
            'json': lambda: f'{{"user": "{MARKER}{digits()}", "password": "{MARKER}{digits()}{MARKER}"}}',
        }[shape]()
        self.made.add(text)
        return text


def spellings(text):
    """Name → bytes to look for. Three alignments each for the two alphabets of base64: the part that is the
    same whatever stands before and after."""
    raw = text.encode()
    found = {'plain': raw, 'hex': raw.hex().encode(), 'HEX': raw.hex().upper().encode(),
             'url': b''.join(b'%%%02X' % byte for byte in raw), 'url (lower)': b''.join(b'%%%02x' % byte for byte in raw),
             'reversed': raw[::-1], 'utf-16': text.encode('utf-16-le'),
             'json escapes': b''.join(b'\\u%04x' % byte for byte in raw)}
    for shift in range(3):
        whole = base64.b64encode(b'\0' * shift + raw)
        last = (len(raw) + shift) % 3
        core = whole[(0, 2, 3)[shift]:len(whole) - (0, 3, 2)[last]]
        found[f'base64 at {shift}'] = core
        found[f'base64url at {shift}'] = core.translate(bytes.maketrans(b'+/', b'-_'))
    return found


class Search:
    """Looks for every spelling of the marker in bytes, in any mix of upper and lower case too where the
    spelling is plain."""

    def __init__(self, marker=MARKER):
        self.names = spellings(marker)
        self.pattern = re.compile(b'|'.join(re.escape(spelling) for spelling in sorted(set(self.names.values()))))
        self.folded = re.compile(re.escape(marker.encode()), re.IGNORECASE)

    def hits(self, name, data):
        """“name: spelling at offset: …context…”, one for each hit."""
        found = []
        for pattern in (self.pattern, self.folded):
            for match in pattern.finditer(data):
                kind = next((k for k, v in self.names.items() if v == match.group()), 'other case')
                if pattern is self.folded and kind != 'other case':
                    continue
                around = data[max(0, match.start() - 80):match.end() + 80]
                found.append(f'{name}: {kind} at {match.start()}: {around!r}')
        return found

    def folder(self, root, but=()):
        """Hits in every file below `root`, names of files included; `but` are files that are left out.
        Returns hits, and the number of files and bytes looked at."""
        found, files, size = [], 0, 0
        for folder, folders, names in os.walk(root):
            for name in folders + names:
                path = os.path.join(folder, name)
                found += self.hits(f'name of {path}', os.fsencode(path))
            for name in names:
                path = os.path.join(folder, name)
                if path in but or not os.path.isfile(path):
                    continue
                with open(path, 'rb') as file:
                    data = file.read()
                found += self.hits(path, data)
                files, size = files + 1, size + len(data)
        return found, files, size
