#include "engine/planning/account_checks.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace tandem {
namespace {

constexpr size_t kRecordsListed = 10;  // records by name in one diagnostic

// Which members make an account the one that it is. Endpoint and credentials may change.
constexpr std::string_view kIdentifying[] = {"provider", "accountId", "region",
                                             "project",  "cluster",   "site"};

using Addresses = std::vector<std::string>;

std::string Listed(const Addresses& addresses) {
  std::string text;
  for (size_t i = 0; i < std::min(addresses.size(), kRecordsListed); ++i)
    text += (i == 0 ? "" : ", ") + addresses[i];
  if (addresses.size() > kRecordsListed) text += fmt::format(" and {} more", addresses.size() - kRecordsListed);
  return text;
}

std::string Counted(const Addresses& addresses) {
  return fmt::format("{} record{}", addresses.size(), addresses.size() == 1 ? "" : "s");
}

}  // namespace

Diagnostics CheckPlatform(const CompiledModel& model, const Memory& memory) {
  Diagnostics found;
  if (memory.platform.empty() || memory.accepted == 0 || memory.platform == model.platform)
    return found;
  SourceRange name;
  for (const std::shared_ptr<const Document>& document : model.documents)
    if (document->group == "tandem" && document->kind == "Platform")
      name = document->RangeOf("metadata.name");
  found.Error(name,
              fmt::format("this daemon keeps platform '{}'; the documents are of platform '{}'",
                          memory.platform, model.platform),
              "name the daemon that keeps it with --address, or start one with a --state-dir of "
              "its own",
              "");
  return found;
}

Diagnostics CheckAccounts(const CompiledModel& model, const Memory& memory) {
  std::map<std::string, Addresses> left;                                     // by account
  std::map<std::pair<std::string, std::string_view>, Addresses> changed;  // by account and member
  for (const auto& [key, resource] : memory.resources) {
    if (!resource.record) continue;
    const Record& record = *resource.record;
    const auto account = model.accounts.find(record.account);
    if (account == model.accounts.end()) {
      left[record.account].push_back(key);
      continue;
    }
    const Value before = record.account_spec.empty() ? Value() : record.account_spec.Unpack();
    for (const std::string_view member : kIdentifying) {
      const Value* was = before.Find(member);
      const Value* now = account->second.spec.Find(member);
      if (was == nullptr || now == nullptr || *was == *now) continue;
      // An expression is compared once it has a value.
      if (now->is_string() && now->as_string().find("${") != std::string::npos) continue;
      changed[{account->first, member}].push_back(key);
    }
  }
  Diagnostics found;
  for (const auto& [account, addresses] : left)
    found.Error({}, fmt::format("account '{}' is not in the model any more and has {}: {}", account,
                                Counted(addresses), Listed(addresses)),
                "delete or move them in a model that still has the Account, then remove it", "");
  for (const auto& [what, addresses] : changed) {
    const auto& [account, member] = what;
    const auto& document = model.accounts.at(account).document;
    found.Error(document ? document->RangeOf("spec." + std::string(member)) : SourceRange(),
                fmt::format("the {} of account '{}' cannot change: it has {}: {}", member, account,
                            Counted(addresses), Listed(addresses)),
                "what is recorded was made there; write another Account beside it", "");
  }
  return found;
}

}  // namespace tandem
