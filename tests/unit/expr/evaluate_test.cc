// What CEL itself says about values, errors and absorption; the breadth is in tests/oracle/cel.
#include "tandem/expr/evaluate.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tests/unit/expr/show.h"

namespace tandem::evaluate_test {
namespace {

Map Names() {
  return Map{{"x", 5},
             {"site", "aws"},
             {"sites", Map{{"aws", Map{{"active", true}}}, {"gcp", Map{{"active", false}}}}},
             {"list", List{1, 2.0, "s", Value()}},
             {"empty", List{}},
             {"nan", std::numeric_limits<double>::quiet_NaN()}};
}

using expr_test::Case;

std::string Outcome(const std::string& text) {
  const ExprResult<Expression> parsed = Expression::Parse(text);
  if (!parsed.ok()) return "parse " + expr_test::Show(parsed.error());
  const ExprResult<Value> value = Evaluate(*parsed, NamedValues(Names()));
  return value.ok() ? expr_test::Show(*value) : expr_test::Show(value.error());
}

class EvaluateTable : public testing::TestWithParam<Case> {};

TEST_P(EvaluateTable, Is) {
  EXPECT_EQ(Outcome(GetParam().text), GetParam().expected) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    All, EvaluateTable,
    testing::ValuesIn(std::vector<Case>{
        {"precedence", "1 + 2 * 3 - 4 / 2", "5"},
        {"left_to_right", "10 - 3 - 2", "5"},
        {"remainder_sign", "-7 % 3", "-1"},
        {"int_overflow", "9223372036854775807 + 1",
         "error at 20: the result does not fit into 64 bits"},
        {"lowest_int", "-9223372036854775808", "-9223372036854775808"},
        {"lowest_divided", "-9223372036854775808 / -1",
         "error at 21: the result does not fit into 64 bits"},
        {"literal_too_large", "9223372036854775808",
         "parse error at 0: the integer does not fit into 64 bits"},
        {"division_by_zero", "1 / 0", "error at 2: division by zero"},
        {"double_division_by_zero", "1.0 / 0.0", "inf"},
        {"hex", "0x1F", "31"},
        {"mixed_sum", "1 + 1.0",
         "error at 2: '+' does not take int and double; convert one with int() or double()"},
        {"mixed_comparison", "1 < 1.5 && 2.0 == 2", "true"},
        {"nan_unequal", "nan == nan || nan < 1.0 || nan >= 1.0", "false"},
        {"string_and_int", "'a' < 1", "error at 4: '<' does not take string and int"},
        {"heterogenous_equality", "[1, {'a': 2.0}] == [1.0, {'a': 2}] && 'a' != 1", "true"},
        {"null_equality", "null == null && null != 0", "true"},
        {"relations_chain", "1 == 1 == true", "true"},
        {"conditional", "x > 3 ? 'big' : 'small'", "'big'"},
        {"conditional_is_lazy", "true ? 1 : missing", "1"},
        {"conditional_nests_right", "false ? 1 : false ? 2 : 3", "3"},
        {"conditional_in_the_middle", "true ? true ? 1 : 2 : 3",
         "parse error at 12: a conditional between '?' and ':' must stand in parentheses"},
        {"condition_no_bool", "1 ? 2 : 3", "error at 0: the condition must be a bool; found int"},
        {"or_absorbs_left", "missing || true", "true"},
        {"or_absorbs_right", "true || missing", "true"},
        {"and_absorbs_left", "1 / 0 == 1 && false", "false"},
        {"or_keeps_error", "missing || false", "error at 0: unknown name 'missing'"},
        {"and_of_ints", "true && 5", "error at 8: '&&' does not take int"},
        {"even_signs_vanish", "!!x", "5"},
        {"not", "!(x == 5)", "false"},
        {"minus", "-x - -1", "-4"},
        {"minus_not", "-!true", "parse error at 1: expected a value, found '!'"},
        {"list_index", "list[0]", "1"},
        {"list_index_double", "list[1.0]", "2.0"},
        {"list_index_outside", "list[4]", "error at 4: index 4 is outside the list of 4"},
        {"list_index_negative", "list[-1]", "error at 4: index -1 is outside the list of 4"},
        {"list_index_string", "list['a']",
         "error at 4: the index of a list is an int; found string"},
        {"map_select", "sites.gcp.active", "false"},
        {"map_index", "sites['aws'].active", "true"},
        {"map_no_key", "sites.azure", "error at 6: no such key: 'azure'"},
        {"map_quoted_name", "{'a-b': 1}.`a-b`", "1"},
        {"map_literal", "{'b': 1, 'a': [true, null],}", "{a: [true, null], b: 1}"},
        {"map_int_key", "{1: 2}", "error at 1: the keys of a map are strings; found int"},
        {"list_literal", "[1, 'a', 2.5,]", "[1, 'a', 2.5]"},
        {"list_sum", "[1] + empty + [2]", "[1, 2]"},
        {"has", "has(sites.aws) && !has(sites.azure)", "true"},
        {"has_of_missing", "has(sites.azure.active)", "error at 10: no such key: 'azure'"},
        {"has_needs_selection", "has(x)",
         "parse error at 4: has() takes a selection such as has(a.b)"},
        {"in_list", "2 in list && 's' in list && !(7 in list)", "true"},
        {"in_map", "'aws' in sites && !('azure' in sites)", "true"},
        {"in_string", "'a' in 'abc'", "error at 4: 'in' does not take string"},
        {"size", "size('héllo') + list.size() + size(sites)", "11"},
        {"contains", "'abc'.contains('b') && 'abc'.startsWith('a') && 'abc'.endsWith('bc')",
         "true"},
        {"matches_anywhere", "'xaay'.matches('a+')", "true"},
        {"matches_anchored", "'xaay'.matches('^a+$')", "false"},
        {"matches_broken", "'a'.matches('(')",
         "error at 4: '(' is no regular expression: missing ): ("},
        {"string_of_double",
         "string(1e6) + ' ' + string(0.1) + ' ' + string(-0.0) + ' ' + string(1e5)",
         "'1e+06 0.1 -0 100000'"},
        {"string_of_others", "string(true) + string(-5) + string('s')", "'true-5s'"},
        {"string_of_null", "string(null)", "error at 0: string() does not take null"},
        {"int_of_string", "int('-12') + int(2.9) + int(-2.9)", "-12"},
        {"int_of_bad_string", "int(' 1')", "error at 0: the string is no int"},
        {"int_of_large_double", "int(1e19)", "error at 0: the number does not fit into an int"},
        {"double_of_string", "double('1.5') + double(1)", "2.5"},
        {"all", "[1, 2].all(i, i > 0) && ![1, 2].all(i, i > 1)", "true"},
        {"all_absorbs", "[0, 1, 2].all(i, 2 / i == 2)", "false"},
        {"all_of_none", "empty.all(i, missing)", "true"},
        {"exists", "[1, 2].exists(i, i == 2)", "true"},
        {"exists_absorbs", "[0, 1].exists(i, 1 / i == 1)", "true"},
        {"exists_one", "[1, 2, 2].exists_one(i, i == 1) && ![2, 2].exists_one(i, i == 2)", "true"},
        {"exists_one_fails", "[0, 1].exists_one(i, 1 / i == 1)", "error at 23: division by zero"},
        {"map", "[1, 2].map(i, i * 2)", "[2, 4]"},
        {"map_with_filter", "[1, 2, 3].map(i, i != 2, [i, x])", "[[1, 5], [3, 5]]"},
        {"filter", "list.filter(i, i != null && i == 's')", "['s']"},
        {"keys_in_order", "{'b': 1, 'a': 2, 'c': 3}.map(k, k)", "['a', 'b', 'c']"},
        {"variable_shadows", "[1].map(x, [x + 1].map(x, x)[0] + x)", "[3]"},
        {"leading_dot_is_global", "[1].map(x, .x)", "[5]"},
        {"macro_of_string", "'ab'.map(c, c)", "error at 5: map() does not take string"},
        {"macro_needs_name", "[1].map(1, 2)",
         "parse error at 8: the first argument of map() must be a name"},
        {"macro_form", "[1].all(x)", "parse error at 4: all() is written list.all(x, condition)"},
        {"escapes", R"("\x41\u00e9\U0001F600\101\t\"")", "'Aé😀A\t\"'"},
        {"raw", R"(r'\d' + R"\n")", R"('\d\n')"},
        {"triple", "'''it's\nok'''", "'it's\nok'"},
        {"triple_line_ends", "\"\"\"a\r\nb\rc\"\"\"", "'a\nb\nc'"},
        {"surrogate", R"('\ud800')",
         "parse error at 1: the escape sequence is no Unicode code point"},
        {"bad_escape", R"('a\qb')", "parse error at 2: unknown escape sequence in a string"},
        {"unclosed", "'abc", "parse error at 0: the string has no closing quote"},
        {"comment", "1 // one\n + 1", "2"},
        {"out_bytes", "b'a'", "parse error at 0: bytes are not part of the expression language"},
        {"out_uint", "1u",
         "parse error at 0: unsigned integers are not part of the expression language"},
        {"out_message", "a.b{c: 1}",
         "parse error at 3: expected an operator or the end of the expression, found '{'"},
        {"reserved", "for", "parse error at 0: 'for' is a reserved word"},
        {"empty", " ", "parse error at 0: the expression is empty"},
        {"unfinished", "1 +",
         "parse error at 3: expected a value, found the end of the expression"},
        {"trailing", "1 2",
         "parse error at 2: expected an operator or the end of the expression, found '2'"},
        {"single_equals", "x = 1", "parse error at 2: '=' is not an operator; equality is '=='"},
        {"arity", "size(1, 2)",
         "parse error at 0: size() takes 1 operand, the receiver included; found 2"},
    }),
    [](const testing::TestParamInfo<Case>& info) { return info.param.name; });

TEST(Evaluate, UnknownFunctionSuggestsTheNearest) {
  const auto parsed = Expression::Parse("site.startWith('a')");
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error().message, "unknown function 'startWith'");
  EXPECT_EQ(parsed.error().hint, "did you mean 'startsWith'?");
  EXPECT_EQ(parsed.error().offset, 5u);
  EXPECT_TRUE(Expression::Parse("site.startWith('a')", Functions::kCel).ok());
}

TEST(Evaluate, DeepNestingIsAnErrorAndNoCrash) {
  const auto repeat = [](const std::string& text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
  };
  for (const int depth : {251, 5000, 33000}) {
    for (const auto& [open, middle, close] :
         std::vector<std::array<std::string, 3>>{{"(", "1", ")"},
                                                 {"[", "1", "]"},
                                                 {"{'a':", "1", "}"},
                                                 {"true ? 1 : ", "1", ""},
                                                 {"1 + ", "1", ""},
                                                 {"size(", "''", ")"},
                                                 {"[1].map(i, ", "i", ")"},
                                                 {"!(", "true", ")"}}) {
      const auto parsed = Expression::Parse(repeat(open, depth) + middle + repeat(close, depth));
      ASSERT_FALSE(parsed.ok()) << depth << " times " << open;
      EXPECT_TRUE(parsed.error().message == "the expression is nested too deeply" ||
                  parsed.error().message == "the expression is longer than 100000 characters")
          << parsed.error().message;
    }
  }
  const auto flat = Expression::Parse("true" + repeat(" && true", 9000));
  ASSERT_TRUE(flat.ok());
  EXPECT_EQ(*Evaluate(*flat, NamedValues()), Value(true));
  EXPECT_TRUE(Expression::Parse(repeat("(", 249) + "1" + repeat(")", 249)).ok());
}

TEST(Evaluate, RunawayExpressionsStop) {
  const Map names = {{"l", List(100, Value(1))}, {"s", std::string(100000, 'a')}};
  for (const std::string text :
       {"l.all(a, l.all(b, l.all(c, l.all(d, l.all(e, true)))))",
        "l.map(a, l.map(b, l.map(c, l.map(d, l))))",
        // Nothing absorbs it.
        "l.exists(a, l.all(b, l.all(c, l.all(d, l.all(e, true))))) || true",
        "l.map(a, l.map(b, s + s + s + s))",
        "l.all(a, l.all(b, s.matches('(a*)*(b|a*)*(c|a*)*$')))",
        "l.all(a, l.all(b, !s.contains(s + 'b')))", "l.all(a, l.all(b, l.all(c, s == s)))"}) {
    const auto parsed = Expression::Parse(text);
    ASSERT_TRUE(parsed.ok()) << text;
    const auto value = Evaluate(*parsed, NamedValues(names));
    ASSERT_FALSE(value.ok()) << text;
    EXPECT_EQ(value.error().code, Code::kResourceExhausted)
        << text << ": " << value.error().message;
  }
}

TEST(Evaluate, UsesNameSeesFreeNamesOnly) {
  const auto parsed = Expression::Parse("[1].map(each, each + x) == l || .y == 1");
  ASSERT_TRUE(parsed.ok());
  EXPECT_FALSE(parsed->UsesName("each"));
  EXPECT_TRUE(parsed->UsesName("x"));
  EXPECT_TRUE(parsed->UsesName("l"));
  EXPECT_TRUE(parsed->UsesName("y"));
}

}  // namespace
}  // namespace tandem::evaluate_test
