"""Providers that do not start, die, hang or answer garbage, and clouds that refuse who asks: the whole message each."""
import http.server
import re
import threading

from rig import BUILD, Rig, log_group, main
from transcript import MessageTest, Transcript

FAULTY = BUILD / 'tests/faulty_sim'


class Provided(MessageTest):
    """A daemon for each test: what went wrong is remembered."""

    @classmethod
    def setUpClass(cls):
        pass

    @classmethod
    def tearDownClass(cls):
        pass

    def setUp(self):
        super().setUp()
        self.rig = Rig(start=False)
        self.addCleanup(self.rig.close)
        self.providers = self.rig.folder / 'providers'
        self.providers.mkdir()

    def start(self, *flags):
        self.rig.start('--providers', str(self.providers), *flags)

    def refused(self, name, model=None, apply=True, accounts=True):
        """What plan, apply and the account say; nothing was done."""
        model = model or self.rig.model(log_group('a'))
        self.says('plan', '-f', model, code=4)
        if apply:
            self.says('apply', '-f', model, '--auto-approve', code=4)
        if accounts:
            self.says('get', 'accounts', code=0)
        journal = self.rig.state / 'sandbox/world.log'
        self.assertNotIn('"create"', journal.read_text() if journal.exists() else '')
        # What cannot be seen is left out (R18): the apply is of nothing.
        self.assertEqual([run['message'] for run in self.json('get', 'runs')['items']], ['0 done'] * apply)
        self.expect(name)


class Processes(Provided):
    """The simulated clouds, or something in their place."""

    def program(self, text):
        path = self.providers / 'tandem-provider-sim'
        path.write_text(text)
        path.chmod(0o755)

    def faulty(self, *faults):
        """The simulated clouds, with faults as tests/crash/faulty_sim.cc reads them."""
        folder = self.rig.folder / 'faults'
        folder.mkdir()
        (folder / 'faults').write_text('\n'.join(faults) + '\n')
        (self.providers / 'tandem-provider-sim').symlink_to(FAULTY)
        self.rig.daemon_environment['FAULTY_SIM'] = str(folder)

    def warnings(self):
        """Why the log says that a program cannot be run."""
        return re.findall(r"a provider's program cannot be run.* provider=sim .*why=\"(.*)\"", self.rig.log_text())

    def test_no_program(self):
        self.start()
        self.refused('provider-missing')
        self.assertEqual(self.warnings(), ['No such file or directory'], self.rig.log_text())

    def test_program_that_may_not_be_run(self):
        self.program('#!/bin/sh\n')
        (self.providers / 'tandem-provider-sim').chmod(0o644)
        self.start()
        self.refused('provider-missing')
        self.assertEqual(self.warnings(), ['Permission denied'], self.rig.log_text())

    def test_will_not_start(self):
        self.program('#!/bin/sh\necho "cannot find my library" >&2\nexit 3\n')
        self.start()
        self.refused('provider-will-not-start')

    def test_says_something_else(self):
        self.program('#!/bin/sh\necho "Welcome to the provider!"\nexec sleep 60\n')
        self.start()
        self.refused('provider-babbles')

    def test_dies(self):
        self.faulty(*['open received 1 kill'] * 1000)
        self.start()
        # What comes next tells of this end or of the next one.
        self.refused('provider-dies', apply=False, accounts=False)

    def test_hangs(self):
        self.faulty(*['open received 1 hang'] * 1000)
        self.start()
        self.refused('provider-hangs', apply=False)  # each command waits for a minute

    def test_answers_garbage(self):
        self.faulty(*['list done 1 invalid'] * 1000)
        self.start()
        self.refused('provider-answers-garbage')


class Sts(http.server.BaseHTTPRequestHandler):
    """Answers every call as the token service would, with what the test has put in `answer`."""
    answer = (200, '')
    calls = []

    def do_POST(self):
        self.calls.append(self.rfile.read(int(self.headers.get('Content-Length', 0))).decode())
        status, text = Sts.answer
        self.send_response(status)
        self.send_header('Content-Type', 'text/xml')
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *words):
        pass


REFUSED = ('<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>{}</Code>'
           '<Message>{}</Message></Error><RequestId>1</RequestId></ErrorResponse>')
IDENTITY = ('<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
            '<Arn>arn:aws:iam::{0}:user/tandem</Arn><UserId>AIDA</UserId><Account>{0}</Account></GetCallerIdentityResult>'
            '<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>')


class Clouds(Provided):
    """The AWS provider, before a server that plays the token service."""

    def setUp(self):
        super().setUp()
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Sts)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        Sts.calls.clear()
        self.transcript = Transcript(PORT=self.server.server_port)
        (self.providers / 'tandem-provider-aws').symlink_to(BUILD / 'tandem-provider-aws')
        # Made up, and of nobody.
        self.rig.daemon_environment.update(AWS_ACCESS_KEY_ID='AKIAMADEUPFORTESTS00', AWS_SECRET_ACCESS_KEY='made-up-for-tests',
                                           AWS_EC2_METADATA_DISABLED='true')
        command = self.rig.command
        self.rig.command = lambda *flags: [word for word in command(*flags) if word != '--sandbox']

    def refused(self, name):
        model = self.rig.model(log_group('a'))
        model.write_text(model.read_text().replace(
            'accountId:', f'endpoint: "http://127.0.0.1:{self.server.server_port}", accountId:'))
        super().refused(name, model)

    def expect(self, name):
        self.assertEqual({call.split('&')[0] for call in Sts.calls} - {'Action=GetCallerIdentity'}, set())
        super().expect(name)

    def test_wrong_credential(self):
        Sts.answer = (403, REFUSED.format('InvalidClientTokenId', 'The security token included in the request is invalid.'))
        self.start()
        self.refused('wrong-credential')

    def test_no_credential(self):
        self.rig.daemon_environment.update(AWS_ACCESS_KEY_ID='', AWS_SECRET_ACCESS_KEY='', HOME=str(self.rig.folder))
        self.start()
        self.refused('no-credential')

    def test_wrong_account(self):
        Sts.answer = (200, IDENTITY.format('999900001111'))
        self.start()
        self.refused('wrong-account')


if __name__ == '__main__':
    main()
