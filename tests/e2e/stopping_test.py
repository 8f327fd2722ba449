"""SIGTERM ends tandemd in the time it is given, whatever hangs."""
import os
import pathlib
import signal
import subprocess
import time
import unittest

from rig import BUILD, Rig, log_group, main


class Stopping(unittest.TestCase):
    def test_a_plugin_hangs_and_somebody_waits_for_a_plan(self):
        rig = Rig('--grace', '1s')
        self.addCleanup(rig.close)
        model = rig.model(log_group('a'))
        self.assertEqual(rig.run('apply', '-f', model, '--auto-approve').returncode, 0, rig.log_text())
        plugin = rig.plugin_pid()
        os.kill(plugin, signal.SIGSTOP)
        with subprocess.Popen([str(BUILD / 'tandem'), 'plan', '-f', str(model)], env=rig.environment,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as plan:
            time.sleep(1)
            self.assertIsNone(plan.poll(), 'it waits for no answer of the plugin')
            begun = time.monotonic()
            rig.process.terminate()
            rig.process.wait(timeout=45)
            took = time.monotonic() - begun
            out, err = plan.communicate(timeout=30)
        self.assertLess(took, 15, rig.log_text())
        self.assertIn('1 not observed', out, err)
        self.assertFalse(pathlib.Path(f'/proc/{plugin}').exists(), 'its plugin outlives it')


if __name__ == '__main__':
    main()
