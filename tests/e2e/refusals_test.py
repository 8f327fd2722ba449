"""Bad input, bad surroundings: each is told, with what to do, and nothing is half-done."""
import os
import pathlib
import shutil
import sqlite3
import subprocess
import time

from rig import BUILD, SOURCE, E2eTest, Rig, document, log_group, main


class Refusals(E2eTest):
    def test_01_input_that_is_not_there(self):
        self.assertIn('no such file', self.tandem('plan', '-f', '/nonexistent', code=2).stderr)
        self.assertIn('-f', self.tandem('plan', code=2).stderr)
        self.tandem('frobnicate', code=2)
        self.tandem('get', 'resources', '-o', 'xml', code=2)

    def test_02_diagnostics_reach_the_user(self):
        model = self.rig.model(document('ec2.aws', 'VPC', 'net', {'CidrBlok': '10.0.0.0/16'}))
        for command in (['validate'], ['plan'], ['apply', '--auto-approve']):
            told = self.tandem(*command, '-f', model, code=2).stderr
            self.assertIn("did you mean 'CidrBlock'?", told)
            self.assertIn('model.yaml:', told)
            self.assertIn('^', told)
        self.tandem('plan', '-f', model, '--detailed-exitcode', code=1)

    def test_03_a_folder_that_would_be_cut(self):
        folder = self.rig.folder / 'm'
        (folder / 'more').mkdir(parents=True)
        shutil.copy(self.rig.model(log_group('a')), folder / 'model.yaml')
        (folder / 'more/b.yaml').write_text(log_group('b').lstrip('-'))
        self.assertIn('-R', self.tandem('plan', '-f', folder, code=2).stderr)
        self.tandem('validate', '-f', folder, '-R')

    def test_04_without_platform(self):
        path = self.rig.folder / 'bare.yaml'
        path.write_text(log_group('a'))
        self.assertIn('Platform', self.tandem('plan', '-f', path, code=2).stderr)

    def test_05_another_platform_and_everything_gone(self):
        model = self.rig.model(log_group('a'), log_group('b'))
        self.tandem('apply', '-f', model, '--auto-approve')
        other = self.rig.folder / 'other.yaml'
        other.write_text(model.read_text().replace('{name: shop}', '{name: store}'))
        self.assertIn('shop', self.tandem('plan', '-f', other, code=2).stderr)
        self.assertIn('--delete-budget 2', self.tandem('plan', '-f', self.rig.model(), code=5).stderr)
        self.assertEqual(len(self.rig.ledger()['objects']), 2)

    def test_06_secrets(self):
        unserved = self.rig.model(document('logs.aws', 'LogGroup', 'a', {'logGroupName': "${secret('vault:kv/a#b')}"}))
        self.assertIn('vault', self.tandem('validate', '-f', unserved, code=2).stderr)

    def test_07_wrong_account(self):
        model = self.rig.model(log_group('a'), log_group('b'))
        wrong = self.rig.folder / 'wrong.yaml'
        wrong.write_text(model.read_text().replace('"111122223333"', '"999900001111"'))
        told = self.rig.run('plan', '-f', wrong)
        self.assertNotEqual(told.returncode, 0, told.stdout)
        self.assertIn('main', told.stderr)

    def test_08_a_provider_that_dies_costs_nothing(self):
        pid = self.rig.plugin_pid()
        self.assertNotEqual(pid, self.rig.process.pid)
        os.kill(pid, 9)
        model = self.rig.model(log_group('a'), log_group('b'), log_group('c'))

        def applied():
            return self.rig.run('apply', '-f', model, '--auto-approve').returncode == 0
        self.eventually('no apply after the provider died', applied)
        self.assertEqual(len(self.rig.ledger()['objects']), 3)


