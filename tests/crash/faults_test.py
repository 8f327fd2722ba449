"""Kills, pauses and plugin faults at chosen points of applies by the release binaries.

Several daemons, each with simulated clouds of its own, apply a model each and are disturbed all the way: by a preloaded
library that kills, fails, shortens or garbles at the n-th sync, write or send (tests/support/killpoint.c), by a plugin
that dies, stops, hangs or answers rubbish at each call of the protocol (faulty_sim.cc), and by signals at random
instants. What is dead is started again; nobody asks for anything else, and each run must finish by itself. Then the
clouds' ledger, which the daemon cannot see, is read: every object of the model exists exactly once, was created once,
nothing else is there, and the next plan is empty.

A disturbance counts once it has struck while a run was open.

    faults_test.py --build build --source . [--seed N] [--sites 8]
"""
import argparse
import collections
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

from crash_test import write_model

ENDED = ('succeeded', 'failed', 'cancelled', 'superseded', 'expired')


def deck(shuffled):
    """Every disturbance that is asked for; each is a tuple of words."""
    cards = []
    for kind, most, actions in (
            ('sync', 24, {'kill': 8, 'killafter': 8, 'EIO': 4, 'ENOSPC': 3, 'short': 2}),
            ('write', 90, {'kill': 8, 'killafter': 6, 'EIO': 3, 'ENOSPC': 3, 'short': 3}),
            ('send', 90, {'kill': 6, 'killafter': 6, 'EIO': 2, 'short': 2, 'garble': 4})):
        for action, times in actions.items():
            cards += [('point', 'tandemd', kind, shuffled.randint(1, most), action) for _ in range(times)]
    for kind, most, actions in (('write', 30, {'kill': 5, 'killafter': 5}), ('send', 60, {'kill': 3, 'garble': 4})):
        for action, times in actions.items():
            cards += [('point', 'faulty_sim', kind, shuffled.randint(1, most), action) for _ in range(times)]
    for point in ('received', 'done', 'replied'):
        cards += [('plugin', 'apply', point, shuffled.randint(1, 8), 'kill') for _ in range(4)]
        cards += [('plugin', 'apply', point, shuffled.randint(1, 8), 'stop') for _ in range(2)]
    for rpc in ('open', 'list', 'read', 'poll'):
        cards += [('plugin', rpc, 'received', 1, 'kill'), ('plugin', rpc, 'done', 1, 'kill')]
    for rpc in ('open', 'list', 'read', 'apply', 'poll'):
        cards += [('plugin', rpc, 'done', 1, 'invalid'), ('plugin', rpc, 'done', 1, 'gigantic')]
    for who in ('daemon', 'plugin', 'both'):
        cards += [('kill', who)] * 8
    for who in ('daemon', 'plugin'):
        cards += [('pause', who)] * 6
    cards += [('orphan', 'before'), ('orphan', 'after')] * 4
    shuffled.shuffle(cards)
    return cards


# A call that hangs is given up after a minute, so these have a daemon each, all at once. `describe` is asked for when a
# call has hung.
HANGS = [[('plugin', rpc, 'received', 1, 'hang')] for rpc in ('open', 'list', 'read', 'apply', 'poll')]
HANGS.append([('probe', 'kill')])


