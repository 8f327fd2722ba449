#include "providers/aws/kinds/apis.h"

#include <fstream>
#include <sstream>

namespace tandem::aws {

Result<std::shared_ptr<const ApiModel>> Apis::Find(const std::string& service) {
  using Found = Result<std::shared_ptr<const ApiModel>>;
  if (service.empty() || service.find_first_of("/\\.") != std::string::npos)
    return InvalidArgument("'" + service + "' is no name of a service");
  return models_.With([&](auto& models) -> Found {
    const auto known = models.find(service);
    if (known != models.end()) return known->second;
    const std::string path = schemas_ + "/apis/aws/" + service + ".json";
    std::ifstream in(path, std::ios::binary);
    if (!in) return NotFound(path);
    std::ostringstream text;
    text << in.rdbuf();
    if (in.bad()) return Unavailable(path);
    auto model = ApiModel::Load(text.str());
    if (!model.ok()) return model.status().Annotate(path);
    return models[service] = *model;
  });
}

}  // namespace tandem::aws
