// What somebody may have meant by a name that nothing has.
#pragma once

#include <string>

#include "tandem/engine/snapshot.h"

namespace tandem {

/// "; did you mean 'net.aws/VPC/main'?", or "" when nothing of `snapshot` is called alike: a resource by the last
/// part of its address, a component, an account. Of several with that name the first three are told.
std::string DidYouMean(const Snapshot& snapshot, const std::string& name);
/// The same where only a resource is asked for.
std::string DidYouMeanResource(const Snapshot& snapshot, const std::string& name);

}  // namespace tandem
