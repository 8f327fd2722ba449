// Scalars with `${…}` (R17), unknowns (R5), secrets (R15) and references.
#include "tandem/expr/template.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tandem/expr/evaluate.h"
#include "tests/unit/expr/show.h"

namespace tandem::template_test {
namespace {

constexpr char kVpc[] = "ec2.aws/VPC/main";

/// main's VpcId is known only later, the database's port is 5432, every secret is itself.
class World final : public Scope {
 public:
  std::optional<Value> Name(std::string_view name) const override {
    ++asked[std::string(name)];
    if (name == "site") return Value("aws");
    if (name == "n") return Value(3);
    if (name == "half") return Value(0.5);
    if (name == "nothing") return Value();
    if (name == "each") return Value(Map{{"key", "orders"}, {"value", 7}});
    if (name == "later") return Value(Unknown{Type::kInt, "later"});
    return std::nullopt;
  }
  Result<Value> Ref(const std::string& address, const Path& path) const override {
    ++asked[address];
    if (address == kVpc)
      return Value(Unknown{Type::kAny, path.empty() ? address : address + "." + FormatPath(path)});
    const Value whole = Map{{"Port", 5432}, {"Hosts", List{"a", "b"}}};
    if (path.empty()) return whole;
    const Value* found = FindAt(whole, path);
    if (found == nullptr)
      return NotFound("'" + address + "' has no field '" + FormatPath(path) + "'");
    return *found;
  }
  Result<Value> Secret(const std::string& uri) const override {
    ++asked[uri];
    if (uri == "env:none") return NotFound("no secret 'env:none'");
    return Value(Sensitive{{{true, uri}}, "digest", "v1"});
  }
  mutable std::map<std::string, int> asked;
};

using expr_test::Case;

std::string TemplateOutcome(const std::string& text) {
  const ExprResult<Template> parsed = Template::Parse(text);
  if (!parsed.ok()) return "parse " + expr_test::Show(parsed.error());
  const ExprResult<Value> value = Evaluate(*parsed, World());
  return value.ok() ? expr_test::Show(*value) : expr_test::Show(value.error());
}

class TemplateTable : public testing::TestWithParam<Case> {};

TEST_P(TemplateTable, Is) {
  EXPECT_EQ(TemplateOutcome(GetParam().text), GetParam().expected) << GetParam().text;
}

std::string NameOf(const testing::TestParamInfo<Case>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(
    R17, TemplateTable,
    testing::ValuesIn(std::vector<Case>{
        {"literal", "plain $ text }", "'plain $ text }'"},
        {"empty_text", "", "''"},
        {"single_keeps_int", "${n}", "3"},
        {"single_keeps_list", "${[n, site]}", "[3, 'aws']"},
        {"single_keeps_null", "${nothing}", "null"},
        {"space_makes_text", " ${n}", "' 3'"},
        {"joined", "${site}-${n}-${half}-${n > 2}", "'aws-3-0.5-true'"},
        {"joined_null", "a${nothing}", "error at 3: null cannot be part of a text"},
        {"joined_list", "a${[1]}", "error at 3: list cannot be part of a text"},
        {"escaped", "$${aws:username} ${site}", "'${aws:username} aws'"},
        {"escaped_alone", "$${x}", "'${x}'"},
        {"dollar_before_escape", "$$${x}", "'$${x}'"},
        {"dollar_before_value", "${'$'}${site}", "'$aws'"},
        {"brace_in_string", "${'}' + \"{\"}!", "'}{!'"},
        {"brace_in_map", "${{'a': {'b': n}}.a.b}", "3"},
        {"quote_in_raw", "${r'\\}'}", "'\\}'"},
        {"brace_in_triple", "${'''it's }'''}", "'it's }'"},
        {"two_lines", "${n +\n 1}", "4"},
        {"foreign", "arn:aws:iam::${aws:username}",
         "parse error at 13: '${aws:' does not begin an expression"},
        {"shell_default", "${HOME:-x}", "parse error at 0: '${HOME:' does not begin an expression"},
        {"unclosed", "ab ${site", "parse error at 3: the '${' has no closing '}'"},
        {"unclosed_string", "ab ${'site}", "parse error at 5: the string has no closing quote"},
        {"empty_part", "${}", "parse error at 2: the expression is empty"},
        {"error_offset", "ab ${n +}", "parse error at 8: expected a value, found '}'"},
        {"value_error_offset", "é ${n + site}", "error at 7: '+' does not take int and string"},
        {"unknown_name", "${sit}", "error at 2: unknown name 'sit'"},
    }),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    R5Unknown, TemplateTable,
    testing::ValuesIn(std::vector<Case>{
        {"alone", "${ref('ec2.aws/VPC/main').VpcId}", "unknown any ec2.aws/VPC/main.VpcId"},
        {"joined", "id-${ref('ec2.aws/VPC/main').VpcId}", "unknown string ec2.aws/VPC/main.VpcId"},
        {"concatenated", "${'id-' + ref('ec2.aws/VPC/main').VpcId}",
         "unknown string ec2.aws/VPC/main.VpcId"},
        {"sum", "${later + 1}", "unknown int later"},
        {"negated", "${-later}", "unknown int later"},
        {"compared", "${later > 1}", "unknown bool later"},
        {"equal_lists", "${[1, later] == [1, 2]}", "unknown bool later"},
        {"different_lists", "${[1, later] == [2, 2]}", "false"},
        {"in_list_found", "${2 in [later, 2]}", "true"},
        {"in_list_perhaps", "${2 in [later, 3]}", "unknown bool later"},
        {"size_of_list", "${size([later])}", "1"},
        {"size_of_unknown", "${size(ref('ec2.aws/VPC/main').Tags)}",
         "unknown int ec2.aws/VPC/main.Tags"},
        {"has", "${has(ref('ec2.aws/VPC/main').VpcId)}", "unknown bool ec2.aws/VPC/main"},
        {"or_absorbs", "${later > 1 || true}", "true"},
        {"and_absorbs", "${later > 1 && false}", "false"},
        {"wins_over_error", "${later > 1 && missing}", "unknown bool later"},
        {"error_wins_elsewhere", "${later + missing}", "error at 10: unknown name 'missing'"},
        {"condition", "${later > 1 ? 'a' : 'b'}", "unknown string later"},
        {"condition_mixed", "${later > 1 ? 'a' : 1}", "unknown any later"},
        {"branch_not_taken", "${true ? 1 : ref('ec2.aws/VPC/main').VpcId}", "1"},
        {"all_decided", "${[later, 0].all(i, i > 1)}", "false"},
        {"all_open", "${[later, 2].all(i, i > 1)}", "unknown bool later"},
        {"exists_one_open", "${[later, 2].exists_one(i, i > 1)}", "unknown bool later"},
        {"exists_one_decided", "${[later, 2, 2].exists_one(i, i > 1)}", "false"},
        {"map_over_unknown", "${ref('ec2.aws/VPC/main').Tags.map(t, t.Key)}",
         "unknown list ec2.aws/VPC/main.Tags"},
        {"filter_unknown", "${[later].filter(i, i > 1)}", "unknown list later"},
        {"function", "${string(later)}", "unknown string later"},
        {"index_with_unknown", "${[1][later]}", "unknown any later"},
    }),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    R15Secret, TemplateTable,
    testing::ValuesIn(std::vector<Case>{
        {"alone", "${secret('env:P')}", "secret(<env:P>) digest digest version v1"},
        {"joined", "user:${secret('env:P')}@${site}", "secret(user:<env:P>@aws) version v1"},
        {"concatenated", "${'a' + secret('env:P') + 'b' + secret('env:Q')}",
         "secret(a<env:P>b<env:Q>) version v1,v1"},
        {"string", "${string(secret('env:P'))}", "secret(<env:P>) digest digest version v1"},
        {"passed_on", "${n > 1 ? secret('env:P') : ''}",
         "secret(<env:P>) digest digest version v1"},
        {"with_unknown", "${secret('env:P')}${ref('ec2.aws/VPC/main').VpcId}",
         "unknown string ec2.aws/VPC/main.VpcId"},
        {"from_list", "${[secret('env:P')][0]}", "secret(<env:P>) digest digest version v1"},
        {"compared", "${secret('env:P') == 'x'}", "error at 18: == cannot be used on a secret"},
        {"compared_in_list", "${[secret('env:P')] == ['x']}",
         "error at 20: == cannot be used on a secret"},
        {"in_list", "${'x' in [secret('env:P')]}", "error at 6: 'in' cannot be used on a secret"},
        {"ordered", "${secret('env:P') < 'x'}",
         "error at 18: comparison cannot be used on a secret"},
        {"measured", "${size(secret('env:P'))}", "error at 2: size() cannot be used on a secret"},
        {"matched", "${secret('env:P').matches('a')}",
         "error at 18: matches() cannot be used on a secret"},
        {"indexed", "${secret('env:P')[0]}", "error at 17: an index cannot be used on a secret"},
        {"key", "${{secret('env:P'): 1}}", "error at 3: a key cannot be used on a secret"},
        {"added_to_int", "${1 + secret('env:P')}",
         "error at 4: this operator cannot be used on a secret"},
        {"condition", "${secret('env:P') ? 1 : 2}", "error at 18: '?:' cannot be used on a secret"},
        {"logic", "${secret('env:P') && true}", "error at 18: '&&' cannot be used on a secret"},
        {"missing", "x${secret('env:none')}", "error at 3: no secret 'env:none'"},
    }),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Ref, TemplateTable,
    testing::ValuesIn(std::vector<Case>{
        {"path", "${ref('rds.aws/DBCluster/orders').Hosts[1]}", "'b'"},
        {"quoted_path", "${ref('rds.aws/DBCluster/orders')['Port']}", "5432"},
        {"computed_index", "${ref('rds.aws/DBCluster/orders').Hosts[n - 2]}", "'b'"},
        {"computed_address", "${ref('rds.aws/DBCluster/' + each.key).Port + 1}", "5433"},
        {"no_field", "${ref('rds.aws/DBCluster/orders').Prot}",
         "error at 2: 'rds.aws/DBCluster/orders' has no field 'Prot'"},
        {"has_field",
         "${has(ref('rds.aws/DBCluster/orders').Port) && "
         "!has(ref('rds.aws/DBCluster/orders').Prot)}",
         "true"},
        {"unknown_address", "${ref('a/' + string(later))}",
         "error at 11: the argument of ref() is not known yet"},
        {"address_from_ref", "${ref(ref('a/B/c').x).y}",
         "parse error at 6: the argument of ref() cannot use ref()"},
        {"address_from_secret", "${ref(secret('env:P'))}",
         "parse error at 6: the argument of ref() cannot use secret()"},
        {"address_from_variable", "${['a'].map(i, ref('b/' + i).x)}",
         "parse error at 26: the argument of ref() cannot use 'i', a variable of a macro"},
        {"address_no_string", "${ref(1)}",
         "parse error at 6: the argument of ref() must be a string"},
        {"two_arguments", "${ref('a', 'b')}", "parse error at 2: ref() takes one argument"},
    }),
    NameOf);

TEST(Template, ForeignPlaceholderHasTheHintOfR17) {
  const auto parsed = Template::Parse("${aws:username}");
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error().hint, "write $${aws: if the text itself is meant");
}

TEST(Template, SaysWhatItIs) {
  const auto literal = Template::Parse("a $${b}");
  ASSERT_TRUE(literal.ok());
  EXPECT_TRUE(literal->is_literal());
  const auto single = Template::Parse("${ref('a/B/c').d}");
  ASSERT_TRUE(single.ok());
  EXPECT_TRUE(single->is_single());
  EXPECT_TRUE(single->uses_ref());
  EXPECT_FALSE(single->uses_secret());
  const auto mixed = Template::Parse("${each.key}-${secret('env:A')}");
  ASSERT_TRUE(mixed.ok());
  EXPECT_FALSE(mixed->is_single());
  EXPECT_FALSE(mixed->is_literal());
  EXPECT_TRUE(mixed->UsesName("each"));
  EXPECT_FALSE(mixed->UsesName("site"));
  EXPECT_TRUE(mixed->uses_secret());
  EXPECT_TRUE(Template::Concerns("$${"));
  EXPECT_FALSE(Template::Concerns("$x {"));
}

TEST(References, AreFoundInBranchesNotTaken) {
  const World world;
  const auto parsed = Template::Parse(
      "x ${true ? 1 : ref('a/B/c').d[0]['k.x']} ${ref('e/F/' + each.key)} "
      "${has(ref('g/H/i').j.k)}");
  ASSERT_TRUE(parsed.ok());
  const auto found = References(*parsed, world);
  ASSERT_TRUE(found.ok());
  ASSERT_EQ(found->size(), 3u);
  EXPECT_EQ((*found)[0], (Reference{"a/B/c", ParsePath("d[0][\"k.x\"]"), 15}));
  EXPECT_EQ((*found)[1], (Reference{"e/F/orders", {}, 43}));
  EXPECT_EQ((*found)[2], (Reference{"g/H/i", ParsePath("j"), 73}));
  EXPECT_EQ(world.asked.count("a/B/c"), 0u) << "listing references must not resolve them";
}

TEST(References, FailWhereAnAddressIsNotKnown) {
  const auto parsed = Template::Parse("${ref('a/' + string(later))}");
  ASSERT_TRUE(parsed.ok());
  const auto found = References(*parsed, World());
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().message, "the argument of ref() is not known yet");
  EXPECT_EQ(found.error().offset, 11u);
}

TEST(Secrets, AreFoundInBranchesNotTaken) {
  const auto parsed =
      Template::Parse("${n > 5 ? secret('env:A') : 'x' + secret('vault:kv/b#' + each.key)}");
  ASSERT_TRUE(parsed.ok());
  const auto found = Secrets(*parsed, World());
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(*found, (std::vector<SecretUse>{{"env:A", 10}, {"vault:kv/b#orders", 34}}));
}

TEST(Scope, IsAskedOncePerName) {
  const World world;
  const auto parsed = Expression::Parse(
      "[1, 2, 3].map(i, n + n + ref('rds.aws/DBCluster/orders').Port).size() == n");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(*Evaluate(*parsed, world), Value(true));
  EXPECT_EQ(world.asked.at("n"), 1);
  EXPECT_EQ(world.asked.at("rds.aws/DBCluster/orders"), 1);
}

}  // namespace
}  // namespace tandem::template_test
