// tandem-provider-sim: the simulated clouds as a plugin (DESIGN.md section 7).
//
// DIR/sandbox/world.log is their journal. The second socket serves tandem.sandbox.v1; its address
// stands in DIR/sandbox/address for as long as the plugin runs.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "sandbox_service.h"
#include "tandem/base/clock.h"
#include "tandem/schema/kind.h"
#include "tandem/sdk/serve.h"
#include "tandem/sim/sim_provider.h"

namespace tandem {
namespace {

struct Options {
  std::string state;
  std::string schemas;
  std::string socket;
  uint64_t seed = 1;
  double scale = 1;
};

// Everything that the simulated clouds stand on. Made once; lives as long as the process.
class Sandbox final {
 public:
  explicit Sandbox(Options options) : options_(std::move(options)) {}
  ~Sandbox() {
    if (server_ != nullptr) {
      std::error_code ignored;
      std::filesystem::remove(Folder() / "address", ignored);
      server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(1));
    }
  }
  Sandbox(const Sandbox&) = delete;
  Sandbox& operator=(const Sandbox&) = delete;

  Result<std::shared_ptr<Provider>> Make(const std::string& plugin_socket) {
    std::error_code error;
    std::filesystem::create_directories(Folder(), error);
    if (error) return Unavailable(Folder().string() + ": " + error.message());
    std::filesystem::permissions(Folder(), std::filesystem::perms::owner_all, error);
    TANDEM_ASSIGN_OR_RETURN(catalog_, OpenCatalog(options_.schemas));
    TANDEM_ASSIGN_OR_RETURN(journal_, OpenJournalFile((Folder() / "world.log").string()));
    TANDEM_ASSIGN_OR_RETURN(provider_, SimProvider::Open({journal_.get(), &clock_, catalog_.get()},
                                                         {options_.seed, options_.scale}));
    service_ = std::make_unique<SandboxService>(provider_.get());
    // Beside the plugin's own socket: a fresh folder with a short path, which tandemd removes.
    const std::string socket =
        options_.socket.empty()
            ? (std::filesystem::path(plugin_socket).parent_path() / "sandbox").string()
            : options_.socket;
    TANDEM_ASSIGN_OR_RETURN(server_, ServeSandbox(service_.get(), socket));
    TANDEM_RETURN_IF_ERROR(WriteAddress("unix:" + socket));
    return std::shared_ptr<Provider>(provider_);
  }

 private:
  std::filesystem::path Folder() const { return std::filesystem::path(options_.state) / "sandbox"; }

  Status WriteAddress(const std::string& address) const {
    const std::filesystem::path fresh = Folder() / "address.new";
    {
      std::ofstream file(fresh, std::ios::trunc);
      file << address << "\n";
      if (!file.flush()) return Unavailable("cannot write " + fresh.string());
    }
    std::error_code error;
    std::filesystem::rename(fresh, Folder() / "address", error);
    if (error) return Unavailable((Folder() / "address").string() + ": " + error.message());
    return OkStatus();
  }

  Options options_;
  SystemClock clock_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Journal> journal_;
  std::shared_ptr<SimProvider> provider_;
  std::unique_ptr<SandboxService> service_;
  std::unique_ptr<grpc::Server> server_;
};

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("The simulated clouds, started by tandemd --sandbox.", "tandem-provider-sim");
  app.add_option("--state", options.state, "state folder; the world is in sandbox/ below it")
      ->required();
  app.add_option("--schemas", options.schemas, "folder with kinds/ and apis/")->required();
  app.add_option("--seed", options.seed, "what is left to chance follows from it");
  app.add_option("--time-scale", options.scale, "simulated seconds in a real one")
      ->check(CLI::PositiveNumber);
  app.add_option("--socket", options.socket, "where to serve tandem.sandbox.v1");
  CLI11_PARSE(app, argc, argv);
  const char* plugin = std::getenv("TANDEM_PLUGIN_SOCKET");
  const std::string plugin_socket = plugin == nullptr ? "" : plugin;
  Sandbox sandbox(options);
  return ServeProvider("sim", TANDEM_VERSION, [&] { return sandbox.Make(plugin_socket); });
}

}  // namespace
}  // namespace tandem

int main(int argc, char** argv) { return tandem::Main(argc, argv); }
