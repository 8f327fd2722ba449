"""What keeps tandemd from starting, or from writing: the whole message each, and what is on disk stays as it is."""
import contextlib
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import unittest

from rig import BUILD, E2eTest, Rig, log_group, main
from transcript import MessageTest, Transcript

NOBODY = 65534
STRANGER = 4711


def content(folder):
    """Every file below `folder`, by its bytes; a lock holds the number of the process that tried."""
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob('*')) if path.is_file() and path.suffix != '.lock'}


class Start(MessageTest):
    @classmethod
    def setUpClass(cls):
        """A state directory with something in it, and nobody at work there."""
        cls.rig = Rig()
        cls.rig.run('apply', '-f', cls.rig.model(log_group('a')), '--auto-approve')
        cls.rig.stop()

    def fails(self, *flags, rig=None, **keys):
        """Starts tandemd, which must end by itself and say why."""
        rig = rig or self.rig
        command = rig.command()
        for flag, value in zip(flags[::2], flags[1::2]):
            if flag in command:
                command[command.index(flag) + 1] = value
            else:
                command += [flag, value]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30,
                              env={**os.environ, **rig.daemon_environment}, **keys)
        self.assertIn(done.returncode, (1, 2), done.stderr)
        words = ['tandemd', *['--sandbox'] * rig.sandbox, '--state-dir', rig.state, *flags]
        self.transcript.add(rig.folder, words, done)

    def unchanged(self, name, before, rig=None):
        self.assertEqual(content((rig or self.rig).state), before)
        self.expect(name)

    def copy(self):
        """A rig of its own with the same state."""
        rig = Rig(start=False)
        self.addCleanup(rig.close)
        shutil.copytree(self.rig.state, rig.state)
        return rig

    def test_state_in_use(self):
        rig = self.copy()
        rig.start()
        self.transcript = Transcript(PID=rig.process.pid)
        self.fails(rig=rig)
        self.assertEqual(rig.run('version', '--server').returncode, 0, 'the first one is disturbed')
        rig.stop()
        self.expect('state-in-use')

    def test_newer_schema(self):
        rig = self.copy()
        database = sqlite3.connect(rig.state / 'tandem.db')
        database.execute('PRAGMA user_version = 999')
        database.close()
        before = content(rig.state)
        self.fails(rig=rig)
        self.unchanged('newer-schema', before, rig)

    def test_database_of_another_program(self):
        rig = self.copy()
        (rig.state / 'tandem.db').unlink()
        database = sqlite3.connect(rig.state / 'tandem.db')
        database.execute('CREATE TABLE songs (name TEXT)')
        database.commit()
        database.close()
        before = content(rig.state)
        self.fails(rig=rig)
        self.unchanged('database-of-another-program', before, rig)

    def test_damaged_store(self):
        rig = self.copy()
        path = rig.state / 'tandem.db'
        damaged = bytearray(path.read_bytes())
        damaged[:4096] = b'\xa5' * 4096
        path.write_bytes(damaged)
        before = content(rig.state)
        self.fails(rig=rig)
        self.unchanged('damaged-store', before, rig)

    def test_a_folder_that_is_none(self):
        rig = Rig(start=False)
        self.addCleanup(rig.close)
        rig.state.write_text('a file\n')
        self.fails(rig=rig)
        rig.state.unlink()
        (rig.folder / 'file').write_text('')
        rig.state = rig.folder / 'file/state'
        self.fails(rig=rig)
        self.expect('state-is-no-folder')

    def test_a_folder_of_somebody_else(self):
        rig = self.copy()
        rig.folder.chmod(0o755)
        rig.state.chmod(0o700)
        user = {'user': NOBODY, 'group': NOBODY, 'extra_groups': []} if os.geteuid() == 0 else {}
        if not user:
            rig.state.chmod(0)
        before = content(rig.state) if user else {}
        self.fails(rig=rig, **user)
        self.unchanged('state-of-somebody-else', before, rig)

    def test_folders_that_others_could_change(self):
        """Whoever may exchange what lies in the state's folder, or in the socket's, could pose as tandemd."""
        rig = self.copy()
        sockets = rig.folder / 'sockets'
        sockets.mkdir()
        before = content(rig.state)
        listen = ('--listen', f'unix:{sockets}/d.sock')
        rig.state.chmod(0o770)
        self.fails(rig=rig)
        rig.state.chmod(0o755)
        sockets.chmod(0o777)
        self.fails(*listen, rig=rig)
        sockets.chmod(0o755)
        if os.geteuid() != 0:
            self.skipTest('only root gives folders away')
        os.chown(rig.state, STRANGER, STRANGER)
        self.fails(rig=rig)
        os.chown(rig.state, 0, 0)
        os.chown(sockets, STRANGER, STRANGER)
        self.fails(*listen, rig=rig)
        link = rig.folder / 'link'
        link.symlink_to(rig.folder / 'elsewhere')
        (rig.folder / 'elsewhere').mkdir()
        os.chown(link, STRANGER, STRANGER, follow_symlinks=False)
        self.fails('--listen', f'unix:{link}/d.sock', rig=rig)
        self.unchanged('folders-of-others', before, rig)

    def test_folders_that_are_made(self):
        """A new state folder is ours alone, however its name ends; a socket may lie in a sticky folder."""
        for tail in ('', '/', '//', '/.', '/./'):
            rig = Rig(start=False)
            self.addCleanup(rig.close)
            sockets = rig.folder / 'sockets'
            sockets.mkdir()
            sockets.chmod(0o1777)
            rig.listen = f'unix:{sockets}/d.sock'
            rig.environment['TANDEM_ADDRESS'] = rig.listen
            folder, rig.state = rig.state, f'{rig.state}{tail}'
            rig.start()
            self.assertEqual(stat.S_IMODE(folder.stat().st_mode), 0o700, rig.state)
            self.assertEqual(rig.stop(), 0)

    def test_a_socket_of_somebody_else(self):
        """The command says nothing to it."""
        if os.geteuid() != 0:
            self.skipTest('only root gives sockets away')
        rig = Rig(start=False)
        self.addCleanup(rig.close)
        rig.folder.chmod(0o755)
        path = rig.folder / 'd.sock'
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen()
            listener.setblocking(False)
            os.chown(path, STRANGER, STRANGER)
            path.chmod(0o666)
            model = rig.model(log_group('a'))
            for words in (['get', 'resources'], ['plan', '-f', str(model)], ['history']):
                done = subprocess.run([BUILD / 'tandem', *words], capture_output=True, text=True, timeout=30, user=NOBODY,
                                      group=NOBODY, extra_groups=[], env={'TANDEM_ADDRESS': f'unix:{path}'})
                self.transcript.add(rig.folder, ['tandem', *words], done)
            with self.assertRaises(BlockingIOError):
                listener.accept()
        self.expect('socket-of-somebody-else')

    def test_settings(self):
        rig = self.copy()
        before = content(rig.state)
        path = rig.folder / 'tandemd.yaml'
        for text in ('state-dri: /tmp/x\n', 'roles: {root: ["uid:0"]}\n', 'resync: soon\n', 'resync: "1h\n'):
            path.write_text(text)
            self.fails('--config', str(path), rig=rig)
        self.fails('--web', 'nowhere', rig=rig)
        for address in ('127.0.0.1:0', 'nowhere', 'unix:', ''):
            self.fails('--listen', address, rig=rig)
        for flag, value in (('--resync', '0s'), ('--resync', '999ms'), ('--time-scale', 'nan'), ('--time-scale', '0'),
                            ('--runs-kept', '0'), ('--runs-kept', '-1')):
            self.fails(flag, value, rig=rig)
        self.fails('--config', str(rig.folder / 'none.yaml'), rig=rig)
        self.fails('--schemas', str(rig.folder / 'none'), rig=rig)
        self.unchanged('bad-settings', before, rig)

    def test_the_key_of_secrets_is_gone(self):
        rig = self.copy()
        (rig.state / 'secret.key').unlink()
        before = content(rig.state)
        self.fails(rig=rig)
        self.unchanged('secret-key-is-gone', before, rig)

    def test_clouds_of_the_other_sort(self):
        """What is remembered of simulated clouds is not looked for in real ones, nor the other way round."""
        rig = self.copy()
        rig.sandbox = False
        for marks in (True, False):
            if not marks:
                (rig.state / 'clouds').unlink(missing_ok=True)  # the journal of the clouds is enough
            before = content(rig.state)
            self.fails(rig=rig)
            self.assertEqual(content(rig.state), before)
        real = Rig(start=False)
        self.addCleanup(real.close)
        real.sandbox = False
        real.start()
        real.stop()
        real.start()
        real.stop()
        real.sandbox = True
        before = content(real.state)
        self.fails(rig=real)
        self.unchanged('clouds-of-the-other-sort', before, real)

    def test_a_port_that_is_taken(self):
        """It is found before the engine begins: no account is opened, no object looked at, no epoch written."""
        rig = self.copy()
        with socket.create_server(('127.0.0.1', 0)) as other:
            port = other.getsockname()[1]
            self.transcript = Transcript(PORT=port)
            self.fails('--web', f'127.0.0.1:{port}', rig=rig)
        epochs = []
        for state in (self.rig.state, rig.state):
            with contextlib.closing(sqlite3.connect(state / 'tandem.db')) as database:
                row, = database.execute("SELECT value FROM rows WHERE key = 'meta/platform'").fetchone()
                epochs.append(json.loads(row)['epoch'])
        self.assertEqual(*epochs)
        self.expect('port-is-taken')


