// Looks at what is live: whole pages by kind and account, single reads where a list does not tell.
//
// Finds objects of ours by identity, then by mark. Says "absent" only with the evidence of R8. Never
// mutates anything; what it sees goes to memory and the store, and wakes the reconciler.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/calls/accounts.h"
#include "engine/calls/calls.h"
#include "engine/context.h"
#include "engine/sight/look_list.h"

namespace tandem {

class Observer {
 public:
  Observer(Context* context, Accounts* accounts, Calls* calls)
      : context_(*context), accounts_(*accounts), calls_(*calls) {}

  /// Called when an object shows that the store is an old one (R12).
  void OnOldStore(std::function<void()> found) { old_store_ = std::move(found); }
  /// True for addresses whose objects a step is working on: what is seen there is not judged.
  void SetBusy(std::function<bool(const std::string&)> busy) { busy_ = std::move(busy); }

  /// Looks at `account`, recorded resources and those of `extra` (a proposed model). `done` when all of
  /// it was seen, or found unobservable. Who calls while a look is under way joins that if it looks for all of `extra`
  /// and is fresh: nothing had been read for it when somebody asked, which is when `asked` of them had begun to read.
  /// Else it joins the next.
  void Refresh(const std::string& account, std::shared_ptr<const CompiledModel> extra,
               std::function<void()> done, int64_t asked) {
    Refresh(account, std::move(extra), std::move(done), asked, true);
  }
  void Refresh(const std::string& account, std::shared_ptr<const CompiledModel> extra,
               std::function<void()> done) {
    Refresh(account, std::move(extra), std::move(done), begun_, true);
  }
  /// Whether somebody waits for a look: all else that is routine comes after it.
  bool awaited() const;
  /// How many looks at an account have begun to read so far.
  int64_t begun() const { return begun_; }
  /// Looks at what is recorded at `address` by a read of its own, and at all of its account where that says that it is
  /// gone or, for a step, says nothing. `done` when it was seen, found unobservable, or there is nothing to read or a
  /// step is working on it.
  void LookAt(const std::string& address, Pace pace, std::function<void()> done);
  /// Sets the timers of periodic observation: of accounts, and of resources that ask for a shorter
  /// `tandem/reconcile-interval`.
  void StartResync();

  /// Takes what a step's read just gave.
  void Saw(Resource& resource, const Kind& kind, const LiveObject& object);
  void Gone(Resource& resource);

  /// Identities of parents in which objects of `kind` are listed.
  std::vector<std::string> ParentsOf(const std::string& account, const Kind& kind) const;

  int64_t looked() const { return looked_; }

 private:
  static constexpr size_t kTakenIn = 32;  // resources that are dealt with without a pause: a fraction of a millisecond

  /// Not recorded, and named by an expression.
  struct Unnamed {
    const CompiledModel* of;  // of the pass
    const ModelResource* resource;
  };
  struct Namesake {
    std::string address;
    Map home;  // HomeOf
  };
  struct Wanted {
    std::shared_ptr<const Kind> kind;
    LookList expected;
    std::vector<Unnamed> unnamed;
    std::multimap<std::string, Namesake> by_name;  // the same for what is not recorded, turned round
  };
  struct Pass {
    std::string account;
    int64_t number = 0;  // of all looks that read, from 1; 0: it reads nothing yet
    std::vector<std::shared_ptr<const CompiledModel>> extras;
    std::vector<std::shared_ptr<const CompiledModel>> models;  // that it looks for, once it knows
    std::vector<std::function<void()>> waiters;
    bool awaited = false;  // by others than the next round of observation
    std::map<KindName, Wanted> wanted;
    ResourceSet expected;  // of all kinds
    std::vector<std::vector<KindName>> stages;  // parents before what lives in them
    size_t stage = 0;
    size_t outstanding = 0;
    ResourceSet seen;             // whose objects were seen
    size_t recorded_seen = 0;     // recorded ones among them: the credential can see (R8)
    size_t recorded_live = 0;     // recorded ones that existed before
    // R12: objects of ours where another one is recorded; null pointer where there are several.
    std::map<std::string, std::shared_ptr<const LiveObject>> newer;
    std::map<std::string, std::vector<std::string>> namesakes;  // by address: identities of what has its name
    size_t meeting = 0;  // unknown objects that are read in this pass
    bool unmet = false;  // and more are left
    bool opened = false;
  };
  using PassPtr = std::shared_ptr<Pass>;
  /// Listed objects that have to be read: (address, or "" while nobody knows whose; identity).
  using Reads = std::vector<std::pair<std::string, std::string>>;

