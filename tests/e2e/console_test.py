"""How the command treats who calls it: what it refuses before it asks, what a pipe, a terminal and a signal see."""
from rig import E2eTest, log_group, main


class BeforeTheDaemonIsAsked(E2eTest):
    def test_a_duration_without_a_unit_starts_no_run(self):
        model = self.rig.model(log_group('a'))
        told = self.tandem('apply', '-f', model, '--auto-approve', '--timeout', '5', code=2)
        self.assertIn("--timeout: '5' is not a duration", told.stderr)
        self.assertEqual(self.json('get', 'runs')['items'], [])
        for words in (('approve', 'sha256:0'), ('unprotect', 'x', '--auto-approve'), ('watch',)):
            self.assertIn('is not a duration', self.tandem(*words, '--timeout', 'soon', code=2).stderr)


if __name__ == '__main__':
    main()
