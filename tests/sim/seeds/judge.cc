#include "tests/sim/seeds/judge.h"

#include <fmt/format.h>

#include <algorithm>

#include "tandem/record/record.h"

namespace tandem::seeds {
namespace {

std::string AddressOf(const SimObject& object) {
  return Bare(object.mark.address.empty() ? object.address : object.mark.address.str());
}

class Judgement {
 public:
  explicit Judgement(const Evidence& evidence) : e_(evidence) {}

  std::string Run() {
    ReadRows();
    if (failure_.empty()) Objects();
    if (failure_.empty()) Resources();
    if (failure_.empty()) Effects();
    if (failure_.empty()) Secrets();
    return failure_;
  }

 private:
  void Fail(std::string what) {
    if (failure_.empty()) failure_ = std::move(what);
  }

  void ReadRows() {
    for (const Row& row : e_.rows) {
      if (row.key.rfind("intent/", 0) == 0) Fail("I4: an intent is left: " + row.value);
      if (row.key.rfind("record/", 0) != 0) continue;
      Result<Record> record = FromValue<Record>(*ParseJson(row.value));
      if (!record.ok()) return Fail("I4: " + row.key + ": " + record.status().ToString());
      named_.insert({record->account, record->address.kind_name(), record->identity});
      if (!record->deposed.empty()) Fail("I4: " + row.key + " keeps objects that were replaced");
      records_.emplace(Bare(record->address.ToString()), std::move(*record));
    }
  }

  void Objects() {
    for (const SimObject& object : e_.live) {
      by_key_[object.key] = &object;
      ++alive_at_[AddressOf(object)];
      if (named_.count(object.key) == 0)
        return Fail(fmt::format("I2: {} '{}' was made for {} and no record names it",
                                object.key.kind.ToString(), object.key.identity, AddressOf(object)));
    }
  }

  void Resources() {
    for (const auto& [address, plant] : e_.garden.plants()) {
      const auto record = records_.find(address);
      if (record == records_.end()) return Fail("I4: no record of " + address);
      const auto object = by_key_.find(
          {record->second.account, record->second.address.kind_name(), record->second.identity});
      if (object == by_key_.end())
        return Fail(fmt::format("I4: {} is recorded as '{}', which is not there", address,
                                record->second.identity));
      if (alive_at_[address] != 1)
        return Fail(fmt::format("I1: {} exists {} times", address, alive_at_[address]));
      if (record->second.account != plant.account) return Fail("I4: the account of " + address);
      const Value fields = object->second->fields().Unpack();
      Settled(address, record->second, fields);
      Asked(address, plant, fields);
      if (!failure_.empty()) return;
    }
    for (const auto& [address, record] : records_)
      if (e_.garden.plants().count(address) == 0)
        return Fail("I4: " + address + " is still recorded");
  }

  void Settled(const std::string& address, const Record& record, const Value& fields) {
    if (record.settled.empty()) return Fail("I4: " + address + " never settled");
    const Value settled = record.settled.Unpack();
    for (const auto& [member, value] : settled.as_map()) {
      if (value.HasSensitive()) continue;
      const Value* have = fields.Find(member);
      if (have == nullptr || *have != value)
        return Fail(fmt::format("I4: {}.{} is {} and recorded as {}", address, member,
                                have == nullptr ? "(nothing)" : ToCanonicalJson(*have),
                                ToCanonicalJson(value)));
    }
  }

  /// The object is as the model asks, said without the product's help.
  void Asked(const std::string& address, const Plant& plant, const Value& fields) {
    for (const auto& [member, scalar] : plant.fields) {
      if (scalar.find("${") != std::string::npos) continue;
      const Value* have = fields.Find(member);
      const std::string text = have == nullptr       ? "(nothing)"
                               : have->is_string()   ? std::string(have->as_string())
                                                     : ToCanonicalJson(*have);
      if (text != scalar)
        return Fail(fmt::format("I4: {}.{} is {}, the model says {}", address, member, text, scalar));
    }
    for (const auto& [member, target] : plant.refs) {
      const auto to = records_.find(target);
      const Value* have = fields.Find(member);
      if (to == records_.end() || have == nullptr || !have->is_string() ||
          have->as_string().find(target.rfind("iam.sim/Role", 0) == 0
                                     ? std::string(to->second.address.name())
                                     : to->second.identity.str()) == std::string::npos)
        return Fail(fmt::format("I4: {}.{} does not refer to {}", address, member, target));
    }
  }

  // --- in the order in which it happened ---

  void Effects() {
    for (size_t i = 0; i < e_.effects.size() && failure_.empty(); ++i) {
      const SimEffect& effect = e_.effects[i];
      const bool ours = !effect.intent.empty();
      std::string& at = where_[effect.key];  // the address that it is known by
      if (ours || at.empty()) at = Bare(effect.address);
      const std::string address = at;
      if (effect.operation == "create") ++alive_[address];
      if (effect.operation == "update" && address != Former(effect.key)) {
        --alive_[Former(effect.key)];
        ++alive_[address];
      }
      former_[effect.key] = address;
      if (effect.operation == "delete") {
        --alive_[address];
        where_.erase(effect.key);
        former_.erase(effect.key);
        if (!ours) gone_outside_.insert(address);
      }
      if (effect.operation == "create") gone_outside_.erase(address);
      if (i < e_.first || !ours) continue;
      Planned(i, address);
      if (effect.operation == "create") Made(address);
      if (effect.operation == "delete") Deleted(i, address);
    }
  }
  std::string Former(const SimKey& key) const {
    const auto found = former_.find(key);
    return found == former_.end() ? "" : found->second;
  }

