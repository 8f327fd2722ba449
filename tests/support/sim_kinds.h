// A small catalog for tests of the simulated clouds: kinds of every create class, written as JSON
// in the shape of kind files, with a `members` section in place of an API description.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tandem/schema/kind.h"

namespace tandem::testing {

/// `members`: name → type word, "!" behind it where required: {"CidrBlock": "string!"}.
class JsonKind final : public Kind {
 public:
  explicit JsonKind(const std::string& json) : body_(*ParseJson(json)) {
    const std::string text = body_.StringOr("kind", "");
    name_ = {text.substr(0, text.find('/')), text.substr(text.find('/') + 1)};
    digest_ = DigestOf(body_);
    identity_ = At("identity.field");
    name_field_ = At("identity.name");
    parent_field_ = At("parent.field");
    const Value* fields = body_.Find("fields");
    if (fields != nullptr) {
      for (const auto& [path, rule] : fields->as_map()) rules_.push_back(Parse(path, rule));
    }
    if (const Value* cascades = body_.Find("cascades")) {
      for (const Value& kind : cascades->as_list()) cascades_.push_back(Name(kind.as_string()));
    }
  }

  const KindName& name() const override { return name_; }
  int64_t version() const override { return 1; }
  const std::string& digest() const override { return digest_; }
  const Value& body() const override { return body_; }
  const std::vector<FieldRule>& rules() const override { return rules_; }
  char create_class() const override { return body_.StringOr("createClass", "D")[0]; }
  const std::string& identity_field() const override { return identity_; }
  bool named() const override { return At("identity.kind") == "named"; }
  const std::string& name_field() const override { return name_field_; }
  bool can_mark() const override { return body_.Find("tags") != nullptr; }
  bool lists() const override { return body_.BoolOr("lists", true); }
  bool list_names_only() const override { return body_.BoolOr("namesOnly", false); }
  const std::string& parent_field() const override { return parent_field_; }
  std::optional<KindName> parent_kind() const override {
    if (At("parent.kind").empty()) return std::nullopt;
    return Name(At("parent.kind"));
  }
  Duration consistency() const override { return std::chrono::seconds(30); }
  Duration timeout() const override { return std::chrono::minutes(10); }
  const std::string& bucket() const override { return name_.group; }
  bool protected_by_default() const override { return false; }
  bool create_first() const override { return body_.BoolOr("createFirst", false); }
  const std::vector<KindName>& cascades() const override { return cascades_; }

  FieldRule RuleFor(const Path& path) const override {
    FieldRule found;
    std::string at;
    for (const PathStep& step : path) {
      at = step.index >= 0 ? at + "[]" : JoinPath(at, step.key);
      for (const FieldRule& rule : rules_) {
        if (rule.path != at) continue;
        const FieldRule parent = found;
        found = rule;
        found.replace |= parent.replace;
        found.computed |= parent.computed;
        found.secret |= parent.secret;
        found.write_only |= parent.write_only;
      }
      if (found.path != at) {
        FieldRule handed;
        handed.path = at;
        handed.replace = found.replace;
        handed.computed = found.computed;
        handed.secret = found.secret;
        handed.write_only = found.write_only;
        found = handed;
      }
    }
    return found;
  }

  std::vector<CallRule> CreateCalls(const Value& desired) const override {
    std::vector<CallRule> calls{{"create", Strings("create"), Map{}}};
    if (calls[0].fields.empty()) return calls;
    std::vector<std::string> rest;
    for (const auto& [member, value] : desired.as_map()) {
      const auto& carried = calls[0].fields;
      if (std::find(carried.begin(), carried.end(), member) == carried.end()) {
        rest.push_back(member);
      }
    }
    for (CallRule& call : UpdateCalls(rest)) calls.push_back(std::move(call));
    return calls;
  }
  std::vector<CallRule> UpdateCalls(const std::vector<std::string>& changed) const override {
    std::vector<CallRule> calls;
    if (changed.empty()) return calls;
    const Value* updates = body_.Find("updates");
    if (updates == nullptr) return {{"update:all", {}, Map{}}};
    for (const auto& [call, members] : updates->as_map()) {
      CallRule rule{"update:" + call, {}, Map{}};
      bool carries = false;
      for (const Value& member : members.as_list()) {
        rule.fields.push_back(member.as_string());
        carries |= std::find(changed.begin(), changed.end(), member.as_string()) != changed.end();
      }
      if (carries) calls.push_back(std::move(rule));
    }
    return calls;
  }
  CallRule DeleteCall() const override { return {"delete", {}, Map{}}; }

