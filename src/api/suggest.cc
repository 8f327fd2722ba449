#include "api/suggest.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include "tandem/base/spelling.h"

namespace tandem {
namespace {

constexpr size_t kMost = 3;

/// "main" of "net.aws/VPC/main@other".
std::string_view LastPart(std::string_view address) {
  address = address.substr(0, address.rfind('@'));
  const size_t slash = address.rfind('/');
  return slash == std::string_view::npos ? address : address.substr(slash + 1);
}

using Called = std::map<std::string, std::vector<std::string>>;  // last part → what has it, as it is asked for

Called Resources(const Snapshot& snapshot) {
  Called called;
  for (const auto& page : snapshot.pages)
    for (const auto& view : *page) {
      const std::string& address = view->address;
      called[std::string(LastPart(address))].push_back(address);
    }
  return called;
}

std::string Nearest(const Called& called, const std::string& name) {
  auto found = called.find(std::string(LastPart(name)));
  if (found == called.end()) {
    std::vector<std::string> known;
    for (const auto& [word, addresses] : called) known.push_back(word);
    found = called.find(NearestWord(LastPart(name), known));
  }
  if (found == called.end()) return "";
  std::vector<std::string> some = found->second;
  const bool more = some.size() > kMost;
  if (more) some.resize(kMost);
  for (std::string& each : some) each = "'" + each + "'";
  return fmt::format("; did you mean {}{}?", fmt::join(some, " or "), more ? " or another of that name" : "");
}

}  // namespace

std::string DidYouMean(const Snapshot& snapshot, const std::string& name) {
  const auto has_it = [&](const ComponentView& view) { return view.name == name; };
  if (name.empty() || snapshot.Find(name) != nullptr || snapshot.accounts.count(name) > 0 ||
      std::any_of(snapshot.components.begin(), snapshot.components.end(), has_it))
    return "";  // it is there, whatever it lacks
  Called called = Resources(snapshot);
  for (const ComponentView& view : snapshot.components) called[view.name].push_back(view.name);
  for (const auto& [account, view] : snapshot.accounts) called[account].push_back(account);
  return Nearest(called, name);
}

std::string DidYouMeanResource(const Snapshot& snapshot, const std::string& name) {
  return name.empty() || snapshot.Find(name) != nullptr ? "" : Nearest(Resources(snapshot), name);
}

}  // namespace tandem
