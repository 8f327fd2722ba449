"""What the programs say, word for word: tests/golden/messages/NAME.txt holds commands, their exit codes and all that
they printed. TANDEM_ACCEPT=1 rewrites the files and marks the tests skipped.

What differs from run to run is given by name: $DIR, $BUILD, $SOURCE, $HASH, $RUN, $TIME, and what a test names itself.
"""
import json
import os
import re

from rig import BUILD, SOURCE, E2eTest

GOLDEN = SOURCE / 'tests/golden/messages'
PATTERNS = ((r'sha256:[0-9a-f]{64}', '$HASH'), (r'\brun-[0-9a-f]+', '$RUN'),
            (r'\d{4}-\d\d-\d\dT[0-9:.]+Z', '$TIME'))


class Transcript:
    """Commands and what they said, in the order of asking."""

    def __init__(self, **names):
        self.names = names  # what else to give by name: PID=4711
        self.text = ''

    def add(self, folder, words, done):
        """`done` is a subprocess.CompletedProcess, or anything with its members."""
        lines = [f'$ {" ".join(map(str, words))}', f'exit {done.returncode}']
        for stream in ('stdout', 'stderr'):
            said = getattr(done, stream)
            if said:
                lines += [f'{stream}:'] + [f'  {line}'.rstrip() for line in said.removesuffix('\n').split('\n')]
        text = '\n'.join(lines) + '\n\n'
        for name, value in {**self.names, 'DIR': folder, 'BUILD': BUILD, 'SOURCE': SOURCE}.items():
            text = text.replace(str(value), f'${name}')
        for pattern, name in PATTERNS:
            text = re.sub(pattern, name, text)
        self.text += text


class MessageTest(E2eTest):
    def setUp(self):
        self.transcript = Transcript()

    def says(self, *words, rig=None, code=None, **keys):
        """Runs `tandem` and writes down what it says."""
        rig = rig or self.rig
        done = rig.run(*words, **keys)
        self.transcript.add(rig.folder, ['tandem', *words], done)
        if code is not None:
            self.assertEqual(done.returncode, code, self.transcript.text + rig.log_text())
        return done

    def expect(self, name):
        """The transcript is the one of tests/golden/messages/NAME.txt."""
        said, path = self.transcript.text, GOLDEN / f'{name}.txt'
        if os.environ.get('TANDEM_ACCEPT'):
            path.parent.mkdir(exist_ok=True)
            path.write_text(said)
            self.skipTest('rewritten')
        self.maxDiff = None
        self.assertEqual(said, path.read_text() if path.exists() else '', f'{path}; TANDEM_ACCEPT=1 rewrites it')

    def state(self, rig=None):
        """All that tandem and the clouds remember."""
        rig = rig or self.rig
        asked = (['sandbox', 'ledger'], ['get', 'runs', '-o', 'json'], ['history', '-o', 'json'])
        state = {}
        for words in asked:
            done = rig.run(*words)
            self.assertEqual(done.returncode, 0, done.stderr)
            state[' '.join(words)] = json.loads(done.stdout)
        return state
