"""A tandemd of one's own, and the command that talks to it."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

BUILD = pathlib.Path(sys.argv[1]).resolve()
SOURCE = pathlib.Path(sys.argv[2]).resolve()
STOREFRONT = SOURCE / 'examples/storefront'

HEAD = '''apiVersion: tandem/v1
kind: Platform
metadata: {name: shop}
spec: {activeSite: aws, sites: {aws: {}, gcp: {}}}
---
apiVersion: tandem/v1
kind: Account
metadata: {name: main}
spec: {provider: aws, site: aws, region: us-east-1, accountId: "111122223333"}
'''


def document(group, kind, name, spec, **metadata):
    meta = json.dumps({'name': name, **metadata})
    return f'---\napiVersion: {group}/v1\nkind: {kind}\nmetadata: {meta}\nspec: {json.dumps(spec)}\n'


def log_group(name, days=30, **metadata):
    return document('logs.aws', 'LogGroup', name, {'logGroupName': f'/{name}', 'retentionInDays': days}, **metadata)


class Rig:
    def __init__(self, *flags, start=True, time_scale=50):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='tandem-e2e.'))
        self.state = self.folder / 'state'
        self.flags = ('--time-scale', str(time_scale), *flags)
        self.environment = {**os.environ, 'TANDEM_ADDRESS': f'unix:{self.state}/d.sock',
                            'TANDEM_STATE_DIR': str(self.state), 'NO_COLOR': '1'}
        self.daemon_environment = {}  # of tandemd alone
        self.listen = None  # or another than the socket in the state's folder
        self.web = '127.0.0.1:0'
        self.sandbox = True
        self.process = None
        if start:
            self.start()

    def command(self, *flags):
        return [str(BUILD / 'tandemd'), *['--sandbox'] * self.sandbox, '--seed', '7', '--state-dir', str(self.state),
                '--listen', self.listen or f'unix:{self.state}/d.sock', '--web', self.web, *self.flags, *flags]

    def start(self, *flags, **process):
        self.log = open(self.folder / 'tandemd.log', 'ab')
        self.process = subprocess.Popen(self.command(*flags), stdout=self.log, stderr=self.log,
                                        env={**os.environ, **self.daemon_environment}, **process)
        deadline = time.monotonic() + 30
        while self.run('version', '--server').returncode != 0:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError('tandemd does not serve:\n' + self.log_text())
            time.sleep(0.05)

    def log_text(self):
        path = self.folder / 'tandemd.log'
        return path.read_text(errors='replace')[-4000:] if path.exists() else ''

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            code = self.process.wait(timeout=30)
            self.process = None
            self.log.close()
            return code
        return None

    def close(self):
        self.stop()
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, *words, text=None, timeout=90):
        return subprocess.run([str(BUILD / 'tandem'), *map(str, words)], env=self.environment, input=text,
                              capture_output=True, text=True, timeout=timeout)

    def model(self, *documents, name='model.yaml'):
        path = self.folder / name
        path.write_text(HEAD + ''.join(documents))
        return path

    def plugin_pid(self, name='sim'):
        return json.loads((self.state / f'plugins/{name}.lock').read_text())['pid']

    def ledger(self):
        told = self.run('sandbox', 'ledger')
        if told.returncode != 0:
            raise AssertionError(f'the ledger is not told: {told.stderr}\n{self.log_text()}')
        return json.loads(told.stdout)


class E2eTest(unittest.TestCase):
    flags = ()

    @classmethod
    def setUpClass(cls):
        cls.rig = Rig(*cls.flags)

    @classmethod
    def tearDownClass(cls):
        cls.rig.close()

    def tandem(self, *words, code=0, text=None):
        """Runs the command and checks its exit code; returns what it printed on both streams."""
        done = self.rig.run(*words, text=text)
        self.assertEqual(done.returncode, code, f'tandem {" ".join(map(str, words))}\n{done.stdout[-3000:]}{done.stderr[-3000:]}'
                         f'\n--- log\n{self.rig.log_text()}')
        return done

    def json(self, *words, code=0):
        return json.loads(self.tandem(*words, '-o', 'json', code=code).stdout)

    def eventually(self, what, test, seconds=30):
        deadline = time.monotonic() + seconds
        while not test():
            self.assertLess(time.monotonic(), deadline, f'{what}\n{self.rig.log_text()}')
            time.sleep(0.1)


def main():
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]], verbosity=2)
