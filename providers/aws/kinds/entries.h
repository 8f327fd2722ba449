// Which entries of a list or map a call must add, change and remove: between what was just read and
// what is desired.
//
// Pure.
#pragma once

#include <string>
#include <vector>

#include "tandem/model/value.h"
#include "tandem/schema/kind.h"

namespace tandem::aws {

struct Entry {
  Value key;  // of a keyed list with one key its value, else the map of its keys; of a map the key
  Value item;
  Value canonical;  // the same, as it is compared
  Value observed;   // of a changed entry: as it was read, canonical
};

struct EntryChanges {
  std::vector<Entry> added;
  std::vector<Entry> changed;
  std::vector<Entry> removed;
  bool empty() const { return added.empty() && changed.empty() && removed.empty(); }
};

/// Of the member `field`, in canonical form. A set is wholly ours; entries of keyed lists and maps
/// are removed when recorded has them and desired does not, those of others only where the field is
/// `exclusive`. When desired has no such member, its `unset` decides. Each form may lack the field.
/// An added or changed item keeps what its entry in `desired` said, server defaults included.
EntryChanges ChangesOf(const Kind& kind, const std::string& field, const Value& desired,
                       const Value& observed, const Value& recorded);

/// Every named part of `wanted` is the same in `there`; maps may have more members.
bool Covers(const Value& there, const Value& wanted);

}  // namespace tandem::aws
