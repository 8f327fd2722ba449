"""The checks find what they are there for: each is shown a small tree with a planted fault."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import tidy  # noqa: E402

LAYERS = '0 | base | | fmt\n1 | model | base | \n2 | plan | model | json\n'


class Tidy(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        self.write('src/layers.txt', LAYERS)
        for module, text in (('base', '#include <fmt/format.h>\n'), ('model', '#include "tandem/base/status.h"\n'),
                             ('plan', '#include <nlohmann/json.hpp>\n#include "tandem/model/value.h"\n')):
            self.write(f'src/{module}/{module}.cc', text)

    def tearDown(self):
        self.folder.cleanup()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def test_clean_tree(self):
        self.write('include/tandem/plan/build.h', '#include "tandem/model/value.h"\n')
        self.write('src/plan/build.cc', '#include "plan/order.h"\n#include "tandem/plan/build.h"\n')
        self.assertEqual(tidy.check_layers(self.root), [])

    def test_row_that_allows_what_is_not_used(self):
        self.write('src/plan/plan.cc', '#include <nlohmann/json.hpp>\n')
        self.assertIn('plan names model and includes nothing', tidy.check_layers(self.root)[0])

    def test_library_that_is_not_used(self):
        self.write('src/base/base.cc', '')
        self.assertIn('base names fmt and includes nothing', tidy.check_layers(self.root)[0])

    def test_row_without_a_module(self):
        self.write('src/layers.txt', LAYERS + '3 | engine | | \n')
        self.assertEqual(tidy.check_layers(self.root), ['src/layers.txt: engine has no folder'])

    def test_private_header_of_another_module(self):
        self.write('src/base/inside.h', '')
        self.write('src/plan/build.cc', '#include "base/inside.h"\n')
        self.assertIn('private to base', tidy.check_layers(self.root)[0])

    def test_arrow_up(self):
        self.write('src/model/value.cc', '#include "tandem/plan/plan.h"\n')
        self.assertIn('model may not include plan', tidy.check_layers(self.root)[0])

    def test_row_that_points_up(self):
        self.write('src/layers.txt', LAYERS.replace('base | ', 'base | plan', 1))
        self.assertIn('layer 0', tidy.check_layers(self.root)[0])

    def test_third_party_away_from_home(self):
        self.write('src/model/value.cc', '#include <nlohmann/json.hpp>\n')
        self.assertIn('json is not on the row', tidy.check_layers(self.root)[0])

    def test_third_party_in_public_header(self):
        self.write('include/tandem/plan/plan.h', '#include <nlohmann/json.hpp>\n')
        self.assertIn('public header', tidy.check_layers(self.root)[0])

    def test_module_without_row(self):
        self.write('src/extra/a.cc', '')
        self.assertIn('no row', tidy.check_layers(self.root)[0])

    def test_names_and_words(self):
        self.write('include/tandem/model/x.h', 'class PlanManager {};\n// see /wo' + 'rk/x.txt\n')
        self.assertEqual(len(tidy.check_words(self.root)), 2)

    def test_dead_link(self):
        self.write('docs/a.md', '[b](b.md) [c](https://example.com) [d](a.md#x)\n')
        self.assertEqual(tidy.check_links(self.root), ['docs/a.md:1: b.md is not there'])

    def test_rules(self):
        self.write('docs/rules.md', '## R1. One\n\n## R2. Two\n')
        self.write('src/plan/plan.cc', '// R2: as R3 says\n')
        self.write('tests/plan_test.cc', 'TEST(Plan, R1_Holds) {}\n')
        self.assertEqual(tidy.check_rules(self.root), ['src/plan/plan.cc:1: R3 is not in docs/rules.md',
                                                       'docs/rules.md: no test names R2'])


if __name__ == '__main__':
    unittest.main()
