// Which object a resource is before anybody has seen it: its identity, its name, and where it lives.
#pragma once

#include <string>
#include <vector>

#include "tandem/model/address.h"
#include "tandem/model/value.h"
#include "tandem/schema/kind.h"

namespace tandem {

/// Where an object is expected before anybody has seen it, or "": the identity that the user gives, or
/// the one composed of members; never one that the API assigns. `fields` may be null; members of it that
/// are unknown, or expressions, tell nothing.
std::string ExpectedIdentity(const Kind& kind, const Address& address,
                             const std::string& external_name, const Value& fields);

/// The name that the user gives, in canonical form, or "": what LiveObject::name shows. It is the expected
/// identity where the API assigns none.
std::string ExpectedName(const Kind& kind, const Address& address, const std::string& external_name,
                         const Value& fields);

/// Whether the texts of `fields`, expressions unevaluated, do not tell either of the two.
bool NamedByExpression(const Kind& kind, const Value& fields);

/// Whether several objects may have one name: the API gives their identity, and the name is not what makes it unique.
bool SharesNames(const Kind& kind);

/// The members that make an object the one it is, where the model gives them: no two resources of an account have the
/// same. Empty where the API gives the identity and several objects may have one name.
std::vector<std::string> IdentityFields(const Kind& kind);

/// The members of `spec` that tell objects of one name apart, where the API gives their identity: what an immutable
/// member refers to, such as the network of a security group.
Map HomeOf(const Kind& kind, const Value& spec);

/// Whether some of them are expressions in `spec`.
bool LivesByExpression(const Kind& kind, const Value& spec);

/// Whether an object with `fields` may live in `home`: members that it does not show say nothing, and nothing lives in
/// what is not there yet, an unknown.
bool LivesIn(const Kind& kind, const Map& home, const Value& fields);

/// The kinds that objects of `kind` live in: its parent, and what HomeOf's members refer to.
std::vector<KindName> HomeKinds(const Kind& kind);

}  // namespace tandem
