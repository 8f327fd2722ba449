"""No byte of a secret where it should not be (I7): thousands of made-up secrets through every path of the real
binaries, then a search of every byte that they left behind.

Left out of the search, by name: `sandbox/world.log`, for it *is* the simulated cloud, where secrets arrive by
design; the files of secrets and the models with written-out secrets, which this test itself made. The sockets
between daemon and plugin are not recorded.
"""
import base64
import json
import os
import pathlib
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(sys.argv[2]) / 'tests/e2e'))
from rig import BUILD, SOURCE, Rig, document, main  # noqa: E402
from canaries import MARKER, Canaries, Search, spellings  # noqa: E402
import vault  # noqa: E402

SHAPES = ('word', 'odd', 'lines', 'short', 'long', 'json')
KINDS = sorted(vault.KINDS)
FORMS = ('text', 'json', 'markdown')


class Source:
    """Places where secrets are kept: the daemon's environment and files of the three forms."""

    def __init__(self, folder, canaries):
        self.folder, self.canaries, self.count = folder, canaries, 0
        self.environment, self.json, self.lines = {}, {}, {}
        folder.mkdir()

    def uri(self, text=None):
        """The URI of a new secret."""
        self.count += 1
        n, name = self.count, f'S{self.count}'
        # Lines of KEY=VALUE hold no line ends.
        if n % 4 == 1:
            self.environment[name] = text or self.canaries.new(SHAPES[n % 6])
            return f'env:{name}'
        if n % 4 == 2:
            self.json[name] = text or self.canaries.new(SHAPES[n % 6])
            return f'file:{self.folder}/all.json#{name}'
        if n % 4 == 3 and text is None:
            self.lines[name] = self.canaries.new('word')
            return f'file:{self.folder}/all.env#{name}'
        path = self.folder / name
        path.write_text(text or self.canaries.new(SHAPES[n % 6]))
        return f'file:{path}'

    def write(self):
        (self.folder / 'all.json').write_text(json.dumps(self.json))
        (self.folder / 'all.env').write_text(''.join(f'{k}={v}\n' for k, v in self.lines.items()))


