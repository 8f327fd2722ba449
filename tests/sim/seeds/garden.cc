#include "tests/sim/seeds/garden.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace tandem::seeds {
namespace {

struct Sort {
  const char* kind;
  int weight;
};
constexpr Sort kSorts[] = {{"net.sim/Network", 3}, {"net.sim/Subnet", 5}, {"queue.sim/Queue", 4},
                           {"iam.sim/Role", 4},    {"db.sim/Cluster", 2}, {"db.sim/Instance", 3},
                           {"dns.sim/Zone", 2},    {"dns.sim/Record", 4}, {"iam.sim/Policy", 2},
                           {"dns.sim/Alias", 2},   {"dns.sim/Probe", 1}};

/// What may be changed in place, and what only by a replace.
const std::map<std::string, std::string> kMutable = {
    {"net.sim/Network", "Note"},   {"queue.sim/Queue", "Depth"}, {"iam.sim/Role", "Policy"},
    {"db.sim/Instance", "Size"},   {"dns.sim/Record", "Value"},  {"dns.sim/Alias", "Target"},
    {"iam.sim/Policy", "Path"},    {"dns.sim/Zone", "Name"}};
const std::map<std::string, std::string> kImmutable = {{"net.sim/Network", "CidrBlock"},
                                                       {"net.sim/Subnet", "CidrBlock"},
                                                       {"db.sim/Cluster", "Engine"}};
/// Kinds whose objects carry a mark: a rename rewrites it.
const std::set<std::string> kRenamed = {"net.sim/Network", "net.sim/Subnet", "queue.sim/Queue",
                                        "dns.sim/Zone"};

const char* ValueFieldOf(const std::string& kind) {
  if (kind == "net.sim/Network") return "NetworkId";
  if (kind == "iam.sim/Role") return "Arn";
  if (kind == "db.sim/Cluster") return "ClusterId";
  return "ZoneId";
}

}  // namespace

std::set<std::string> Plant::Needs() const {
  std::set<std::string> needs = depends_on;
  for (const auto& [member, address] : refs) needs.insert(address);
  return needs;
}

Garden::Garden(Random* random, size_t size) : random_(random) {
  accounts_ = 1 + random_->Below(3);
  while (plants_.size() < size) Add();
}

std::string Garden::Word() { return "w" + random_->Hex(5); }

void Garden::Add() {
  int total = 0;
  for (const Sort& sort : kSorts) total += sort.weight;
  int at = static_cast<int>(random_->Below(total));
  const std::string account = fmt::format("acc{}", random_->Below(accounts_));
  for (const Sort& sort : kSorts) {
    at -= sort.weight;
    if (at >= 0) continue;
    AddOf(sort.kind, account);
    return;
  }
}

const Plant* Garden::Any(const std::string& kind, const std::string& account) {
  std::vector<const Plant*> found;
  for (const auto& [address, plant] : plants_)
    if (plant.kind == kind && plant.account == account) found.push_back(&plant);
  return found.empty() ? nullptr : found[random_->Below(found.size())];
}

const Plant* Garden::AnyAtAll() {
  if (plants_.empty()) return nullptr;
  return &std::next(plants_.begin(), static_cast<long>(random_->Below(plants_.size())))->second;
}

void Garden::AddOf(const std::string& kind, const std::string& account) {
  Plant plant;
  plant.kind = kind;
  plant.account = account;
  // What it cannot be without comes first.
  const auto refer = [&](const std::string& member, const std::string& target) {
    if (Any(target, account) == nullptr) AddOf(target, account);
    plant.refs[member] = Any(target, account)->Address();
  };
  if (kind == "net.sim/Network") {
    plant.fields["CidrBlock"] = Word();
    if (random_->Below(2) == 0) plant.fields["Note"] = Word();
    if (random_->Below(2) == 0) plant.fields["EnableDns"] = "false";
  } else if (kind == "net.sim/Subnet") {
    refer("NetworkId", "net.sim/Network");
    plant.fields["CidrBlock"] = Word();
  } else if (kind == "queue.sim/Queue") {
    plant.fields["Depth"] = random_->Below(3) == 0 ? "\"${sites.gcp.active ? 12 : 2}\""
                                                   : std::to_string(random_->Below(1000));
    if (random_->Below(2) == 0) refer("RoleArn", "iam.sim/Role");
  } else if (kind == "iam.sim/Role") {
    plant.fields["Policy"] =
        random_->Below(3) == 0 ? "\"${sites.gcp.active ? 'far' : 'near'}\"" : Word();
  } else if (kind == "db.sim/Cluster") {
    plant.fields["Engine"] = Word();
    if (random_->Below(2) == 0)
      plant.fields["Password"] = fmt::format("\"${{secret('env:{}')}}\"", Word());
  } else if (kind == "db.sim/Instance") {
    refer("ClusterId", "db.sim/Cluster");
    plant.fields["Size"] = Word();
  } else if (kind == "dns.sim/Zone") {
    plant.fields["Name"] = Word();
  } else if (kind == "dns.sim/Record") {
    refer("ZoneId", "dns.sim/Zone");
    plant.fields["Name"] = Word();
    plant.fields["Value"] = Word();
  } else if (kind == "dns.sim/Alias") {
    refer("ZoneId", "dns.sim/Zone");
    plant.fields["Name"] = Word();
    plant.fields["Target"] = Word();
  } else if (kind == "iam.sim/Policy") {
    plant.fields["Path"] = "/" + Word() + "/";
  }
  if (random_->Below(6) == 0)
    if (const Plant* other = AnyAtAll()) plant.depends_on.insert(other->Address());
  plant.name = fmt::format("n{}", next_++);
  plants_[plant.Address()] = plant;
}

