// Where a resource stands in the model: `group/Kind/[namespace/]name[@account]` (R11).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tandem/base/copy_on_write.h"
#include "tandem/base/interned.h"
#include "tandem/base/status.h"

namespace tandem {

/// A kind by its group and name: "ec2.aws/VPC". The Kubernetes core group is written "core", tandem's
/// own group "tandem".
struct KindName {
  std::string group;
  std::string kind;
  std::string ToString() const { return group + "/" + kind; }
  friend auto operator<=>(const KindName&, const KindName&) = default;
};

/// Immutable, and shared by its copies, which are a pointer each: dozens of things that are kept of one resource
/// have its address.
class Address {
 public:
  Address() = default;  // of nothing: every part is ""
  /// `ns` is "" where the kind has none, `account` where the document does not name one.
  Address(std::string_view group, std::string_view kind, std::string_view ns, std::string_view name,
          std::string_view account = "");
  /// kInvalidArgument says what part is wrong.
  static Result<Address> Parse(std::string_view text);

  // Good as long as any copy is.
  std::string_view group() const { return Part(0, parts_->kind, 1); }
  std::string_view kind() const { return Part(parts_->kind, parts_->ns, 1); }
  std::string_view ns() const { return Part(parts_->ns, parts_->name, 1); }
  std::string_view name() const { return Part(parts_->name, parts_->account, HasAccount() ? 1 : 0); }
  std::string_view account() const { return Part(parts_->account, parts_->text.size(), 0); }
  /// With "@account" when the account is set.
  const std::string& ToString() const { return parts_->text.str(); }
  const Interned& text() const { return parts_->text; }

  KindName kind_name() const { return {std::string(group()), std::string(kind())}; }
  bool empty() const { return parts_->text.empty(); }
  /// The same place, said with `account` or, when that is "", without one.
  Address WithAccount(std::string_view account) const {
    return Address(group(), kind(), ns(), name(), account);
  }

  friend bool operator==(const Address& a, const Address& b) = default;

 private:
  struct Parts {
    Interned text;
    // Where each begins in `text`, behind the character that ends the one before it.
    uint32_t kind = 0, ns = 0, name = 0, account = 0;
    friend bool operator==(const Parts&, const Parts&) = default;
  };

  bool HasAccount() const { return parts_->account < parts_->text.size(); }
  /// From `begin` to the `gap` characters before `end`.
  std::string_view Part(size_t begin, size_t end, size_t gap) const {
    return begin == end ? std::string_view()
                        : std::string_view(parts_->text.str()).substr(begin, end - gap - begin);
  }

  CopyOnWrite<Parts> parts_;
};

/// What is wrong with `text` as a name or namespace, or "": an address is read in one way only, and shown on one line (R11).
std::string NamePartProblem(std::string_view text);
inline constexpr std::string_view kNamePartHint =
    "it is part of the address, so it holds no '/', '@', space or control character";

/// "group/version" of an apiVersion; group is "core" for a bare version. `tandem/v1` → {"tandem", "v1"}.
struct ApiVersion {
  std::string group;
  std::string version;
};
Result<ApiVersion> ParseApiVersion(std::string_view text);

}  // namespace tandem
