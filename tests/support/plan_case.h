// A whole PlanInput from one JSON object, for table and golden tests. Header-only.
//
//   {"kinds": {"ec2.aws/VPC": {"rules": [{"path": "CidrBlock", "replace": true}], "protected":
//   true}},
//    "resources": {"ec2.aws/VPC/main": {"desired": {…}, "site": "aws", "needs": […]}},
//    "records": {"ec2.aws/VPC/main": {"identity": "vpc-1", "recorded": {…}, "dependsOn": […]}},
//    "observed": {"ec2.aws/VPC/main": {"fields": {…}, "mark": "…"}, "ec2.aws/VPC/gone": null}}
//
// In desired, {"$ref": "ADDRESS#PATH"} is what the address's object has there, or unknown while
// that is made or replaced; it makes a need. A mark is the address's own unless given; kinds that
// are not listed have no rules. A resource that is neither recorded nor observed is absent.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tandem/codec/json.h"
#include "tandem/plan/build.h"
#include "tests/support/fake_kind.h"

namespace tandem::testing_support {

class PlanCase {
 public:
  explicit PlanCase(const std::string& json) {
    auto parsed = ParseJson(json);
    TANDEM_CHECK(parsed.ok());
    Read(*parsed);
  }
  PlanCase(const PlanCase&) = delete;

  PlanInput& input() { return input_; }

 private:
  static std::vector<std::string> Texts(const Value& object, std::string_view key) {
    std::vector<std::string> texts;
    if (const Value* list = object.Find(key))
      for (const Value& item : list->as_list()) texts.push_back(item.as_string());
    return texts;
  }

  static const Map& Members(const Value& object, std::string_view key) {
    static const Map kNone;
    const Value* found = object.Find(key);
    return found == nullptr ? kNone : found->as_map();
  }