  void Validate(const Document&, const Value& spec, Diagnostics& found) const override {
    const Map& members = body_.Find("members")->as_map();
    for (const auto& [member, value] : spec.as_map()) {
      const auto known = members.find(member);
      if (known == members.end() || RuleFor({{member, -1}}).computed) {
        found.Error({}, "unknown field '" + member + "'");
        continue;
      }
      std::string type = known->second.as_string();
      if (type.back() == '!') type.pop_back();
      if (RuleFor({{member, -1}}).secret && value.is_string()) {
        found.Error({}, "a literal at secret path '" + member + "'");
      } else if (!value.is_unknown() && type != "any" && TypeName(value.type()) != type) {
        found.Error({}, "'" + member + "' must be " + type);
      }
    }
    for (const auto& [member, type] : members) {
      if (type.as_string().back() == '!' && spec.Find(member) == nullptr) {
        found.Error({}, "missing '" + member + "'");
      }
    }
  }
  std::optional<Type> TypeOf(const Path& path) const override {
    if (path.empty()) return Type::kMap;
    const Value* members = body_.Find("members");
    if (members->Find(path[0].key) == nullptr && !RuleFor({path[0]}).computed) return std::nullopt;
    return Type::kAny;
  }
  Value Canonical(const Value& fields) const override {
    Value canonical = fields;
    for (const FieldRule& rule : rules_) {
      if (rule.compare != CompareMode::kSet) continue;
      const Value* list = fields.At(rule.path);
      if (list == nullptr || !list->is_list()) continue;
      List sorted = list->as_list();
      std::sort(sorted.begin(), sorted.end(), [](const Value& a, const Value& b) {
        return ToCanonicalJson(a) < ToCanonicalJson(b);
      });
      SetAt(canonical, ParsePath(rule.path), sorted);
    }
    return canonical;
  }
  Result<std::string> Explain(std::string_view) const override { return name_.ToString(); }

 private:
  static KindName Name(const std::string& text) {
    return {text.substr(0, text.find('/')), text.substr(text.find('/') + 1)};
  }
  std::string At(std::string_view path) const {
    const Value* value = body_.At(path);
    return value != nullptr && value->is_string() ? value->as_string() : "";
  }
  std::vector<std::string> Strings(std::string_view key) const {
    std::vector<std::string> texts;
    if (const Value* list = body_.Find(key)) {
      for (const Value& item : list->as_list()) texts.push_back(item.as_string());
    }
    return texts;
  }
  static FieldRule Parse(const std::string& path, const Value& value) {
    FieldRule rule;
    rule.path = path;
    rule.replace = value.BoolOr("replace", false);
    rule.computed = value.BoolOr("computed", false);
    rule.secret = value.BoolOr("secret", false);
    rule.write_only = value.BoolOr("writeOnly", false);
    rule.exclusive = value.BoolOr("exclusive", false);
    if (value.StringOr("compare", "") == "set") rule.compare = CompareMode::kSet;
    if (const Value* keys = value.Find("keys")) {
      rule.compare = CompareMode::kKeyed;
      for (const Value& key : keys->as_list()) rule.keys.push_back(key.as_string());
    }
    if (const Value* given = value.Find("default")) rule.default_value = *given;
    if (const Value* unset = value.Find("unset")) {
      rule.unset = unset->is_null() ? UnsetMode::kNull : UnsetMode::kValue;
      rule.unset_value = *unset;
      if (unset->is_string() && unset->as_string() == "replace") rule.unset = UnsetMode::kReplace;
    }
    if (const std::string ref = value.StringOr("ref", ""); !ref.empty()) {
      rule.ref = Name(ref);
      rule.ref_field = value.StringOr("refField", "");
    }
    return rule;
  }

