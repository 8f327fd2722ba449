// The engine on the daemon's own threads, behind its API on a unix socket.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "tandem/api/server.h"
#include "tandem/api/v1/api.grpc.pb.h"
#include "tests/support/daemon_threads.h"

namespace tandem {

class ServedDaemon : public DaemonThreads {
 protected:
  explicit ServedDaemon(ApiOptions options = {}) {
    options.engine = engine_.get();
    options.catalog = &catalog_;
    options.roles = RoleMap("uid:" + std::to_string(getuid()));
    options.socket_path = folder_.path() + "/d.sock";
    server_ = std::move(*StartApiServer(std::move(options)));
    stub_ = NewStub({});
  }
  ~ServedDaemon() override {
    // It would wait for a call that is not done for ever; the test's time is limited.
    server_->Stop(std::chrono::seconds(1));
  }

  /// On a connection of its own.
  std::unique_ptr<api::v1::Tandem::Stub> NewStub(grpc::ChannelArguments arguments,
                                                 const std::string& socket = "d.sock") const {
    arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");
    return api::v1::Tandem::NewStub(grpc::CreateCustomChannel(
        "unix:" + folder_.path() + "/" + socket, grpc::InsecureChannelCredentials(), arguments));
  }

  std::unique_ptr<ApiServer> server_;
  std::unique_ptr<api::v1::Tandem::Stub> stub_;
};

}  // namespace tandem
