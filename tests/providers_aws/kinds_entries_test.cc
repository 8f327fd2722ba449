#include "providers/aws/kinds/entries.h"

#include <gtest/gtest.h>

#include "tandem/codec/json.h"
#include "tests/providers_aws/kinds_world.h"

namespace tandem::aws {
namespace {

struct EntriesCase {
  std::string name;
  std::string kind;
  std::string field;
  std::string desired;
  std::string observed;
  std::string recorded;
  std::string want;  // "+ITEM", "~ITEM", "-ITEM", sorted as they come
};

std::string Text(const EntryChanges& changes) {
  std::string text;
  for (const Entry& entry : changes.added) text += "+" + ToCanonicalJson(entry.item);
  for (const Entry& entry : changes.changed) text += "~" + ToCanonicalJson(entry.item);
  for (const Entry& entry : changes.removed) text += "-" + ToCanonicalJson(entry.item);
  return text;
}

class EntriesTest : public ::testing::TestWithParam<EntriesCase> {};

TEST_P(EntriesTest, ChangesOf) {
  const EntriesCase& c = GetParam();
  const auto kind = FindKind(c.kind);
  const auto form = [&](const std::string& text) {
    Value whole = Map{};
    if (!text.empty()) whole.Set(c.field, Json(text));
    return whole;
  };
  EXPECT_EQ(Text(ChangesOf(*kind, c.field, form(c.desired), form(c.observed), form(c.recorded))),
            c.want);
}

INSTANTIATE_TEST_SUITE_P(
    All, EntriesTest,
    ::testing::Values(
        // A set is wholly ours: what others put there goes.
        EntriesCase{"set_is_ours", "iam.aws/Role", "ManagedPolicyArns", R"(["a","b"])",
                    R"(["b","c"])", R"(["b"])", R"(+"a"-"c")"},
        EntriesCase{"set_given_up_has_a_value", "iam.aws/Role", "ManagedPolicyArns", "",
                    R"(["b","c"])", R"(["b"])", R"(-"b"-"c")"},
        EntriesCase{"set_never_ours", "iam.aws/Role", "ManagedPolicyArns", "", R"(["b"])", "", ""},
        // One permission with two ranges is two rules; only the one that differs is touched.
        EntriesCase{
            "set_explodes", "ec2.aws/SecurityGroup", "IpPermissions",
            R"([{"IpProtocol":"TCP","FromPort":1,"ToPort":1,"IpRanges":[{"CidrIp":"10.1.0.9/16"},{"CidrIp":"10.2.0.0/16"}]}])",
            R"([{"IpProtocol":"tcp","FromPort":1,"ToPort":1,"IpRanges":[{"CidrIp":"10.1.0.0/16"},{"CidrIp":"10.3.0.0/16"}]}])",
            "",
            R"(+{"FromPort":1,"IpProtocol":"TCP","IpRanges":[{"CidrIp":"10.2.0.0/16"}],"ToPort":1})"
            R"(-{"FromPort":1,"IpProtocol":"tcp","IpRanges":[{"CidrIp":"10.3.0.0/16"}],"ToPort":1})"},
        // What the server may add is not compared, but what the user wrote is sent.
        EntriesCase{
            "set_sends_server_defaults", "ec2.aws/SecurityGroup", "IpPermissions",
            R"([{"IpProtocol":"-1","UserIdGroupPairs":[{"GroupId":"sg-1","UserId":"1"}]}])", "[]", "",
            R"(+{"IpProtocol":"-1","UserIdGroupPairs":[{"GroupId":"sg-1","UserId":"1"}]})"},
        EntriesCase{
            "set_ignores_server_additions", "ec2.aws/SecurityGroup", "IpPermissions",
            R"([{"IpProtocol":"-1","UserIdGroupPairs":[{"GroupId":"sg-1"}]}])",
            R"([{"IpProtocol":"-1","UserIdGroupPairs":[{"GroupId":"sg-1","UserId":"1","GroupName":"x"}]}])",
            "", ""},
        // Entries of others stay in keyed lists, unless the field is exclusive.
        EntriesCase{"keyed_leaves_others", "ec2.aws/VPC", "Tags",
                    R"([{"Key":"a","Value":"2"},{"Key":"n","Value":"1"}])",
                    R"([{"Key":"a","Value":"1"},{"Key":"b","Value":"1"},{"Key":"c","Value":"1"}])",
                    R"([{"Key":"a","Value":"1"},{"Key":"b","Value":"1"}])",
                    R"(+{"Key":"n","Value":"1"}~{"Key":"a","Value":"2"}-{"Key":"b","Value":"1"})"},
        EntriesCase{"keyed_exclusive", "iam.aws/Role", "InlinePolicies", "[]",
                    R"([{"PolicyName":"x","PolicyDocument":"{}"}])", "",
                    R"(-{"PolicyDocument":"{}","PolicyName":"x"})"},
        EntriesCase{"keyed_compares_as_the_field_does", "iam.aws/Role", "InlinePolicies",
                    R"([{"PolicyName":"x","PolicyDocument":"{\"a\": 1}"}])",
                    R"([{"PolicyName":"x","PolicyDocument":"{\"a\":1}"}])", "", ""},
        EntriesCase{"keyed_given_up_is_removed", "ec2.aws/VPC", "Tags", "",
                    R"([{"Key":"a","Value":"1"},{"Key":"c","Value":"1"}])",
                    R"([{"Key":"a","Value":"1"}])", R"(-{"Key":"a","Value":"1"})"},
        EntriesCase{"keyed_released_stays", "dynamodb.aws/Table", "Replicas", "",
                    R"([{"RegionName":"eu-west-1"}])", R"([{"RegionName":"eu-west-1"}])", ""},
        EntriesCase{"map", "logs.aws/LogGroup", "tags", R"({"a":"2","n":"1"})",
                    R"({"a":"1","b":"1","c":"1"})", R"({"a":"1","b":"1"})",
                    R"(+"1"~"2"-"1")"}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace tandem::aws
