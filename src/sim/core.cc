// Accounts, faults, and what can be seen.
#include "sim/core.h"

#include <algorithm>
#include <cmath>

#include "tandem/base/hash.h"
#include "tandem/base/lock.h"

namespace tandem {
namespace {

constexpr std::string_view kSources[] = {"default",      "environment", "profile", "assume-role",
                                         "web-identity", "container",   "instance"};

// The account's id as its spec gives it, else one made from its name.
std::string AccountId(const std::string& name, const Value& spec) {
  for (const char* key : {"accountId", "project", "cluster", "tenant"}) {
    if (std::string id = spec.StringOr(key, ""); !id.empty()) return id;
  }
  const Digest digest = Sha256(name);
  std::string id;
  for (size_t i = 0; i < 12; ++i) id += static_cast<char>('0' + digest[i] % 10);
  return id;
}

}  // namespace

SimProvider::Core::Core(SimPorts ports, std::unique_ptr<World> world)
    : ports_(ports), world_(std::move(world)), references_(ports.catalog) {
  references_.Attach(world_.get());
}

const Play* SimProvider::Core::FindPlay(const KindName& name) {
  if (const auto found = plays_.find(name); found != plays_.end()) return &found->second;
  std::shared_ptr<const Kind> kind = ports_.catalog->Find(name);
  if (kind == nullptr) return nullptr;
  return &plays_.emplace(name, PlayOf(std::move(kind))).first->second;
}

CallError SimProvider::Core::Take(const std::string& name, double rate, const Play* play) {
  Bucket& bucket = buckets_[name];
  const double most = std::max(1.0, rate);
  if (!bucket.started) {
    bucket = {most, now_, true};
  }
  const double seconds = static_cast<double>((now_ - bucket.filled).count()) / 1e6;
  bucket.tokens = std::min(most, bucket.tokens + seconds * rate);
  bucket.filled = now_;
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return {};
  }
  const std::string message = "rate exceeded for " + name;
  CallError error = play != nullptr
                        ? Refuse(*play->kind, Refused::kThrottled, message)
                        : MakeCallError(ErrorClass::kThrottled, "Throttling", message);
  const double wait = rate > 0 ? (1 - bucket.tokens) / rate : 60;
  error.retry_after = world_->Unscaled(Duration(static_cast<int64_t>(std::ceil(wait * 1e6))));
  return error;
}

CallError SimProvider::Core::Gate(const std::string& account, const KindName& kind,
                                  const Play* play, bool mutating) {
  std::string site;
  if (const auto found = world_->accounts().find(account); found != world_->accounts().end()) {
    site = found->second.site;
  }
  std::vector<std::pair<std::string, double>> rates;
  for (const Fault& fault : world_->Faults(now_)) {
    if (fault.type == FaultType::kSiteDown && fault.target == site) {
      return MakeCallError(ErrorClass::kNotDone, "SiteUnreachable",
                           "no connection to site '" + site + "'");
    }
    if (fault.type == FaultType::kControlPlaneDown && fault.target == account) {
      // The request was sent, and a 5xx answer says nothing about it.
      return MakeCallError(mutating ? ErrorClass::kPerhapsDone : ErrorClass::kNotDone,
                           "ServiceUnavailable",
                           "the control plane of '" + account + "' does not answer");
    }
    if (fault.type == FaultType::kThrottle &&
        (fault.target == account || fault.target == account + "/" + kind.group)) {
      rates.emplace_back("fault " + std::to_string(fault.id) + " on " + fault.target, fault.rate);
    }
  }
  if (play != nullptr && play->rate > 0) {
    rates.emplace_back(account + "/" + play->kind->bucket(), play->rate);
  }
  for (const auto& [bucket, rate] : rates) {
    if (CallError error = Take(bucket, rate, play); !error.ok) return error;
  }
  if (open_.count(account) == 0) {
    return MakeCallError(ErrorClass::kSignIn, "AccountNotOpen",
                         "account '" + account + "' was not opened");
  }
  return {};
}

Duration SimProvider::Core::Lag() {
  Duration lag{0};
  for (const Fault& fault : world_->Faults(now_)) {
    if (fault.type == FaultType::kStaleReads) lag = std::max(lag, fault.lag);
  }
  return lag;
}

