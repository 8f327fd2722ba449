#include "tandem/config/scalar.h"

#include <gtest/gtest.h>

#include "config/scalar_text.h"
#include "tandem/config/parse.h"

namespace tandem {
namespace scalar_test {

struct ScalarCase {
  const char* name;
  const char* text;  // the scalar is the value of the path below
  const char* path;
  const char* needle;  // a part of the decoded value
  const char* at;      // the source text that must follow the offset found
};

class ScalarOffset : public testing::TestWithParam<ScalarCase> {};

TEST_P(ScalarOffset, PointsAtTheSourceOfAByte) {
  const ScalarCase& test = GetParam();
  const auto source = std::make_shared<SourceText>(SourceText{"m.yaml", test.text});
  Diagnostics found;
  const auto texts = SplitDocuments(source, {}, found);
  ASSERT_EQ(texts.size(), 1u) << FormatDiagnostics(found);
  const auto tree = ParseYaml(texts[0], {}, found);
  ASSERT_TRUE(tree.has_value()) << FormatDiagnostics(found);
  const Value* value = tree->value.At(test.path);
  ASSERT_TRUE(value != nullptr && value->is_string());
  const size_t in_value = value->as_string().find(test.needle);
  ASSERT_NE(in_value, std::string::npos) << value->as_string();
  const size_t begin = tree->RangeOf(test.path).begin;
  const size_t offset = OffsetInScalar(*source, begin, in_value);
  EXPECT_EQ(source->text.substr(offset, std::string_view(test.at).size()), test.at);
  // Decoding again gives what yaml-cpp gave: every byte of the value is accounted for.
  const ScalarMap map = DecodeScalar(source->text, begin, value->as_string().size());
  EXPECT_EQ(map.value.substr(0, value->as_string().size()), value->as_string());
  EXPECT_EQ(map.offsets.size(), map.value.size());
}

INSTANTIATE_TEST_SUITE_P(
    Styles, ScalarOffset,
    testing::Values(
        ScalarCase{"plain", "a: x ${b}\n", "a", "${b}", "${b}"},
        ScalarCase{"plain_at_end_of_text", "a: x ${b}", "a", "b}", "b}"},
        ScalarCase{"plain_on_two_lines", "a: one\n   two ${b}\n", "a", "${b}", "${b}"},
        ScalarCase{"plain_with_blank_line", "a: one\n\n\n   two ${b}\nc: 1\n", "a", "${b}", "${b}"},
        ScalarCase{"plain_folded_space", "a: one   \n   two\n", "a", " two", "\n   two"},
        ScalarCase{"plain_colon_inside", "a: x:y ${b}  # c\n", "a", "${b}", "${b}"},
        ScalarCase{"plain_in_brackets", "a: [x, y z, w]\n", "a[1]", "z", "z, w"},
        ScalarCase{"plain_tagged", "a: !!str ${b}\n", "a", "b}", "b}"},
        ScalarCase{"plain_unicode", "a: \xC3\xBC\xE2\x82\xAC ${b}\n", "a", "${b}", "${b}"},
        ScalarCase{"single", "a: 'x ${b}'\n", "a", "${b}", "${b}"},
        ScalarCase{"single_quote_inside", "a: 'it''s ${b}'\n", "a", "${b}", "${b}"},
        ScalarCase{"single_quote_itself", "a: 'it''s'\n", "a", "'s", "''s"},
        ScalarCase{"single_on_two_lines", "a: 'one  \n\n   two ${b}'\n", "a", "${b}", "${b}"},
        ScalarCase{"double", "a: \"x ${b}\"\n", "a", "${b}", "${b}"},
        ScalarCase{"double_escapes", R"(a: "\t\x41\u00fc\U0001F600 \"q\" ${b}")", "a", "${b}", "${b}"},
        ScalarCase{"double_escape_itself", R"(a: "x\u00fcy")", "a", "\xC3\xBC", "\\u00fc"},
        ScalarCase{"double_joined_line", "a: \"one \\\n   two ${b}\"\n", "a", "${b}", "${b}"},
        ScalarCase{"double_on_three_lines", "a: \"one\n\n   two\n   ${b}\"\n", "a", "${b}", "${b}"},
        ScalarCase{"double_crlf", "a: \"one\r\n   two ${b}\"\r\n", "a", "${b}", "${b}"},
        ScalarCase{"literal", "a: |\n  one\n  two ${b}\nc: 1\n", "a", "${b}", "${b}"},
        ScalarCase{"literal_stripped", "a: |-\n\n  one\n\n    two ${b}\n\n\nc: 1\n", "a", "${b}", "${b}"},
        ScalarCase{"literal_kept", "a: |+\n  one\n  two ${b}\n\n\nc: 1\n", "a", "${b}", "${b}"},
        ScalarCase{"literal_indicator", "a: |2\n    one\n  two ${b}\n", "a", "${b}", "${b}"},
        ScalarCase{"literal_indicator_nested", "k:\n  a: |1-\n    one\n   two ${b}\n", "k.a", "${b}",
                   "${b}"},
        ScalarCase{"literal_indicator_in_item", "- a: |2\n     one\n    two ${b}\n", "[0].a", "${b}",
                   "${b}"},
        ScalarCase{"literal_indicator_item", "k:\n  - |2\n     one\n    two ${b}\n", "k[0]", "${b}",
                   "${b}"},
        ScalarCase{"literal_comment", "a: | # not a line\n  one ${b}\n", "a", "${b}", "${b}"},
        ScalarCase{"literal_crlf", "a: |\r\n  one\r\n  two ${b}\r\n", "a", "${b}", "${b}"},
        ScalarCase{"literal_tabs", "a: |\n  one\n  \ttwo ${b}\n", "a", "${b}", "${b}"},
        ScalarCase{"literal_of_a_tagged_key", "k:\n    - a: 1\n! b: |\n  one ${b}\n", "b", "${b}", "${b}"},
        ScalarCase{"literal_of_a_tagged_key_in_an_item", "- ! a: |2\n     one\n    two ${b}\n", "[0].a", "${b}", "${b}"},
        ScalarCase{"literal_anchored", "a: &x |\n  one ${b}\n", "a", "${b}", "${b}"},
        ScalarCase{"folded", "a: >\n  one\n  two ${b}\nc: 1\n", "a", "${b}", "${b}"},
        ScalarCase{"folded_break", "a: >\n  one\n  two\n", "a", " two", "\n  two"},
        ScalarCase{"folded_blank_lines", "a: >\n\n  one\n\n\n  two\n  three ${b}\n", "a", "${b}", "${b}"},
        ScalarCase{"folded_deeper", "a: >-\n  one\n    deep\n    deep\n\n  two\n  ${b}\n", "a", "${b}",
                   "${b}"},
        ScalarCase{"folded_no_break_at_end", "a: >\n  one\n  two ${b}", "a", "${b}", "${b}"}),
    [](const testing::TestParamInfo<ScalarCase>& info) { return info.param.name; });

TEST(ScalarOffset, PastTheValueIsItsEnd) {
  const SourceText source{"m.yaml", "a: 'xy'  # c\n"};
  EXPECT_EQ(OffsetInScalar(source, 3, 2), 7u);
  EXPECT_EQ(OffsetInScalar(source, 3, 99), 7u);
  EXPECT_EQ(OffsetInScalar(source, 99, 0), source.text.size());
}

}  // namespace scalar_test
}  // namespace tandem
