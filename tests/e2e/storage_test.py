"""An old backup of the store, put back under a started tandemd (R12)."""
import shutil
import time
import unittest

from rig import Rig, log_group, main


def creates(rig):
    return [e['address'] for e in rig.ledger()['effects'] if e['operation'] == 'create']


def wait(what, test, rig, seconds=60):
    deadline = time.monotonic() + seconds
    while not test():
        if time.monotonic() > deadline:
            raise AssertionError(f'{what}\n{rig.log_text()}')
        time.sleep(0.05)


class OldBackup(unittest.TestCase):
    def test_an_old_backup_is_put_back_beside_a_newer_witness(self):
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


if __name__ == '__main__':
    main()
