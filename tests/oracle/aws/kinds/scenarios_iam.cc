#include "tests/oracle/aws/kinds/scenarios.h"

namespace tandem::oracle {
namespace {

constexpr const char* kReadOnly = "arn:aws:iam::aws:policy/ReadOnlyAccess";

std::string Document(const std::string& action) {
  return R"({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ")" + action +
         R"(", "Resource": "*"}]})";
}

Value Inline(const char* name, const std::string& action) {
  return Map{{"PolicyName", name}, {"PolicyDocument", Document(action)}};
}

}  // namespace

std::vector<Scenario> IamScenarios() {
  Scenario role;
  role.name = "role";
  role.kind = "iam.aws/Role";
  role.object = "eks-cluster";
  role.neighbour = true;
  role.spec = [](Cloud& cloud) {
    Value spec = cloud.Example("iam.aws/Role");
    spec.Set("InlinePolicies", tandem::List{Inline("logs", "logs:PutLogEvents"),
                                            Inline("own", "dynamodb:Get*")});
    return spec;
  };
  role.outside = {
      {"attachment", "iam", "AttachRolePolicy",
       [](const Made& made) {
         return Map{{"RoleName", made.identity}, {"PolicyArn", kReadOnly}};
       },
       "ManagedPolicyArns"},
      {"inline", "iam", "PutRolePolicy",
       [](const Made& made) {
         return Map{{"RoleName", made.identity},
                    {"PolicyName", "own"},
                    {"PolicyDocument", Document("s3:*")}};
       },
       "InlinePolicies"},
      {"trust", "iam", "UpdateAssumeRolePolicy",
       [](const Made& made) {
         return Map{{"RoleName", made.identity},
                    {"PolicyDocument",
                     R"({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
                         "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]})"}};
       },
       "AssumeRolePolicyDocument"},
  };
  role.updates = {
      {"role",
       [](Value& spec) {
         spec.Set("Description", "runs the cluster");
         spec.Set("MaxSessionDuration", 7200);
       }},
      {"description-only", [](Value& spec) { spec.Set("Description", "the cluster's"); }},
      {"boundary", [](Value& spec) { spec.Set("PermissionsBoundary", kReadOnly); }},
      {"no-boundary", [](Value& spec) { spec.edit_map().erase("PermissionsBoundary"); }},
      {"attachments", [](Value& spec) { spec.Set("ManagedPolicyArns", tandem::List{kReadOnly}); }},
      {"inline",
       [](Value& spec) {
         spec.Set("InlinePolicies",
                  tandem::List{Inline("own", "dynamodb:Query"), Inline("third", "s3:GetObject")});
       }},
      {"tags",
       [](Value& spec) {
         spec.Set("Tags", tandem::List{Map{{"Key", "owner"}, {"Value", "sre"}}});
       }},
  };

  Scenario policy;
  policy.name = "policy";
  policy.kind = "iam.aws/Policy";
  policy.object = "read-orders";
  policy.neighbour = true;
  policy.spec = [](Cloud& cloud) { return cloud.Example("iam.aws/Policy"); };
  policy.outside = {{"version", "iam", "CreatePolicyVersion",
                     [](const Made& made) {
                       return Map{{"PolicyArn", made.identity},
                                  {"PolicyDocument", Document("s3:*")},
                                  {"SetAsDefault", true}};
                     },
                     "PolicyDocument"}};
  // More than the five versions that a policy keeps.
  for (const char* action : {"sqs:*", "sns:*", "kms:*", "logs:*", "ec2:Describe*"})
    policy.updates.push_back({std::string("document ") + action, [action](Value& spec) {
                                spec.Set("PolicyDocument", Document(action));
                              }});
  policy.updates.push_back({"tags", [](Value& spec) {
                              spec.Set("Tags",
                                       tandem::List{Map{{"Key", "owner"}, {"Value", "sre"}}});
                            }});
  return {role, policy};
}

}  // namespace tandem::oracle
