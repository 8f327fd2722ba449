#include "engine/calls/accounts.h"

#include <fmt/format.h>

#include <utility>

namespace tandem {

void Accounts::Know(const std::string& name, const Value& spec, bool anew) {
  Entry& entry = entries_[name];
  Packed packed = Packed::From(spec);
  if (!entry.view.name.empty() && entry.spec == packed) return;
  const bool was_open = entry.view.state == "open";
  entry.view.name = name;
  entry.view.provider = spec.StringOr("provider", "");
  entry.view.site = spec.StringOr("site", "");
  entry.view.state = "unknown";
  entry.view.message.clear();
  if (anew) entry.view.verified_id.clear();
  entry.spec = std::move(packed);
  entry.tried = false;
  context_.backoff.Forget("account " + name);
  if (entry.probe) context_.timers.Cancel(*std::exchange(entry.probe, std::nullopt));
  context_.memory.accounts_touched = true;
  if (was_open) {
    if (Provider* provider = ProviderOf(name)) provider->Close(name);
  }
}

Provider* Accounts::ProviderOf(const std::string& name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end() || !context_.ports.provider) return nullptr;
  return context_.ports.provider(found->second.view.provider);
}

const AccountView* Accounts::Find(const std::string& name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second.view;
}

Packed Accounts::SpecOf(const std::string& name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? Packed() : found->second.spec;
}

std::vector<std::string> Accounts::names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : entries_) names.push_back(name);
  return names;
}

std::map<std::string, AccountView> Accounts::Views() const {
  std::map<std::string, AccountView> views;
  for (const auto& [name, entry] : entries_) views.emplace(name, entry.view);
  return views;
}

bool Accounts::IsOpen(const std::string& name) const {
  const auto found = entries_.find(name);
  return found != entries_.end() && found->second.view.state == "open";
}

bool Accounts::EachTried() const {
  for (const auto& [name, entry] : entries_)
    if (!entry.tried) return false;
  return true;
}

void Accounts::MarkObserved(const std::string& name) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) return;
  found->second.view.observed_at = context_.Now();
  found->second.tried = true;
  context_.memory.accounts_touched = true;
}

void Accounts::Open(const std::string& name, std::function<void(Status)> done) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    done(NotFound(fmt::format("no account named '{}'", name)));
    return;
  }
  if (found->second.view.state == "open") {
    done(OkStatus());
    return;
  }
  found->second.waiters.push_back(std::move(done));
  Sign(found->second);
}

void Accounts::Verify(const std::string& name, std::function<void(Status)> done) {
  const auto found = entries_.find(name);
  if (found == entries_.end()) {
    done(NotFound(fmt::format("no account named '{}'", name)));
    return;
  }
  found->second.waiters.push_back(std::move(done));
  Sign(found->second);
}

void Accounts::Sign(Entry& entry) {
  if (entry.opening) return;
  const std::string name = entry.view.name;
  Provider* provider = ProviderOf(name);
  if (provider == nullptr) {
    entry.view.state = "blocked";
    entry.view.message = fmt::format(
        "there is no program for the provider '{}': tandemd looks in the folder of its --providers "
        "for tandem-provider-NAME, in the sandbox for tandem-provider-sim",
        entry.view.provider);
    entry.tried = true;
    Finish(entry, NotFound(entry.view.message));
    Probe(name);
    return;
  }
  entry.opening = true;
  const Packed spec = entry.spec;
  // One answer counts: the provider's, or none within the time limit.
  auto open = std::make_shared<bool>(true);
  const auto answered = [this, name, spec, open](AccountAnswer answer) {
    if (std::exchange(*open, false)) Answered(name, spec, std::move(answer));
  };
  const Timers::Id guard =
      context_.timers.At(context_.Now() + context_.settings.call_timeout + kCallGrace, [answered] {
        AccountAnswer answer;
        answer.error = MakeCallError(ErrorClass::kNotDone, "", "no answer within the time limit");
        answered(std::move(answer));
      });
  provider->Open({name, entry.spec},
                 context_.InTurn<AccountAnswer>([this, guard, answered](AccountAnswer answer) {
                   context_.timers.Cancel(guard);
                   answered(std::move(answer));
                 }));
}

void Accounts::Answered(const std::string& name, const Packed& spec,
                        AccountAnswer answer) {
  Entry& entry = entries_[name];
  entry.opening = false;
  if (!(entry.spec == spec)) {  // another spec meanwhile
    Sign(entry);
    return;
  }
  entry.tried = true;
  if (answer.error.ok && !entry.view.verified_id.empty() && !answer.verified_id.empty() &&
      entry.view.verified_id != answer.verified_id) {
    // The credential now leads to another account: nothing seen there says anything about ours (R8).
    answer.error = MakeCallError(
        ErrorClass::kSignIn, "",
        fmt::format("the credential now belongs to '{}', not to '{}'", answer.verified_id,
                    entry.view.verified_id));
  }
  if (answer.error.ok) {
    const bool opened = entry.view.state != "open";
    entry.view.state = "open";
    entry.view.message.clear();
    entry.view.principal = answer.principal;
    entry.view.verified_id = answer.verified_id;
    context_.backoff.Forget("account " + name);
    if (opened)
      context_.Emit(false, "AccountOpened", "", "", "",
                    fmt::format("account '{}' is open as {}", name,
                                answer.principal.empty() ? "its default identity"
                                                         : answer.principal));
    Finish(entry, OkStatus());
    if (opened && opened_) opened_(name);
    return;
  }
  const bool sign_in = answer.error.error_class == ErrorClass::kSignIn ||
                       answer.error.error_class == ErrorClass::kTerminal;
  const std::string state = sign_in ? "blocked" : "unknown";
  if (entry.view.state != state || entry.view.message != answer.error.message)
    context_.Emit(true, sign_in ? "AccountBlocked" : "AccountUnreachable", "", "", "",
                  fmt::format("account '{}': {}", name, answer.error.message));
  entry.view.state = state;
  entry.view.message = answer.error.message;
  Finish(entry, sign_in ? Unauthenticated(answer.error.message)
                        : Unavailable(answer.error.message));
  Probe(name);
}

void Accounts::Finish(Entry& entry, Status status) {
  context_.memory.accounts_touched = true;
  std::vector<std::function<void(Status)>> waiters;
  waiters.swap(entry.waiters);
  for (const auto& waiter : waiters) waiter(status);
}

void Accounts::Probe(const std::string& name) {
  // One at a time, however many asked meanwhile.
  Entry& entry = entries_[name];
  if (context_.stopping || entry.probe) return;
  entry.probe = context_.timers.At(context_.Now() + std::max<Duration>(context_.backoff.Next("account " + name),
                                                         std::chrono::seconds(1)),
                     [this, name] {
                       Entry& due = entries_[name];
                       due.probe.reset();
                       if (!context_.stopping && !IsOpen(name)) Sign(due);
                     });
}

void Accounts::SignInRefused(const std::string& name) {
  const auto found = entries_.find(name);
  if (found == entries_.end() || found->second.opening) return;
  Sign(found->second);
}

}  // namespace tandem
