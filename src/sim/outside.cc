// Changes that no intent is behind, and worlds looked at without a plugin.
#include <algorithm>

#include "tandem/sim/sim_provider.h"

namespace tandem {

Result<int64_t> MutateOutside(World& world, const std::string& address, const std::string& field,
                              const Value& value) {
  const Time now = world.Now();
  const SimObject* object = world.FindAddress(address);
  if (object == nullptr) return NotFound("no object is at " + address);
  Path path = ParsePath(field);
  // Documents spell it with the spec in front.
  if (path.size() > 1 && path.front().key == "spec") path.erase(path.begin());
  if (path.empty()) return InvalidArgument("'" + field + "' is no field");
  Value fields = object->fields().Unpack();
  if (!SetAt(fields, path, value)) {
    return InvalidArgument("there is no place for '" + field + "' in " + address);
  }
  WorldRecord record;
  record.type = WorldRecord::Type::kUpdate;
  record.at = now;
  record.key = object->key;
  record.fields = Packed::From(fields);
  record.until = now;
  const int64_t number = world.next_effect();
  TANDEM_RETURN_IF_ERROR(world.Commit(record));
  return number;
}

Result<int64_t> DeleteOutside(World& world, const std::string& address) {
  const Time now = world.Now();
  const SimObject* object = world.FindAddress(address);
  if (object == nullptr) return NotFound("no object is at " + address);
  WorldRecord record;
  record.type = WorldRecord::Type::kDelete;
  record.at = now;
  record.key = object->key;
  record.until = now;
  const int64_t number = world.next_effect();
  TANDEM_RETURN_IF_ERROR(world.Commit(record));
  return number;
}

Result<int64_t> AddFault(World& world, Fault fault) {
  TANDEM_RETURN_IF_ERROR(CheckFault(fault));
  WorldRecord record;
  record.type = WorldRecord::Type::kFaultAdd;
  record.at = world.Now();
  fault.id = world.next_fault();
  fault.since = record.at;
  record.fault = std::move(fault);
  TANDEM_RETURN_IF_ERROR(world.Commit(record));
  return record.fault.id;
}

Result<int64_t> ClearFault(World& world, int64_t id) {
  const Time now = world.Now();
  const std::vector<Fault> faults = world.Faults(now);
  const auto wanted = [&](const Fault& fault) { return id == 0 || fault.id == id; };
  const int64_t count = std::count_if(faults.begin(), faults.end(), wanted);
  if (count == 0 && id != 0) return NotFound("there is no fault " + std::to_string(id));
  WorldRecord record;
  record.type = WorldRecord::Type::kFaultClear;
  record.at = now;
  record.fault.id = id;
  TANDEM_RETURN_IF_ERROR(world.Commit(record));
  return count;
}

Result<SimJournalFile> OpenWorldFile(const std::string& path, const Clock* clock) {
  // Looks first: opening would make the file.
  TANDEM_RETURN_IF_ERROR(ReadJournalFile(path, [](std::string_view) { return OkStatus(); }));
  SimJournalFile file;
  TANDEM_ASSIGN_OR_RETURN(file.journal, OpenJournalFile(path));
  TANDEM_ASSIGN_OR_RETURN(file.world, World::Open(file.journal.get(), clock, {}));
  return file;
}

Result<Value> ReadWorld(const std::string& path, const Clock* clock) {
  MemoryJournal copy;
  TANDEM_RETURN_IF_ERROR(
      ReadJournalFile(path, [&](std::string_view line) { return copy.Append(line); }));
  TANDEM_ASSIGN_OR_RETURN(std::unique_ptr<World> world, World::Open(&copy, clock, {}));
  return LedgerValue(*world, world->Now());
}

}  // namespace tandem