  void Planned(size_t i, const std::string& address) {
    static const std::map<std::string, std::set<std::string>> kMay = {
        {"create", {"create", "replace"}},
        {"update", {"create", "update", "replace", "adopt", "moved"}},
        {"delete", {"delete", "replace"}}};
    const SimEffect& effect = e_.effects[i];
    if (effect.operation != "delete" && e_.healed.count(address) > 0) return;
    if (Allows(address, kMay.at(effect.operation))) return;
    // R14: what dies with its parent is planned as such, and the call is the parent's.
    const auto of_parent = [&](const SimEffect& other) {
      return other.intent == effect.intent && other.operation == "delete" &&
             other.key.kind.ToString() == "db.sim/Cluster" &&
             Allows(Bare(other.address), kMay.at("delete"));
    };
    if (effect.operation == "delete" && effect.key.kind.ToString() == "db.sim/Instance" &&
        Allows(address, {"forget", "create"}) &&
        std::any_of(e_.effects.begin() + static_cast<long>(e_.first), e_.effects.end(), of_parent))
      return;
    Fail(fmt::format("I3: {} of {} ({}) was in no plan", effect.operation, address,
                     effect.key.identity));
  }
  bool Allows(const std::string& address, const std::set<std::string>& actions) const {
    const auto found = e_.allowed.find(address);
    if (found == e_.allowed.end()) return false;
    return std::any_of(actions.begin(), actions.end(), [&](const std::string& action) {
      return found->second.count(action) > 0;
    });
  }

  bool Lives(const std::string& address) const {
    const auto found = alive_.find(address);
    return found != alive_.end() && found->second > 0;
  }
  /// Also by the address that it is about to be renamed from.
  bool LivesHere(const Garden& garden, const std::string& address) const {
    if (Lives(address)) return true;
    const auto plant = garden.plants().find(address);
    if (plant == garden.plants().end() || plant->second.moved_from.empty()) return false;
    return garden.plants().count(plant->second.moved_from) == 0 && Lives(plant->second.moved_from);
  }

  std::string MissingNeed(const Garden& garden, const std::string& address) const {
    const auto plant = garden.plants().find(address);
    if (plant == garden.plants().end()) return "";
    for (const std::string& need : plant->second.Needs())
      // What somebody else deleted meanwhile was there when the plan was made.
      if (!LivesHere(garden, need) && gone_outside_.count(need) == 0) return need;
    return "";
  }

  void Made(const std::string& address) {
    const std::string need = MissingNeed(e_.garden, address);
    if (need.empty()) return;
    // Healing makes again what settled last, which may be the model before.
    if (e_.healed.count(address) > 0 && MissingNeed(e_.old, address).empty()) return;
    Fail(fmt::format("I5: {} was made before {}, which it needs", address, need));
  }

  /// Of what goes for good: whatever needed it and goes too went before it.
  void Deleted(size_t at, const std::string& address) {
    if (Lives(address) || e_.garden.plants().count(address) > 0) return;
    for (const auto& entry : e_.old.plants()) {
      const std::string& other = entry.first;
      const auto& plant = entry.second;
      if (plant.Needs().count(address) == 0 || e_.garden.plants().count(other) > 0) continue;
      if (!Lives(other)) continue;
      // R14: instances die with their cluster.
      if (plant.kind == "db.sim/Instance" && address.rfind("db.sim/Cluster/", 0) == 0) continue;
      // Two of one cluster go by one call.
      const bool together = std::any_of(
          e_.effects.begin() + static_cast<long>(at), e_.effects.end(), [&](const SimEffect& effect) {
            return effect.intent == e_.effects[at].intent && effect.operation == "delete" &&
                   Bare(effect.address) == other;
          });
      if (together) continue;
      Fail(fmt::format("I5: {} was deleted before {}, which needed it", address, other));
    }
  }

  void Secrets() {
    // Plain, and in the forms that hide it from a search: hex, and base64 at each of its three phases.
    std::vector<std::string> needles = {kCanary};
    std::string hex;
    for (const char* c = kCanary; *c != '\0'; ++c)
      hex += fmt::format("{:02x}", static_cast<unsigned char>(*c));
    needles.push_back(hex);
    for (const char* form : {"Y2FuYXJ5LTdRZj", "NhbmFyeS03UWY5", "jYW5hcnktN1FmO"})
      needles.emplace_back(form);
    const auto search = [&](const std::string& where, const std::string& text) {
      for (const std::string& needle : needles)
        if (text.find(needle) != std::string::npos) Fail("I7: a secret is in " + where);
    };
    for (const Row& row : e_.rows) search(row.key, row.value);
    for (const std::string& text : e_.shown) search("what is shown: " + text.substr(0, 60), text);
  }

  const Evidence& e_;
  std::string failure_;
  std::map<std::string, Record> records_;
  std::set<SimKey> named_;
  std::map<SimKey, const SimObject*> by_key_;
  std::map<std::string, int> alive_at_;
  std::map<SimKey, std::string> where_, former_;
  std::map<std::string, int> alive_;  // objects at an address, by effects alone
  std::set<std::string> gone_outside_;
};

}  // namespace

std::string Judge(const Evidence& evidence) { return Judgement(evidence).Run(); }

}  // namespace tandem::seeds
