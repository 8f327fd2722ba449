// tandem-provider-aws: AWS as a plugin (DESIGN.md section 7).
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "providers/aws/aws_provider.h"
#include "tandem/sdk/serve.h"

namespace tandem::aws {
namespace {

/// Everything that the provider stands on. Made once; lives as long as the process.
class Plugin final {
 public:
  explicit Plugin(std::string schemas) : schemas_(std::move(schemas)) {}

  Result<std::shared_ptr<Provider>> Make() {
    TANDEM_ASSIGN_OR_RETURN(catalog_, OpenCatalog(schemas_));
    HttpClientOptions options;
    options.user_agent = "tandem/" TANDEM_VERSION;
    TANDEM_ASSIGN_OR_RETURN(http_, NewHttpClient(std::move(options)));
    SessionPorts ports{http_.get(), &clock_, SystemEnvironment()};
    return std::shared_ptr<Provider>(std::make_shared<AwsProvider>(
        AwsOptions{schemas_, TANDEM_VERSION}, catalog_.get(), std::move(ports)));
  }

 private:
  const std::string schemas_;
  SystemClock clock_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<HttpClient> http_;
};

int Main(int argc, char** argv) {
  std::string schemas;
  CLI::App app("AWS for tandemd, which starts this program.", "tandem-provider-aws");
  app.add_option("--schemas", schemas, "folder with kinds/ and apis/")->required();
  CLI11_PARSE(app, argc, argv);
  Plugin plugin(schemas);
  return ServeProvider("aws", TANDEM_VERSION, [&] { return plugin.Make(); });
}

}  // namespace
}  // namespace tandem::aws

int main(int argc, char** argv) { return tandem::aws::Main(argc, argv); }