class Site:
    """A daemon, its clouds, and what is done to them."""

    def __init__(self, options, name, cards, small=False):
        self.options = options
        self.name = name
        self.cards = cards
        self.small = small
        self.random = random.Random(f'{options.seed} {name}')
        self.build = options.build.resolve()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f'tandem-faults-{name}.'))
        self.temporary = self.folder / 'tmp'  # of the plugin's sockets
        self.temporary.mkdir()
        self.state = self.folder / 'state'
        self.state.mkdir(mode=0o700)
        self.schemas = self.folder / 'schemas'
        shutil.copytree(options.source / 'schemas', self.schemas)
        (self.schemas / 'kinds/aws/test.aws').mkdir()
        shutil.copy(options.source / 'tests/crash/kinds/Unmarked.yaml', self.schemas / 'kinds/aws/test.aws')
        providers = self.folder / 'providers'
        providers.mkdir()
        (providers / 'tandem-provider-sim').symlink_to(self.build / 'tests/faulty_sim')
        self.faults = self.folder / 'faults'
        self.faults.mkdir()
        self.points = self.folder / 'points'
        self.log_path = self.folder / 'tandemd.log'
        self.log = open(self.log_path, 'ab')
        scale = '100' if small else '6'
        self.command = [str(self.build / 'tandemd'), '--sandbox', '--seed', str(options.seed), '--time-scale', scale,
                        '--schemas', str(self.schemas), '--providers', str(providers), '--state-dir', str(self.state),
                        '--listen', f'unix:{self.state}/d.sock', '--web', '', '--log-level', 'info']
        self.environment = {**os.environ, 'TANDEM_ADDRESS': f'unix:{self.state}/d.sock', 'TANDEM_SCHEMAS': str(self.schemas),
                            'TANDEM_STATE_DIR': str(self.state), 'FAULTY_SIM': str(self.faults), 'NO_COLOR': '1',
                            'TMPDIR': str(self.temporary), 'XDG_RUNTIME_DIR': ''}
        self.process = None
        self.run = None
        self.struck = collections.Counter()
        self.last = 0
        self.numbers = iter(range(1000))

    def tandem(self, *words, timeout=60, check=True):
        done = subprocess.run([str(self.build / 'tandem'), *words], env=self.environment, capture_output=True, text=True,
                              timeout=timeout)
        if check and done.returncode != 0:
            raise AssertionError(f'tandem {" ".join(words)}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-4000:]}')
        return done

    # --- the daemon ---

    def start(self, point=None):
        """True once it serves; False if it ended before, which only a point excuses."""
        environment = dict(self.environment)
        if point:
            environment.update(LD_PRELOAD=str(self.build / 'tests/killpoint.so'), KILLPOINT=point,
                               KILLPOINT_LOG=str(self.points))
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=self.log, env=environment)
        deadline = time.monotonic() + 30
        while True:
            if self.process.poll() is not None:
                assert point, f'tandemd ended by itself: {self.process.returncode}'
                assert self.process.returncode in (1, 2, -signal.SIGKILL), f'tandemd crashed: {self.process.returncode}'
                return False
            try:
                if self.tandem('version', '--server', check=False, timeout=15).returncode == 0:
                    return True
            except subprocess.TimeoutExpired:
                assert point, 'tandemd does not answer'
            assert time.monotonic() < deadline, 'tandemd does not serve'
            time.sleep(0.03)

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def again(self):
        """A sound daemon, whatever became of the last."""
        if self.process.poll() is not None:
            assert self.process.returncode in (1, 2, -signal.SIGKILL), f'tandemd crashed: {self.process.returncode}'
        self.kill()
        self.start()

    def plugin(self):
        """The pid of the plugin, or 0."""
        try:
            recorded = json.loads((self.state / 'plugins/sim.lock').read_text() or '{}')
            return recorded.get('pid', 0) if os.path.exists(f'/proc/{recorded.get("pid", 0)}') else 0
        except (FileNotFoundError, ValueError):
            return 0

    def run_state(self):
        try:
            reply = self.tandem('get', 'runs', self.run, '-o', 'json', check=False, timeout=20)
            return json.loads(reply.stdout) if reply.returncode == 0 else None
        except subprocess.TimeoutExpired:
            return None

    def open(self):
        state = self.run_state()
        return state is None or state['state'] not in ENDED

    # --- what happens to it ---

    def lines(self, path):
        return path.read_text().splitlines() if path.exists() else []

    def wait_for(self, path, before, seconds):
        """The new line of `path`, or None."""
        deadline = time.monotonic() + seconds
        looked = 0
        while time.monotonic() < deadline:
            lines = self.lines(path)
            if len(lines) > before:
                return lines[before]
            looked += 1
            if looked % 20 == 0 and self.process.poll() is None and not self.open():
                return None
            time.sleep(0.03)
        return None

    def play(self, card):
        """Does it; true if it struck."""
        return getattr(self, 'play_' + card[0])(*card[1:])

    def play_kill(self, who):
        time.sleep(self.random.uniform(0.02, 0.5))
        plugin = self.plugin()
        if who in ('plugin', 'both'):
            if not plugin:
                return False
            os.kill(plugin, signal.SIGKILL)
        if who in ('daemon', 'both'):
            self.kill()
            self.start()
        return True

    def play_pause(self, who):
        time.sleep(self.random.uniform(0.02, 0.3))
        pid = self.process.pid if who == 'daemon' else self.plugin()
        if not pid:
            return False
        os.kill(pid, signal.SIGSTOP)
        time.sleep(self.random.uniform(0.1, 0.6))
        os.kill(pid, signal.SIGCONT)
        return True

    def play_point(self, program, kind, n, action):
        self.kill()
        before = len(self.lines(self.points))
        said = self.log_path.stat().st_size
        served = self.start(f'{program} {kind} {n} {action}')
        line = self.wait_for(self.points, before, 4)
        if line and served and program == 'tandemd' and action in ('EIO', 'ENOSPC', 'short'):
            time.sleep(0.4)
            if action == 'EIO' and kind != 'send':
                # It answers, unless it was the store's: then it has ended, and says that a new start helps.
                if self.tandem('version', '--server', check=False).returncode != 0:
                    assert self.process.wait(timeout=10) == 1, 'no answer after an I/O error'
                    assert b'the store is lost' in self.log_path.read_bytes()[said:], 'it does not say why it ended'
        if line and program == 'tandemd' and action in ('kill', 'killafter'):
            assert self.process.wait(timeout=10) == -signal.SIGKILL
        self.again()
        return line is not None

    def play_plugin(self, rpc, point, n, action):
        self.kill()
        before = len(self.lines(self.faults / 'struck'))
        (self.faults / 'faults').write_text(f'{rpc} {point} {n} {action}\n')
        self.start()
        line = self.wait_for(self.faults / 'struck', before, 20 if action == 'hang' else 5)
        (self.faults / 'faults').write_text('')
        if line and action == 'stop':
            time.sleep(0.3)
            os.kill(int(line.split()[-1]), signal.SIGCONT)
        time.sleep(0.2)
        return line is not None

    def play_probe(self, action):
        """A call hangs, and the question whether the plugin is alive kills it."""
        self.kill()
        before = len(self.lines(self.faults / 'struck'))
        (self.faults / 'faults').write_text(f'read received 1 hang\ndescribe received 1 {action}\n')
        self.start()
        line = self.wait_for(self.faults / 'struck', before + 1, 100)
        (self.faults / 'faults').write_text('')
        return line is not None

    def play_orphan(self, when):
        """The daemon dies while its plugin is stopped with a call in hand; the plugin goes on before or after the new one starts."""
        self.kill()
        before = len(self.lines(self.faults / 'struck'))
        (self.faults / 'faults').write_text(f'apply received {self.random.randint(1, 4)} stop\n')
        self.start()
        line = self.wait_for(self.faults / 'struck', before, 5)
        (self.faults / 'faults').write_text('')
        if not line:
            return False
        time.sleep(0.1)
        plugin = int(line.split()[-1])
        self.kill()
        if when == 'after':
            self.start()
        try:
            os.kill(plugin, signal.SIGCONT)
        except ProcessLookupError:
            pass  # killed by the new daemon, as it should be
        if when == 'before':
            self.start()
        return True

    # --- rounds ---

    def round(self):
        number = next(self.numbers)
        addresses = write_model(self.folder, number, small=self.small)
        model = str(self.folder / 'model.yaml')
        budget = ['--delete-budget', str(self.last)] if self.last else []
        self.run = self.tandem('apply', '-f', model, '--auto-approve', '--no-wait', *budget).stdout.strip().splitlines()[-1]
        self.last = len(addresses)
        struck = 0
        missed = 0
        while self.cards and self.open() and missed < 12:
            card = self.cards.pop()
            if self.play(card):
                struck += 1
                missed = 0
                self.struck[' '.join(word for word in card if not isinstance(word, int))] += 1
            else:
                missed += 1
                smaller = tuple(max(1, word // 3) if isinstance(word, int) else word for word in card)
                self.cards.insert(self.random.randint(0, len(self.cards)), smaller)
        deadline = time.monotonic() + 240
        while True:
            assert self.process.poll() is None, f'tandemd ended by itself: {self.process.returncode}'
            state = self.run_state()
            if state is not None and state['state'] in ENDED:
                break
            assert time.monotonic() < deadline, f'the run does not finish: {json.dumps(state)[:3000]}'
            time.sleep(0.3)
        bad = [step for step in state['steps'] if step['state'] not in ('settled', 'verified')]
        assert state['state'] == 'succeeded', f'{state["state"]}: {state["message"]} {json.dumps(bad[:5], indent=1)}'
        self.check(addresses)
        plan = self.tandem('plan', '-f', model, '--detailed-exitcode', check=False)
        assert plan.returncode == 0, f'the plan after the run is not empty:\n{plan.stdout[:4000]}{plan.stderr[:2000]}'
        print(f'{self.name} round {number}: {struck} disturbances, {len(addresses)} resources, all there once', flush=True)

    def check(self, addresses):
        assert self.stop() == 0, 'tandemd did not stop cleanly'
        left = [path.name for path in self.temporary.iterdir()]
        assert not left, f'left in the temporary folder: {left}'
        ledger = json.loads(self.tandem('sandbox', 'ledger').stdout)
        there = collections.Counter(item['address'].split('@')[0] for item in ledger['objects'])
        wrong = {address: count for address, count in there.items() if count != 1}
        assert not wrong, f'not exactly once: {wrong}'
        assert set(there) == addresses, f'leaked: {sorted(set(there) - addresses)[:5]} missing: {sorted(addresses - set(there))[:5]}'
        for operation in ('create', 'delete'):
            done = collections.Counter(effect['address'].split('@')[0] for effect in ledger['effects'] if effect['operation'] == operation)
            twice = {address: count for address, count in done.items() if count > 1}
            assert not twice, f'{operation} more than once: {twice}'
        self.start()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def go(self):
        self.start()
        try:
            rounds = 0
            while self.cards and rounds < 6:
                self.round()
                rounds += 1
            assert self.stop() == 0, 'tandemd did not stop cleanly'
        finally:
            if self.process.poll() is None:
                self.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', type=pathlib.Path, required=True)
    parser.add_argument('--source', type=pathlib.Path, required=True)
    parser.add_argument('--seed', type=int, default=20261125)
    parser.add_argument('--sites', type=int, default=8)
    parser.add_argument('--only', help='one card, such as "plugin list done 1 gigantic"')
    options = parser.parse_args()
    began = time.monotonic()
    if options.only:
        card = tuple(int(word) if word.isdigit() else word for word in options.only.split())
        sites = [Site(options, 'only', [card])]
    else:
        cards = deck(random.Random(options.seed))
        sites = [Site(options, f'site-{i}', cards[i::options.sites]) for i in range(options.sites)]
        sites += [Site(options, f'hang-{i}', list(cards), small=True) for i, cards in enumerate(HANGS)]
    violations = []

    def run(site):
        try:
            site.go()
            shutil.rmtree(site.folder)
        except BaseException as error:  # whatever it is, the other sites finish and it is told
            text = str(error) if isinstance(error, AssertionError) and str(error) else traceback.format_exc()
            log = site.log_path.read_text(errors='replace')[-3000:]
            violations.append(f'{site.name}: {text}\nkept in {site.folder}; the end of its log:\n{log}')

    threads = [threading.Thread(target=run, args=(site,)) for site in sites]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    struck = sum((site.struck for site in sites), collections.Counter())
    for card, times in sorted(struck.items()):
        print(f'{times:4} {card}')
    missing = sum(len(site.cards) for site in sites)
    total = sum(struck.values())
    print(f'{total} kills, pauses and faults struck, {missing} never did, {len(violations)} violations, seed {options.seed}, '
          f'{time.monotonic() - began:.0f} s')
    for violation in violations:
        print(violation)
    if not options.only and total < 150:
        violations.append('too few to show anything')
    sys.exit(1 if violations else 0)


if __name__ == '__main__':
    main()
