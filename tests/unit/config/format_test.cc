#include "tandem/config/format.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace tandem {
namespace format_test {

std::string Formatted(const std::string& text) {
  Diagnostics found;
  const auto source = std::make_shared<SourceText>(SourceText{"m.yaml", text});
  const auto result = FormatYaml(source, {}, found);
  EXPECT_EQ(result.has_value(), !found.has_errors());
  return result ? *result : FormatDiagnostics(found);
}

struct FormatCase {
  const char* name;
  const char* text;
  const char* formatted;
};

class Format : public testing::TestWithParam<FormatCase> {};

TEST_P(Format, LaysOutLines) {
  const FormatCase& test = GetParam();
  EXPECT_EQ(Formatted(test.text), test.formatted);
  EXPECT_EQ(Formatted(test.formatted), test.formatted) << "a second time changes nothing";
}

INSTANTIATE_TEST_SUITE_P(
    Layouts, Format,
    testing::Values(
        FormatCase{"already", "a:\n  b: 1\n  c:\n    - 1\n", "a:\n  b: 1\n  c:\n    - 1\n"},
        FormatCase{"mark_behind_a_marker", "---\n\xEF\xBB\xBF\xEF\xBB\xBF", "---\n\xEF\xBB\xBF\xEF\xBB\xBF\n"},
        FormatCase{"four_spaces", "a:\n    b:\n        c: 1\n    d: 2\n", "a:\n  b:\n    c: 1\n  d: 2\n"},
        FormatCase{"one_space", "a:\n b:\n  c: 1\n", "a:\n  b:\n    c: 1\n"},
        FormatCase{"list_at_the_key_stays", "a:\n- 1\n- 2\nb: 3\n", "a:\n- 1\n- 2\nb: 3\n"},
        FormatCase{"list_deeper", "a:\n    - x: 1\n      y: 2\n    - z\n",
             "a:\n  - x: 1\n    y: 2\n  - z\n"},
        FormatCase{"wide_items", "a:\n  -   x: 1\n      y:\n         z: 2\n",
             "a:\n  - x: 1\n    y:\n      z: 2\n"},
        FormatCase{"lists_in_lists", "-   - a\n    - b\n-   - c\n", "- - a\n  - b\n- - c\n"},
        FormatCase{"item_on_the_next_line", "a:\n    -\n        b: 1\n        c: 2\n",
             "a:\n  -\n    b: 1\n    c: 2\n"},
        FormatCase{"trailing_blanks", "a: 1  \nb: 2\t\n", "a: 1\nb: 2\n"},
        FormatCase{"blank_runs", "\n\na: 1\n\n\n\nb: 2\n\n\n", "a: 1\n\nb: 2\n"},
        FormatCase{"documents", "---\n\na: 1\n\n\n---\n\nb: 2\n---\n", "a: 1\n---\nb: 2\n---\n"},
        FormatCase{"crlf_and_bom",
             "\xEF\xBB\xBF"
             "a: 1\r\nb: |\r\n  x\r\n",
             "a: 1\nb: |\n  x\n"},
        FormatCase{"no_newline", "a: 1", "a: 1\n"},
        FormatCase{"comments", "# top\na:   # side  \n    # of b\n    b: 1\n    # end of a\n# last\n",
             "# top\na:   # side\n  # of b\n  b: 1\n  # end of a\n# last\n"},
        FormatCase{"literal", "a:\n    b: |\n        x  \n          y\n\n\n        z\n    c: 1\n",
             "a:\n  b: |\n      x  \n        y\n\n\n      z\n  c: 1\n"},
        FormatCase{"literal_kept", "a: |+\n  x\n\n\n\nb: 1\n", "a: |+\n  x\n\n\n\nb: 1\n"},
        FormatCase{"literal_indicator", "a:\n    b: |2\n        x\n      y\n",
             "a:\n  b: |2\n      x\n    y\n"},
        FormatCase{"quoted_lines", "a:\n    b: \"x  \n\n\n      y\"\n    c: 1\n",
             "a:\n  b: \"x  \n\n\n    y\"\n  c: 1\n"},
        FormatCase{"plain_lines", "a:\n    b: x\n      y\n    c: 1\n", "a:\n  b: x\n    y\n  c: 1\n"},
        FormatCase{"flow_lines", "a:\n    b: [1,  \n       2,\n\n       # c\n       {x: 1}]\n    c: 1\n",
             "a:\n  b: [1,\n     2,\n\n     # c\n     {x: 1}]\n  c: 1\n"},
        FormatCase{"anchors_and_tags", "a: &x\n    b: !!str 1\nc: *x\n", "a: &x\n  b: !!str 1\nc: *x\n"},
        FormatCase{"hash_in_text", "a: 'x # y'\nb: x#y\n", "a: 'x # y'\nb: x#y\n"},
        FormatCase{"only_comments", "# a  \n\n\n# b\n", "# a\n\n# b\n"}, FormatCase{"empty", "", ""}),
    [](const testing::TestParamInfo<FormatCase>& info) { return info.param.name; });

TEST(Format, RefusesWhatDoesNotParse) {
  EXPECT_EQ(Formatted("a: 1\na: 2\n").substr(0, 24), "error: duplicate key 'a'");
  EXPECT_EQ(Formatted("a: [\n").substr(0, 31), "error: this '[' is never closed");
}

TEST(Format, KeepsTheExpectedFilesOfOtherTests) {
  // What `import mermaid` writes is in canonical form already.
  const auto folder = std::filesystem::path(TANDEM_SOURCE_DIR) / "tests/golden/diagrams";
  std::ifstream file(folder / "platform.expected");
  std::stringstream text;
  text << file.rdbuf();
  ASSERT_FALSE(text.str().empty());
  EXPECT_EQ(Formatted(text.str()), text.str());
}

}  // namespace format_test
}  // namespace tandem
