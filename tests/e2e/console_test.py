"""How the command treats who calls it: what it refuses before it asks, what a pipe, a terminal and a signal see."""
import json
import os
import pty
import re
import select
import signal
import stat
import subprocess
import time
import unicodedata
import unittest

from rig import BUILD, E2eTest, Rig, document, log_group, main

TRUST = json.dumps({'Version': '2012-10-17', 'Statement': [
    {'Effect': 'Allow', 'Action': 'sts:AssumeRole', 'Principal': {'Service': 'eks.amazonaws.com'}}]})


def slow_cluster():
    """A network, and behind it a cluster, which takes its twenty seconds."""
    subnets = [document('ec2.aws', 'Subnet', f's{i}', {'VpcId': "${ref('ec2.aws/VPC/net').VpcId}", 'CidrBlock': f'10.0.{i}.0/24'})
               for i in range(2)]
    return [document('ec2.aws', 'VPC', 'net', {'CidrBlock': '10.0.0.0/16'}), *subnets,
            document('iam.aws', 'Role', 'k', {'AssumeRolePolicyDocument': TRUST}),
            document('eks.aws', 'Cluster', 'k', {
                'roleArn': "${ref('iam.aws/Role/k').Arn}",
                'resourcesVpcConfig': {'subnetIds': [f"${{ref('ec2.aws/Subnet/s{i}').SubnetId}}" for i in range(2)]}})]


def screen(said):
    """The lines that a terminal shows in the end."""
    lines, row, column = [''], 0, 0
    for piece in re.findall('\x1b\\[[0-9;]*[A-Za-z]|.', said, re.DOTALL):
        if piece == '\n':
            row += 1
            lines += [''] * (row + 1 - len(lines))
        elif piece == '\r':
            column = 0
        elif piece == '\x1b[1A':
            row -= 1
        elif piece == '\x1b[2K':
            lines[row] = ''
        elif piece[0] != '\x1b':
            lines[row] = lines[row].ljust(column)[:column] + piece + lines[row][column + 1:]
            column += 1
    return lines


