// One kind of resource, as its kind file and its API description say (docs/kind-files.md).
//
// Immutable once loaded; shared by planner, engine, sandbox and providers.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/base/clock.h"
#include "tandem/codec/json.h"
#include "tandem/model/address.h"
#include "tandem/model/document.h"
#include "tandem/model/source.h"
#include "tandem/model/value.h"

namespace tandem {

/// Worst first (R7).
enum class BlastClass {
  kRoleChange,
  kDestroy,
  kReplace,
  kDataLoss,
  kGovernance,
  kDisruptive,
  kCreate,
  kSafe,
};
std::string_view BlastClassName(BlastClass blast);  // "role-change" …
std::optional<BlastClass> ParseBlastClass(std::string_view text);

enum class CompareMode {
  kExact,
  kSet,      // list whose order is the server's
  kOrdered,  // list whose order matters
  kKeyed,    // list of objects told apart by `keys`
  kJson,     // text holding JSON, compared as JSON
  kCidr,
  kDomain,    // case and final dot ignored
  kCaseless,
};

enum class UnsetMode { kRelease, kNull, kValue, kCall, kReplace };

/// What the kind file says about one path; `[]` in a path stands for any index: "Rules[].Cidr".
struct FieldRule {
  std::string path;
  bool replace = false;     // immutable
  bool computed = false;    // set by the server; never in a document
  bool write_only = false;  // never in an answer
  bool secret = false;
  bool opaque = false;          // expressions only where tandem/expressions-at names it
  bool server_default = false;  // adopted, never a diff
  bool exclusive = false;       // foreign entries of a map or keyed list are removed
  CompareMode compare = CompareMode::kExact;
  std::vector<std::string> keys;
  std::optional<Value> default_value;
  UnsetMode unset = UnsetMode::kRelease;
  Value unset_value;
  BlastClass blast = BlastClass::kDisruptive;
  std::optional<BlastClass> blast_up;    // number grows
  std::optional<BlastClass> blast_down;  // number shrinks
  std::optional<KindName> ref;           // what kind the value names
  std::string ref_field;                 // which of its fields
};

/// One mutating call that carries some fields.
struct CallRule {
  std::string name;                 // "create", "delete", "mark", "update:NAME"
  std::vector<std::string> fields;  // top-level members that it carries; empty for delete and mark
  Value body;                       // the kind file's mapping, for the provider
};

class Kind {
 public:
  virtual ~Kind() = default;

  virtual const KindName& name() const = 0;
  virtual int64_t version() const = 0;
  /// Of the kind file and the API description it stands on.
  virtual const std::string& digest() const = 0;
  /// The kind file as it was read, for providers and the sandbox.
  virtual const Value& body() const = 0;

  /// The rule for `path` ("Rules[3].Cidr" finds "Rules[].Cidr"), with what parents hand down
  /// (replace, computed, secret, opaque, write_only); a default rule when the file says nothing.
  virtual FieldRule RuleFor(const Path& path) const = 0;
  virtual const std::vector<FieldRule>& rules() const = 0;
  /// Patterns of the paths where only a secret may stand, by the file or by the API description.
  virtual std::vector<std::string> SecretPaths() const;

  virtual char create_class() const = 0;             // 'A' … 'D'
  virtual const std::string& identity_field() const = 0;
  virtual bool named() const = 0;                    // identity (or name field) is given by the user
  virtual const std::string& name_field() const = 0;  // member that metadata.name fills, or ""
  virtual bool can_mark() const = 0;                 // objects carry tags or labels
  virtual bool lists() const = 0;
  virtual bool list_names_only() const = 0;
  /// For kinds that live in a parent: the member that names it, and the parent's kind.
  virtual const std::string& parent_field() const = 0;
  virtual std::optional<KindName> parent_kind() const = 0;
  virtual Duration consistency() const = 0;
  virtual Duration timeout() const = 0;
  virtual const std::string& bucket() const = 0;  // rate-limit bucket
  virtual bool protected_by_default() const = 0;
  virtual bool create_first() const = 0;          // replace makes the new one first
  /// Kinds that die with this one (a cluster's node groups), and count for protection.
  virtual const std::vector<KindName>& cascades() const = 0;

  /// Calls that bring a fresh object to `desired`: create, then updates for members it does not carry.
  virtual std::vector<CallRule> CreateCalls(const Value& desired) const = 0;
  /// Calls, in the file's order, that carry the changed top-level members.
  virtual std::vector<CallRule> UpdateCalls(const std::vector<std::string>& changed) const = 0;
  virtual CallRule DeleteCall() const = 0;

  /// Every problem with `spec` (types, unknown members with "did you mean", required, enums, limits,
  /// literals at secret paths). Values may be expressions' results: unknowns pass where their type fits.
  virtual void Validate(const Document& document, const Value& spec, Diagnostics& found) const = 0;
  /// The type of a path, kAny if the API leaves it open; nullopt if there is no such member.
  virtual std::optional<Type> TypeOf(const Path& path) const = 0;
  /// The form in which two values of this kind are compared (sets sorted, JSON parsed, case folded …).
  virtual Value Canonical(const Value& fields) const = 0;
  /// The text of `tandem explain group/Kind[.path]`; kNotFound with "did you mean".
  virtual Result<std::string> Explain(std::string_view path) const = 0;
};

/// All kinds under a schemas folder. Loads lazily: a kind file is read when it is first asked for.
/// Thread-safe.
class Catalog {
 public:
  virtual ~Catalog() = default;
  /// Null pointer when there is no such kind. What is wrong in a kind file is in `problems()`.
  virtual std::shared_ptr<const Kind> Find(const KindName& name) const = 0;
  virtual std::vector<KindName> kinds() const = 0;
  /// Which provider serves a group: "aws" for "ec2.aws". "" when none.
  virtual std::string ProviderOf(std::string_view group) const = 0;
  virtual Diagnostics problems() const = 0;
};

/// `folder` holds kinds/ and apis/. kNotFound names the folder that is missing.
Result<std::unique_ptr<Catalog>> OpenCatalog(std::string folder);

}  // namespace tandem
