"""The main job on the example: plan, apply, drift, status, and the one changed line."""
import shutil

from rig import STOREFRONT, E2eTest, main


class Storefront(E2eTest):
    def test_1_plan_and_apply(self):
        self.tandem('plan', '-f', STOREFRONT, '-R', '--detailed-exitcode', code=2)
        applied = self.tandem('apply', '-f', STOREFRONT, '-R', '--auto-approve')
        self.assertIn('succeeded', applied.stdout)
        self.assertIn('No changes', self.tandem('plan', '-f', STOREFRONT, '-R', '--detailed-exitcode').stdout)
        ledger = self.rig.ledger()
        self.assertEqual(len(ledger['objects']), 45)
        self.assertEqual(len([e for e in ledger['effects'] if e['operation'] == 'create']), 45)
        self.assertTrue(all(effect['intent'] for effect in ledger['effects']))

    def test_2_what_is_true(self):
        lines = self.tandem('status').stdout.splitlines()
        self.assertEqual(lines[0].split(), 'COMPONENT SITE LAYER READY SYNCED RESOURCES REASON MESSAGE'.split())
        self.assertEqual(len(lines), 72)
        self.assertEqual(lines[-1], '70 components: 12 ready, 0 not ready, 58 unknown')
        components = self.json('get', 'components')['items']
        self.assertEqual(len(components), 70)
        for component in components:
            self.assertLessEqual({'name', 'site', 'layer', 'conditions'}, set(component))
        self.assertEqual(sum(component['site'] is None for component in components), 29)
        flux = next(component for component in components if component['name'] == 'Flux')
        ready = next(condition for condition in flux['conditions'] if condition['type'] == 'Ready')
        self.assertEqual((ready['status'], ready['reason']), ('Unknown', 'NoResources'))
        resources = self.json('get', 'resources')['items']
        self.assertEqual(len(resources), 45)
        self.assertTrue(all(item['identity'] for item in resources))
        graph = self.json('graph')
        self.assertEqual([len(graph[key]) for key in ('nodes', 'groups', 'edges')], [70, 25, 86])

    def test_3_safe_drift_heals_and_the_rest_waits(self):
        self.tandem('sandbox', 'mutate', 'route53.aws/RecordSet/spf', 'TTL', '60')
        self.tandem('refresh')

        def healed():
            objects = self.rig.ledger()['objects']
            return next(o for o in objects if o['address'].startswith('route53.aws/RecordSet/spf'))['fields']['TTL'] == 3600
        self.eventually('the changed TTL is not set back', healed)

        self.tandem('sandbox', 'mutate', 'ec2.aws/VPC/main', 'EnableDnsHostnames', 'false')
        self.tandem('refresh')

        def drifted():
            item = self.json('get', 'ec2.aws/VPC/main')
            return 'EnableDnsHostnames' in item['drift']
        self.eventually('the drift is not seen', drifted)
        self.assertIn('EnableDnsHostnames', self.tandem('why', 'ec2.aws/VPC/main').stdout)
        plan = self.json('plan', '-f', STOREFRONT, '-R')
        self.assertEqual([(step['address'], step['action']) for step in plan['steps']], [('ec2.aws/VPC/main', 'update')])
        self.assertEqual([(c['path'], c['why']) for c in plan['steps'][0]['changes']], [('EnableDnsHostnames', 'drift')])
        self.tandem('apply', '-f', STOREFRONT, '-R', '--auto-approve')
        self.tandem('plan', '-f', STOREFRONT, '-R', '--detailed-exitcode')

    def test_4_one_line_moves_the_traffic(self):
        other = self.rig.folder / 'gcp'
        shutil.copytree(STOREFRONT, other)
        platform = other / 'platform.yaml'
        platform.write_text(platform.read_text().replace('activeSite: aws', 'activeSite: gcp'))
        plan = self.json('plan', '-f', other, '-R')
        self.assertEqual({step['address']: [(c['path'], c['before'], c['after']) for c in step['changes']] for step in plan['steps']},
                         {'route53.aws/RecordSet/www-aws': [('Weight', 100, 0)],
                          'route53.aws/RecordSet/www-gcp': [('Weight', 0, 100)]})
        self.tandem('apply', '-f', other, '-R', '--auto-approve')
        self.tandem('plan', '-f', other, '-R', '--detailed-exitcode')
        undo = self.json('undo')
        self.assertEqual(len(undo['steps']), 2)

    def test_5_restart_remembers(self):
        self.assertEqual(self.rig.stop(), 0)
        self.rig.start()
        self.eventually('not ready again', lambda: self.json('version', '--server')['ready'])
        self.assertEqual(self.json('version', '--server')['platform'], 'storefront')
        self.assertTrue(self.tandem('status').stdout.splitlines()[-1].startswith('70 components: 12 ready'))


if __name__ == '__main__':
    main()
