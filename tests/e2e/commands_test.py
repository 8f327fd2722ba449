"""Commands one by one: saved plans, approval, cancel, pause, delete, protection, formatting, import."""
import json
import stat

from rig import E2eTest, Rig, document, log_group, main


class Commands(E2eTest):
    def test_01_saved_plan(self):
        model = self.rig.model(log_group('a'), log_group('b'))
        saved = self.rig.folder / 'plan.json'
        self.tandem('plan', '-f', model, '--out', saved)
        self.assertEqual(stat.S_IMODE(saved.stat().st_mode), 0o600)
        plan = json.loads(saved.read_text())
        self.assertEqual(plan['format'], 'tandem.plan/1')
        self.assertEqual(plan['counts']['create'], 2)
        tampered = self.rig.folder / 'tampered.json'
        tampered.write_text(saved.read_text().replace('/a', '/x'))
        self.assertIn('tampered.json', self.tandem('apply', tampered, '--auto-approve', code=2).stderr)
        self.tandem('apply', saved, '--auto-approve')
        # The plan was made against another revision than the one accepted since.
        refused = self.rig.run('apply', saved, '--auto-approve')
        self.assertNotEqual(refused.returncode, 0)
        self.assertEqual(len([e for e in self.rig.ledger()['effects'] if e['operation'] == 'create']), 2)

    def test_02_approval_off_a_terminal(self):
        model = self.rig.model(log_group('a'), log_group('b'), log_group('c'))
        waiting = self.tandem('apply', '-f', model, code=5)
        command = waiting.stdout.splitlines()[-1].split()
        self.assertEqual(command[:2], ['tandem', 'approve'])
        self.tandem('approve', command[2])
        self.tandem('plan', '-f', model, '--detailed-exitcode')

    def test_03_update_in_place_and_why(self):
        model = self.rig.model(log_group('a', 60), log_group('b'), log_group('c'))
        plan = self.json('plan', '-f', model)
        self.assertEqual([(s['address'], s['action'], s['changes'][0]['before'], s['changes'][0]['after']) for s in plan['steps']],
                         [('logs.aws/LogGroup/a', 'update', 30, 60)])
        self.assertIn('retentionInDays', self.tandem('plan', '-f', model, '-o', 'markdown').stdout)
        self.tandem('diff', '-f', model, code=1)
        self.tandem('apply', '-f', model, '--auto-approve')
        self.tandem('diff', '-f', model)
        self.assertIn('logs.aws/LogGroup/a', self.tandem('why', 'logs.aws/LogGroup/a').stdout)

    def test_04_delete_in_order(self):
        vpc = document('ec2.aws', 'VPC', 'net', {'CidrBlock': '10.0.0.0/16'})
        subnet = document('ec2.aws', 'Subnet', 'sub', {'VpcId': "${ref('ec2.aws/VPC/net').VpcId}", 'CidrBlock': '10.0.0.0/24'})
        groups = [log_group('a', 60), log_group('b'), log_group('c')]
        self.tandem('apply', '-f', self.rig.model(*groups, vpc, subnet), '--auto-approve')
        without = self.rig.model(*groups)
        plan = self.json('plan', '-f', without)
        self.assertEqual([s['address'] for s in plan['steps']], ['ec2.aws/Subnet/sub', 'ec2.aws/VPC/net'])
        self.tandem('apply', '-f', without, '--auto-approve')
        self.assertEqual([o for o in self.rig.ledger()['objects'] if o['kind'].startswith('ec2.aws')], [])

    def test_05_protection_and_budget(self):
        table = document('dynamodb.aws', 'Table', 'orders', {
            'BillingMode': 'PAY_PER_REQUEST', 'AttributeDefinitions': [{'AttributeName': 'id', 'AttributeType': 'S'}],
            'KeySchema': [{'AttributeName': 'id', 'KeyType': 'HASH'}]})
        groups = [log_group('a', 60), log_group('b'), log_group('c')]
        more = [log_group(f'm{i}') for i in range(8)]
        self.tandem('apply', '-f', self.rig.model(*groups, *more, table), '--auto-approve')
        refused = self.tandem('plan', '-f', self.rig.model(*groups, *more), code=5)
        self.assertIn('dynamodb.aws/Table/orders', refused.stderr)
        over = self.tandem('plan', '-f', self.rig.model(*groups, table), code=5)
        self.assertIn('--delete-budget 8', over.stderr)
        self.tandem('plan', '-f', self.rig.model(*groups, table), '--delete-budget', '8')
        self.tandem('unprotect', 'dynamodb.aws/Table/orders', '--auto-approve')
        self.tandem('apply', '-f', self.rig.model(*groups, *more), '--auto-approve')
        self.assertNotIn('dynamodb.aws/Table', [o['kind'] for o in self.rig.ledger()['objects']])

    def test_06_pause(self):
        self.tandem('pause', 'logs.aws/LogGroup/a')
        conditions = {c['type']: c['status'] for c in self.json('get', 'logs.aws/LogGroup/a')['conditions']}
        self.assertEqual(conditions['Paused'], 'True')
        self.tandem('resume', 'logs.aws/LogGroup/a')
        self.tandem('pause', code=2)

    def test_07_cancel(self):
        rig = Rig(time_scale=1)  # a cluster takes its 20 seconds here
        trust = json.dumps({'Version': '2012-10-17', 'Statement': [
            {'Effect': 'Allow', 'Action': 'sts:AssumeRole', 'Principal': {'Service': 'eks.amazonaws.com'}}]})
        model = rig.model(
            document('ec2.aws', 'VPC', 'net', {'CidrBlock': '10.0.0.0/16'}),
            *[document('ec2.aws', 'Subnet', f's{i}', {'VpcId': "${ref('ec2.aws/VPC/net').VpcId}", 'CidrBlock': f'10.0.{i}.0/24'})
              for i in range(2)],
            document('iam.aws', 'Role', 'k', {'AssumeRolePolicyDocument': trust}),
            document('eks.aws', 'Cluster', 'k', {
                'roleArn': "${ref('iam.aws/Role/k').Arn}",
                'resourcesVpcConfig': {'subnetIds': [f"${{ref('ec2.aws/Subnet/s{i}').SubnetId}}" for i in range(2)]}}),
            *[document('eks.aws', 'Nodegroup', f'n{i}', {
                'clusterName': "${ref('eks.aws/Cluster/k').name}", 'nodeRole': "${ref('iam.aws/Role/k').Arn}",
                'subnets': ["${ref('ec2.aws/Subnet/s0').SubnetId}"]}) for i in range(2)])
        run = rig.run('apply', '-f', model, '--auto-approve', '--no-wait').stdout.split()[-1]

        def state():
            return json.loads(rig.run('get', 'runs', run, '-o', 'json').stdout)
        self.eventually('the cluster is not begun', lambda: any('Cluster' in o['address'] for o in rig.ledger()['objects']))
        self.assertEqual(rig.run('cancel', run).returncode, 0)
        effects = len(rig.ledger()['effects'])
        self.eventually('the run does not end', lambda: state()['state'] == 'cancelled', 60)
        self.assertEqual(len(rig.ledger()['effects']), effects, 'a call was made after the cancel')
        self.assertEqual({s['state'] for s in state()['steps'] if 'Nodegroup' in s['address']}, {'cancelled'})
        self.assertEqual(rig.stop(), 0)
        rig.close()

    def test_08_local_commands(self):
        model = self.rig.model(log_group('a'))
        self.tandem('validate', '-f', model)
        self.assertTrue(self.json('validate', '-f', model)['valid'])
        ugly = self.rig.folder / 'ugly.yaml'
        ugly.write_text('a:   # kept\n    - 1\n\n\n\n    - 2   \n')
        self.tandem('fmt', '--check', ugly, code=1)
        self.tandem('fmt', ugly)
        self.assertIn('# kept', ugly.read_text())
        self.tandem('fmt', '--check', ugly)
        self.assertIn('KeySchema', self.tandem('explain', 'dynamodb.aws/Table').stdout)
        self.assertIn('CidrBlock', self.tandem('explain', 'ec2.aws/VPC.CidrBlock').stdout)
        self.assertIn('did you mean', self.tandem('explain', 'ec2.aws/VPX', code=6).stderr)
        self.assertIn('notAuthor', self.tandem('explain', 'tandem/Policy').stdout)
        self.assertIn('one of access', self.tandem('explain', 'tandem/Component.spec.layer').stdout)
        self.assertIn("did you mean 'tandem/Policy'", self.tandem('explain', 'tandem/Polic', code=6).stderr)
        self.assertIn('tandem/Account', self.tandem('explain').stdout)
        for shell in ('bash', 'zsh', 'fish'):
            self.assertIn('tandem', self.tandem('completion', shell).stdout)
        self.tandem('version')

    def test_09_import_and_graph(self):
        diagram = self.rig.folder / 'd.mmd'
        diagram.write_text('flowchart TB\nsubgraph "AWS Region"\nA["One"]\nB["Two"]\nend\nA --> B\nA <--> C["Three"]\n')
        imported = self.rig.folder / 'imported.yaml'
        imported.write_text(self.tandem('import', 'mermaid', diagram).stdout)
        self.tandem('validate', '-f', imported)
        drawn = self.rig.folder / 'again.mmd'
        drawn.write_text(self.tandem('graph', '-f', imported, '-o', 'mermaid').stdout)
        self.assertEqual(self.tandem('import', 'mermaid', drawn).stdout, imported.read_text())
        for form in ('dot', 'svg', 'json'):
            self.tandem('graph', '-f', imported, '-o', form)

    def test_10_events_and_history(self):
        lines = self.tandem('events', '-o', 'json').stdout.splitlines()
        self.assertEqual(json.loads(lines[0]), {'format': 'tandem.events/1'})
        self.assertTrue(all(json.loads(line)['sequence'] for line in lines[1:]))
        self.assertGreaterEqual(len(self.json('history')['items']), 5)

    def test_11_a_new_name_keeps_the_object(self):
        rig = Rig()
        try:
            def vpc(name, **annotations):
                return document('ec2.aws', 'VPC', name, {'CidrBlock': '10.0.0.0/16'}, annotations=annotations)

            def subnet(of):
                return document('ec2.aws', 'Subnet', 'sub', {
                    'VpcId': "${ref('ec2.aws/VPC/%s').VpcId}" % of, 'CidrBlock': '10.0.0.0/24'})

            def steps(model):
                plan = json.loads(rig.run('plan', '-f', model, '-o', 'json').stdout)
                return [(s['action'], s['address']) for s in plan['steps']]

            keep = [log_group(name) for name in 'abc']
            applied = rig.run('apply', '-f', rig.model(vpc('net'), subnet('net'), *keep), '--auto-approve')
            self.assertEqual(applied.returncode, 0, applied.stderr)
            for name, first, address in (
                    ('net', vpc('net', **{'tandem/account': 'main'}), 'ec2.aws/VPC/net@main'),
                    ('inner', vpc('inner', **{'tandem/moved-from': 'ec2.aws/VPC/net'}), 'ec2.aws/VPC/inner'),
                    ('outer', vpc('outer', **{'tandem/moved-from': 'ec2.aws/VPC/inner@main'}), 'ec2.aws/VPC/outer')):
                model = rig.model(first, subnet(name), *keep)
                # The subnet refers to it under the new name and stays as it is (R13).
                self.assertEqual(steps(model), [('moved', address)])
                applied = rig.run('apply', '-f', model, '--auto-approve')
                self.assertEqual(applied.returncode, 0, applied.stderr)
                self.assertEqual(steps(model), [])
            done = [(e['operation'], e['address']) for e in rig.ledger()['effects'] if e['operation'] in ('create', 'delete')]
            self.assertEqual(len(done), 5, done)
            # The stored edge follows the name: what stands on it goes first.
            without = rig.model(*keep)
            self.assertEqual(steps(without), [('delete', 'ec2.aws/Subnet/sub'), ('delete', 'ec2.aws/VPC/outer')])
            self.assertEqual(rig.run('apply', '-f', without, '--auto-approve').returncode, 0)
        finally:
            rig.close()


class Sandbox(E2eTest):
    def test_a_json_list_is_one_argument(self):
        tags = [{'Key': 'team', 'Value': 'web'}]
        model = self.rig.model(document('ec2.aws', 'VPC', 'net', {'CidrBlock': '10.0.0.0/16', 'Tags': tags}))
        self.tandem('apply', '-f', model, '--auto-approve')
        self.tandem('pause', '--all')
        theirs = [{'Key': 'team', 'Value': 'a'}, {'Key': 'floor', 'Value': '3'}]
        self.tandem('sandbox', 'mutate', 'ec2.aws/VPC/net', 'Tags', json.dumps(theirs))
        fields = self.rig.ledger()['objects'][0]['fields']
        self.assertEqual(fields['Tags'], theirs)


if __name__ == '__main__':
    main()
