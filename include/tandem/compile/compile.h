// Texts → one checked Model: the single pipeline of the daemon and of `tandem validate`.
//
// split and parse → documents by address → references, for-each → kinds, types, accounts → order.
// Everything wrong is gathered; a CompiledModel exists only when there are no errors. Immutable.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tandem/base/clock.h"
#include "tandem/base/interned.h"
#include "tandem/base/layered.h"
#include "tandem/config/parse.h"
#include "tandem/model/address.h"
#include "tandem/model/document.h"
#include "tandem/model/source.h"
#include "tandem/model/value.h"
#include "tandem/policy/policy.h"
#include "tandem/schema/kind.h"

namespace tandem {

struct ModelAccount {
  std::string name;
  std::string provider;
  std::string site;
  Value spec;  // expressions unevaluated
  std::vector<std::string> references;
  std::shared_ptr<const Document> document;
};

struct ModelConnection {
  std::string from;  // component name or group id
  std::string to;
  std::string type;  // traffic data control evidence notify replicates failover link, or ""
  bool both = false;
};

struct ModelComponent {
  std::string name;
  std::string title;
  std::string site;   // "" when it lies in none
  std::string layer;
  std::string group;
  std::shared_ptr<const Document> document;
};

struct ModelGroup {
  std::string id;
  std::string title;
  std::string parent;
};

/// One resource after for-each: the unit of plan, records and conditions.
struct ModelResource {
  Address address;      // with the account only where the document names one (R11)
  Interned account;  // always set
  Interned site;     // of the account
  Interned component;
  std::shared_ptr<const Kind> kind;
  std::shared_ptr<const Document> document;
  Value each;  // null, or {"key", "value"} under for-each
  /// Addresses that must be ready before: ref(), depends-on, the account's references. Sorted, each once.
  std::vector<Interned> needs;
  Interned manage = "full";
  Interned deletion_policy = "delete";
  Interned adopt;  // "" | if-identical | and-update
  std::optional<bool> protect;
  bool paused = false;
  Interned external_name;
  Interned moved_from;  // an address, or ""
  std::optional<Duration> reconcile_interval;

  /// A map, expressions unevaluated; of a document at rest made anew for each who asks.
  Value Spec() const;
};

/// What ref(address).path is worth: a value, an Unknown, or a failure.
using ReferenceLookup = std::function<Result<Value>(const std::string& address, const Path& path)>;

struct CompiledModel {
  std::string platform;
  std::string active_site;
  std::vector<std::string> sites;
  std::string digest;  // of every document's text, order of files aside
  std::vector<std::shared_ptr<const Document>> documents;  // in source order
  /// By the digest of their texts, those of which nothing had to be said: CompileOptions::known.
  Layered<std::shared_ptr<const Document>> parsed;
  Diagnostics warnings;  // that its compile gave
  std::map<std::string, ModelAccount> accounts;
  std::vector<ModelComponent> components;  // in source order
  std::vector<ModelGroup> groups;
  std::vector<ModelConnection> connections;  // in source order
  Layered<ModelResource, Interned> resources;  // by address.ToString()
  PolicySet policies;
  std::shared_ptr<const Value> platform_spec;
  Value platform_name;  // what `platform` and `sites` stand for in expressions
  Value sites_name;

  // For CompileChanges: what is wanted to look at the changed documents alone.
  std::string digests;  // of all documents' texts, sorted, a line each
  Layered<std::vector<std::shared_ptr<const Document>>> files;  // by name, each in source order
  Layered<std::string> identities;  // what an object is told by, where the model gives it → address
  bool moves = false;               // some resource has tandem/moved-from
  /// Of CompileChanges, where it looked at nothing else: the addresses whose documents are new or have
  /// another text than in `known`.
  std::optional<std::vector<std::string>> fresh;

  /// By either form of an address: with "@account" or without, where that names one resource.
  const ModelResource* Find(const std::string& address) const;
};

/// The desired form of `resource`: its spec with every expression evaluated and the name field filled.
/// References go through `lookup`, by the address as the model has it; secrets become Sensitive.
/// kInvalidArgument carries the path and the reason.
Result<Value> EvaluateSpec(const CompiledModel& model, const ModelResource& resource,
                           const ReferenceLookup& lookup);
/// The same for an account's spec.
Result<Value> EvaluateAccount(const CompiledModel& model, const ModelAccount& account,
                              const ReferenceLookup& lookup);

/// Runs `work(i)` for i in [0, count), on as many cores as there are; a plain loop in tests.
using ParallelFor = std::function<void(size_t count, const std::function<void(size_t)>& work)>;

struct CompileOptions {
  ParseLimits limits;
  ParallelFor parallel;  // empty: one after the other
  /// The documents of resources are put to rest behind it: for a model that is kept.
  bool rest = false;
  /// An earlier compile with the same catalog, or null pointer: unchanged texts are not parsed again, and
  /// texts of which none has changed are that model.
  std::shared_ptr<const CompiledModel> known;
};

/// Null pointer when `found` has errors. Needs a Platform document (R2).
std::shared_ptr<const CompiledModel> Compile(
    const std::vector<std::shared_ptr<const SourceText>>& sources, const Catalog& catalog,
    const CompileOptions& options, Diagnostics& found);

/// What is another in a model than in one that was compiled before.
struct ModelChanges {
  std::vector<std::shared_ptr<const SourceText>> files;  // each whole, in place of those of its name
  std::vector<std::string> removed;                      // names of files
};

/// The sources of `known` with `changes` made; files of new names come last. kInvalidArgument: no document
/// of `known` is in a file of `removed`, or that file is also changed.
Result<std::vector<std::shared_ptr<const SourceText>>> SourcesWith(const CompiledModel& known,
                                                                   const ModelChanges& changes);

/// The model that `options.known`, which must be given, is with `changes` made: what Compile makes of
/// SourcesWith. The same errors, and no less is checked.
std::shared_ptr<const CompiledModel> CompileChanges(const ModelChanges& changes, const Catalog& catalog,
                                                    const CompileOptions& options, Diagnostics& found);

}  // namespace tandem