  void Read(const Value& root) {
    input_.platform = "storefront";
    input_.platform_uid = "5c1f3a0e";
    input_.from = 7;
    input_.to = 8;
    input_.accepted_digest = "sha256:accepted";
    input_.proposed_digest = "sha256:proposed";
    input_.created = Time(std::chrono::seconds(1'700'000'000));
    input_.mode = ParsePlanMode(root.StringOr("mode", "apply")).value();
    input_.targets = Texts(root, "targets");
    if (const Value* budget = root.Find("deleteBudget")) input_.delete_budget = budget->as_int();
    for (const auto& [name, body] : Members(root, "kinds")) ReadKind(name, body);
    for (const auto& [address, body] : Members(root, "resources")) ReadResource(address, body);
    for (const auto& [address, body] : Members(root, "records")) ReadRecord(address, body);
    for (const auto& [address, body] : Members(root, "observed")) ReadObservation(address, body);
    for (const auto& [address, body] : Members(root, "resources"))
      if (root.Find("observed") == nullptr || root.Find("observed")->Find(address) == nullptr)
        if (!body.BoolOr("unobserved", false) && input_.records.count(address) == 0)
          ReadObservation(address, Value());
    if (const Value* policy = root.Find("policy")) policies_ = ReadPolicies(*policy);
    input_.proposed_policies = &policies_;
    if (const Value* accepted = root.Find("acceptedPolicy")) {
      accepted_ = ReadPolicies(*accepted);
      input_.accepted_policies = &accepted_;
    }
    input_.kind_of = [this](const KindName& name) { return KindOf(name.ToString()); };
    input_.desired_of = [this](const std::string& address, const DecidedBefore& before) {
      return Evaluate(address, before.becoming_unknown);
    };
  }

  static PolicySet ReadPolicies(const Value& spec) {
    Document document;
    document.group = "tandem";
    document.kind = "Policy";
    document.name = "test";
    document.body = Map{{"spec", spec}};
    Diagnostics found;
    PolicySet set({ReadPolicy(document, found)});
    TANDEM_CHECK(found.empty());
    return set;
  }

  void ReadKind(const std::string& name, const Value& body) {
    auto kind = std::make_shared<FakeKind>(name);
    kind->is_protected = body.BoolOr("protected", false);
    kind->makes_first = body.BoolOr("createFirst", false);
    kind->is_named = body.BoolOr("named", false);
    kind->marks = body.BoolOr("marks", true);
    for (const std::string& child : Texts(body, "cascades")) {
      const size_t slash = child.find('/');
      kind->cascades_.push_back({child.substr(0, slash), child.substr(slash + 1)});
    }
    if (const Value* rules = body.Find("rules"))
      for (const Value& item : rules->as_list()) {
        FieldRule rule;
        rule.path = item.StringOr("path", "");
        rule.replace = item.BoolOr("replace", false);
        rule.secret = item.BoolOr("secret", false);
        rule.write_only = item.BoolOr("writeOnly", false);
        rule.computed = item.BoolOr("computed", false);
        rule.keys = Texts(item, "keys");
        if (!rule.keys.empty()) rule.compare = CompareMode::kKeyed;
        if (item.BoolOr("set", false)) rule.compare = CompareMode::kSet;
        if (item.BoolOr("unsetNull", false)) rule.unset = UnsetMode::kNull;
        if (const Value* blast = item.Find("class"))
          rule.blast = *ParseBlastClass(blast->as_string());
        if (const Value* blast = item.Find("down"))
          rule.blast_down = *ParseBlastClass(blast->as_string());
        if (const Value* ref = item.Find("ref")) {
          const size_t slash = ref->as_string().find('/');
          rule.ref =
              KindName{ref->as_string().substr(0, slash), ref->as_string().substr(slash + 1)};
        }
        kind->With(std::move(rule));
      }
    kinds_[name] = std::move(kind);
  }

  std::shared_ptr<const Kind> KindOf(const std::string& name) {
    auto& kind = kinds_[name];
    if (kind == nullptr) kind = std::make_shared<FakeKind>(name);
    return kind;
  }

  void ReadResource(const std::string& address, const Value& body) {
    PlannedResource r;
    r.address = *Address::Parse(address);
    r.account = body.StringOr("account", "aws-primary");
    r.site = body.StringOr("site", "aws");
    r.component = body.StringOr("component", "");
    r.kind = KindOf(r.address.kind_name().ToString());
    for (const std::string& need : Texts(body, "needs")) r.needs.push_back(need);
    r.manage = body.StringOr("manage", "full");
    r.deletion_policy = body.StringOr("deletionPolicy", "");
    r.adopt = body.StringOr("adopt", "");
    if (const Value* protect = body.Find("protect")) r.protect = protect->as_bool();
    r.paused = body.BoolOr("paused", false);
    r.external_name = body.StringOr("externalName", "");
    r.moved_from = body.StringOr("movedFrom", "");
    r.changed = body.BoolOr("changed", true);
    r.provisional = body.BoolOr("provisional", false);
    const Value* desired = body.Find("desired");
    desired_[address] = desired == nullptr ? Value(Map()) : *desired;
    CollectNeeds(desired_[address], r.needs);
    input_.resources.push_back(std::move(r));
  }

  static void CollectNeeds(const Value& value, std::vector<Interned>& needs) {
    if (value.is_list())
      for (const Value& item : value.as_list()) CollectNeeds(item, needs);
    if (!value.is_map()) return;
    if (const Value* ref = value.Find("$ref")) {
      needs.push_back(ref->as_string().substr(0, ref->as_string().find('#')));
      return;
    }
    for (const auto& [key, member] : value.as_map()) CollectNeeds(member, needs);
  }

  void ReadRecord(const std::string& address, const Value& body) {
    Record& r = records_[address];
    r.address = *Address::Parse(address);
    r.account = body.StringOr("account", "aws-primary");
    r.kind_digest = body.StringOr("kindDigest", "sha256:" + r.address.kind_name().ToString());
    r.identity = body.StringOr("identity", "id-of-" + std::string(r.address.name()));
    const Value* recorded = body.Find("recorded");
    r.recorded = Packed::From(recorded == nullptr ? Value(Map()) : *recorded);
    r.protected_ = body.BoolOr("protected", false);
    r.adopted = body.BoolOr("adopted", false);
    r.manage = body.StringOr("manage", "full");
    r.deletion_policy = body.StringOr("deletionPolicy", "delete");
    for (const std::string& need : Texts(body, "dependsOn")) r.depends_on.push_back(need);
    r.site = body.StringOr("site", "aws");
    r.component = body.StringOr("component", "");
    r.paused_by = body.StringOr("pausedBy", "");
    for (const std::string& old : Texts(body, "deposed"))
      r.deposed.push_back({old, Packed::From(Map()), Time()});
    input_.records[address] = &r;
  }

  void ReadObservation(const std::string& address, const Value& body) {
    Observation& o = observations_[address];
    o.address = *Address::Parse(address);
    if (!body.is_null()) {
      o.exists = true;
      o.identity = body.StringOr("identity", "id-of-" + std::string(o.address.name()));
      o.mark_address = body.StringOr("mark", address);
      o.state = "ready";
      const Value* fields = body.Find("fields");
      o.fields = Packed::From(fields == nullptr ? Value(Map()) : *fields);
    }
    input_.observations[address] = &o;
  }

  Result<EvaluatedResource> Evaluate(const std::string& address,
                                     const std::set<std::string>& unknown) {
    EvaluatedResource result;
    Status failure;
    result.desired = Substitute(desired_.at(address), unknown, result.references, failure);
    if (!failure.ok()) return failure;
    return result;
  }

  Value Substitute(const Value& value, const std::set<std::string>& unknown,
                   std::map<std::string, Value>& references, Status& failure) {
    if (value.is_list()) {
      List list;
      for (const Value& item : value.as_list())
        list.push_back(Substitute(item, unknown, references, failure));
      return list;
    }
    if (!value.is_map()) return value;
    const Value* ref = value.Find("$ref");
    if (ref == nullptr) {
      Map map;
      for (const auto& [key, member] : value.as_map())
        map.emplace(key, Substitute(member, unknown, references, failure));
      return map;
    }
    const std::string& text = ref->as_string();
    const std::string target = text.substr(0, text.find('#'));
    const std::string path = text.substr(text.find('#') + 1);
    // What the target's own document says is known whatever becomes of the target.
    const auto document = desired_.find(target);
    const Value* found = document == desired_.end() ? nullptr : document->second.At(path);
    Value resolved;
    if (found != nullptr) {
      resolved = Substitute(*found, unknown, references, failure);
    } else if (unknown.count(target) != 0) {
      resolved = Unknown{Type::kString, target + "." + path};
    } else if (const auto seen = observations_.find(target);
               seen != observations_.end() && seen->second.exists) {
      const Value fields = seen->second.fields.Unpack();
      if (const Value* live = fields.At(path)) resolved = *live;
    } else {
      failure = InvalidArgument(target + " has no " + path);
    }
    references[target + "." + path] = resolved;
    return resolved;
  }

  PlanInput input_;
  std::map<std::string, std::shared_ptr<FakeKind>> kinds_;
  std::map<std::string, Value> desired_;
  std::map<std::string, Record> records_;
  std::map<std::string, Observation> observations_;
  PolicySet policies_;
  PolicySet accepted_;
};

}  // namespace tandem::testing_support
