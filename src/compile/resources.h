// Documents that a provider realises → ModelResources: kind, account, for-each, what they need.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tandem/compile/compile.h"

namespace tandem {

/// For values that are known before anything is observed: none is opaque.
inline bool NothingOpaque(const std::string&) { return false; }

/// What the model lacks because it could not be read. It was reported where it stands, so that
/// whatever names it is no second mistake.
struct Unread {
  bool texts = false;               // some text gave no document: it may have been anything
  std::set<std::string, std::less<>> names;      // of documents that gave no resource, as written
  std::set<std::string> templates;  // and "group/Kind" of those whose name is an expression
  std::set<std::string> accounts;   // providers without an account: told once

  bool Explains(const Address& address) const;
};

/// Adds the resources of `documents` (several of one under tandem/for-each; those of tandem itself give none) to
/// the model, in which Platform, accounts and components have been read; what could not be read goes to `unread`.
/// Spec and references are checked later, by CheckResources.
void ReadResources(const ParallelFor& parallel, const std::vector<std::shared_ptr<const Document>>& documents,
                   const Catalog& catalog, CompiledModel& model, Unread& unread, Diagnostics& found);

/// One resource of CheckResources: its references and its spec against its kind. Fills `needs`, which
/// holds what the document says by annotation.
void CheckResource(const CompiledModel& model, const Unread& unread, ModelResource& resource,
                   Diagnostics& found);
/// What tells the object of `resource` from all others, where the model gives it (R11), and `told`, the
/// same for people; "" where it does not.
std::string GivenIdentity(const CompiledModel& model, const ModelResource& resource,
                          std::vector<std::string>* told);

/// References of accounts, then of resources: fills `needs`, reports dangling ones and cycles, and
/// checks every evaluated spec against its kind.
void CheckResources(const ParallelFor& parallel, const Unread& unread, CompiledModel& model,
                    Diagnostics& found);

}  // namespace tandem