class Surroundings(E2eTest):
    """What keeps tandemd from starting."""

    def start_fails(self, *flags, rig=None):
        rig = rig or self.rig
        done = subprocess.run(rig.command(*flags), capture_output=True, text=True, timeout=30)
        self.assertNotEqual(done.returncode, 0)
        return done.stderr

    def test_1_state_directory_in_use(self):
        self.assertIn(f'process {self.rig.process.pid}', self.start_fails())

    def test_2_newer_schema(self):
        rig = Rig()
        rig.stop()
        database = sqlite3.connect(rig.state / 'tandem.db')
        version = database.execute('PRAGMA user_version').fetchone()[0]
        database.execute(f'PRAGMA user_version = {version + 1}')
        database.close()
        self.assertIn('newer', self.start_fails(rig=rig))
        rig.close()

    def test_3_damaged_store(self):
        rig = Rig()
        rig.stop()
        path = rig.state / 'tandem.db'
        content = bytearray(path.read_bytes())
        content[:4096] = os.urandom(4096)
        path.write_bytes(content)
        self.start_fails(rig=rig)
        rig.close()

    def test_4_bad_settings(self):
        rig = Rig(start=False)
        self.assertIn('did you mean', self.config(rig, 'state-dri: /tmp/x\n'))
        self.assertIn('role', self.config(rig, 'roles: {root: ["uid:0"]}\n'))
        self.assertIn('schemas', self.start_fails('--schemas', '/nonexistent', rig=rig))
        rig.close()

    def config(self, rig, text):
        path = rig.folder / 'tandemd.yaml'
        path.write_text(text)
        return self.start_fails('--config', str(path), rig=rig)

    def test_5_a_provider_that_will_not_start(self):
        rig = Rig(start=False)
        providers = rig.folder / 'providers'
        providers.mkdir()
        program = providers / 'tandem-provider-sim'
        program.write_text('#!/bin/sh\necho "cannot find my library" >&2\nexit 3\n')
        program.chmod(0o755)
        rig.start('--providers', str(providers))
        model = rig.model(log_group('a'))
        told = rig.run('plan', '-f', model, timeout=60)
        self.assertEqual(told.returncode, 4, told.stdout + told.stderr)
        self.assertIn('cannot find my library', rig.run('get', 'accounts').stdout)
        self.assertEqual(rig.stop(), 0)
        rig.close()

    def test_6_a_full_disk(self):
        if os.geteuid() != 0:
            self.fail('this test mounts a small tmpfs and needs root')
        rig = Rig(start=False)
        small = rig.folder / 'small'
        small.mkdir()
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', str(small)], check=True)
        try:
            rig.state = small / 'state'
            rig.environment.update(TANDEM_ADDRESS=f'unix:{rig.state}/d.sock', TANDEM_STATE_DIR=str(rig.state))
            rig.start()
            blocks = os.statvfs(small)
            (small / 'filler').write_bytes(b'x' * (blocks.f_bavail - 8) * blocks.f_bsize)
            model = rig.model(*[log_group(f'g{i}') for i in range(50)])
            run = rig.run('apply', '-f', model, '--auto-approve', '--timeout', '5s', timeout=60)
            self.assertEqual(run.returncode, 4, run.stdout + run.stderr)
            self.assertIn('full', run.stderr)
            self.assertEqual(rig.ledger()['effects'], [], 'a call was made without a durable intent')
            (small / 'filler').unlink()
            deadline = time.monotonic() + 60
            while rig.run('apply', '-f', model, '--auto-approve', '--timeout', '10s', timeout=60).returncode != 0:
                self.assertLess(time.monotonic(), deadline, 'it does not recover when there is room again')
                time.sleep(0.5)
            created = [e['address'] for e in rig.ledger()['effects'] if e['operation'] == 'create']
            self.assertEqual(len(created), len(set(created)), 'something was created twice')
        finally:
            rig.stop()
            subprocess.run(['umount', str(small)], check=False)
        rig.close()


if __name__ == '__main__':
    main()