class Watch(threading.Thread):
    """What a command that goes on prints."""

    def __init__(self, rig, *words):
        super().__init__()
        self.process = subprocess.Popen([str(BUILD / 'tandem'), *words], env=rig.environment, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        self.output = b''
        self.start()

    def run(self):
        self.output = self.process.stdout.read()

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.join()
        return self.output


def secret(uri, before='', after=''):
    return f"{before}${{secret('{uri}')}}{after}"


class Secrets(unittest.TestCase):
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        resource.setrlimit(resource.RLIMIT_CORE, [resource.getrlimit(resource.RLIMIT_CORE)[1]] * 2)
        cls.canaries = Canaries(7)
        cls.search = Search()
        cls.rig = Rig('--log-level', 'debug', '--resync', '2s', start=False, time_scale=20)
        cls.schemas = vault.write_schemas(SOURCE / 'schemas', cls.rig.folder / 'schemas')
        cls.rig.flags += ('--schemas', str(cls.schemas))
        cls.source = Source(cls.rig.folder / 'kept', cls.canaries)
        cls.own = {cls.rig.folder / 'sandbox-is-the-cloud'}
        cls.artefacts = 0

    @classmethod
    def tearDownClass(cls):
        cls.rig.close()

    def check(self, what, data):
        """No secret in `data`; counts it."""
        type(self).artefacts += 1
        found = self.search.hits(what, data if isinstance(data, bytes) else data.encode(errors='surrogateescape'))
        self.assertEqual(found[:5], [], what)

    def run_words(self, *words, code=None, text=None):
        done = self.rig.run(*words, text=text)
        what = 'tandem ' + ' '.join(map(str, words))
        self.check(what + ' (stdout)', done.stdout)
        self.check(what + ' (stderr)', done.stderr)
        if code is not None:
            self.assertEqual(done.returncode, code, f'{what}\n{done.stdout[-2000:]}{done.stderr[-2000:]}\n{self.rig.log_text()}')
        return done

    def local(self, *words, code=None):
        return self.run_words('--schemas', self.schemas, *words, code=code)

    # ---- models

    def spec(self, kind, name, round_=0):
        """Secrets at secret paths and at every other path that takes a text."""
        uri = self.source.uri
        odd = round_ % 2
        return {
            'Name': name, 'Password': secret(uri()), 'Token': secret(uri()), 'Pin': secret(uri()),
            'Code': secret(uri(self.canaries.new('word'))), 'Hint': secret(uri(), 'hint ', ' end'), 'Size': 1 + round_,
            'Settings': {'User': 'admin' if odd else secret(uri()), 'Secret': secret(uri()),
                         'Inner': {'Deep': secret(uri()), 'Note': secret(uri())}},
            'Keys': [secret(uri()), secret(uri())], 'Words': [secret(uri()), 'plain'],
            'Labels': {'a': secret(uri()), 'b': 'plain'},
            'Variables': [{'Key': 'A', 'Value': secret(uri())}, {'Key': 'B', 'Value': 'plain'}],
            'Policy': secret(uri(json.dumps({'k': self.canaries.new('word')}))),
            'Tags': {'note': secret(uri()), 'team': 'shop'},
        }

    def model(self, documents, name):
        path = self.rig.folder / name
        path.write_text(''.join([
            'apiVersion: tandem/v1\nkind: Platform\nmetadata: {name: shop}\n'
            'spec: {activeSite: aws, sites: {aws: {}, gcp: {}}}\n---\n'
            'apiVersion: tandem/v1\nkind: Account\nmetadata: {name: main}\n'
            'spec: {provider: aws, site: aws, region: us-east-1, accountId: "111122223333"}\n'] + documents))
        return path

    def everything(self):
        """Every answer that the daemon gives, in every form."""
        addresses = [f'vault.aws/{kind}/r0' for kind in KINDS]
        for what in ('resources', 'components', 'accounts', 'runs', 'connections'):
            for form in ('table', 'wide', 'json', 'yaml'):
                self.run_words('get', what, '-o', form)
        for address in addresses:
            for words in (('get', address, '-o', 'json'), ('get', address, '-o', 'yaml'), ('describe', address),
                          ('describe', address, '-o', 'json'), ('why', address), ('events', address)):
                self.run_words(*words)
        for words in (('events', '-o', 'json', '--limit', '1000'), ('events', '--limit', '1000'), ('history',), ('history', '-o', 'json'),
                      ('status',), ('status', '-o', 'json'), ('graph', '-o', 'json'), ('graph', '-o', 'dot')):
            self.run_words(*words)
        for path in ('/metrics', '/healthz', '/readyz', '/'):
            try:
                with urllib.request.urlopen(self.web() + path, timeout=10) as answer:
                    self.check(path, answer.read() + str(answer.headers).encode())
            except urllib.error.HTTPError as error:
                self.check(path, error.read())

    def web(self):
        for line in reversed((self.rig.folder / 'tandemd.log').read_text(errors='replace').splitlines()):
            if 'web="port ' in line:
                return 'http://127.0.0.1:' + line.split('web="port ')[1].split('"')[0]
        raise AssertionError('the log does not say where the page is')

    def search_disk(self, when):
        """Every byte on disk: state, WAL, log, saved plans, sockets' folders, core files."""
        but = {str(self.rig.state / 'sandbox/world.log')} | {str(path) for path in self.own}
        but |= {str(path) for path in (self.rig.folder / 'kept').rglob('*')}
        found, files, size = self.search.folder(self.rig.folder, but)
        self.assertEqual(found[:20], [], when)
        self.assertGreater(files, 3)
        # What the search is worth: the secrets did arrive where they belong.
        world = (self.rig.state / 'sandbox/world.log').read_bytes()
        self.assertGreater(len(self.search.hits('world.log', world)), 100)
        return files, size

    # ---- in this order

    def test_01_the_search_finds_every_spelling(self):
        folder = self.rig.folder / 'planted'
        folder.mkdir()
        for shape in SHAPES:
            text = Canaries(1).new(shape)
            raw = text.encode()
            planted = {'plain': raw, 'hex': raw.hex().encode(), 'HEX': raw.hex().upper().encode(),
                       'url': urllib.request.quote(text).encode(), 'json': json.dumps(text).encode(),
                       'all url': b''.join(b'%%%02X' % byte for byte in raw), 'upper': raw.upper(), 'cut': raw[3:] + raw[:len(MARKER)],
                       **{f'base64 {shift}': base64.b64encode(b'x' * shift + raw) for shift in range(5)},
                       **{f'base64 {shift} and more': base64.b64encode(b'x' * shift + raw + b'tail') for shift in range(5)},
                       **{f'base64url {shift}': base64.urlsafe_b64encode(b'\xff' * shift + raw) for shift in range(3)}}
            for how, data in planted.items():
                with self.subTest(shape=shape, how=how):
                    path = folder / 'file.bin'
                    path.write_bytes(b'\0\1 before ' + data + b' after \xff')
                    found, files, _ = self.search.folder(folder)
                    self.assertEqual(files, 1)
                    self.assertGreater(len(found), 0)
        database = folder / 'file.bin'
        database.unlink()
        connection = sqlite3.connect(database)
        connection.execute('pragma journal_mode=wal')
        connection.execute('create table t(v)')
        connection.execute('insert into t values(?)', (Canaries(1).new('word').encode().hex(),))
        connection.commit()
        self.assertGreater(len(self.search.folder(folder)[0]), 0)  # in the write-ahead log
        connection.close()
        for path in folder.iterdir():
            path.unlink()
        (folder / Canaries(1).new('word')).mkdir()
        self.assertGreater(len(self.search.folder(folder)[0]), 0)  # in a name
        (folder / Canaries(1).new('word')).rmdir()
        (folder / 'file').write_text('qX7cNrY3 w and qX7c-NrY3w')
        self.assertEqual(self.search.folder(folder)[0], [])
        (folder / 'file').unlink()
        folder.rmdir()
        self.assertEqual(len(spellings(MARKER)), len(set(spellings(MARKER))))

    def test_02_written_out_secrets_are_refused_and_not_echoed(self):
        new = self.canaries.new
        q = json.dumps  # a YAML double-quoted scalar
        cases = []
        for path in ('Password', 'Token', 'Pin', 'Code', 'Level'):
            for shape in SHAPES:
                cases.append(f'spec: {{Name: x, {path}: {q(new(shape))}}}')
            cases += [f"spec: {{Name: x, {path}: '{new('word')}'}}", f'spec:\n  {path}: {new("word")}\n  Name: x',
                      f'spec:\n  Name: x\n  {path}: |\n    {new("word")}\n    {new("word")}\n',
                      f'spec:\n  Name: x\n  {path}: >-\n    {new("word")}\n    {new("word")}\n',
                      f'spec:\n  Name: x\n  {path}:\n    - {new("word")}\n', f'spec:\n  Name: x\n  {path}: {{a: {new("word")}}}\n',
                      f'spec:\n  Name: x\n  {path}: {new("word")} # and {new("word")} in a comment\n',
                      f'spec: {{Name: x, {path}: {new("word")}, Siez: 3}}', f'spec: {{Size: "three", {path}: {new("word")}}}',
                      f'spec: {{Name: x, {path}: {new("word")}, Hint: "${{ref(\'vault.aws/Login/nobody\').Name}}"}}',
                      f'spec: {{Name: x, {path}: {new("word")}, Hint: "${{no such}}"}}',
                      f'spec: {{Name: x, {path}: {new("word")}, Hint: "${{1 + }}"}}',
                      f'spec: {{Name: x, {path}: "${{\'{new("word")}\'}}"}}', f'spec: {{Name: x, {path}: "${{\'{new("word")}\' + 1}}"}}',
                      f'spec: {{Name: x, {path}: "${{\'a\' + \'{new("word")}\'}}", Grade: NONE}}',
                      f'spec: {{Name: x, {path}: "{new("word")}${{site}}"}}', f'spec: {{Name: x, {path}: "{new("word")}${{bad("}}',
                      f'spec: {{Hint: &a {new("word")}, {path}: *a}}', f'spec: {{Name: x, {path}: {new("word")}, {path}: {new("word")}}}',
                      f'spec: {{Name: x, {path}: {new("word")}, Grade: NEITHER}}', f'spec: {{Name: [oops, {path}: {new("word")}}}']
        cases += [f'spec: {{Name: x, Settings: {{Secret: {new("word")}, Inner: {{Deep: {new("word")}}}}}}}',
                  f'spec: {{Name: x, Settings: {{Inner: {{Deep: [{new("word")}]}}, Oops: 1}}}}',
                  f'spec: {{Name: x, Keys: [{new("word")}, "{new("word")}"]}}', f'spec: {{Name: x, Keys: {new("word")}}}',
                  f'spec:\n  Name: x\n  Keys:\n  - {new("word")}\n  - {{a: {new("word")}}}\n']
        # Alone, all in one file, and each with a mistake of the next document.
        documents = []
        for n, case in enumerate(cases):
            kind = KINDS[n % 4]
            documents.append(f'---\napiVersion: vault.aws/v1\nkind: {kind}\nmetadata: {{name: l{n}}}\n{case}\n')
        self.start()
        for n in range(0, len(documents), 9):
            path = self.model(documents[n:n + 9], 'written-out.yaml')
            self.own.add(path)
            for form in ('text', 'json'):
                self.local('validate', '-f', path, '-o', form, code=2)
            self.run_words('plan', '-f', path)
        for document_ in documents:
            path = self.model([document_], 'written-out.yaml')
            done = self.local('validate', '-f', path)
            self.assertNotEqual(done.returncode, 0, document_)
        path = self.model(documents, 'written-out.yaml')
        self.run_words('apply', '-f', path, '--auto-approve')
        self.run_words('diff', '-f', path)

    def test_03_where_no_secret_may_stand(self):
        uri = self.source.uri()
        for what, text in {
                'name': f'---\napiVersion: vault.aws/v1\nkind: Login\nmetadata: {{name: "{secret(uri)}"}}\nspec: {{Hint: a}}\n',
                'external name': document('vault.aws', 'Login', 'x', {'Hint': 'a'}, annotations={'tandem/external-name': secret(uri)}),
                'identity': document('vault.aws', 'Login', 'x', {'Name': secret(uri)}),
                'natural name': document('vault.aws', 'Safe', 'x', {'Name': secret(uri)}),
                'key of an entry': document('vault.aws', 'Safe', 'x', {'Name': 'x', 'Variables': [{'Key': secret(uri), 'Value': 'a'}]}),
                'number': document('vault.aws', 'Safe', 'x', {'Name': 'x', 'Size': secret(uri)}),
                'choice': document('vault.aws', 'Safe', 'x', {'Name': 'x', 'Hint': f"${{secret('{uri}') == 'a' ? 'b' : 'c'}}"}),
                'for-each': document('vault.aws', 'Login', '${each.key}', {'Hint': 'a'}, annotations={'tandem/for-each': f"${{[secret('{uri}')]}}"}),
        }.items():
            with self.subTest(what):
                self.local('validate', '-f', self.model([text], 'nowhere.yaml'), code=2)

    def test_04_sources_that_fail(self):
        kept = self.rig.folder / 'kept'
        new = self.canaries.new
        (kept / 'broken.json').write_text('{"a": "' + new() + '", ' + new())
        (kept / 'number.json').write_text(json.dumps({'a': [new()], 'b': {'c': new()}}))
        (kept / 'many').write_text(''.join(f'K{i}={new()}\n' for i in range(30)))
        (kept / 'huge').write_text(new() * 60000)
        (kept / 'folder').mkdir()
        uris = ['env:NOT_THERE', f'file:{kept}/broken.json#a', f'file:{kept}/number.json#a', f'file:{kept}/number.json#b',
                f'file:{kept}/number.json#none', f'file:{kept}/many#none', f'file:{kept}/huge', f'file:{kept}/folder', f'file:{kept}/none']
        for n, uri in enumerate(uris):
            path = self.model([document('vault.aws', 'Login', f'bad{n}', {'Password': secret(uri)})], 'bad.yaml')
            self.local('validate', '-f', path, code=0)
            for words in (('plan', '-f', path), ('apply', '-f', path, '--auto-approve', '--timeout', '2s')):
                self.assertNotEqual(self.run_words(*words).returncode, 0, uri)

    def test_05_through_plan_and_apply(self):
        documents = [document('vault.aws', kind, f'r{n}', self.spec(kind, f'r{n}', n)) for n in range(26) for kind in KINDS]
        # What others refer to stays a secret there.
        documents += [document('vault.aws', 'Login', f'ref{n}', {
            'Hint': f"${{ref('vault.aws/Safe/r{n}').{field}}}", 'Password': f"${{ref('vault.aws/Door/r{n}').Token}}"})
            for n, field in enumerate(('Hint', 'Policy', 'Settings.Secret', 'Settings.Inner.Note', 'Password', "Labels['a']"))]
        self.restart()
        type(self).documents = documents
        type(self).whole = self.model(documents, 'model.yaml')
        self.local('validate', '-f', self.whole, code=0)
        for form in FORMS:
            self.run_words('plan', '-f', self.whole, '-o', form, code=0)
        saved = self.rig.folder / 'saved.plan'
        self.run_words('plan', '-f', self.whole, '--out', saved, code=0)
        watches = [Watch(self.rig, 'watch', '-o', 'json'), Watch(self.rig, 'watch')]
        self.run_words('apply', saved, '--auto-approve', code=0)
        for form in FORMS:
            self.run_words('plan', '-f', self.whole, '-o', form)
        self.run_words('plan', '-f', self.whole, '--detailed-exitcode', code=0)  # it has converged
        self.everything()
        self.search_disk('after the apply, the daemon running')
        for watch in watches:
            output = watch.stop()
            self.check('tandem watch', output)
            self.assertGreater(len(output), 1000)

    def test_06_changed_secrets(self):
        """Other secrets at the same places: an update, shown as (sensitive), and again no byte of either."""
        for name in list(self.source.json)[::2]:
            if MARKER in self.source.json[name] and not self.source.json[name].startswith('{'):
                self.source.json[name] = self.canaries.new('word')
        self.source.write()
        plan = self.run_words('plan', '-f', self.whole, code=0)
        self.assertIn('(sensitive)', plan.stdout)
        self.run_words('diff', '-f', self.whole, code=1)
        self.run_words('plan', '-f', self.whole, '-o', 'markdown', code=0)
        self.run_words('apply', '-f', self.whole, '--auto-approve', code=0)
        self.run_words('plan', '-f', self.whole, '--detailed-exitcode', code=0)

    def test_07_changed_outside(self):
        """Somebody else's secret, written at the places of ours."""
        new = self.canaries.new
        for n in range(4):
            for kind in KINDS:
                for field, value in (('Hint', new()), ('Token', new('odd')), ('Pin', new()), ('Settings', {'User': 'root' if n % 2 else new(), 'Secret': new()}),
                                     ('Labels', {'a': new(), 'b': 'plain'}), ('Variables', [{'Key': 'A', 'Value': new()}]), ('Words', [new(), 'plain']),
                                     ('Keys', [new()]), ('Tags', {'note': new()})):
                    self.rig.run('sandbox', 'mutate', f'vault.aws/{kind}/r{n}', field, json.dumps(value))
        self.run_words('refresh', code=0)
        self.run_words('plan', '-f', self.whole, '-o', 'json')
        self.run_words('diff', '-f', self.whole)
        self.everything()
        self.run_words('apply', '-f', self.whole, '--auto-approve')
        self.search_disk('after changes from outside')

    def test_08_errors_that_hold_secrets(self):
        """The provider quotes what it refuses: a choice that is none, a name that nobody has, a text that is too long."""
        uri = self.source.uri
        wrong = [{'Grade': secret(uri())}, {'Level': secret(uri())}, {'Partner': secret(uri())},
                 {'Code': secret(uri(self.canaries.new('long') + '|'))}, {'Grade': secret(uri(self.canaries.new('word')))},
                 {'Grade': secret(uri(), 'x')}, {'Grade': secret(uri(self.canaries.new('odd')))}]
        documents = [document('vault.aws', kind, f'w{n}-{kind.lower()}', {'Name': f'w{n}', **spec}) for n, spec in enumerate(wrong) for kind in KINDS]
        self.restart()
        path = self.model([*self.documents, *documents], 'wrong.yaml')
        watch = Watch(self.rig, 'watch', '-o', 'json')
        done = self.run_words('apply', '-f', path, '--auto-approve', '--timeout', '15s')
        self.assertNotEqual(done.returncode, 0)
        self.everything()
        for n in range(len(wrong)):
            address = f'vault.aws/Login/w{n}-login'
            for words in (('describe', address), ('why', address), ('events', address), ('get', address, '-o', 'json')):
                self.run_words(*words)
        self.assertIn('(sensitive)', self.run_words('get', 'runs', '-o', 'json').stdout + self.run_words('events', '--limit', '1000').stdout
                      + self.run_words('why', 'vault.aws/Login/w0-login').stdout)
        self.check('tandem watch', watch.stop())
        self.search_disk('after refused calls')

    def test_09_lost_replies_kills_and_the_way_back(self):
        runs = json.loads(self.run_words('get', 'runs', '-o', 'json').stdout)
        for run in runs if isinstance(runs, list) else runs.get('runs', runs.get('items', [])):
            if isinstance(run, dict) and run.get('id'):
                self.run_words('cancel', run['id'])
        self.run_words('sandbox', 'fault', 'add', 'lost-replies', '--probability', '0.5', code=0)
        documents = [document('vault.aws', kind, f'k{n}', self.spec(kind, f'k{n}')) for n in range(4) for kind in KINDS]
        self.restart()
        path = self.model([*self.documents, *documents], 'killed.yaml')
        self.run_words('apply', '-f', path, '--auto-approve', '--wait=false')
        for _ in range(3):
            time.sleep(0.3)
            self.rig.process.kill()
            self.rig.process.wait()
            self.search_disk('after kill -9')
            self.rig.start()
        self.run_words('sandbox', 'fault', 'clear')
        time.sleep(1)
        self.everything()
        self.run_words('history', '-o', 'json')
        self.run_words('undo', '-o', 'json')

    def test_10_no_core_file(self):
        def parent(stat):
            return int(stat.read_text().rsplit(')', 1)[1].split()[1])
        plugins = []
        for stat in pathlib.Path('/proc').glob('[0-9]*/stat'):
            try:
                if parent(stat) == self.rig.process.pid:
                    plugins.append(int(stat.parent.name))
            except OSError:
                pass
        self.assertGreater(len(plugins), 0)
        for pid in [self.rig.process.pid, *plugins]:
            limits = pathlib.Path(f'/proc/{pid}/limits').read_text()
            core = next(line for line in limits.splitlines() if line.startswith('Max core file size'))
            self.assertEqual(core.split()[4:6], ['0', '0'], core)
        # Another program does leave one here, unless the machine forbids it to all.
        folder = self.rig.folder / 'core-of-another'
        folder.mkdir()
        other = subprocess.Popen(['sleep', '100'], cwd=folder, env={'PATH': os.environ['PATH']})
        other.send_signal(signal.SIGABRT)
        _, status = os.waitpid(other.pid, 0)
        other.returncode = -signal.SIGABRT
        print('core files are', 'possible' if os.WCOREDUMP(status) else 'switched off on this machine', flush=True)
        shutil.rmtree(folder)
        self.rig.process.send_signal(signal.SIGABRT)
        _, status = os.waitpid(self.rig.process.pid, 0)
        self.rig.process.returncode = -signal.SIGABRT
        self.assertTrue(os.WIFSIGNALED(status))
        self.assertFalse(os.WCOREDUMP(status))

    def test_11_after_all(self):
        self.rig.start()
        self.everything()
        self.assertEqual(self.rig.stop(), 0)
        files, size = self.search_disk('stopped')
        print(f'{len(self.canaries.made)} secrets, {self.artefacts} outputs and {files} files ({size >> 10} KiB) searched, 0 hits', flush=True)
        self.assertGreater(len(self.canaries.made), 2000)

    # ---- the daemon

    def start(self):
        self.source.write()
        self.rig.process or self.rig.start()

    def restart(self):
        """With the secrets made by now in its environment."""
        self.source.write()
        self.rig.stop()
        os.environ.update(self.source.environment)
        try:
            self.rig.start()
        finally:
            for name in self.source.environment:
                os.environ.pop(name, None)


if __name__ == '__main__':
    main()
