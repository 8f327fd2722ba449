"""Who gets in: the unix socket, TCP with TLS only, roles, health, metrics."""
import os
import re
import resource
import socket
import stat
import subprocess
import time
import urllib.error
import urllib.request

from rig import BUILD, E2eTest, Rig, log_group, main


def make_certificates(folder):
    """A CA, a server certificate for localhost, and clients alice and bob. Made up for this test."""
    def openssl(*words):
        subprocess.run(['openssl', *map(str, words)], check=True, capture_output=True)
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', folder / 'ca.key', '-out', folder / 'ca.pem', '-days', '2',
            '-subj', '/CN=test-ca')
    for name in ('localhost', 'alice', 'bob'):
        openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', folder / f'{name}.key', '-out', folder / f'{name}.csr',
                '-subj', f'/CN={name}')
        extension = folder / f'{name}.ext'
        extension.write_text(f'subjectAltName=DNS:{name},IP:127.0.0.1\n')
        openssl('x509', '-req', '-in', folder / f'{name}.csr', '-CA', folder / 'ca.pem', '-CAkey', folder / 'ca.key', '-CAcreateserial',
                '-out', folder / f'{name}.pem', '-days', '2', '-extfile', extension)


def families(text):
    """Name → type of what Prometheus reads. Each family is one piece: its help, its type, then all its samples."""
    found = {}
    name = None
    for line in text.splitlines():
        if line.startswith('# HELP '):
            name = line.split(' ')[2]
            assert name not in found and len(line.split(' ')) > 4, line
            found[name] = None
        elif line.startswith('# TYPE '):
            assert line.split(' ')[2] == name and found[name] is None, line
            found[name] = line.split(' ')[3]
        else:
            sample = re.fullmatch(r'([a-z_]+)(?:\{[a-z]+="[^"]*"(?:,[a-z]+="[^"]*")*\})? [-+0-9.e]+', line)
            allowed = (f'{name}_sum', f'{name}_count') if found[name] == 'summary' else (name,)
            assert sample and sample[1] in allowed, line
    return found


