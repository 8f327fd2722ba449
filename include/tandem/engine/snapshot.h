// What readers see: an immutable picture of the platform, published once per turn.
//
// Safe to hold on any thread for as long as one likes. Pages of 256 resources are shared between
// snapshots and copied only when one of theirs changes.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tandem/base/clock.h"
#include "tandem/compile/compile.h"
#include "tandem/record/record.h"

namespace tandem {

/// One resource as `tandem get resources` shows it: in the accepted model, recorded, or both.
struct ResourceView {
  std::string address;
  std::string kind;
  std::string account;
  std::string component;
  std::string site;
  std::string identity;
  std::string state;  // ready | busy | failed | ""
  bool in_model = false;
  bool recorded = false;
  bool is_protected = false;
  std::string manage;
  std::string paused_by;
  std::vector<std::string> needs;
  std::vector<Condition> conditions;  // Ready, Synced, Drifted, Paused, Stalled
  std::vector<std::string> drift;     // paths, when Drifted
  int64_t generation = 0;
  Time observed_at;
  Packed fields;   // observed, owned and declared paths only
  Packed settled;  // desired form that settled last
};

struct ComponentView {
  std::string name;
  std::string title;
  std::string site;
  std::string layer;
  std::string group;
  int64_t resources = 0;
  std::vector<Condition> conditions;  // Ready and Synced at least; Unknown/NoResources when it has none
};

struct ConnectionView {
  std::string from;
  std::string to;
  std::string type;
  bool both = false;
  std::string state;  // ready | degraded | failed | unknown
};

struct AccountView {
  std::string name;
  std::string provider;
  std::string site;
  std::string principal;
  std::string verified_id;
  std::string state;  // unknown | open | blocked
  std::string message;
  Time observed_at;
};

struct RunView {
  Run run;
  std::vector<StepRow> steps;  // in plan order; empty for runs that ended long ago
};

struct Snapshot {
  int64_t sequence = 0;  // grows with every publication; watchers resume from it
  int64_t accepted = 0;  // revision, 0 before the first apply
  std::string platform;
  std::string platform_uid;
  std::shared_ptr<const CompiledModel> model;  // accepted; null pointer before the first apply
  std::vector<std::shared_ptr<const std::vector<ResourceView>>> pages;  // sorted by address, ≤ 256 each
  std::vector<ComponentView> components;    // the diagram's order
  std::vector<ConnectionView> connections;
  std::map<std::string, AccountView> accounts;
  std::vector<RunView> runs;                // newest first, at most 100
  bool ready = false;                       // every account observed once, or failed one attempt (R18)
  bool old_store = false;                   // R12: a person must accept a plan first

  const ResourceView* Find(const std::string& address) const;
  size_t size() const;
};

}  // namespace tandem
