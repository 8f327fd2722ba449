// How one kind is played: what its kind file's `sandbox`, `states`, `errors` and `limits` say.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/base/clock.h"
#include "tandem/base/random.h"
#include "tandem/provider/provider.h"
#include "tandem/schema/kind.h"
#include "tandem/sim/world.h"

namespace tandem {

struct Play {
  std::shared_ptr<const Kind> kind;
  Duration create{0};
  Duration update{0};
  Duration remove{0};
  Duration lag{0};  // a new object is seen after at most this
  // Whether long creates, updates and deletes answer with a handle to poll.
  bool create_handle = false;
  bool update_handle = false;
  bool remove_handle = false;
  double rate = 0;                   // calls a simulated second and account; 0: no limit
  std::vector<std::string> outside;  // globs of references that exist without being in the world
  bool mark_at_create = false;       // else the mark needs a call of its own
  std::string compose;               // the form of a composed identity, or ""
  bool named = false;                // the user gives the identity
  Map computed;                      // path to value; strings are forms for Expand
  Map defaults;                      // the same for members that may be given
  SimStates states;
  size_t page = 100;
};

Play PlayOf(std::shared_ptr<const Kind> kind);

/// What a refusal is about; picks the code.
enum class Refused {
  kInvalid,
  kImmutable,
  kMissingReference,
  kNotReady,
  kBusy,
  kReferenced,
  kGuarded,
  kTaken,
  kGone,
  kThrottled,
  kTokenReused,
};

/// The error with the class that RULES.md R10 has for it and the code that the kind file's table
/// has for that class, or a usual one.
CallError Refuse(const Kind& kind, Refused what, std::string message);

/// `text` with each {…} replaced: {hexN}, {upperN}, {digitsN}, {uuid}, or what `lookup` knows.
/// Unknown names stay.
std::string Expand(std::string_view text, Random& random,
                   const std::function<std::optional<std::string>(std::string_view)>& lookup);
/// The same in every string of a value.
Value ExpandValue(const Value& value, Random& random,
                  const std::function<std::optional<std::string>(std::string_view)>& lookup);

/// '*' stands for any run of characters.
bool GlobMatches(std::string_view glob, std::string_view text);

}  // namespace tandem
