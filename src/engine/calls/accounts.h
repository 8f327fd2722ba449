// Where and as whom providers work: opening, verifying and blocking of accounts.
//
// An account is opened before anything else of it. A refused sign-in is tried once more at once, then
// the account is blocked and probed with backoff; everything that needs it waits meanwhile (R10).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/context.h"

namespace tandem {

class Accounts {
 public:
  explicit Accounts(Context* context) : context_(*context) {}

  /// Makes `name` known with its evaluated spec. Another spec than before closes it, to be opened anew.
  /// `anew`: nothing stands in it yet, so it may turn out to be any account.
  void Know(const std::string& name, const Value& spec, bool anew = false);
  bool Knows(const std::string& name) const { return entries_.count(name) > 0; }

  /// Opens it unless it is open. kNotFound: no such account, or no provider; kUnauthenticated: blocked.
  void Open(const std::string& name, std::function<void(Status)> done);
  /// Signs in again even if it is open: proves that the credential still sees.
  void Verify(const std::string& name, std::function<void(Status)> done);
  bool IsOpen(const std::string& name) const;
  /// A call was refused for its sign-in: verifies once; blocks the account if that fails.
  void SignInRefused(const std::string& name);

  /// Null pointer when nothing serves it.
  Provider* ProviderOf(const std::string& name) const;
  const AccountView* Find(const std::string& name) const;
  Packed SpecOf(const std::string& name) const;
  std::vector<std::string> names() const;
  void MarkObserved(const std::string& name);
  /// True once each known account was opened or failed one attempt (R18).
  bool EachTried() const;
  /// Called whenever an account becomes open.
  void OnOpened(std::function<void(const std::string&)> opened) { opened_ = std::move(opened); }
  std::map<std::string, AccountView> Views() const;

 private:
  struct Entry {
    AccountView view;
    Packed spec;
    bool opening = false;
    bool tried = false;
    std::optional<Timers::Id> probe;  // signs in again
    std::vector<std::function<void(Status)>> waiters;
  };
  void Sign(Entry& entry);
  void Answered(const std::string& name, const Packed& spec, AccountAnswer answer);
  void Finish(Entry& entry, Status status);
  void Probe(const std::string& name);

  Context& context_;
  std::map<std::string, Entry> entries_;
  std::function<void(const std::string&)> opened_;
};

}  // namespace tandem