class Spoken:
    """`tandem` at work: what it has said so far, on a terminal or into a pipe."""

    def __init__(self, rig, *words, terminal=False):
        self.text = ''
        self.reader, writer = pty.openpty() if terminal else os.pipe()
        self.process = subprocess.Popen(
            [str(BUILD / 'tandem'), *map(str, words)], env=rig.environment, stdout=writer, stderr=writer,
            stdin=writer if terminal else subprocess.DEVNULL,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
        os.close(writer)

    def hears(self, words, seconds=30):
        """Waits until `words` have been said; all that was said so far."""
        deadline = time.monotonic() + seconds
        while words not in self.text and time.monotonic() < deadline and self.read():
            pass
        if words not in self.text:
            raise AssertionError(f'{words!r} is not in {self.text!r}')
        return self.text

    def read(self):
        if not select.select([self.reader], [], [], 0.1)[0]:
            return True
        try:
            piece = os.read(self.reader, 65536)
        except OSError:  # a terminal whose other end is closed
            return False
        self.text += piece.decode()
        return bool(piece)

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def ends(self, seconds=30):
        """Its exit code; all that it said is in `text` then."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.read():
            pass
        code = self.process.wait(timeout=max(1, deadline - time.monotonic()))
        os.close(self.reader)
        return code

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class BeforeTheDaemonIsAsked(E2eTest):
    def test_a_duration_without_a_unit_starts_no_run(self):
        model = self.rig.model(log_group('a'))
        told = self.tandem('apply', '-f', model, '--auto-approve', '--timeout', '5', code=2)
        self.assertIn("--timeout: '5' is not a duration", told.stderr)
        self.assertEqual(self.json('get', 'runs')['items'], [])
        for words in (('approve', 'sha256:0'), ('unprotect', 'x', '--auto-approve'), ('watch',)):
            self.assertIn('is not a duration', self.tandem(*words, '--timeout', 'soon', code=2).stderr)

    def test_a_tls_file_that_cannot_be_read_is_named(self):
        there, empty = self.rig.folder / 'there.pem', self.rig.folder / 'empty.pem'
        there.write_text('-----BEGIN')
        empty.write_text('')
        missing = self.rig.folder / 'missing.pem'
        for words, why in ((('--tls-ca', missing), f'--tls-ca {missing}: No such file or directory'),
                           (('--tls-cert', self.rig.folder), f'--tls-cert {self.rig.folder}: Is a directory'),
                           (('--tls-ca', there, '--tls-key', empty), f'--tls-key {empty}: it is empty')):
            told = self.tandem('get', 'runs', '--address', '127.0.0.1:1', *words, code=2)
            self.assertEqual(told.stderr, f'error: {why}\n')
        self.tandem('get', 'runs', '--tls-ca', missing)  # a socket needs none


class Names(E2eTest):
    """What nobody knows is not an empty answer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        model = cls.rig.model(log_group('orders'))
        assert cls.rig.run('apply', '-f', model, '--auto-approve').returncode == 0

    def test_an_unknown_name_is_told(self):
        for words in (('events', 'logs.aws/LogGroup/ordes'), ('events', 'logs.aws/LogGroup/ordes', '-o', 'json'),
                      ('get', 'resources', '--component', 'ordes'), ('get', 'resources', '--component', 'ordes', '-o', 'json'),
                      ('unprotect', 'logs.aws/LogGroup/ordes')):
            told = self.tandem(*words, code=6)
            self.assertEqual(told.stdout, '')
            self.assertIn("did you mean 'logs.aws/LogGroup/orders'?", told.stderr)
        for words in (('events', '--run', 'nope'), ('watch', '--run', 'nope', '--timeout', '5s'),
                      ('watch', '--run', 'nope', '--timeout', '5s', '-o', 'json')):
            told = self.tandem(*words, code=6)
            self.assertEqual((told.stdout, told.stderr), ('', "error: there is no run 'nope'\n"))

    def test_a_known_name_with_nothing_to_tell_is_no_error(self):
        run = self.json('get', 'runs')['items'][0]['id']
        self.assertIn('RunFinished', self.tandem('events', '--run', run).stdout)
        self.tandem('events', 'logs.aws/LogGroup/orders')
        self.tandem('watch', '--run', run, '--timeout', '500ms')
        self.tandem('unprotect', 'logs.aws/LogGroup/orders', code=5)

    def test_unprotect_is_of_resources(self):
        self.assertEqual(self.tandem('unprotect', 'main', code=6).stderr, "error: nothing is recorded at 'main'\n")

    def test_a_component_is_no_account(self):
        told = self.tandem('get', 'resources', '--component', 'main', code=6)
        self.assertEqual(told.stderr, "error: there is no component 'main'\n")

    def test_events_are_the_newest_in_order_of_time(self):
        for _ in range(3):
            self.tandem('pause', 'logs.aws/LogGroup/orders')
            self.tandem('resume', 'logs.aws/LogGroup/orders')
        everything = self.sequences()
        self.assertGreater(len(everything), 6)
        self.assertEqual(everything, sorted(everything))
        self.assertEqual(self.sequences('--limit', '3'), everything[-3:])
        self.assertEqual(self.sequences('--limit', '100000'), everything)
        for limit in ('0', '-1'):
            self.assertIn('--limit', self.tandem('events', '--limit', limit, code=2).stderr)
            self.assertIn('--limit', self.tandem('history', '--limit', limit, code=2).stderr)
        for _ in range(6):
            self.tandem('pause', 'logs.aws/LogGroup/orders')
            self.tandem('resume', 'logs.aws/LogGroup/orders')
        of_it = [line.split(' ', 1)[0] for line in self.tandem('events', 'logs.aws/LogGroup/orders').stdout.splitlines()]
        described = self.tandem('describe', 'logs.aws/LogGroup/orders').stdout.split('# events\n')[1].splitlines()
        self.assertEqual([line.split()[1] for line in described], of_it[-10:])

    def sequences(self, *words):
        return [json.loads(line)['sequence'] for line in self.tandem('events', '-o', 'json', *words).stdout.splitlines()[1:]]


class Forms(E2eTest):
    """A form that a command takes is the form in which it answers."""

    def test_a_model_that_cannot_be_read_is_judged_as_json(self):
        missing = self.rig.folder / 'missing.yaml'
        told = self.tandem('validate', '-f', missing, '-o', 'json', code=2)
        self.assertEqual(told.stderr, '')
        self.assertEqual(json.loads(told.stdout), {'valid': False, 'diagnostics': [
            {'severity': 'error', 'summary': f'{missing}: no such file or directory; check the path after -f',
             'detail': '', 'address': ''}]})

    def test_diff_without_differences_is_an_empty_plan(self):
        model = self.rig.model(log_group('a'))
        self.assertEqual(len(self.json('diff', '-f', model, code=1)['steps']), 1)
        self.tandem('apply', '-f', model, '--auto-approve')
        self.assertEqual(self.json('diff', '-f', model)['steps'], [])
        self.assertIn('steps: []', self.tandem('diff', '-f', model, '-o', 'yaml').stdout)
        self.assertEqual(self.tandem('diff', '-f', model).stdout, '')

    def test_apply_has_one_form(self):
        self.assertIn('-o', self.tandem('apply', '-f', 'x', '-o', 'json', code=2).stderr)

    def test_faults_of_the_sandbox(self):
        first = self.json('sandbox', 'fault', 'add', 'lost-replies', '--probability', '0.25')['id']
        second = self.json('sandbox', 'fault', 'add', 'stale-reads', '--lag', '2s', '--for', '1h')['id']
        faults = self.json('sandbox', 'fault', 'list')['items']
        self.assertEqual([{key: value for key, value in fault.items() if value is not None and key != 'since'} for fault in faults],
                         [{'id': first, 'type': 'lost-replies', 'probability': 0.25},
                          {'id': second, 'type': 'stale-reads', 'lag': '2s', 'for': '1h'}])
        self.assertIn('type: lost-replies', self.tandem('sandbox', 'fault', 'list', '-o', 'yaml').stdout)
        self.assertIn('DETAIL', self.tandem('sandbox', 'fault', 'list').stdout)
        self.assertEqual(self.json('sandbox', 'fault', 'clear'), {'cleared': 2})
        self.assertEqual(self.json('sandbox', 'fault', 'list'), {'items': []})


class WhatIsWritten(E2eTest):
    def shell(self, line):
        return subprocess.run(['sh', '-c', line.replace('tandem', str(BUILD / 'tandem'), 1)], env=self.rig.environment,
                              cwd=self.rig.folder, capture_output=True, text=True, timeout=60)

    def test_output_that_cannot_be_written_is_an_error(self):
        self.rig.model(log_group('a'))
        for words in ('plan -f model.yaml -o json', 'plan -f model.yaml --detailed-exitcode', 'graph', 'get accounts',
                      'validate -f model.yaml', 'completion bash', 'explain ec2.aws/VPC', 'version', '--help'):
            done = self.shell(f'tandem {words} > /dev/full')
            self.assertEqual((done.returncode, done.stderr),
                             (1, 'error: cannot write the output: No space left on device\n'), words)
            done = self.shell(f'tandem {words} >&-')
            self.assertEqual((done.returncode, done.stderr),
                             (1, 'error: cannot write the output: Bad file descriptor\n'), words)

    def test_a_reader_that_has_read_enough_is_no_error(self):
        self.assertEqual(self.shell('tandem explain ec2.aws/VPC | head -n 1').stderr, '')
        done = self.shell("trap '' PIPE; { tandem explain ec2.aws/VPC; echo $? >&2; } | true")
        self.assertEqual(done.stderr, '0\n')

    def test_what_others_wrote_does_not_move_the_cursor(self):
        evil = 'k\x1b[2J\x7f\u009b'
        model = self.rig.model(log_group('a'), document('logs.aws', 'LogGroup', 'b', {
            'logGroupName': '/b', 'retentionInDays': 30, 'tags': {evil: evil}}), name='evil.yaml')
        for words in (('plan', '-f', model), ('plan', '-f', model, '-o', 'markdown'), ('apply', '-f', model, '--auto-approve'),
                      ('why', 'logs.aws/LogGroup/b'), ('why', f'logs.aws/LogGroup/{evil}'), ('events',),
                      ('cancel', evil), ('get', 'resources', '--component', evil)):
            done = self.rig.run(*words)
            said = done.stdout + done.stderr
            self.assertEqual([c for c in said if c != '\n' and unicodedata.category(c) == 'Cc'], [], (words, said))
        self.assertIn(evil, self.json('get', 'logs.aws/LogGroup/b')['settled']['tags'])

    def test_a_saved_plan_harms_nothing_beside_it(self):
        model = self.rig.model(log_group('a'))
        folder = self.rig.folder / 'plans'
        folder.mkdir()
        saved, other, precious = folder / 'p', folder / 'p.new', self.rig.folder / 'precious'
        precious.write_text('mine')
        precious.chmod(0o644)
        other.symlink_to(precious)
        self.tandem('plan', '-f', model, '--out', saved)
        self.assertEqual(precious.read_text(), 'mine')
        self.assertTrue(other.is_symlink())
        other.unlink()
        other.write_text('also mine')
        other.chmod(0o666)
        saved.unlink()
        saved.symlink_to(precious)
        self.tandem('plan', '-f', model, '--out', saved)
        self.assertEqual((precious.read_text(), other.read_text()), ('mine', 'also mine'))
        self.assertEqual(stat.S_IMODE(saved.lstat().st_mode), 0o600)
        self.assertFalse(saved.is_symlink())
        self.assertEqual(sorted(path.name for path in folder.iterdir()), ['p', 'p.new'])

    def test_a_plan_that_cannot_be_saved_says_why(self):
        model = self.rig.model(log_group('a'))
        pipe = self.rig.folder / 'pipe'
        os.mkfifo(pipe)
        for path, why in ((self.rig.folder, 'Is a directory'), (pipe, 'File exists'),
                          (self.rig.folder / 'none/p', 'No such file or directory'), (model / 'p', 'Not a directory')):
            told = self.tandem('plan', '-f', model, '--out', path, code=1)
            self.assertEqual(told.stderr, f'error: cannot write {path}: {why}\n')
        self.assertTrue(stat.S_ISFIFO(pipe.stat().st_mode))

    def test_fmt_harms_nothing_beside_the_file_and_follows_a_link(self):
        folder = self.rig.folder / 'texts'
        folder.mkdir()
        ugly, link, other = folder / 'ugly.yaml', folder / 'link.yaml', folder / 'ugly.yaml.new'
        ugly.write_text('a:\n    - 1\n')
        ugly.chmod(0o640)
        link.symlink_to(ugly)
        other.write_text('mine')
        self.tandem('fmt', link)
        self.assertTrue(link.is_symlink())
        self.assertEqual(ugly.read_text(), 'a:\n  - 1\n')
        self.assertEqual(stat.S_IMODE(ugly.stat().st_mode), 0o640)
        self.assertEqual(other.read_text(), 'mine')
        self.assertEqual(len(list(folder.iterdir())), 3)


class WhileARunGoesOn(unittest.TestCase):
    def setUp(self):
        self.rig = Rig(time_scale=4)
        self.addCleanup(self.rig.close)

    def speak(self, *words, terminal=False):
        spoken = Spoken(self.rig, *words, terminal=terminal)
        self.addCleanup(spoken.close)
        return spoken

    def test_a_pipe_hears_the_plan_the_run_and_every_step_as_they_come(self):
        spoken = self.speak('apply', '-f', self.rig.model(*slow_cluster()), '--auto-approve')
        spoken.hears('Plan: 5 to create.')
        spoken.hears('Run run-')
        spoken.hears('create ec2.aws/VPC/net\n')
        self.assertNotIn('succeeded', spoken.text)
        self.assertNotIn('\x1b', spoken.text)

    def test_ctrl_c_cancels_and_leaves_a_clean_screen(self):
        spoken = self.speak('apply', '-f', self.rig.model(*slow_cluster()), '--auto-approve', terminal=True)
        spoken.hears('create eks.aws/Cluster/k: ')
        spoken.interrupt()
        spoken.hears('press Ctrl-C again to detach')
        self.assertEqual(spoken.ends(), 8)
        shown = screen(spoken.text)
        told = [line for line in shown if 'cancelling run-' in line]
        self.assertEqual(len(told), 1, shown)
        self.assertTrue(told[0].startswith('cancelling'), told)
        self.assertEqual([line for line in shown if '░' in line or line.startswith('  create')], [])
        self.assertEqual([line for line in shown if line][-1][:8], 'Run run-', shown)

    def test_the_second_ctrl_c_detaches_whether_the_daemon_answers_or_not(self):
        spoken = self.speak('apply', '-f', self.rig.model(*slow_cluster()), '--auto-approve')
        spoken.hears('create ec2.aws/VPC/net\n')
        self.stop_the_daemon()
        spoken.interrupt()
        spoken.hears('press Ctrl-C again to detach')
        spoken.interrupt()
        self.assertEqual(spoken.ends(), 8)
        self.assertIn('detached; the run goes on stopping: tandem get runs run-', spoken.text)

    def test_ctrl_c_at_the_question_ends_the_command(self):
        spoken = self.speak('apply', '-f', self.rig.model(log_group('a')), terminal=True)
        spoken.hears("Only 'yes' is accepted: ")
        spoken.interrupt()
        self.assertEqual(spoken.ends(5), -signal.SIGINT)

    def test_ctrl_c_ends_a_command_whose_daemon_does_not_answer(self):
        model = self.rig.model(log_group('a'))
        self.stop_the_daemon()
        for words in (('apply', '-f', model, '--auto-approve'), ('approve', 'sha256:0'), ('unprotect', 'x', '--auto-approve')):
            spoken = self.speak(*words)
            while len(os.listdir(f'/proc/{spoken.process.pid}/task')) == 1:  # no call is under way
                spoken.read()
            spoken.interrupt()
            self.assertEqual(spoken.ends(5), -signal.SIGINT)

    def stop_the_daemon(self):
        os.kill(self.rig.process.pid, signal.SIGSTOP)
        self.addCleanup(os.kill, self.rig.process.pid, signal.SIGCONT)


if __name__ == '__main__':
    main()
