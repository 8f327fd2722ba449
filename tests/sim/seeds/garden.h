// A random model over the toy kinds of tests/support/sim_kinds.h, and random changes of it.
//
// Plain values: the same seed makes the same text. It knows for each resource what others it needs, so
// that a run's effects can be judged without asking the product.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tandem/base/random.h"

namespace tandem::seeds {

struct Plant {
  std::string kind;     // "net.sim/Network"
  std::string name;     // unique among all that ever were
  std::string account;  // Account document
  std::string moved_from;           // address, or ""
  std::map<std::string, std::string> fields;  // member → YAML scalar, expressions included
  std::map<std::string, std::string> refs;    // member → address it takes a value from
  std::set<std::string> depends_on;           // by annotation only
  std::string Address() const { return kind + "/" + name; }
  std::set<std::string> Needs() const;
};

class Garden {
 public:
  /// `size` resources at most; two accounts, or three.
  Garden(Random* random, size_t size);

  /// All documents, the platform and the accounts included.
  std::string Text() const;
  /// The same as files: tandem's own documents in one, every other in one of its own. By name.
  std::map<std::string, std::string> Files() const;
  const std::map<std::string, Plant>& plants() const { return plants_; }
  /// A few changes at random; a line that tells which.
  std::string Change();
  const std::string& site() const { return site_; }
  /// Where no rename happened since, an undo must lead back.
  bool renamed() const { return !renames_.empty(); }
  const std::vector<std::pair<std::string, std::string>>& renames() const { return renames_; }

 private:
  void Add();
  void AddOf(const std::string& kind, const std::string& account);
  const Plant* Any(const std::string& kind, const std::string& account);
  const Plant* AnyAtAll();
  bool Needed(const std::string& address) const;
  std::string Word();

  Random* random_;
  size_t accounts_ = 2;
  int next_ = 1;
  std::string site_ = "aws";
  std::vector<std::pair<std::string, std::string>> renames_;  // of the last change
  std::map<std::string, Plant> plants_;  // by address
};

}  // namespace tandem::seeds
