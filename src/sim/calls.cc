// Mutating calls: what is refused, and what the rest does.
#include "tandem/schema/calls.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "sim/core.h"
#include "sim/members.h"
#include "tandem/base/lock.h"

namespace tandem {
namespace {

ApplyAnswer Failure(CallError error) {
  ApplyAnswer answer;
  answer.error = std::move(error);
  return answer;
}

bool NoMember(const std::vector<std::string>& fields, const std::string& member) {
  return std::find(fields.begin(), fields.end(), member) == fields.end();
}

std::string TextOf(const Value& value) {
  if (value.is_string()) return value.as_string();
  return ToCanonicalJson(value);
}

}  // namespace

ApplyAnswer SimProvider::Core::Apply(const ApplyRequest& request) {
  Lock lock(mutex_, LockLevel::kCloud);
  now_ = world_->Now();
  if (request.deadline != Time() && ports_.clock->Now() > request.deadline) {
    return Failure(MakeCallError(ErrorClass::kNotDone, "DeadlineExceeded",
                                 "the deadline had passed before the call"));
  }
  const Play* play = FindPlay(request.kind);
  if (CallError error = Gate(request.account, request.kind, play, true); !error.ok) {
    return Failure(std::move(error));
  }
  if (play == nullptr) {
    return Failure(MakeCallError(ErrorClass::kTerminal, "UnknownKind",
                                 "there is no kind " + request.kind.ToString()));
  }
  if (request.call == "create") return Create(*play, request);
  if (request.call == "delete") return Delete(*play, request);
  if (request.call == "mark") return SetMark(*play, request);
  if (request.call.rfind("update:", 0) == 0) return Update(*play, request);
  return Failure(MakeCallError(ErrorClass::kTerminal, "UnknownOperation",
                               "there is no call '" + request.call + "'"));
}

CallError SimProvider::Core::CheckShape(const Play& play, const ApplyRequest& request,
                                        const Value& desired) {
  const Kind& kind = *play.kind;
  if (!desired.is_map()) return Refuse(kind, Refused::kInvalid, "the desired form is not a map");
  if (desired.HasUnknown() || desired.HasSensitive()) {
    return Refuse(kind, Refused::kInvalid, "a value was not resolved before the call");
  }
  Document document;
  document.group = kind.name().group;
  document.kind = kind.name().kind;
  document.name = std::string(request.address.name());
  document.ns = request.address.ns();
  const Value spec = WithSecretsHidden(kind, desired);
  document.body.Set("spec", spec);
  Diagnostics found;
  kind.Validate(document, spec, found);
  for (const Diagnostic& item : found.items()) {
    if (item.severity == Severity::kError) return Refuse(kind, Refused::kInvalid, item.summary);
  }
  return {};
}

CallError SimProvider::Core::CheckReferences(const Play& play, const std::string& account,
                                             const Value& fields, const SimKey* self) {
  for (const SimReference& reference : references_.Of(*play.kind, fields)) {
    const auto outside = [&](const std::string& glob) {
      return GlobMatches(glob, reference.value);
    };
    if (std::any_of(play.outside.begin(), play.outside.end(), outside)) continue;
    const SimObject* target = nullptr;
    for (const SimObject* candidate : references_.Targets(reference)) {
      // One of the same account goes before another's.
      if (target == nullptr || candidate->key.account == account) target = candidate;
    }
    const std::string what =
        reference.path + ": " + reference.kind.ToString() + " '" + reference.value + "'";
    if (target == nullptr || target->deleted <= now_) {
      // The vendor names what is missing with the code of its own kind.
      const std::shared_ptr<const Kind> missing = ports_.catalog->Find(reference.kind);
      CallError error = Refuse(*play.kind, Refused::kMissingReference, what + " does not exist");
      if (missing != nullptr) error.code = Refuse(*missing, Refused::kGone, "").code;
      return error;
    }
    if (self != nullptr && target->key == *self) continue;
    if (target->StateAt(now_) != "ready") {
      return Refuse(*play.kind, Refused::kNotReady, what + " is not ready");
    }
  }
  return {};
}

Result<std::string> SimProvider::Core::IdentityOf(const Play& play, const ApplyRequest& request,
                                                  const std::string& name, Value& fields,
                                                  Random& random) {
  const Kind& kind = *play.kind;
  const std::string& member = kind.identity_field();
  const SimAccount& account = world_->accounts().at(request.account);
  std::string identity;
  const auto lookup = [&](std::string_view word) -> std::optional<std::string> {
    if (word == "name") return name.empty() ? std::string(request.address.name()) : name;
    if (word == "account") return account.id;
    if (word == "region") return account.region;
    if (word == "site") return account.site;
    if (word == "partition") return "aws";
    if (word == "now") return FormatTime(now_);
    if (word == "parent") return fields.StringOr(kind.parent_field(), "");
    if (word == member && !identity.empty()) return identity;
    const Value* value = fields.At(word);
    if (value == nullptr || !value->is_scalar()) return std::nullopt;
    return TextOf(*value);
  };
  const auto fill = [&](const std::string& path, const Value& form) {
    const Path steps = ParsePath(path);
    if (steps.empty() || FindAt(fields, steps) != nullptr) return;
    const std::optional<Type> type = kind.TypeOf(steps);
    if (form.is_string() && form.as_string() == "{now}" && type && *type != Type::kString) {
      // Whole numbers are milliseconds, times are seconds, as the vendor has them.
      const int64_t micros = now_.time_since_epoch().count();
      SetAt(fields, steps, Value(micros / (type == Type::kInt ? 1'000 : 1'000'000)));
      return;
    }
    SetAt(fields, steps, ExpandValue(form, random, lookup));
  };
  // Before the identity: it may be made of them.
  for (const auto& [path, form] : play.defaults) fill(path, form);
  const auto pattern = play.computed.find(member);
  if (play.named || !play.compose.empty()) {
    // As providers and the engine make it from the same fields.
    if (play.named && fields.At(member) == nullptr) SetAt(fields, ParsePath(member), name);
    TANDEM_ASSIGN_OR_RETURN(identity, tandem::IdentityOf(kind, fields));
  } else if (pattern != play.computed.end() && pattern->second.is_string()) {
    identity = Expand(pattern->second.as_string(), random, lookup);
  } else {
    std::string prefix = kind.name().kind;
    for (char& c : prefix) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    identity = prefix + "-" + random.Hex(17);
  }
  if (!play.named && play.compose.empty() && !member.empty()) {
    SetAt(fields, ParsePath(member), identity);
  }
  for (const auto& [path, form] : play.computed) {
    if (path != member) fill(path, form);
  }
  // Once more, so that one computed member may use another whatever their order.
  for (const auto& [path, form] : play.computed) {
    const Path steps = ParsePath(path);
    const Value* given = FindAt(fields, steps);
    if (given == nullptr || !given->is_string() || !form.is_string()) continue;
    if (given->as_string().find('{') == std::string::npos) continue;
    SetAt(fields, steps, Expand(std::string(given->as_string()), random, lookup));
  }
  return identity;
}

ApplyAnswer SimProvider::Core::Commit(const WorldRecord& record, Duration takes, bool handle) {
  // Drawn before the record counts, and the same whenever this effect has this number.
  const int64_t number = world_->next_effect();
  double lost = 0;
  for (const Fault& fault : world_->Faults(now_)) {
    if (fault.type == FaultType::kLostReplies) lost = std::max(lost, fault.probability);
  }
  if (Status written = world_->Commit(record); !written.ok()) {
    return Failure(
        MakeCallError(ErrorClass::kNotDone, "JournalUnavailable", written.message()));
  }
  SeededRandom random(world_->seed() ^ (0xd1b54a32d192ed03ULL * static_cast<uint64_t>(number)));
  if (random.Unit() < lost) {
    return Failure(MakeCallError(ErrorClass::kPerhapsDone, "ReplyLost",
                                 "the connection was closed before the answer"));
  }
  ApplyAnswer answer;
  answer.identity = record.key.identity;
  if (handle && takes > Duration(0)) {
    const char* operation = record.type == WorldRecord::Type::kCreate   ? "create"
                            : record.type == WorldRecord::Type::kUpdate ? "update"
                                                                        : "delete";
    answer.handle = "sim:" + std::to_string(record.until.time_since_epoch().count()) + ":" +
                    operation + ":" + record.key.identity;
    answer.poll_after = world_->Unscaled(record.until - now_);
  }
  if (const SimObject* object = world_->Find(record.key)) {
    if (const std::optional<LiveObject> view = object->ViewAt(record.at)) {
      answer.fields = view->fields;
    }
  }
  return answer;
}

ApplyAnswer SimProvider::Core::Create(const Play& play, const ApplyRequest& request) {
  const Kind& kind = *play.kind;
  const Value desired = request.desired.empty() ? Value(Map{}) : request.desired.Unpack();
  const std::string fingerprint = Fingerprint(request.desired.json());
  const bool tokens = kind.create_class() == 'A' && !request.token.empty();
  if (tokens) {
    if (const SimObject* made =
            references_.WithToken(request.account, kind.name(), request.token)) {
      if (made->request != fingerprint) {
        return Failure(
            Refuse(kind, Refused::kTokenReused, "the token came with another request before"));
      }
      ApplyAnswer answer;
      answer.identity = made->key.identity;
      if (const auto view = made->ViewAt(now_)) answer.fields = view->fields;
      if (play.create_handle && made->busy_until > now_) {
        answer.handle = "sim:" + std::to_string(made->busy_until.time_since_epoch().count()) +
                        ":create:" + made->key.identity;
        answer.poll_after = world_->Unscaled(made->busy_until - now_);
      }
      return answer;
    }
  }
  if (CallError error = CheckShape(play, request, desired); !error.ok) {
    return Failure(std::move(error));
  }
  const std::vector<CallRule> calls = kind.CreateCalls(desired);
  Value fields = Map{};
  for (const auto& [member, value] : desired.as_map()) {
    if (calls.empty() || calls.front().fields.empty() || !NoMember(calls.front().fields, member)) {
      fields.Set(member, value);
    }
  }
  if (CallError error = CheckReferences(play, request.account, fields, nullptr); !error.ok) {
    return Failure(std::move(error));
  }

  std::string name;
  if (kind.named() || kind.create_class() == 'C') {
    // In canonical form, as providers show it.
    name = kind.name_field().empty() ? "" : kind.Canonical(desired).StringOr(kind.name_field(), "");
    if (name.empty()) name = desired.StringOr(kind.identity_field(), "");
    if (name.empty()) name = std::string(request.address.name());
    if (!kind.name_field().empty() && fields.At(kind.name_field()) == nullptr) {
      fields.Set(kind.name_field(), name);
    }
  }
  SimKey key{request.account, kind.name(), ""};
  SeededRandom random(world_->seed() ^
                      (0x9e3779b97f4a7c15ULL * static_cast<uint64_t>(world_->next_effect())));
  FillDefaults(kind, fields);
  const Value before = fields;
  for (int attempt = 0; attempt < 100; ++attempt) {
    fields = before;
    Result<std::string> identity = IdentityOf(play, request, name, fields, random);
    if (!identity.ok()) {
      return Failure(Refuse(kind, Refused::kInvalid, identity.status().message()));
    }
    key.identity = std::move(*identity);
    if (play.named || !play.compose.empty() || world_->Find(key) == nullptr) break;
  }
  const SimObject* taken = world_->Find(key);
  if (taken == nullptr && kind.create_class() == 'C' && !play.named && play.compose.empty()) {
    const std::string parent =
        kind.parent_field().empty() ? "" : fields.StringOr(kind.parent_field(), "");
    for (const SimObject* other : references_.WithName(request.account, kind.name(), name)) {
      if (kind.parent_field().empty() ||
          other->fields().Unpack().StringOr(kind.parent_field(), "") == parent) {
        taken = other;
      }
    }
  }
  if (taken != nullptr) {
    const std::string what = kind.name().ToString() + " '" + taken->key.identity + "'";
    if (taken->deleted <= now_) {
      return Failure(Refuse(kind, Refused::kBusy, what + " is still being deleted"));
    }
    ApplyAnswer answer = Failure(Refuse(kind, Refused::kTaken, what + " already exists"));
    answer.identity = taken->key.identity;
    return answer;
  }
  StripWriteOnly(kind, fields);

  WorldRecord record;
  record.type = WorldRecord::Type::kCreate;
  record.at = now_;
  record.key = key;
  record.intent = request.intent;
  record.address = request.address.ToString();
  record.name = name;
  if (tokens) {
    record.token = request.token;
    record.request = fingerprint;
  }
  if (play.mark_at_create) record.mark = request.mark;
  record.fields = Packed::From(fields);
  record.states = play.states;
  record.until = now_ + play.create;
  record.visible = now_;
  if (play.lag > Duration(0)) {
    record.visible +=
        Duration(1 + static_cast<int64_t>(random.Below(static_cast<uint64_t>(play.lag.count()))));
  }
  return Commit(record, play.create, play.create_handle);
}

CallError SimProvider::Core::CheckThere(const Play& play, const SimKey& key,
                                        const SimObject** object) {
  *object = world_->Find(key);
  const std::string what = key.kind.ToString() + " '" + key.identity + "'";
  if (*object == nullptr) {
    return Refuse(*play.kind, Refused::kGone, what + " does not exist");
  }
  if ((*object)->deleted <= now_) {
    return Refuse(*play.kind, Refused::kBusy, what + " is being deleted");
  }
  if ((*object)->StateAt(now_) != "ready") {
    return Refuse(*play.kind, Refused::kBusy, what + " is busy");
  }
  return {};
}

ApplyAnswer SimProvider::Core::Update(const Play& play, const ApplyRequest& request) {
  const Kind& kind = *play.kind;
  const SimKey key{request.account, kind.name(), request.identity};
  const SimObject* object = nullptr;
  if (CallError error = CheckThere(play, key, &object); !error.ok) return Failure(std::move(error));
  const Value desired = request.desired.empty() ? Value(Map{}) : request.desired.Unpack();
  if (CallError error = CheckShape(play, request, desired); !error.ok) {
    return Failure(std::move(error));
  }
  std::set<std::string> members;
  for (const std::string& path : request.changed) members.insert(TopMember(path));
  if (members.empty()) {
    return Failure(Refuse(kind, Refused::kInvalid, "the call changes nothing"));
  }
  const Value live = object->fields().Unpack();
  for (const std::string& member : members) {
    const std::string changed = ImmutableChange(kind, {{member, -1}}, live, desired);
    if (!changed.empty()) {
      return Failure(Refuse(kind, Refused::kImmutable, changed + " cannot be changed"));
    }
  }
  const std::vector<CallRule> calls =
      kind.UpdateCalls(std::vector<std::string>(members.begin(), members.end()));
  const auto rule = std::find_if(calls.begin(), calls.end(),
                                 [&](const CallRule& call) { return call.name == request.call; });
  if (rule == calls.end()) {
    return Failure(MakeCallError(ErrorClass::kTerminal, "UnknownOperation",
                                 "'" + request.call + "' carries none of the changed members"));
  }
  for (const std::string& member : members) {
    if (!rule->fields.empty() && NoMember(rule->fields, member)) {
      return Failure(
          Refuse(kind, Refused::kInvalid, "'" + request.call + "' does not carry " + member));
    }
  }
  const Value recorded = request.recorded.empty() ? Value(Map{}) : request.recorded.Unpack();
  Value fields = live;
  Value carried = Map{};
  for (const std::string& member : members) {
    const Path path{{member, -1}};
    if (const Value* wanted = desired.Find(member)) {
      carried.Set(member, *wanted);
      fields.Set(member, Merged(kind, path, live.Find(member), *wanted, recorded.Find(member)));
      continue;
    }
    const FieldRule unset = kind.RuleFor(path);
    switch (unset.unset) {
      case UnsetMode::kRelease: {
        // Given up as a whole; but the entries of ours in what others may fill too go.
        const Value* ours = recorded.Find(member);
        const Value* there = live.Find(member);
        if (ours == nullptr || there == nullptr) break;
        if (ours->is_map() && unset.compare == CompareMode::kExact)
          fields.Set(member, Merged(kind, path, there, Map{}, ours));
        else if (ours->is_list() && unset.compare == CompareMode::kKeyed)
          fields.Set(member, Merged(kind, path, there, tandem::List{}, ours));
        break;
      }
      case UnsetMode::kNull:
      case UnsetMode::kCall:
        EraseAt(fields, path);
        break;
      case UnsetMode::kValue:
        SetAt(fields, path, unset.unset_value);
        break;
      case UnsetMode::kReplace:
        return Failure(Refuse(kind, Refused::kImmutable, member + " cannot be removed"));
    }
  }
  if (CallError error = CheckReferences(play, request.account, carried, &key); !error.ok) {
    return Failure(std::move(error));
  }
  StripWriteOnly(kind, fields);

  WorldRecord record;
  record.type = WorldRecord::Type::kUpdate;
  record.at = now_;
  record.key = key;
  record.intent = request.intent;
  record.address = request.address.ToString();
  record.fields = Packed::From(fields);
  record.until = record.at + play.update;
  return Commit(record, play.update, play.update_handle);
}

ApplyAnswer SimProvider::Core::SetMark(const Play& play, const ApplyRequest& request) {
  const Kind& kind = *play.kind;
  const SimKey key{request.account, kind.name(), request.identity};
  const SimObject* object = world_->Find(key);
  if (object == nullptr) {
    return Failure(Refuse(kind, Refused::kGone,
                          key.kind.ToString() + " '" + key.identity + "' does not exist"));
  }
  if (!kind.can_mark()) {
    return Failure(MakeCallError(ErrorClass::kTerminal, "UnknownOperation",
                                 kind.name().ToString() + " carries no tags"));
  }
  WorldRecord record;
  record.type = WorldRecord::Type::kUpdate;
  record.at = now_;
  record.key = key;
  record.intent = request.intent;
  record.address = request.address.ToString();
  record.mark = request.mark;
  record.fields = object->fields();
  record.until = record.at;
  return Commit(record, Duration(0), false);
}

ApplyAnswer SimProvider::Core::Delete(const Play& play, const ApplyRequest& request) {
  const Kind& kind = *play.kind;
  const SimKey key{request.account, kind.name(), request.identity};
  const SimObject* object = nullptr;
  if (CallError error = CheckThere(play, key, &object); !error.ok) return Failure(std::move(error));
  const Value fields = object->fields().Unpack();
  for (const auto& [member, value] : fields.as_map()) {
    // What vendors call it: DeletionProtection, deletionProtectionEnabled, …
    std::string lower = member.substr(0, 18);
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (lower == "deletionprotection" && value.is_bool() && value.as_bool()) {
      return Failure(Refuse(kind, Refused::kGuarded, member + " forbids the deletion"));
    }
  }
  WorldRecord record;
  // What dies with it, and what dies with that.
  std::vector<const SimObject*> dying{object};
  std::set<SimKey> dead{key};
  for (size_t i = 0; i < dying.size(); ++i) {
    const std::shared_ptr<const Kind> dying_kind = ports_.catalog->Find(dying[i]->key.kind);
    if (dying_kind == nullptr) continue;
    const std::vector<KindName>& cascades = dying_kind->cascades();
    for (const SimKey& naming : references_.Naming(*dying[i])) {
      if (std::find(cascades.begin(), cascades.end(), naming.kind) == cascades.end()) continue;
      if (!dead.insert(naming).second) continue;
      record.cascade.push_back(naming);
      dying.push_back(world_->Find(naming));
    }
  }
  for (const SimObject* gone : dying) {
    for (const SimKey& naming : references_.Naming(*gone)) {
      if (dead.count(naming) > 0) continue;
      return Failure(Refuse(kind, Refused::kReferenced,
                            kind.name().ToString() + " '" + key.identity + "' is still used by " +
                                naming.kind.ToString() + " '" + naming.identity + "'"));
    }
  }
  record.type = WorldRecord::Type::kDelete;
  record.at = now_;
  record.key = key;
  record.intent = request.intent;
  record.address = request.address.ToString();
  record.until = record.at + play.remove;
  return Commit(record, play.remove, play.remove_handle);
}

}  // namespace tandem
