"""What tandemd stores its memory on: a disk that fills up in the middle of an apply, and an old backup put back."""
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

from rig import BUILD, Rig, log_group, main


def creates(rig):
    return [e['address'] for e in rig.ledger()['effects'] if e['operation'] == 'create']


def told(rig):
    """The same, or nothing while the clouds of an earlier tandemd make way for those of the next."""
    try:
        return creates(rig)
    except AssertionError:
        return []


def wait(what, test, rig, seconds=60):
    deadline = time.monotonic() + seconds
    while not test():
        if time.monotonic() > deadline:
            raise AssertionError(f'{what}\n{rig.log_text()}')
        time.sleep(0.05)


class Storage(unittest.TestCase):
    def test_1_the_disk_fills_up_in_the_middle_of_an_apply(self):
        if os.geteuid() != 0:
            self.fail('this test mounts a small tmpfs and needs root')
        rig = Rig(start=False)
        small = rig.folder / 'small'
        small.mkdir()
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', str(small)], check=True)
        try:
            rig.state = small / 'state'
            rig.state.mkdir(mode=0o700)
            rig.environment.update(TANDEM_ADDRESS=f'unix:{rig.state}/d.sock', TANDEM_STATE_DIR=str(rig.state))
            # The clouds do not run out of room: whatever they are asked for shows in their ledger.
            clouds = rig.folder / 'clouds'
            clouds.mkdir(mode=0o700)
            (rig.state / 'sandbox').mkdir(mode=0o700)
            subprocess.run(['mount', '--bind', str(clouds), str(rig.state / 'sandbox')], check=True)
            rig.start()
            total = 2000
            model = rig.model(*[log_group(f'g{i}') for i in range(total)])
            apply = subprocess.Popen([str(BUILD / 'tandem'), 'apply', '-f', str(model), '--auto-approve', '--timeout', '15s'],
                                     env=rig.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            wait('nothing is made', lambda: rig.run('sandbox', 'ledger').returncode == 0 and len(creates(rig)) >= 20, rig)
            self.fill(small)
            made = self.at_rest(rig)
            self.assertLess(made, total, 'it was over before the disk was full')
            self.every_effect_is_known(rig)
            _, err = apply.communicate(timeout=90)
            self.assertEqual(apply.returncode, 9, err)
            self.assertRegex(err, 'warning: nothing more is called until the store can be written: .*full')
            self.assertIn('the run goes on', err)
            self.assertIn('StoreTroubled', rig.run('events').stdout)
            self.assertIn('nothing more is called until the store can be written', rig.log_text())
            for word, said in (('pause', 'it is paused'), ('resume', 'it goes on')):
                done = rig.run(word, creates(rig)[0].removesuffix('@main'), timeout=20)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertRegex(done.stderr, f'{said}, but the store cannot be written: .*full')
            (small / 'filler').unlink()
            wait('the run does not finish by itself when there is room again', lambda: len(creates(rig)) == total, rig)
            wait('the run stays open', lambda: rig.run('plan', '-f', model, '--detailed-exitcode').returncode == 0, rig)
            self.assertEqual(len(set(creates(rig))), total)
            self.assertEqual(len(creates(rig)), total, 'something was created twice')
            self.assertEqual(len(rig.ledger()['objects']), total)
            self.assertIn('the store is written again', rig.log_text())
        finally:
            rig.stop()
            for folder in (rig.state / 'sandbox', small):
                subprocess.run(['umount', str(folder)], check=False)
            rig.close()

    def fill(self, folder):
        with open(folder / 'filler', 'wb', buffering=0) as filler:
            for size in (1 << 20, 1 << 12):
                try:
                    while True:
                        filler.write(b'x' * size)
                except OSError:
                    continue

    def at_rest(self, rig):
        """The number of objects once no more are made."""
        count, since = len(creates(rig)), time.monotonic()
        while time.monotonic() - since < 3:
            time.sleep(0.2)
            if len(creates(rig)) != count:
                count, since = len(creates(rig)), time.monotonic()
        return count

    def every_effect_is_known(self, rig):
        """Of every object that the clouds made, the files tell: by a record, or by an intent that was there before."""
        copy = rig.folder / 'copy'
        copy.mkdir()
        for path in rig.state.glob('tandem.db*'):
            if not path.name.endswith('-shm'):
                shutil.copy(path, copy)
        database = sqlite3.connect(copy / 'tandem.db')
        rows = database.execute('SELECT key, value FROM rows').fetchall()
        database.close()
        text = '\n'.join(f'{key} {value if isinstance(value, str) else bytes(value or b"").decode(errors="replace")}'
                         for key, value in rows if str(key).startswith(('record/', 'intent/')))
        for address in creates(rig):
            self.assertIn(address.removesuffix('@main') + '"', text, f'{address} was made without a durable intent')

    def test_2_an_old_backup_is_put_back_beside_a_newer_witness(self):
        rig = Rig()
        try:
            first = rig.model(log_group('a', 30), log_group('keep', 30))
            self.assertEqual(rig.run('apply', '-f', first, '--auto-approve').returncode, 0)
            self.assertEqual(rig.stop(), 0)
            backup = rig.folder / 'backup'
            backup.mkdir()
            for path in rig.state.glob('tandem.db*'):
                shutil.copy(path, backup)
            rig.start()
            second = rig.model(log_group('a', 60), log_group('keep', 30), log_group('b', 30), name='second.yaml')
            applied = rig.run('apply', '-f', second, '--auto-approve')
            self.assertEqual(applied.returncode, 0, applied.stdout + applied.stderr)
            self.assertEqual(rig.stop(), 0)
            for path in rig.state.glob('tandem.db*'):
                path.unlink()
            for path in backup.iterdir():
                shutil.copy(path, rig.state)
            rig.start()
            effects = len(rig.ledger()['effects'])
            wait('an old store goes unnoticed',
                 lambda: 'older than its witness' in rig.run('events').stdout, rig)
            self.assertEqual(rig.run('refresh').returncode, 0)
            time.sleep(3)  # two and a half minutes of the clouds
            self.assertEqual(len(rig.ledger()['effects']), effects, 'something was healed from an old store')
            applied = rig.run('apply', '-f', second, '--auto-approve')
            self.assertEqual(applied.returncode, 0, applied.stdout + applied.stderr)
            self.assertIn('b', applied.stdout)
            made = creates(rig)
            self.assertEqual(sorted(made), sorted(set(made)), 'something was created twice')
            self.assertEqual(len(rig.ledger()['objects']), 3)
            again = rig.run('plan', '-f', second, '--detailed-exitcode')
            self.assertEqual(again.returncode, 0, again.stdout + again.stderr)
        finally:
            rig.close()

    def test_3_a_write_fails_in_the_middle_of_an_apply(self):
        """Only opening the store again helps: tandemd ends, and the next one goes on."""
        rig = Rig(start=False)
        try:
            # A write past the limit fails with EFBIG, where the signal is ignored.
            rig.start(preexec_fn=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN))
            total = 2000
            model = rig.model(*[log_group(f'g{i}') for i in range(total)])
            apply = subprocess.Popen([str(BUILD / 'tandem'), 'apply', '-f', str(model), '--auto-approve'],
                                     env=rig.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            wait('nothing is made', lambda: rig.run('sandbox', 'ledger').returncode == 0 and len(creates(rig)) >= 20, rig)
            most = (rig.state / 'tandem.db-wal').stat().st_size
            resource.prlimit(rig.process.pid, resource.RLIMIT_FSIZE, (most, most))
            self.assertEqual(rig.process.wait(timeout=15), 1, 'it waits for what it cannot store:\n' + rig.log_text())
            _, err = apply.communicate(timeout=90)
            self.assertNotEqual(apply.returncode, 0, err)
            log = rig.log_text()
            self.assertRegex(log, 'the store is lost; nothing more is called, and tandemd ends.*must be opened again')
            self.assertRegex(log, 'tandemd: the store: .*must be opened again')
            rig.start()
            wait('the clouds do not answer', lambda: told(rig), rig)
            self.assertLess(len(told(rig)), total, 'it was over before a write failed')
            wait('the run does not go on', lambda: len(told(rig)) == total, rig)
            wait('the run stays open', lambda: rig.run('plan', '-f', model, '--detailed-exitcode').returncode == 0, rig)
            self.assertEqual(len(set(creates(rig))), len(creates(rig)), 'something was created twice')
        finally:
            rig.close()


if __name__ == '__main__':
    main()
