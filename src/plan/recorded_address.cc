#include "tandem/plan/build.h"

namespace tandem {
namespace {

/// The form of `address` under which a record of `account` stands; "" when there is none.
std::string InEitherForm(const std::map<Interned, const Record*, std::less<>>& records,
                         const std::string& address, const std::string& account) {
  const auto stands = [&](const std::string& form) {
    const auto record = records.find(form);
    return record != records.end() && record->second->account == account;
  };
  if (stands(address)) return address;
  Result<Address> other = Address::Parse(address);
  if (!other.ok() || (!other->account().empty() && other->account() != account)) return "";
  const std::string form = other->WithAccount(other->account().empty() ? account : "").ToString();
  return stands(form) ? form : "";
}

}  // namespace

std::string RecordedAddress(const std::map<Interned, const Record*, std::less<>>& records,
                            const std::string& address, const std::string& account,
                            const std::string& moved_from) {
  if (records.count(address) > 0) return address;
  std::string found = InEitherForm(records, address, account);
  if (found.empty() && !moved_from.empty()) found = InEitherForm(records, moved_from, account);
  return found;
}

}  // namespace tandem