AccountAnswer SimProvider::Core::Open(const AccountRequest& request) {
  Lock lock(mutex_, LockLevel::kCloud);
  now_ = world_->Now();
  AccountAnswer answer;
  const Value spec = request.spec.empty() ? Value(Map{}) : request.spec.Unpack();
  const auto refuse = [&](ErrorClass error_class, std::string code, std::string message) {
    answer.error = MakeCallError(error_class, std::move(code), std::move(message));
    open_.erase(request.account);
    return answer;
  };
  if (request.account.empty() || !spec.is_map()) {
    return refuse(ErrorClass::kTerminal, "InvalidAccount",
                  "an account needs a name and a spec that is a map");
  }
  SimAccount account{request.account, spec.StringOr("provider", ""), spec.StringOr("site", ""),
                     AccountId(request.account, spec), spec.StringOr("region", "")};
  if (const Value* credentials = spec.Find("credentials")) {
    const std::string source = credentials->StringOr("source", "default");
    if (std::find(std::begin(kSources), std::end(kSources), source) == std::end(kSources)) {
      return refuse(ErrorClass::kSignIn, "InvalidCredentials",
                    "no credentials from source '" + source + "'");
    }
  }
  const auto known = world_->accounts().find(request.account);
  if (known != world_->accounts().end() && known->second.id != account.id) {
    return refuse(ErrorClass::kSignIn, "WrongAccount",
                  "the credentials of '" + request.account + "' are for '" + account.id +
                      "', not for '" + known->second.id + "'");
  }
  for (const Fault& fault : world_->Faults(now_)) {
    if (fault.type == FaultType::kSiteDown && fault.target == account.site) {
      return refuse(ErrorClass::kNotDone, "SiteUnreachable",
                    "no connection to site '" + account.site + "'");
    }
    if (fault.type == FaultType::kControlPlaneDown && fault.target == request.account) {
      return refuse(ErrorClass::kNotDone, "ServiceUnavailable",
                    "the control plane of '" + request.account + "' does not answer");
    }
  }
  if (known == world_->accounts().end() || known->second.site != account.site ||
      known->second.region != account.region || known->second.provider != account.provider) {
    WorldRecord record;
    record.type = WorldRecord::Type::kAccount;
    record.at = now_;
    record.account = account;
    if (Status written = world_->Commit(record); !written.ok()) {
      return refuse(ErrorClass::kNotDone, "JournalUnavailable", written.message());
    }
  }
  open_.insert_or_assign(request.account, spec);
  answer.verified_id = account.id;
  answer.principal = "sandbox:" + account.id + ":tandem";
  return answer;
}

void SimProvider::Core::Close(const std::string& account) {
  Lock lock(mutex_, LockLevel::kCloud);
  open_.erase(account);
}

ListAnswer SimProvider::Core::List(const ListRequest& request) {
  Lock lock(mutex_, LockLevel::kCloud);
  now_ = world_->Now();
  ListAnswer answer;
  const Play* play = FindPlay(request.kind);
  answer.error = Gate(request.account, request.kind, play, false);
  if (!answer.error.ok) return answer;
  if (play == nullptr) {
    answer.error = MakeCallError(ErrorClass::kTerminal, "UnknownKind",
                                 "there is no kind " + request.kind.ToString());
    return answer;
  }
  const Kind& kind = *play->kind;
  if (!kind.lists()) {
    answer.error = MakeCallError(ErrorClass::kTerminal, "UnknownOperation",
                                 kind.name().ToString() + " cannot be listed");
    return answer;
  }
  const Time seen = now_ - Lag();
  // The token is the last identity of the page before, so it holds whatever came or went since.
  const SimKey from{request.account, request.kind, request.page_token};
  const bool first = request.page_token.empty();
  auto live = first ? world_->objects().lower_bound(from) : world_->objects().upper_bound(from);
  auto gone = first ? world_->gone().lower_bound(from) : world_->gone().upper_bound(from);
  const auto ours = [&](const auto& at, const std::map<SimKey, SimObject>& all) {
    return at != all.end() && at->first.account == request.account &&
           at->first.kind == request.kind;
  };
  const std::string& parent_field = kind.parent_field();
  const auto wanted = [&](const LiveObject& object) {
    if (parent_field.empty()) return true;
    const std::string parent = object.fields.Unpack().StringOr(parent_field, "");
    return std::find(request.parents.begin(), request.parents.end(), parent) !=
           request.parents.end();
  };
  for (;;) {
    const bool has_live = ours(live, world_->objects());
    const bool has_gone = ours(gone, world_->gone());
    if (!has_live && !has_gone) break;
    const SimObject* object = nullptr;
    std::optional<LiveObject> view;
    if (has_live && (!has_gone || live->first <= gone->first)) {
      object = &live->second;
      view = object->ViewAt(seen);
      if (object->visible > seen) view.reset();
      if (has_gone && gone->first == live->first) {
        if (!view) view = gone->second.ViewAt(seen);
        ++gone;
      }
      ++live;
    } else {
      object = &gone->second;
      view = object->ViewAt(seen);
      ++gone;
    }
    if (!view || !wanted(*view)) continue;
    if (answer.objects.size() == play->page) {
      answer.next_page_token = answer.objects.back().identity;
      break;
    }
    if (kind.list_names_only()) {
      view->fields = Packed::From(Value(Map{}));
      view->mark = Mark();
    }
    answer.objects.push_back(std::move(*view));
  }
  answer.complete = true;
  answer.names_only = kind.list_names_only();
  return answer;
}