  Value body_;
  KindName name_;
  std::string digest_, identity_, name_field_, parent_field_;
  std::vector<FieldRule> rules_;
  std::vector<KindName> cascades_;
};

class JsonCatalog final : public Catalog {
 public:
  explicit JsonCatalog(const std::vector<std::string>& bodies) {
    for (const std::string& body : bodies) {
      auto kind = std::make_shared<JsonKind>(body);
      const KindName name = kind->name();
      kinds_.emplace(name, std::move(kind));
    }
  }
  std::shared_ptr<const Kind> Find(const KindName& name) const override {
    const auto found = kinds_.find(name);
    return found == kinds_.end() ? nullptr : found->second;
  }
  std::vector<KindName> kinds() const override {
    std::vector<KindName> names;
    for (const auto& [name, kind] : kinds_) names.push_back(name);
    return names;
  }
  std::string ProviderOf(std::string_view group) const override {
    const size_t dot = group.rfind('.');
    return dot == std::string_view::npos ? "" : std::string(group.substr(dot + 1));
  }
  Diagnostics problems() const override { return {}; }

 private:
  std::map<KindName, std::shared_ptr<const Kind>> kinds_;
};

/// Network and Subnet (B, asynchronous), Queue (D), Role (C, names only), Cluster (A, with a
/// handle, a secret and a guard), Instance (C, dies with its cluster), Zone (A) and its Records (D,
/// unmarked).
inline std::vector<std::string> SimKinds() {
  return {
      R"({"kind": "net.sim/Network", "createClass": "B", "tags": {},
          "identity": {"field": "NetworkId", "kind": "assigned"},
          "members": {"CidrBlock": "string!", "EnableDns": "bool", "Labels": "map",
                      "Rules": "list", "Zones": "list", "Note": "string"},
          "create": ["CidrBlock", "Labels", "Rules", "Zones", "Note"],
          "updates": {"dns": ["EnableDns"], "rest": ["Labels", "Rules", "Zones", "Note", "CidrBlock"]},
          "fields": {"CidrBlock": {"replace": true}, "NetworkId": {"computed": true},
                     "EnableDns": {"default": true, "unset": true}, "Note": {"unset": null},
                     "Arn": {"computed": true}, "State": {"computed": true},
                     "Rules": {"keys": ["Name"]}, "Zones": {"compare": "set"}},
          "states": {"field": "State", "ready": ["available"], "busy": ["deleting", "pending"]},
          "errors": {"InvalidNetworkID.NotFound": "gone", "DependencyViolation": "waiting",
                     "RequestLimitExceeded": "throttled", "InvalidParameterValue": "terminal",
                     "IncorrectState": "waiting"},
          "limits": {"page": 3},
          "sandbox": {"create": "4s", "delete": "2s", "computed":
            {"NetworkId": "net-{hex17}",
             "Arn": "arn:sim:net:{region}:{account}:network/{NetworkId}"}}})",
      R"({"kind": "net.sim/Subnet", "createClass": "B", "tags": {},
          "identity": {"field": "SubnetId", "kind": "assigned"},
          "members": {"NetworkId": "string!", "CidrBlock": "string!"},
          "fields": {"NetworkId": {"replace": true, "ref": "net.sim/Network"},
                     "CidrBlock": {"replace": true}, "SubnetId": {"computed": true}},
          "errors": {"InvalidSubnetID.NotFound": "gone", "DependencyViolation": "waiting"},
          "sandbox": {"lag": "5s", "computed": {"SubnetId": "subnet-{hex8}"}}})",
      R"({"kind": "queue.sim/Queue", "createClass": "D", "tags": {},
          "identity": {"field": "QueueUrl", "kind": "assigned"},
          "members": {"Depth": "int", "RoleArn": "string"},
          "fields": {"QueueUrl": {"computed": true},
                     "RoleArn": {"ref": "iam.sim/Role", "refField": "Arn"}},
          "sandbox": {"update": "3s", "outside": ["arn:sim:iam::sim:*"],
                      "computed": {"QueueUrl": "https://queue/{digits12}"}}})",
      R"({"kind": "iam.sim/Role", "createClass": "C", "tags": {}, "namesOnly": true,
          "identity": {"field": "RoleName", "name": "RoleName", "kind": "named"},
          "members": {"RoleName": "string", "Policy": "string!"},
          "fields": {"RoleName": {"replace": true}, "Arn": {"computed": true}},
          "errors": {"NoSuchEntity": "gone", "EntityAlreadyExists": "exists",
                     "DeleteConflict": "waiting", "MalformedPolicyDocument": "terminal"},
          "sandbox": {"computed": {"Arn": "arn:sim:iam::{account}:role/{name}"}}})",
      R"({"kind": "db.sim/Cluster", "createClass": "A", "tags": {},
          "identity": {"field": "ClusterId", "kind": "assigned"},
          "members": {"Engine": "string!", "Password": "string", "DeletionProtection": "bool",
                      "NetworkId": "string"},
          "fields": {"ClusterId": {"computed": true}, "Engine": {"replace": true},
                     "Password": {"secret": true, "writeOnly": true},
                     "NetworkId": {"ref": "net.sim/Network"}},
          "cascades": ["db.sim/Instance"],
          "sandbox": {"create": "10m", "update": "1m", "delete": "5m", "handle": true,
                      "computed": {"ClusterId": "cluster-{hex12}"}}})",
      R"({"kind": "db.sim/Instance", "createClass": "C", "tags": {},
          "identity": {"field": "InstanceId", "kind": "assigned"},
          "parent": {"field": "ClusterId", "kind": "db.sim/Cluster"},
          "members": {"ClusterId": "string!", "Size": "string"},
          "fields": {"ClusterId": {"replace": true}, "InstanceId": {"computed": true}},
          "errors": {"InstanceNotFound": "gone", "InstanceAlreadyExists": "exists"},
          "sandbox": {"computed": {"InstanceId": "i-{hex17}"}}})",
      R"({"kind": "dns.sim/Zone", "createClass": "A", "tags": {},
          "identity": {"field": "ZoneId", "kind": "assigned"}, "members": {"Name": "string!"},
          "fields": {"ZoneId": {"computed": true}},
          "errors": {"HostedZoneNotEmpty": "waiting", "NoSuchHostedZone": "gone"},
          "sandbox": {"computed": {"ZoneId": "Z{digits12}"}}})",
      R"({"kind": "dns.sim/Record", "createClass": "D", "lists": true,
          "identity": {"field": "RecordId", "kind": "assigned"},
          "parent": {"field": "ZoneId", "kind": "dns.sim/Zone"},
          "members": {"ZoneId": "string!", "Name": "string!", "Value": "string!"},
          "fields": {"ZoneId": {"replace": true, "ref": "dns.sim/Zone"},
                     "RecordId": {"computed": true}},
          "sandbox": {"rate": 5, "computed": {"RecordId": "{ZoneId}/{Name}/{hex4}"}}})",
      R"({"kind": "iam.sim/Policy", "createClass": "C", "tags": {},
          "identity": {"field": "Arn", "name": "PolicyName", "kind": "assigned"},
          "members": {"PolicyName": "string", "Path": "string"},
          "fields": {"Arn": {"computed": true}},
          "sandbox": {"defaults": {"Path": "/"},
                      "computed": {"Arn": "arn:sim:iam::{account}:policy{Path}{name}"}}})",
      R"({"kind": "dns.sim/Alias", "createClass": "C",
          "identity": {"field": "id", "kind": "composed", "compose": "{ZoneId}|{Name}"},
          "parent": {"field": "ZoneId", "kind": "dns.sim/Zone"},
          "members": {"ZoneId": "string!", "Name": "string", "Target": "string"}, "fields": {},
          "sandbox": {"errors": {"exists": "InvalidChangeBatch"}}})",
      R"({"kind": "dns.sim/Probe", "createClass": "C", "lists": false,
          "identity": {"field": "Name", "name": "Name", "kind": "named"},
          "members": {"Name": "string"}, "fields": {}, "sandbox": {}})",
  };
}

}  // namespace tandem::testing
