"""Kills tandemd with SIGKILL at random instants of applies and looks at what is left.

Each round applies a fresh model of more than 200 resources of all four create classes on simulated clouds, and kills the
daemon several times on the way; it is started again each time, and nobody asks for anything: the run must finish by
itself. Then, by the simulated clouds' own ledger, which the daemon cannot see: every object of the model exists exactly
once, nothing else exists, every object was created once, and the next plan is empty.

After each kill the store is read: kills that found an open intent, and kills that found the handle of a long operation,
are counted. Too few of either fail the test, for then it would have shown nothing.

    crash_test.py --build build --source . [--kills 30] [--seed N]
"""
import argparse
import collections
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

ROUND_KILLS = 10


def write_model(folder, round_number, small=False):
    """Resources of class A (health checks, a cluster's node groups), B (networks), C (roles, log groups) and D."""
    def many(count):
        return max(1, count // 12) if small else count

    name = f'r{round_number}'
    docs = [f'''apiVersion: tandem/v1
kind: Platform
metadata: {{name: crash}}
spec: {{activeSite: aws, sites: {{aws: {{}}}}}}
''', '''apiVersion: tandem/v1
kind: Account
metadata: {name: main}
spec: {provider: aws, site: aws, region: us-east-1, accountId: "111122223333"}
''']
    addresses = set()

    def add(group, kind, resource, spec):
        addresses.add(f'{group}/{kind}/{resource}')
        docs.append(f'apiVersion: {group}/v1\nkind: {kind}\nmetadata: {{name: {resource}}}\nspec: {json.dumps(spec)}\n')

    trust = json.dumps({'Version': '2012-10-17', 'Statement': [
        {'Effect': 'Allow', 'Action': 'sts:AssumeRole', 'Principal': {'Service': 'eks.amazonaws.com'}}]})
    for i in range(many(12)):
        add('ec2.aws', 'VPC', f'{name}-net-{i}', {'CidrBlock': f'10.{i}.0.0/16'})
        for j in range(4):
            add('ec2.aws', 'Subnet', f'{name}-net-{i}-{j}', {
                'VpcId': f"${{ref('ec2.aws/VPC/{name}-net-{i}').VpcId}}", 'CidrBlock': f'10.{i}.{j}.0/24'})
    for i in range(many(30)):
        add('iam.aws', 'Role', f'{name}-role-{i}', {'AssumeRolePolicyDocument': trust})
    for i in range(many(40)):
        add('logs.aws', 'LogGroup', f'{name}-log-{i}', {'logGroupName': f'/{name}/{i}', 'retentionInDays': 30})
    for i in range(many(40)):
        add('route53.aws', 'HealthCheck', f'{name}-check-{i}', {'HealthCheckConfig': {
            'Type': 'HTTPS', 'FullyQualifiedDomainName': f'c{i}.{name}.example', 'Port': 443, 'RequestInterval': 30}})
    for i in range(many(20)):
        add('test.aws', 'Unmarked', f'{name}-unmarked-{i}', {'CidrBlock': f'172.{16 + i % 16}.{i}.0/24'})
    for i in range(many(4)):
        add('eks.aws', 'Cluster', f'{name}-cluster-{i}', {
            'roleArn': f"${{ref('iam.aws/Role/{name}-role-0').Arn}}",
            'resourcesVpcConfig': {'subnetIds': [f"${{ref('ec2.aws/Subnet/{name}-net-{i}-{j}').SubnetId}}" for j in range(2)]}})
        for j in range(3):
            add('eks.aws', 'Nodegroup', f'{name}-nodes-{i}-{j}', {
                'clusterName': f"${{ref('eks.aws/Cluster/{name}-cluster-{i}').name}}",
                'nodeRole': f"${{ref('iam.aws/Role/{name}-role-1').Arn}}",
                'subnets': [f"${{ref('ec2.aws/Subnet/{name}-net-{i}-0').SubnetId}}"]})
    (folder / 'model.yaml').write_text('---\n'.join(docs))
    return addresses


class Daemon:
    def __init__(self, build, schemas, state, seed):
        self.command = [str(build / 'tandemd'), '--sandbox', '--seed', str(seed), '--time-scale', '4', '--schemas', str(schemas),
                        '--state-dir', str(state), '--listen', f'unix:{state}/d.sock', '--web', '', '--log-level', 'warning']
        self.state = state
        self.log = open(state.parent / 'tandemd.log', 'ab')
        self.process = None

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=self.log)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


