"""Bad files, each with the whole message that a user sees; after each, state and clouds are as they were."""
import json
import os
import pathlib
import subprocess
import sys

from rig import BUILD, SOURCE, Rig, document, log_group, main
from transcript import MessageTest

sys.path.insert(0, str(SOURCE / 'tests/secrets'))
import vault  # noqa: E402

NOBODY = 65534


class Files(MessageTest):
    """What -f cannot be read from. No daemon needed: it is refused before anything is sent."""

    @classmethod
    def setUpClass(cls):
        cls.rig = Rig(start=False)

    def refused(self, name, path, commands=(['validate'], ['plan'], ['apply', '--auto-approve']), **keys):
        for command in commands:
            self.says(*command, '-f', path, code=2, **keys)
        self.assertFalse(self.rig.state.exists())
        self.expect(name)

    def test_nothing_there(self):
        self.refused('missing-folder', self.rig.folder / 'none')

    def test_folder_without_a_model(self):
        folder = self.rig.folder / 'empty'
        folder.mkdir()
        (folder / 'notes.txt').write_text('')
        self.refused('folder-without-model', folder, (['validate'],))

    def test_links_that_lead_nowhere(self):
        folder = self.rig.folder / 'links'
        folder.mkdir()
        (folder / 'gone.yaml').symlink_to('nowhere.yaml')
        self.says('validate', '-f', folder, code=2)
        (folder / 'gone.yaml').unlink()
        (folder / 'loop.yaml').symlink_to('loop.yaml')
        self.says('validate', '-f', folder, code=2)
        (folder / 'loop.yaml').unlink()
        (folder / 'up').symlink_to('.')
        self.says('validate', '-R', '-f', folder, code=2)
        self.refused('links', self.rig.folder / 'links/up/model.yaml', (['validate'],))

    def test_unreadable(self):
        """As somebody who may not read it: root reads everything."""
        folder = self.rig.folder / 'private'
        folder.mkdir()
        self.rig.folder.chmod(0o755)
        (folder / 'model.yaml').write_text(log_group('a'))
        (folder / 'model.yaml').chmod(0)
        user = {'user': NOBODY, 'group': NOBODY, 'extra_groups': []} if os.geteuid() == 0 else {}
        for path in (folder / 'model.yaml', folder):
            words = ['validate', '-f', path]
            done = subprocess.run([str(BUILD / 'tandem'), *map(str, words)], env=self.rig.environment, capture_output=True,
                                  text=True, timeout=60, **user)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.transcript.add(self.rig.folder, ['tandem', *words], done)
        self.expect('unreadable-file')

    def test_not_a_file(self):
        self.says('validate', '-f', '/dev/null', code=2)
        self.says('validate', '-f', self.rig.folder / 'notes.txt/model.yaml', code=2)
        (self.rig.folder / 'notes.txt').write_text('')
        self.refused('not-a-file', self.rig.folder / 'notes.txt/model.yaml', (['validate'],))

    def test_a_scalar_of_100_mb(self):
        path = self.rig.folder / 'large.yaml'
        head = document('logs.aws', 'LogGroup', 'a', {}).replace('spec: {}', 'spec: {logGroupName: ')
        with open(path, 'w', encoding='ascii') as file:
            file.write(head)
            for _ in range(100):
                file.write('x' * 1_000_000)
            file.write('}\n')
        self.says('validate', '-f', path, code=2)
        self.says('validate', '-f', '-', text=path.read_text(), code=2)
        # Within what a file may hold; then it is the document that is too large.
        path.write_text(head + 'x' * 50_000_000 + '}\n')
        self.refused('scalar-of-100-mb', path, (['validate'],))

    def test_nested_100_000_deep(self):
        path = self.rig.folder / 'deep.yaml'
        head = '---\napiVersion: logs.aws/v1\nkind: LogGroup\nmetadata: {name: a}\nspec:\n'
        for deep in ('  logGroupName: ' + '[' * 100_000 + ']' * 100_000, '  logGroupName: ' + '{a: ' * 100_000 + '}' * 100_000,
                     '  ' + '- ' * 100_000 + 'x', '  logGroupName: ' + '[' * 100_000):
            path.write_text(head + deep + '\n')
            self.says('validate', '-f', path, code=2)
        self.refused('nested-100000-deep', path, ())