class FullDisk(MessageTest):
    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise AssertionError('this test mounts a small tmpfs and needs root')
        cls.rig = Rig(start=False)
        cls.small = cls.rig.folder / 'small'
        cls.small.mkdir()
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', str(cls.small)], check=True)
        cls.rig.state = cls.small / 'state'
        cls.rig.environment.update(TANDEM_ADDRESS=f'unix:{cls.rig.state}/d.sock', TANDEM_STATE_DIR=str(cls.rig.state))

    @classmethod
    def tearDownClass(cls):
        cls.rig.stop()
        subprocess.run(['umount', str(cls.small)], check=False)
        cls.rig.close()

    def fill(self, leave=0):
        """Leaves so many blocks."""
        blocks = os.statvfs(self.small)
        with open(self.small / 'filler', 'ab') as filler:
            filler.write(b'x' * max(0, blocks.f_bavail - leave) * blocks.f_bsize)

    def test(self):
        rig = self.rig
        rig.start()
        model = rig.model(*[log_group(f'g{i}') for i in range(50)])
        plan = self.small / 'plan.json'
        plan.write_text('{}')
        self.fill(leave=8)
        for words in (['apply', '-f', model, '--auto-approve', '--timeout', '5s'], ['apply', '-f', model, '--auto-approve', '--no-refresh']):
            done = rig.run(*words)
            self.assertEqual(done.returncode, 4, done.stderr)
            done.stdout = ''  # the plan of the fifty
            self.transcript.add(rig.folder, ['tandem', *words], done)
        self.assertEqual(rig.ledger()['effects'], [], 'a call was made without a durable intent')
        # Nor is a file of the user's left half-written.
        self.fill()
        self.says('plan', '-f', rig.model(log_group('g0')), '--target', 'logs.aws/LogGroup/g0', '--out', plan, code=1)
        self.assertEqual(plan.read_text(), '{}')
        self.assertEqual([path.name for path in self.small.iterdir() if path.name.startswith('plan')], ['plan.json'])
        self.expect('full-disk')


