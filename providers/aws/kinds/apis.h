// The API descriptions under schemas/apis/aws, read when a service is first called.
//
// Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "tandem/base/status.h"
#include "tandem/base/synchronized.h"
#include "tandem/schema/api_model.h"

namespace tandem::aws {

class Apis {
 public:
  /// `schemas` holds apis/aws/.
  explicit Apis(std::string schemas) : schemas_(std::move(schemas)) {}

  /// kNotFound: there is no description of that service; kInvalidArgument: it is malformed.
  Result<std::shared_ptr<const ApiModel>> Find(const std::string& service);

 private:
  std::string schemas_;
  Synchronized<std::map<std::string, std::shared_ptr<const ApiModel>>> models_;
};

}  // namespace tandem::aws