class Crash:
    def __init__(self, arguments):
        self.build = arguments.build.resolve()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='tandem-crash.'))
        self.state = self.folder / 'state'
        self.state.mkdir(mode=0o700)
        self.random = random.Random(arguments.seed)
        self.schemas = self.folder / 'schemas'
        shutil.copytree(arguments.source / 'schemas', self.schemas)
        kinds = self.schemas / 'kinds/aws/test.aws'
        kinds.mkdir()
        shutil.copy(arguments.source / 'tests/crash/kinds/Unmarked.yaml', kinds)
        self.daemon = Daemon(self.build, self.schemas, self.state, arguments.seed)
        self.environment = {**os.environ, 'TANDEM_ADDRESS': f'unix:{self.state}/d.sock', 'TANDEM_SCHEMAS': str(self.schemas),
                            'TANDEM_STATE_DIR': str(self.state)}
        self.counts = collections.Counter()

    def tandem(self, *words, timeout=120, check=True):
        done = subprocess.run([str(self.build / 'tandem'), *words], env=self.environment, capture_output=True, text=True,
                              timeout=timeout)
        if check and done.returncode != 0:
            raise AssertionError(f'tandem {" ".join(words)}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-4000:]}')
        return done

    def wait_for_daemon(self):
        deadline = time.monotonic() + 30
        while self.tandem('version', '--server', check=False).returncode != 0:
            assert self.daemon.process.poll() is None, 'tandemd ended by itself'
            assert time.monotonic() < deadline, 'tandemd does not answer'
            time.sleep(0.02)

    def read_store(self):
        """Open intents and handles, from a copy of the files as the kill left them."""
        copy = self.folder / 'copy'
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        for path in self.state.glob('tandem.db*'):
            shutil.copy(path, copy)
        database = sqlite3.connect(copy / 'tandem.db')
        intents = [json.loads(row[0]) for row in database.execute("SELECT value FROM rows WHERE key LIKE 'intent/%'")]
        database.close()
        opened = [intent for intent in intents if intent['state'] in ('open', 'waiting')]
        return len(opened), sum(1 for intent in opened if intent.get('handle'))

    def run_state(self, run):
        reply = self.tandem('get', 'runs', run, '-o', 'json', check=False)
        return json.loads(reply.stdout) if reply.returncode == 0 else None

    def round(self, number, kills):
        addresses = write_model(self.folder, number)
        assert len(addresses) >= 200, len(addresses)
        model = str(self.folder / 'model.yaml')
        budget = [] if number == 0 else ['--delete-budget', str(self.last)]
        run = self.tandem('apply', '-f', model, '--auto-approve', '--no-wait', *budget).stdout.strip().splitlines()[-1]
        self.last = len(addresses)
        done = 0
        for _ in range(kills):
            time.sleep(self.random.uniform(0.05, 0.9))
            state = self.run_state(run)
            if state is not None and state['state'] not in ('open', 'stopping'):
                break
            self.daemon.kill()
            opened, handles = self.read_store()
            self.counts['kills'] += 1
            self.counts['with an open intent'] += opened > 0
            self.counts['with a handle'] += handles > 0
            done += 1
            self.daemon.start()
            self.wait_for_daemon()
        deadline = time.monotonic() + 240
        while True:
            state = self.run_state(run)
            if state is not None and state['state'] not in ('open', 'stopping'):
                break
            assert time.monotonic() < deadline, f'the run does not finish: {json.dumps(state)[:3000]}'
            time.sleep(0.2)
        bad = [step for step in state['steps'] if step['state'] not in ('settled', 'verified')]
        assert state['state'] == 'succeeded', f'{state["state"]}: {state["message"]} {json.dumps(bad[:5], indent=1)}'
        self.check(addresses, number)
        plan = self.tandem('plan', '-f', model, '--detailed-exitcode', check=False)
        assert plan.returncode == 0, f'the plan after the run is not empty:\n{plan.stdout[:4000]}{plan.stderr[:2000]}'
        print(f'round {number}: {done} kills, {len(addresses)} resources, all there once', flush=True)

    def check(self, addresses, number):
        ledger = json.loads(self.tandem('sandbox', 'ledger').stdout)
        there = collections.Counter(item['address'].split('@')[0] for item in ledger['objects'])
        wrong = {address: count for address, count in there.items() if count != 1}
        assert not wrong, f'not exactly once: {wrong}'
        assert set(there) == addresses, f'leaked: {sorted(set(there) - addresses)[:5]} missing: {sorted(addresses - set(there))[:5]}'
        created = collections.Counter(effect['address'].split('@')[0] for effect in ledger['effects'] if effect['operation'] == 'create')
        twice = {address: count for address, count in created.items() if count > 1}
        assert not twice, f'created more than once: {twice}'

    def go(self, kills):
        self.daemon.start()
        try:
            self.wait_for_daemon()
            number = 0
            while self.counts['kills'] < kills:
                self.round(number, min(ROUND_KILLS, kills - self.counts['kills']))
                number += 1
                assert number < 20, 'too few kills found a run under way'
            assert self.daemon.stop() == 0, 'tandemd did not stop cleanly'
        finally:
            if self.daemon.process.poll() is None:
                self.daemon.kill()
        print(dict(self.counts))
        assert self.counts['with an open intent'] * 30 >= 20 * kills, 'too few kills found an open intent'
        assert self.counts['with a handle'] * 30 >= 5 * kills, 'too few kills found an operation handle'
        shutil.rmtree(self.folder)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', type=pathlib.Path, required=True)
    parser.add_argument('--source', type=pathlib.Path, required=True)
    parser.add_argument('--kills', type=int, default=30)
    parser.add_argument('--seed', type=int, default=20261124)
    options = parser.parse_args()
    crash = Crash(options)
    try:
        crash.go(options.kills)
    except AssertionError as error:
        log = (crash.folder / 'tandemd.log').read_text(errors='replace')
        print(f'{error}\nseed {options.seed}; state kept in {crash.folder}; the end of the log:\n{log[-3000:]}')
        sys.exit(1)
