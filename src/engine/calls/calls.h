// The one door to providers: bounds calls in flight, keeps to rate limits, answers on a turn, and gives
// a call that never comes back an answer ("perhaps done") after its deadline.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/calls/accounts.h"
#include "engine/context.h"

namespace tandem {

/// For whom a read is: a step waits for it, or it is one of many that see in time what is live.
enum class Pace { kStep, kRoutine };

/// How a listing ended; its objects came page by page.
struct ListEnd {
  CallError error;
  bool complete = false;
  bool names_only = false;
};

class Calls {
 public:
  Calls(Context* context, Accounts* accounts) : context_(*context), accounts_(*accounts) {}

  /// A routine one goes when the places and the rate of its account leave room beside steps.
  void Read(const std::string& account, const KindName& kind, const std::string& identity, Pace pace,
            Done<ReadAnswer> done);
  /// All pages. A page that is throttled or not done is asked for again, a few times.
  void List(const std::string& account, const KindName& kind, std::vector<std::string> parents,
            std::function<void(std::vector<LiveObject>)> page, std::function<void(ListEnd)> done);
  /// The same as routine. The next page is given once `page` runs what it was given: it may take its objects in over
  /// several turns, while that page is on its way.
  void Scan(const std::string& account, const KindName& kind, std::vector<std::string> parents,
            std::function<void(std::vector<LiveObject>, std::function<void()>)> page,
            std::function<void(ListEnd)> done);
  void Poll(const std::string& account, const KindName& kind, const std::string& handle,
            Done<PollAnswer> done);
  /// Takes a place for one mutating call, by rate and by number in flight; `go` runs when there is one.
  /// It ends with Apply, or with Release when no call is made after all.
  void TakePlace(const std::string& account, const std::string& bucket, std::function<void()> go);
  void Release(const std::string& account) { Leave(account, Place::kWrite); }
  /// The only mutating call; needs a place, and gives it back when the answer is there.
  void Apply(ApplyRequest request, const std::string& bucket, Done<ApplyAnswer> done);

  /// Lets providers send what they hold back, at the end of each turn: when it is enough, when nothing
  /// else is under way that more could come of, or when it is old enough.
  void Flush();
  /// When Flush is due at the latest; nullopt when nothing is held back.
  std::optional<Time> FlushDue() const { return flush_due_; }

  size_t mutating() const { return mutating_; }
  struct Counters {
    std::map<std::pair<std::string, std::string>, int64_t> requests;  // (provider, method)
    std::map<std::pair<std::string, std::string>, int64_t> errors;    // (provider, class)
  };
  const Counters& counters() const { return counters_; }

 private:
  /// What a call holds while it is under way.
  enum class Place { kWrite, kRead, kRoutineRead };
  /// Routine reads of one bucket that wait; at most one of them has reserved its time.
  struct Routine {
    std::deque<std::function<void()>> waiting;
    bool reserved = false;
  };
  struct Gate {
    size_t in_flight = 0;
    std::deque<std::function<void()>> waiting;
    size_t routine = 0;  // of those in flight
    std::map<std::string, Routine> routines;  // by bucket
    size_t admitting = 0;  // how often it was asked for since it began
  };
  template <typename Answer>
  void Issue(const std::string& account, const char* method, const std::string& bucket, Pace pace,
             std::function<void(Provider&, Done<Answer>)> start, Done<Answer> done);
  template <typename Answer>
  void Start(const std::string& account, const char* method, const std::string& bucket_key,
             Place place, const std::function<void(Provider&, Done<Answer>)>& start,
             Done<Answer> done);
  std::string BucketKey(const std::string& account, const std::string& bucket) const;
  void Enter(const std::string& account, Place place, std::function<void()> start);
  void Leave(const std::string& account, Place place);
  void Drain();
  void Admit(const std::string& account);
  void AdmitOne(const std::string& account, const std::string& bucket_key, Routine& routine);
  /// One list, page by page.
  struct Listing {
    std::string account;
    KindName kind;
    std::vector<std::string> parents;
    Pace pace;
    std::function<void(std::vector<LiveObject>, std::function<void()>)> page;
    std::function<void(ListEnd)> done;
    std::string token = {};
    std::set<std::string> tokens = {};  // that pages have led to
    bool complete = true;
    bool names_only = false;
    bool taking = false;  // a page is being taken in
    std::function<void()> arrived = {};  // what is to be done behind that
  };
  void ListPage(const std::shared_ptr<Listing>& listing, int attempt);
  void TakePage(const std::shared_ptr<Listing>& listing, ListAnswer answer);

  Context& context_;
  Accounts& accounts_;
  std::map<std::string, Gate> reading_;
  std::map<std::string, Gate> writing_;
  std::deque<std::string> turn_;  // accounts whose writers wait, in order
  size_t mutating_ = 0;
  std::vector<Provider*> asked_;  // may hold something back
  size_t open_ = 0;               // calls under way, those held back among them
  std::optional<Time> flush_due_;
  Counters counters_;
};

}  // namespace tandem