class Signals(E2eTest):
    flags = ('--grace', '5s')

    def test_each_of_them_stops_in_order(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(number.name):
                if self.rig.process is None:
                    self.rig.start()
                self.rig.process.send_signal(number)
                self.assertEqual(self.rig.process.wait(timeout=30), 0, self.rig.log_text())
                self.rig.process = None
                self.assertTrue(self.rig.log_text().endswith('tandemd stopped\n'), self.rig.log_text())
                self.assertFalse((self.rig.state / 'd.sock').exists())

    def test_nohup_keeps_a_hangup_off(self):
        rig = Rig(start=False)
        self.addCleanup(rig.close)
        rig.start(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        rig.process.send_signal(signal.SIGHUP)
        self.assertEqual(rig.run('version', '--server').returncode, 0)
        self.assertNotIn('stopping', rig.log_text())
        self.assertEqual(rig.stop(), 0)


class OneHeap(unittest.TestCase):
    """The daemon starts itself once more for large stores of free memory, unless somebody has said how."""
    def started(self, **environment):
        """GLIBC_TUNABLES, command line and name of a daemon that serves."""
        rig = Rig(start=False)
        self.addCleanup(rig.close)
        rig.daemon_environment = environment
        rig.start()
        process = pathlib.Path('/proc') / str(rig.process.pid)
        variables = dict(each.split(b'=', 1) for each in (process / 'environ').read_bytes().split(b'\0') if each)
        words = (process / 'cmdline').read_bytes().decode().split('\0')[:-1]
        self.assertEqual(words, rig.command())
        self.assertEqual((process / 'comm').read_text(), 'tandemd\n')
        return variables.get(b'GLIBC_TUNABLES')

    def test_it_is_the_same_process_with_larger_stores(self):
        self.assertEqual(self.started(), b'glibc.malloc.tcache_count=128')

    def test_who_sets_the_variable_decides(self):
        self.assertEqual(self.started(GLIBC_TUNABLES='glibc.malloc.tcache_count=7'), b'glibc.malloc.tcache_count=7')


if __name__ == '__main__':
    main()
