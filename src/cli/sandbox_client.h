// The simulated clouds of a state directory: through the plugin's second socket, or in its journal when
// no plugin runs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tandem/base/status.h"
#include "tandem/model/value.h"
#include "tandem/sim/world.h"

namespace tandem {

class SandboxClient {
 public:
  virtual ~SandboxClient() = default;
  /// FORMATS.md "Sandbox".
  virtual Result<Value> Ledger() = 0;
  virtual Status Mutate(const std::string& address, const std::string& field, const Value& value) = 0;
  virtual Status Delete(const std::string& address) = 0;
  virtual Result<int64_t> AddFault(const Fault& fault) = 0;
  virtual Result<std::vector<Fault>> Faults() = 0;
  /// 0 clears all; how many there were.
  virtual Result<int64_t> ClearFault(int64_t id) = 0;
};

/// kNotFound when the directory holds no sandbox.
Result<std::unique_ptr<SandboxClient>> OpenSandbox(const std::string& state_dir);

}  // namespace tandem