class Models(MessageTest):
    """A daemon for each test, so that revisions have the same numbers whatever ran before."""

    @classmethod
    def setUpClass(cls):
        pass

    @classmethod
    def tearDownClass(cls):
        pass

    def refused(self, name):
        self.assertEqual(self.state(), self.before)
        self.expect(name)

    def setUp(self):
        super().setUp()
        self.rig = Rig('--no-heal')
        self.addCleanup(self.rig.close)
        self.tandem('apply', '-f', self.rig.model(log_group('a'), log_group('b')), '--auto-approve')
        self.before = self.state()

    def test_without_its_platform(self):
        path = self.rig.folder / 'bare.yaml'
        path.write_text(log_group('a'))
        for command in (['validate'], ['plan'], ['apply', '--auto-approve']):
            self.says(*command, '-f', path, code=2)
        self.refused('without-platform')

    def test_with_a_scalar_of_50_mb(self):
        """On its way to the daemon, which reads it as the command would."""
        model = self.rig.model(log_group('a'), log_group('b'), document('logs.aws', 'LogGroup', 'x' * 50_000_000, {}), name='large.yaml')
        for command in (['plan'], ['apply', '--auto-approve']):
            self.says(*command, '-f', model, code=2)
        self.refused('scalar-of-50-mb-sent')

    def test_of_another_platform(self):
        model = self.rig.model(log_group('a'), log_group('b'), name='other.yaml')
        model.write_text(model.read_text().replace('{name: shop}', '{name: store}'))
        for command in (['plan'], ['apply', '--auto-approve']):
            self.says(*command, '-f', model, code=2)
        self.refused('another-platform')

    def test_that_would_delete_everything(self):
        model = self.rig.model(name='empty.yaml')
        for command in (['plan'], ['apply', '--auto-approve'], ['apply', '--auto-approve', '--delete-budget', '1']):
            self.says(*command, '-f', model, code=5)
        self.refused('deletes-everything')

    def test_with_the_account_of_somebody_else(self):
        model = self.rig.model(log_group('a'), log_group('b'), name='wrong.yaml')
        model.write_text(model.read_text().replace('"111122223333"', '"999900001111"'))
        for command in (['plan'], ['apply', '--auto-approve']):
            self.says(*command, '-f', model, code=2)
        self.refused('another-account')

    # --- plan files ---

    def saved(self, *documents, name='plan.json'):
        model, path = self.rig.model(*documents), self.rig.folder / name
        self.tandem('plan', '-f', model, '--out', path)
        return model, path

    def test_that_is_no_plan(self):
        for content in ('', '{"format": "tandem.plan/1", "hash": ', '[]', '{}', '{"format": "tandem.plan/9"}'):
            path = self.rig.folder / 'no-plan.json'
            path.write_text(content)
            self.says('apply', path, '--auto-approve', code=2)
        self.says('apply', self.rig.folder / 'none.json', '--auto-approve', code=2)
        self.refused('no-plan-file')

    def test_a_plan_that_was_tampered_with(self):
        model, path = self.saved(log_group('a'), log_group('b', 90), log_group('c'))
        sound = json.loads(path.read_text())

        def tampered(change):
            plan = json.loads(json.dumps(sound))
            change(plan)
            path.write_text(json.dumps(plan))
            for with_model in ((), ('-f', model)):
                self.says('apply', path, *with_model, '--auto-approve', code=2)

        def other_value(plan):
            step = next(step for step in plan['steps'] if step['action'] == 'update')
            step['changes'][0]['after'] = 365
        tampered(other_value)
        tampered(lambda plan: plan['steps'].pop())
        tampered(lambda plan: plan.update(hash='sha256:' + '0' * 64))
        self.refused('tampered-plan')

    def test_a_stale_plan(self):
        model, path = self.saved(log_group('a'), log_group('b'), log_group('c'))
        self.tandem('apply', '-f', self.rig.model(log_group('a'), log_group('b', 60), name='next.yaml'), '--auto-approve')
        self.before = self.state()
        self.says('apply', path, '--auto-approve', code=1)
        self.says('apply', path, '-f', model, '--auto-approve', code=1)
        # What it would change has moved.
        model, path = self.saved(log_group('a', 90), log_group('b', 60), name='moved.json')
        self.tandem('sandbox', 'mutate', 'logs.aws/LogGroup/a', 'retentionInDays', '7')
        self.before = self.state()
        self.says('apply', path, '-f', model, '--auto-approve', code=1)
        self.assertEqual(self.state(), self.before)
        # Without its model it is not made again, but what it stands on is compared.
        self.says('apply', path, '--auto-approve', code=1)
        self.refused('stale-plan')


class Secrets(MessageTest):
    @classmethod
    def setUpClass(cls):
        cls.rig = Rig(start=False)
        cls.schemas = vault.write_schemas(SOURCE / 'schemas', cls.rig.folder / 'schemas')
        cls.rig.environment['TANDEM_SCHEMAS'] = str(cls.schemas)
        cls.rig.start('--schemas', str(cls.schemas))
        cls.rig.run('apply', '-f', cls.rig.model(log_group('a')), '--auto-approve')

    def test_a_literal(self):
        model = self.rig.model(document('vault.aws', 'Login', 'l', {'Name': 'l', 'Password': 'made-up-hunter2'}),
                               '---\napiVersion: vault.aws/v1\nkind: Login\nmetadata: {name: m}\nspec:\n  Name: m\n  Settings:\n'
                               '    Secret: |\n      made-up\n      hunter3\n')
        before = self.state()
        for command in (['validate'], ['plan'], ['apply', '--auto-approve']):
            done = self.says(*command, '-f', model, code=2)
            self.assertNotIn('hunter', done.stdout + done.stderr)
        self.assertEqual(self.state(), before)
        self.expect('literal-secret')

    def test_that_is_not_there(self):
        model = self.rig.model(document('vault.aws', 'Login', 'l', {'Name': 'l', 'Password': "${secret('env:MADE_UP_NOTHING')}"}))
        before = self.state()
        self.says('plan', '-f', model)
        self.says('apply', '-f', model, '--auto-approve', '--timeout', '5s')
        self.assertEqual(self.state()['sandbox ledger'], before['sandbox ledger'])
        self.expect('secret-not-there')


if __name__ == '__main__':
    main()
