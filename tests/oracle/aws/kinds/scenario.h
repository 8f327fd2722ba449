// What every kind must do against a server that others wrote, step by step (points 1 to 7 of what makes
// a kind work), and where those servers are known to be wrong.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tests/oracle/aws/kinds/cloud.h"

namespace tandem::oracle {

struct Change {
  std::string step;
  std::function<void(Value& spec)> change;
};

/// Somebody changes the object with the vendor's own operation.
struct Outside {
  std::string step;
  std::string service;
  std::string operation;
  std::function<Value(const Made& made)> params;
  std::string field;  // that the difference must name
};

struct Scenario {
  std::string name;
  std::string kind;
  std::string object;  // metadata.name
  /// Makes what the object needs (Cloud::Need), and says its spec.
  std::function<Value(Cloud&)> spec;
  std::vector<Outside> outside;
  std::vector<Change> updates;
  /// Where a list looks, for kinds that live in a parent.
  std::function<std::vector<std::string>(const Made&)> parents;
  /// The example is made beside it, so that a list has more than one page.
  bool neighbour = false;
};

/// An answer that is known to be wrong: `step` of `scenario` fails at `judge` with `trouble` in it,
/// and passes at `instead`.
struct Gap {
  std::string judge;
  std::string scenario;
  std::string step;
  std::string trouble;
  std::string instead;
  std::string why;
};

const std::vector<Scenario>& Scenarios();
const std::vector<Gap>& Gaps();

/// Step → trouble ("" for those that passed), in order. Steps after a failed create are not there.
using Outcome = std::vector<std::pair<std::string, Trouble>>;
Outcome Play(const Scenario& scenario, Cloud& cloud);

}  // namespace tandem::oracle
