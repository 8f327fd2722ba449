// A plugin that misbehaves in the way its first argument names. Everything else it does well.
#include <grpcpp/grpcpp.h>
#include <signal.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <mutex>
#include <string>
#include <vector>

#include "tandem/provider/v1/provider.grpc.pb.h"
#include "tandem/provider_wire/handshake.h"

namespace {

namespace v1 = tandem::provider::v1;

std::string mode;

[[noreturn]] void HangForever() {
  for (;;) pause();
}

class Bad final : public v1::Provider::Service {
 public:
  grpc::Status Describe(grpc::ServerContext*, const v1::DescribeRequest*,
                        v1::DescribeReply* reply) override {
    if (mode == "hang") HangForever();
    reply->set_name("bad");
    reply->set_version("1");
    return grpc::Status::OK;
  }
  grpc::Status Open(grpc::ServerContext*, const v1::OpenRequest*, v1::OpenReply* reply) override {
    if (mode == "hang") HangForever();
    reply->set_verified_id("1");
    return grpc::Status::OK;
  }
  grpc::Status List(grpc::ServerContext* context, const v1::ListRequest*,
                    grpc::ServerWriter<v1::ListReply>* writer) override {
    v1::ListReply message;
    if (mode == "huge") {
      message.add_objects()->set_fields("\"" + std::string(1 << 20, 'x') + "\"");
      for (int i = 0; i < 100 && !context->IsCancelled(); ++i) writer->Write(message);
    } else if (mode == "garbage") {
      message.add_objects()->set_fields("{\"a\":");
      message.set_last(true);
      writer->Write(message);
      return grpc::Status::OK;
    } else if (mode == "short") {
      message.add_objects()->set_fields("{}");
      writer->Write(message);
      return grpc::Status::OK;  // without the last message
    }
    message.Clear();
    message.set_last(true);
    message.set_completeness(v1::COMPLETENESS_COMPLETE);
    writer->Write(message);
    return grpc::Status::OK;
  }
  grpc::Status Read(grpc::ServerContext*, const v1::ReadRequest* request,
                    grpc::ServerWriter<v1::ReadReply>* writer) override {
    v1::ReadReply message;
    message.mutable_object()->set_identity(request->identities(0));
    message.mutable_object()->set_fields("{}");
    if (mode == "huge") {
      message.mutable_object()->set_fields("\"" + std::string(100 << 20, 'x') + "\"");
    }
    if (mode == "garbage") message.clear_object();
    writer->Write(message);
    return grpc::Status::OK;
  }
  grpc::Status Apply(grpc::ServerContext*,
                     grpc::ServerReaderWriter<v1::ApplyReply, v1::ApplyRequest>* stream) override {
    v1::ApplyRequest request;
    while (stream->Read(&request)) {
      if (request.more()) continue;
      if (mode == "hang" || mode == "stuck") HangForever();
      if (mode == "exit") _exit(7);
      if (mode == "silent-apply") return grpc::Status::OK;
      if (mode == "eat") {
        for (size_t i = 0; i < 400; ++i) {
          eaten_.emplace_back(1 << 20, static_cast<char>(i | 1));
        }
        HangForever();
      }
      v1::ApplyReply reply;
      reply.set_intent(mode == "other-intent" ? "another" : request.intent());
      if (mode == "garbage") reply.set_fields("\xff\xfe nonsense");
      if (mode == "odd-class") {
        reply.mutable_error()->set_error_class(static_cast<v1::ErrorClass>(77));
      }
      stream->Write(reply);
      if (mode == "twice") stream->Write(reply);
    }
    return grpc::Status::OK;
  }
  grpc::Status Poll(grpc::ServerContext*, const v1::PollRequest*, v1::PollReply* reply) override {
    if (mode != "garbage") reply->add_answers()->set_done(true);
    return grpc::Status::OK;
  }
  grpc::Status Measure(grpc::ServerContext*, const v1::MeasureRequest* request,
                       v1::MeasureReply* reply) override {
    for (const std::string& name : request->signals()) {
      v1::MeasureReply::Signal* signal = reply->add_signals();
      signal->set_name(mode == "other-signal" ? "another" : name);
      signal->set_value(mode == "garbage" ? std::numeric_limits<double>::quiet_NaN() : 1);
      if (mode == "short") return grpc::Status::OK;  // the first alone
    }
    return grpc::Status::OK;
  }

 private:
  std::vector<std::string> eaten_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) mode = argv[1];
  if (mode == "die") {
    std::fprintf(stderr, "first line\nno licence found\n");
    return 3;
  }
  if (mode == "mute") HangForever();
  if (mode == "babble") {
    std::printf("Welcome to the provider!\n");
    std::fflush(stdout);
    HangForever();
  }
  if (mode == "endless") {
    for (;;) std::fputs("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", stdout);
  }
  if (mode == "outlive") {
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
  }
  const auto invitation = tandem::PluginInvitation::FromEnvironment([](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  });
  if (!invitation.ok()) return 2;
  Bad service;
  grpc::ServerBuilder builder;
  builder.SetMaxSendMessageSize(-1);
  builder.AddListeningPort("unix:" + invitation->socket, grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  auto server = builder.BuildAndStart();
  const int protocol = mode == "newer" ? 999 : 1;
  std::printf("%s\n", tandem::PluginGreeting{protocol, invitation->socket}.ToLine().c_str());
  std::fflush(stdout);
  if (mode == "chatty") {
    for (int i = 0; i < 5000; ++i) {
      std::printf("on standard output, line %d, which nobody asked for\n", i);
      std::fprintf(stderr, "on standard error, line %d\n", i);
    }
    std::fflush(stdout);
  }
  if (mode == "outlive") HangForever();
  char byte;
  while (read(invitation->pipe, &byte, 1) > 0) {
  }
  _exit(0);
}
