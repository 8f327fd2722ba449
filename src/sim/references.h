// Which objects name which: found in one look-up both ways, so that a deletion among ten thousand
// objects costs no scan.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "tandem/schema/kind.h"
#include "tandem/sim/world.h"

namespace tandem {

/// What a member names: `value` of `field` ("" is the identity) of an object of `kind`.
struct SimReference {
  KindName kind;
  std::string field;
  std::string value;
  std::string path;  // of the rule that says so
  friend auto operator<=>(const SimReference&, const SimReference&) = default;
};

class References {
 public:
  explicit References(const Catalog* catalog) : catalog_(catalog) {}

  /// Watches `world` and takes in what is there.
  void Attach(World* world);

  /// What `fields` of an object of `kind` name, parents included.
  std::vector<SimReference> Of(const Kind& kind, const Value& fields) const;
  /// The objects that `reference` names, whatever their account.
  std::vector<const SimObject*> Targets(const SimReference& reference);
  /// The objects that name `object`, itself excepted.
  std::set<SimKey> Naming(const SimObject& object) const;
  /// The object made with an idempotency token, or null pointer.
  const SimObject* WithToken(const std::string& account, const KindName& kind,
                             const std::string& token) const;
  /// The objects with a natural name.
  std::vector<const SimObject*> WithName(const std::string& account, const KindName& kind,
                                         const std::string& name) const;

 private:
  using Field = std::pair<KindName, std::string>;

  void Changed(const SimObject* before, const SimObject* after);
  void Index(const SimObject& object, bool add);
  static std::vector<std::string> Texts(const SimObject& object, const Value& fields,
                                        const std::string& field);

  const Catalog* catalog_;
  World* world_ = nullptr;
  // (kind, field) → value → who names it.
  std::map<Field, std::map<std::string, std::set<SimKey>>> naming_;
  // (kind, field) → value → whose field has it; only fields that were asked for.
  std::map<Field, std::map<std::string, std::set<SimKey>>> having_;
  std::map<std::tuple<std::string, KindName, std::string>, SimKey> tokens_;
  std::map<std::tuple<std::string, KindName, std::string>, std::set<SimKey>> names_;
};

}  // namespace tandem
