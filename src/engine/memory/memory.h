// What the engine knows: the rows of the store as values, and what it saw since it started.
//
// Plain data with an index or two. Whoever changes a resource calls Touch, so that the publisher copies
// only what changed, or Changed, so that it is planned anew as well. Rows are written by their owners
// through the StoreWriter.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tandem/base/interned.h"
#include "tandem/base/kept.h"
#include "engine/store/document_list.h"
#include "engine/store/store_writer.h"
#include "tandem/compile/compile.h"
#include "tandem/engine/snapshot.h"
#include "tandem/plan/plan.h"
#include "tandem/provider/provider.h"
#include "tandem/record/record.h"

namespace tandem {

struct Resource {
  Address address;
  const Interned& key() const { return address.text(); }
  uint32_t number = 0;  // of all that this memory has known; none is given twice
  Kept<Record> record;
  Kept<Observation> seen;  // as stored: owned and declared paths only (R15)
  Time seen_at;             // when it was looked at last; seen->at is when it was last another than before

  Packed live;              // the whole object as last read, secret paths removed; empty when absent
  Packed::Print live_print{};  // of what the provider sent; zeros: not known
  Mark mark;                // of the object
  bool newer = false;       // what was seen is not what is recorded, but a newer object of ours (R12)
  bool looked = false;      // since this engine started
  Interned blind;        // why it cannot be observed, or ""
  std::optional<Time> missing_since;  // first evidence of absence (R8)

  Time overlay_until;  // until then the last write overlays reads (R4)
  Packed overlay;

  Conditions conditions;
  std::vector<std::string> drift;
  Interned drift_plan;  // hash that waits for approval
  std::shared_ptr<const Intent> quarantine;  // a create of unknown outcome (R9), or null pointer

  bool exists() const { return seen && seen->exists; }
  /// What was seen of it is no evidence any more: until the next look nothing is known.
  void Unsee() {
    seen.reset();
    looked = false;
    live = Packed();
    live_print = {};
  }
  const Condition* Find(std::string_view type) const;
  /// True if it is another than before. The time of transition moves with the status alone.
  bool SetCondition(std::string_view type, ConditionStatus status, std::string reason,
                    std::string message, Time now);
};

/// A plan that may be started: with the model it leads to.
struct KnownPlan {
  std::shared_ptr<const Plan> plan;
  std::shared_ptr<const CompiledModel> model;  // null pointer for heal and unprotect plans
  std::string author;
  bool stored = false;   // under plan/HASH
  /// Of its model's documents, once they are stored, or made to be: those of a small plan are made with it.
  std::shared_ptr<const DocumentList> documents = nullptr;
  std::vector<RowChange> document_rows = {};  // that `documents` needs and the store does not have yet
  bool pending = false;  // somebody asked to start it
  Packed desired;        // of the one step of a heal plan
  int64_t made = 0;      // orders plans by when they were made last
};

struct Settled;

/// What of the accepted model is known to need nothing (planning/settled.h), and what a plan would see changed since.
struct AtRest {
  std::shared_ptr<const Settled> settled;      // null pointer: nobody has looked, or not to the end
  std::shared_ptr<const CompiledModel> model;  // that it is good for; null pointer: for none
  std::set<std::string> unsettled;
};

struct Memory {
  std::string platform;
  std::string uid;
  int64_t accepted = 0;
  int64_t epoch = 0;
  int64_t witness = 0;  // grows with every start, and where a run begins and ends (R12)
  std::string accepted_digest;
  std::shared_ptr<const CompiledModel> model;  // accepted
  /// Under which the store has its documents, in their order; null pointer: nobody knows.
  std::shared_ptr<const DocumentList> documents;

  uint32_t resources_made = 0;
  std::map<Interned, Resource, std::less<>> resources;
  std::map<std::string, Run> runs;        // by id
  std::vector<std::string> run_order;     // oldest first
  std::map<std::string, KnownPlan> plans;  // by hash
  int64_t plans_made = 0;
  std::map<std::string, std::vector<Approval>> approvals;  // by hash
  std::map<int64_t, Revision> revisions;
  std::deque<Event> events;
  int64_t next_event = 1;
  std::set<std::string> unapplied;  // addresses where the accepted model has a change that did not settle (R1)
  std::set<std::string> forgotten;  // "ACCOUNT/KIND/IDENTITY" of objects given up on purpose
  std::map<std::string, Time> tombstones;  // identity keys just deleted, until when lists may still show them
  static constexpr size_t kTombstones = 64;
  size_t tombstones_kept = kTombstones;  // at so many the old ones are dropped
  std::string paused_by;            // everything is paused
  bool old_store = false;
  std::set<std::string> met;  // accounts in which no mark of ours is left to be found (R12)

  // Identities of live objects that records hold: (account, kind, identity) → address.
  std::map<std::string, Interned> by_identity;

  std::set<std::string> touched;  // since the last publication
  bool accounts_touched = false;
  bool model_touched = false;
  std::set<std::string> runs_touched;

  AtRest at_rest;
  AtRest looking;      // of the look that is under way
  int64_t looks = 0;   // begun so far

  Resource& At(const Address& address);
  /// What the accepted model says of `resource`, or null pointer. A record in the other form, with or without "@account",
  /// is of that document; without a record only the document's own address is (R11: both are one address).
  const ModelResource* DocumentOf(const Resource& resource) const;
  Resource* Find(const std::string& key);
  const Resource* Find(const std::string& key) const;
  void Touch(const std::string& key) { touched.insert(key); }
  /// The same, where it is something that plans are made from.
  void Changed(const std::string& key) {
    Touch(key);
    for (AtRest* rest : {&at_rest, &looking})
      if (rest->model) rest->unsettled.insert(key);
  }
  /// `next`, made from `model`, takes its place. What was at rest stays so when it says which resources it changed.
  void Accept(std::shared_ptr<const CompiledModel> next);
  /// `hash` of `plans` was made just now. Of plans that nobody has asked to start, or approved, or is shown
  /// as what would heal an address, the latest kPlansKept are kept: each may hold a model of its own.
  void PlanMade(const std::string& hash);
  static constexpr size_t kPlansKept = 32;
  /// Object `identity_key` was deleted; what is over by `now` is dropped.
  void Bury(std::string identity_key, Time until, Time now);
  void Index(const Record& record);
  void Unindex(const Record& record);
};

/// What `record` stands on when its document needs `needs`: those, and what it stood on before whose document
/// is gone while its object may be there.
std::vector<Interned> StandsOn(const Memory& memory, const Record& record,
                               const std::vector<Interned>& needs);

/// "ACCOUNT/KIND/IDENTITY".
std::string IdentityKey(const std::string& account, const KindName& kind,
                        const std::string& identity);

/// The row that keeps one of Memory::unapplied.
std::string UnappliedKey(const std::string& address);

/// The row of an object that was given up on purpose, so that its mark is not taken for a lost one.
std::string ForgottenKey(const std::string& identity_key);

/// `fields` as the store may keep them: members named by `owned` or declared by the kind file, without
/// secret paths. `whole` keeps undeclared members as well.
Value StorableFields(const Kind& kind, const Value& fields, const Value* owned, bool whole);

}  // namespace tandem