  void Refresh(const std::string& account, std::shared_ptr<const CompiledModel> extra,
               std::function<void()> done, int64_t asked, bool awaited);
  bool Serves(const Pass& pass, const std::shared_ptr<const CompiledModel>& extra, int64_t asked) const;
  void Run(PassPtr pass);
  void Opened(PassPtr pass, const Status& status);
  void Collect(PassPtr pass, std::function<void()> then);
  void SetStages(Pass& pass);
  size_t DepthOf(const Kind& kind, size_t left) const;
  /// `model`: what the model `of` says of it; null pointers where none does.
  void Want(Pass& pass, const Resource& resource, std::shared_ptr<const Kind> kind, const CompiledModel* of,
            const ModelResource* model);
  void NextStage(PassPtr pass);
  void Scan(PassPtr pass, const KindName& name);
  void List(PassPtr pass, const KindName& name);
  void TakeListed(Pass& pass, const Wanted& wanted, const LiveObject& object, Reads* reads);
  std::string Match(Pass& pass, const Wanted& wanted, const LiveObject& object);
  void Rest(PassPtr pass, const KindName& name, const ListEnd& end, Reads reads);
  void Unlisted(PassPtr pass, const KindName& name, const ListEnd& end, const Resource& resource,
                const std::string& expected);
  void ReadOne(PassPtr pass, const KindName& name, const std::string& address,
               const std::string& identity, bool listed_complete);
  void Missing(PassPtr pass, const KindName& name, const std::string& address,
               const std::string& identity);
  void Absent(PassPtr pass, const std::string& address);
  void Take(Resource& resource, const Kind& kind, const LiveObject& object);
  void Blind(const std::string& address, const std::string& why);
  void Step(PassPtr pass);
  void Finish(PassPtr pass);
  void Resync(const std::string& account);
  void StartIntervals();
  void AtInterval(const std::string& address);

  // observer_names.cc: what is not recorded.
  std::string WantName(Wanted& wanted, const Resource& resource, const std::string& external_name, const Value& spec);
  void NameByExpressions(Wanted& wanted, std::function<void()> then);
  std::string MatchByName(Pass& pass, const Wanted& wanted, const LiveObject& object);
  static bool HasNamesakes(const Pass& pass, const std::string& address);
  void TellNamesakes(const Pass& pass, const KindName& name);

  // observer_unknown.cc: objects that are there and that the store does not know (R12).
  bool Tombstoned(const std::string& identity_key) const;
  bool IsOurs(const Mark& mark) const;
  bool IsUnmet(Pass& pass, const Kind& kind, const std::string& identity);
  void Meet(PassPtr pass, const KindName& name, const std::string& identity);
  std::string TakeUnknown(Pass& pass, const Wanted& wanted, const LiveObject& object);
  bool TakeNewer(const Pass& pass, Resource& resource);
  void LostMark(const LiveObject& object, const std::string& account);

  Context& context_;
  Accounts& accounts_;
  Calls& calls_;
  std::function<bool(const std::string&)> busy_;
  std::function<void()> old_store_;
  std::map<std::string, PassPtr> running_;
  std::map<std::string, PassPtr> next_;
  std::set<std::string> resyncing_;
  std::set<std::string> strangers_;  // identity keys of objects that were read and are not ours
  std::set<std::string> at_interval_;  // addresses with a timer of their own
  std::shared_ptr<const CompiledModel> intervals_of_;  // accepted when they were last looked through
  int64_t looked_ = 0;
  int64_t begun_ = 0;
};

}  // namespace tandem