ReadAnswer SimProvider::Core::Read(const ReadRequest& request) {
  Lock lock(mutex_, LockLevel::kCloud);
  now_ = world_->Now();
  ReadAnswer answer;
  const Play* play = FindPlay(request.kind);
  answer.error = Gate(request.account, request.kind, play, false);
  if (!answer.error.ok) return answer;
  if (play == nullptr) {
    answer.error = MakeCallError(ErrorClass::kTerminal, "UnknownKind",
                                 "there is no kind " + request.kind.ToString());
    return answer;
  }
  const Time seen = now_ - Lag();
  const SimKey key{request.account, request.kind, request.identity};
  std::optional<LiveObject> view;
  if (const SimObject* object = world_->Find(key); object != nullptr && object->visible <= seen) {
    view = object->ViewAt(seen);
  }
  if (!view) {
    if (const SimObject* object = world_->FindGone(key)) view = object->ViewAt(seen);
  }
  if (!view) {
    answer.error = Refuse(*play->kind, Refused::kGone,
                          request.kind.ToString() + " '" + request.identity + "' does not exist");
    return answer;
  }
  answer.object = std::move(*view);
  return answer;
}

PollAnswer SimProvider::Core::Poll(const PollRequest& request) {
  Lock lock(mutex_, LockLevel::kCloud);
  now_ = world_->Now();
  PollAnswer answer;
  const Play* play = FindPlay(request.kind);
  answer.error = Gate(request.account, request.kind, play, false);
  if (!answer.error.ok) return answer;
  // "sim:MICROS:OPERATION:IDENTITY"
  const std::string& handle = request.handle;
  const size_t second = handle.find(':', 4);
  const size_t third = second == std::string::npos ? second : handle.find(':', second + 1);
  if (handle.rfind("sim:", 0) != 0 || third == std::string::npos) {
    answer.error = MakeCallError(ErrorClass::kTerminal, "UnknownHandle",
                                 "there is no operation '" + handle + "'");
    return answer;
  }
  const Time until{Duration(std::strtoll(handle.c_str() + 4, nullptr, 10))};
  const std::string operation = handle.substr(second + 1, third - second - 1);
  answer.identity = handle.substr(third + 1);
  if (now_ < until) {
    answer.poll_after = world_->Unscaled(until - now_);
    return answer;
  }
  answer.done = true;
  if (operation != "delete" && play != nullptr &&
      world_->Find({request.account, request.kind, answer.identity}) == nullptr) {
    answer.error = Refuse(*play->kind, Refused::kGone,
                          request.kind.ToString() + " '" + answer.identity + "' does not exist");
  }
  return answer;
}

SimProvider::Core::Census SimProvider::Core::Count(const std::string& account, Time seen) const {
  Census census;
  const auto add = [&](const SimObject& object) {
    ++census.objects;
    if (object.StateAt(seen) == "busy") ++census.busy;
  };
  const auto shown = [&](const SimObject& object) {
    return object.visible <= seen && seen < object.gone;
  };
  const SimKey from{account, {}, ""};
  const auto& live = world_->objects();
  for (auto at = live.lower_bound(from); at != live.end() && at->first.account == account; ++at)
    if (shown(at->second)) add(at->second);
  const auto& gone = world_->gone();
  for (auto at = gone.lower_bound(from); at != gone.end() && at->first.account == account; ++at) {
    const SimObject* next = world_->Find(at->first);
    const SimObject& object = at->second;
    if (object.created <= seen && seen < object.gone && (next == nullptr || !shown(*next)))
      add(object);
  }
  return census;
}

MeasureAnswer SimProvider::Core::Measure(const MeasureRequest& request) {
  Lock lock(mutex_, LockLevel::kCloud);
  now_ = world_->Now();
  MeasureAnswer answer;
  answer.error = Gate(request.account, {}, nullptr, false);
  if (!answer.error.ok) return answer;
  const Duration lag = Lag();
  answer.at = ports_.clock->Now();
  if (request.signal == "lag") {
    answer.value = static_cast<double>(lag.count()) / 1e6;
    return answer;
  }
  if (request.signal != "objects" && request.signal != "busy") {
    answer.error = MakeCallError(ErrorClass::kTerminal, "UnknownSignal",
                                 "the sandbox measures no '" + request.signal +
                                     "': it measures busy, lag and objects");
    return answer;
  }
  answer.at -= world_->Unscaled(lag);
  const Census census = Count(request.account, now_ - lag);
  answer.value = static_cast<double>(request.signal == "busy" ? census.busy : census.objects);
  return answer;
}

}  // namespace tandem