bool Garden::Needed(const std::string& address) const {
  for (const auto& [other, plant] : plants_)
    if (plant.Needs().count(address) > 0) return true;
  return false;
}

std::string Garden::Text() const {
  std::string text = fmt::format(
      "apiVersion: tandem/v1\nkind: Platform\nmetadata: {{name: shop}}\nspec:\n  activeSite: {}\n"
      "  sites: {{aws: {{}}, gcp: {{}}}}\n---\n",
      site_);
  for (size_t i = 0; i < accounts_; ++i)
    text += fmt::format(
        "apiVersion: tandem/v1\nkind: Account\nmetadata: {{name: acc{}}}\nspec: {{provider: sim, "
        "site: aws, region: us-east-1, accountId: \"11112222333{}\"}}\n---\n",
        i, i);
  for (const auto& [address, plant] : plants_) {
    const size_t slash = plant.kind.find('/');
    text += fmt::format("apiVersion: {}/v1\nkind: {}\nmetadata:\n  name: {}\n  annotations:\n",
                        plant.kind.substr(0, slash), plant.kind.substr(slash + 1), plant.name);
    text += fmt::format("    tandem/account: {}\n", plant.account);
    if (!plant.moved_from.empty())
      text += fmt::format("    tandem/moved-from: {}\n", plant.moved_from);
    if (!plant.depends_on.empty())
      text += fmt::format("    tandem/depends-on: {}\n", fmt::join(plant.depends_on, ","));
    std::string spec;
    for (const auto& [member, value] : plant.fields) spec += fmt::format("  {}: {}\n", member, value);
    for (const auto& [member, target] : plant.refs)
      spec += fmt::format("  {}: \"${{ref('{}').{}}}\"\n", member, target,
                          ValueFieldOf(target.substr(0, target.rfind('/'))));
    text += spec.empty() ? "spec: {}\n" : "spec:\n" + spec;
    text += "---\n";
  }
  return text;
}

std::map<std::string, std::string> Garden::Files() const {
  std::map<std::string, std::string> files;
  std::string text = Text();
  for (size_t end; (end = text.find("---\n")) != std::string::npos; text.erase(0, end + 4)) {
    const std::string document = text.substr(0, end);
    const auto member = [&](const std::string& key) {
      const size_t at = document.find(key) + key.size();
      return document.substr(at, document.find('\n', at) - at);
    };
    const bool own = document.rfind("apiVersion: tandem/", 0) == 0;
    files[own ? "own.yaml" : member("kind: ") + "-" + member("name: ") + ".yaml"] += document + "---\n";
  }
  return files;
}

std::string Garden::Change() {
  renames_.clear();
  bool replaced = false;
  std::string told;
  const size_t count = 1 + random_->Below(5);
  for (size_t i = 0; i < count; ++i) {
    switch (random_->Below(7)) {
      case 0: {
        const int before = next_;
        Add();
        told += fmt::format(" add n{}..n{}", before, next_ - 1);
        break;
      }
      case 1: {
        // With all that stands on it.
        const Plant* plant = AnyAtAll();
        if (plant == nullptr || plants_.size() < 6) break;
        std::vector<std::string> gone = {plant->Address()};
        for (size_t at = 0; at < gone.size(); ++at)
          for (const auto& [other, stands] : plants_)
            if (stands.Needs().count(gone[at]) > 0 &&
                std::find(gone.begin(), gone.end(), other) == gone.end())
              gone.push_back(other);
        if (gone.size() > 8) break;
        for (const std::string& address : gone) {
          told += " remove " + address;
          plants_.erase(address);
        }
        break;
      }
      case 2:
      case 3: {
        const Plant* plant = AnyAtAll();
        const auto member = kMutable.find(plant->kind);
        if (member == kMutable.end()) break;
        const std::string value = plant->kind == "queue.sim/Queue" ? std::to_string(random_->Below(1000))
                                  : plant->kind == "iam.sim/Policy" ? "/" + Word() + "/"
                                                                    : Word();
        told += " change " + plant->Address() + "." + member->second;
        // One that was named may also be named no more.
        if (plant->kind == "net.sim/Network" && plant->fields.count("Note") > 0 &&
            random_->Below(2) == 0)
          plants_[plant->Address()].fields.erase("Note");
        else
          plants_[plant->Address()].fields[member->second] = value;
        break;
      }
      case 4: {
        const Plant* plant = AnyAtAll();
        const auto member = kImmutable.find(plant->kind);
        if (member == kImmutable.end()) break;
        // R13: what is renamed cannot be replaced at once, nor what an immutable reference of it names.
        if (!renames_.empty()) break;
        replaced = true;
        told += " replace " + plant->Address();
        plants_[plant->Address()].fields[member->second] = Word();
        break;
      }
      case 5: {
        const Plant* plant = AnyAtAll();
        if (kRenamed.count(plant->kind) == 0 || !plant->moved_from.empty() || replaced) break;
        const std::string old = plant->Address();
        Plant moved = *plant;
        moved.name = fmt::format("n{}", next_++);
        moved.moved_from = old;
        plants_.erase(old);
        const std::string now = moved.Address();
        plants_[now] = moved;
        for (auto& [address, other] : plants_) {
          for (auto& [member, target] : other.refs)
            if (target == old) target = now;
          if (other.depends_on.erase(old) > 0) other.depends_on.insert(now);
        }
        told += " rename " + old + " to " + now;
        renames_.emplace_back(old, now);
        break;
      }
      case 6:
        if (random_->Below(2) == 0) break;
        site_ = site_ == "aws" ? "gcp" : "aws";
        told += " site " + site_;
        break;
    }
  }
  return told.empty() ? " nothing" : told;
}

}  // namespace tandem::seeds
