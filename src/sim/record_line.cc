// Records as lines of the journal.
#include <utility>

#include "tandem/sim/world.h"

namespace tandem {
namespace {

constexpr std::pair<WorldRecord::Type, const char*> kTypes[] = {
    {WorldRecord::Type::kAccount, "account"},    {WorldRecord::Type::kCreate, "create"},
    {WorldRecord::Type::kUpdate, "update"},      {WorldRecord::Type::kDelete, "delete"},
    {WorldRecord::Type::kFaultAdd, "fault-add"}, {WorldRecord::Type::kFaultClear, "fault-clear"},
};

Value Micros(Time time) { return Value(int64_t{time.time_since_epoch().count()}); }
Time FromMicros(int64_t micros) { return Time(Duration(micros)); }

void SetText(Value& value, std::string_view key, const std::string& text) {
  if (!text.empty()) value.Set(key, text);
}

Value KeyValue(const SimKey& key) {
  Value value;
  value.Set("account", key.account);
  value.Set("group", key.kind.group);
  value.Set("kind", key.kind.kind);
  value.Set("identity", key.identity);
  return value;
}

SimKey KeyFrom(const Value& value) {
  return {value.StringOr("account", ""),
          {value.StringOr("group", ""), value.StringOr("kind", "")},
          value.StringOr("identity", "")};
}

Value FaultToValue(const Fault& fault) {
  Value value;
  value.Set("id", Value(int64_t{fault.id}));
  value.Set("type", FaultTypeName(fault.type));
  SetText(value, "target", fault.target);
  if (fault.rate != 0) value.Set("rate", fault.rate);
  if (fault.probability != 0) value.Set("probability", fault.probability);
  if (fault.lag.count() != 0) value.Set("lag", Value(int64_t{fault.lag.count()}));
  if (fault.for_time.count() != 0) value.Set("for", Value(int64_t{fault.for_time.count()}));
  value.Set("since", Micros(fault.since));
  return value;
}

double NumberOr(const Value& value, std::string_view key, double otherwise) {
  const Value* found = value.Find(key);
  if (found == nullptr) return otherwise;
  if (found->is_int()) return static_cast<double>(found->as_int());
  return found->is_double() ? found->as_double() : otherwise;
}

Result<Fault> FaultFrom(const Value& value) {
  Fault fault;
  fault.id = value.IntOr("id", 0);
  const auto type = ParseFaultType(value.StringOr("type", ""));
  if (!type) return DataLoss("unknown fault '" + value.StringOr("type", "") + "'");
  fault.type = *type;
  fault.target = value.StringOr("target", "");
  fault.rate = NumberOr(value, "rate", 0);
  fault.probability = NumberOr(value, "probability", 0);
  fault.lag = Duration(value.IntOr("lag", 0));
  fault.for_time = Duration(value.IntOr("for", 0));
  fault.since = FromMicros(value.IntOr("since", 0));
  return fault;
}

}  // namespace

std::string WorldRecord::ToLine() const {
  Value line;
  for (const auto& [known, word] : kTypes) {
    if (known == type) line.Set("op", word);
  }
  line.Set("at", Micros(at));
  switch (type) {
    case Type::kAccount:
      line.Set("name", account.name);
      SetText(line, "provider", account.provider);
      SetText(line, "site", account.site);
      SetText(line, "id", account.id);
      SetText(line, "region", account.region);
      break;
    case Type::kFaultAdd:
      line.Set("fault", FaultToValue(fault));
      break;
    case Type::kFaultClear:
      line.Set("id", Value(int64_t{fault.id}));
      break;
    case Type::kCreate:
    case Type::kUpdate:
    case Type::kDelete:
      line.Set("key", KeyValue(key));
      SetText(line, "intent", intent);
      SetText(line, "address", address);
      SetText(line, "name", name);
      SetText(line, "token", token);
      SetText(line, "request", request);
      if (!mark.empty()) {
        line.Set("mark", Value(Map{{"platform", mark.platform},
                                   {"address", mark.address},
                                   {"intent", mark.intent}}));
      }
      line.Set("until", Micros(until));
      if (type != Type::kDelete) line.Set("fields", fields.Unpack());
      if (type == Type::kCreate) {
        line.Set("visible", Micros(visible));
        line.Set("states", Value(List{states.field, states.making, states.ready, states.changing,
                                      states.removing}));
      }
      if (!cascade.empty()) {
        List also;
        for (const SimKey& k : cascade) also.push_back(KeyValue(k));
        line.Set("cascade", std::move(also));
      }
      break;
  }
  return ToCanonicalJson(line);
}

Result<WorldRecord> WorldRecord::FromLine(std::string_view text) {
  Result<Value> parsed = ParseJson(text);
  if (!parsed.ok()) return DataLoss(parsed.status().message());
  const Value& line = *parsed;
  WorldRecord record;
  bool known = false;
  for (const auto& [type, word] : kTypes) {
    if (line.StringOr("op", "") == word) {
      record.type = type;
      known = true;
    }
  }
  if (!known) return DataLoss("unknown record '" + line.StringOr("op", "") + "'");
  record.at = FromMicros(line.IntOr("at", 0));
  switch (record.type) {
    case Type::kAccount:
      record.account = {line.StringOr("name", ""), line.StringOr("provider", ""),
                        line.StringOr("site", ""), line.StringOr("id", ""),
                        line.StringOr("region", "")};
      return record;
    case Type::kFaultAdd: {
      const Value* fault = line.Find("fault");
      if (fault == nullptr) return DataLoss("a record without its fault");
      TANDEM_ASSIGN_OR_RETURN(record.fault, FaultFrom(*fault));
      return record;
    }
    case Type::kFaultClear:
      record.fault.id = line.IntOr("id", 0);
      return record;
    case Type::kCreate:
    case Type::kUpdate:
    case Type::kDelete:
      break;
  }
  const Value* key = line.Find("key");
  if (key == nullptr) return DataLoss("a record without its object");
  record.key = KeyFrom(*key);
  record.intent = line.StringOr("intent", "");
  record.address = line.StringOr("address", "");
  record.name = line.StringOr("name", "");
  record.token = line.StringOr("token", "");
  record.request = line.StringOr("request", "");
  if (const Value* mark = line.Find("mark")) {
    record.mark = {mark->StringOr("platform", ""), mark->StringOr("address", ""),
                   mark->StringOr("intent", "")};
  }
  record.until = FromMicros(line.IntOr("until", 0));
  if (const Value* fields = line.Find("fields")) record.fields = Packed::From(*fields);
  if (record.type != Type::kDelete && record.fields.empty()) {
    return DataLoss("a record without its fields");
  }
  record.visible = FromMicros(line.IntOr("visible", 0));
  if (const Value* states = line.Find("states"); states != nullptr) {
    if (!states->is_list() || states->as_list().size() != 5) return DataLoss("malformed states");
    std::string* const parts[] = {&record.states.field, &record.states.making, &record.states.ready,
                                  &record.states.changing, &record.states.removing};
    for (size_t i = 0; i < 5; ++i) {
      if (!states->as_list()[i].is_string()) return DataLoss("malformed states");
      *parts[i] = states->as_list()[i].as_string();
    }
  }
  if (const Value* also = line.Find("cascade"); also != nullptr && also->is_list()) {
    for (const Value& k : also->as_list()) record.cascade.push_back(KeyFrom(k));
  }
  return record;
}

}  // namespace tandem