class Transport(E2eTest):
    def test_1_socket_is_private(self):
        self.assertEqual(stat.S_IMODE((self.rig.state / 'd.sock').stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(self.rig.state.stat().st_mode), 0o700)
        self.assertEqual(stat.S_IMODE((self.rig.state / 'secret.key').stat().st_mode), 0o600)

    def test_2_health_and_metrics(self):
        port = re.search(r'port (\d+)', self.rig.log_text())[1]
        base = f'http://127.0.0.1:{port}'
        self.assertEqual(urllib.request.urlopen(f'{base}/healthz', timeout=5).status, 200)
        self.eventually('never ready', lambda: urllib.request.urlopen(f'{base}/readyz', timeout=5).status == 200)
        self.tandem('apply', '-f', self.rig.model(log_group('a')), '--auto-approve')
        text = urllib.request.urlopen(f'{base}/metrics', timeout=5).read().decode()
        types = families(text)
        self.assertEqual(types['tandem_workqueue_adds_total'], 'counter')
        self.assertEqual(types['tandem_provider_requests_total'], 'counter')
        self.assertEqual(types['tandem_workqueue_depth'], 'gauge')
        self.assertEqual(types['tandem_workqueue_queue_duration_seconds'], 'summary')
        with self.assertRaises(urllib.error.HTTPError):
            urllib.request.urlopen(f'{base}/nothing', timeout=5)

    def test_2b_the_page_on_ipv6(self):
        rig = Rig(start=False)
        self.addCleanup(rig.close)
        rig.web = '[::1]:0'
        rig.start()
        port = re.search(r'port (\d+)', rig.log_text())[1]
        self.assertEqual(urllib.request.urlopen(f'http://[::1]:{port}/healthz', timeout=5).status, 200)

    def test_3_tcp_needs_tls(self):
        rig = Rig(start=False)
        command = rig.command()
        command[command.index('--listen') + 1] = '127.0.0.1:0'
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 2)
        self.assertIn('TLS', done.stderr)
        rig.close()

    def test_4_mutual_tls_and_roles(self):
        rig = Rig(start=False)
        certificates = rig.folder / 'tls'
        certificates.mkdir()
        make_certificates(certificates)
        config = rig.folder / 'tandemd.yaml'
        config.write_text('roles:\n  viewer: ["cn:bob"]\n  operator: ["cn:alice"]\n')
        port = 20000 + os.getpid() % 20000
        command = rig.command('--config', str(config), '--tls-cert', str(certificates / 'localhost.pem'),
                              '--tls-key', str(certificates / 'localhost.key'), '--tls-client-ca', str(certificates / 'ca.pem'))
        command[command.index('--listen') + 1] = f'127.0.0.1:{port}'
        rig.log = open(rig.folder / 'tandemd.log', 'ab')
        rig.process = subprocess.Popen(command, stdout=rig.log, stderr=rig.log)
        rig.environment['TANDEM_ADDRESS'] = f'127.0.0.1:{port}'

        def as_client(name, *words):
            identity = [] if name is None else ['--tls-cert', certificates / f'{name}.pem', '--tls-key', certificates / f'{name}.key']
            return rig.run('--tls-ca', certificates / 'ca.pem', *identity, *words)
        self.eventually('not serving over TLS', lambda: as_client('bob', 'version', '--server').returncode == 0)
        model = rig.model(log_group('a'))
        self.assertEqual(as_client('bob', 'get', 'resources').returncode, 0)
        denied = as_client('bob', 'apply', '-f', model, '--auto-approve')
        self.assertEqual(denied.returncode, 3, denied.stderr)
        self.assertIn('cn:bob', denied.stderr)
        applied = as_client('alice', 'apply', '-f', model, '--auto-approve')
        self.assertEqual(applied.returncode, 0, applied.stderr + rig.log_text())
        self.assertIn('cn:alice', as_client('bob', 'history').stdout)
        self.assertNotEqual(as_client(None, 'get', 'resources').returncode, 0)
        self.assertEqual(rig.stop(), 0)
        rig.close()

    def test_4b_who_shows_no_certificate_only_looks(self):
        rig = Rig(start=False)
        self.addCleanup(rig.close)
        certificates = rig.folder / 'tls'
        certificates.mkdir()
        make_certificates(certificates)
        config = rig.folder / 'tandemd.yaml'
        config.write_text('roles:\n  operator: ["*"]\n  approver: ["*"]\n')
        port = 20000 + (os.getpid() + 1) % 20000
        rig.listen = f'127.0.0.1:{port}'
        rig.environment.update(TANDEM_ADDRESS=rig.listen, TANDEM_TLS_CA=str(certificates / 'ca.pem'))
        rig.start('--config', str(config), '--tls-cert', str(certificates / 'localhost.pem'),
                  '--tls-key', str(certificates / 'localhost.key'))
        self.assertEqual(rig.run('get', 'resources').returncode, 0)
        model = rig.model(log_group('a'))
        for words in (('plan', '-f', model), ('apply', '-f', model, '--auto-approve'), ('approve', 'sha256:' + '0' * 64)):
            done = rig.run(*words)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn('a caller without a name', done.stderr)
        self.assertFalse((rig.state / 'sandbox').exists(), 'no cloud was ever asked')

    def test_5_second_signal_and_idle_stop(self):
        rig = Rig()
        self.assertEqual(rig.stop(), 0)
        self.assertFalse((rig.state / 'd.sock').exists())
        rig.start()
        self.assertEqual(rig.stop(), 0)
        rig.close()

    def test_6_no_descriptor_left(self):
        """Callers wait until there is one again; tandemd says so once, and does not spin."""
        rig = Rig()
        self.addCleanup(rig.close)
        pid = rig.process.pid

        def seconds():
            fields = open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')
        limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (len(os.listdir(f'/proc/{pid}/fd')), limits[1]))
        with socket.socket(socket.AF_UNIX) as caller:
            caller.connect(str(rig.state / 'd.sock'))
            before = seconds()
            time.sleep(1)
            self.assertLess(seconds() - before, 0.5)
            self.assertEqual(rig.log_text().count('cannot accept a connection'), 1, rig.log_text())
            resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
            self.assertEqual(rig.run('version', '--server').returncode, 0)
        self.assertEqual(rig.stop(), 0)


if __name__ == '__main__':
    main()
