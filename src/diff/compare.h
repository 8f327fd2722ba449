// How two forms of one value are held against each other, once both are canonical. Pure.
#pragma once

#include <string>

#include "tandem/model/value.h"
#include "tandem/schema/kind.h"

namespace tandem::diff {

/// Equal scalars; 5 and 5.0 are one number.
bool SameScalar(const Value& a, const Value& b);

/// True if `observed` is what `desired` asks for: members that desired does not name are not looked
/// at, lists have equal length and items that answer each other (in any order when `any_order`).
bool Covers(const Value& desired, const Value& observed, bool any_order);

/// Secrets by what they are worth when both are known, else by their recipe (R15).
bool SameSecret(const Sensitive& desired, const Sensitive& other);

/// The text by which an item of a keyed list is told apart.
std::string KeyOf(const Value& item, const std::vector<std::string>& keys);

/// The class of a change from `before` to `after` under `rule`, by direction where the rule has one
/// (R7).
BlastClass ClassOf(const FieldRule& rule, const Value& before, const Value& after);

BlastClass Worse(BlastClass a, BlastClass b);

}  // namespace tandem::diff
