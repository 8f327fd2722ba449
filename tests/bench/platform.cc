#include "tests/bench/platform.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <httplib.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tandem/base/check.h"

namespace tandem::bench {
namespace fs = std::filesystem;
namespace v1 = api::v1;
namespace {

constexpr size_t kChunk = 256 << 10;

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  TANDEM_CHECK(bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
  TANDEM_CHECK(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  close(fd);
  return ntohs(address.sin_port);
}

[[noreturn]] void Die(const std::string& why) {
  std::fprintf(stderr, "bench: %s\n", why.substr(0, 4000).c_str());
  std::exit(1);
}

}  // namespace

Platform::Platform(const Place& place) : place_(place) {
  std::string pattern = place_.scratch + "/tandem-bench.XXXXXX";
  TANDEM_CHECK(mkdtemp(pattern.data()) != nullptr);
  folder_ = pattern;
  fs::create_directory(folder_ + "/state");
  fs::permissions(folder_ + "/state", fs::perms::owner_all);
  fs::copy(place_.source + "/schemas", folder_ + "/schemas", fs::copy_options::recursive);
  fs::copy(place_.source + "/tests/bench/kinds", folder_ + "/schemas/kinds/aws/bench.aws");
}

Platform::~Platform() {
  if (pid_ != 0) Kill();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::unique_ptr<v1::Tandem::Stub> Platform::NewStub() const {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(64 << 20);
  arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return v1::Tandem::NewStub(
      grpc::CreateCustomChannel(address(), grpc::InsecureChannelCredentials(), arguments));
}

double Platform::Start(const std::vector<std::string>& flags) {
  TANDEM_CHECK(pid_ == 0);
  web_port_ = FreePort();
  std::vector<std::string> words = {place_.build + "/tandemd", "--sandbox", "--seed", "7",
                                    "--state-dir", folder_ + "/state", "--listen", address(),
                                    "--web", fmt::format("127.0.0.1:{}", web_port_),
                                    "--schemas", folder_ + "/schemas", "--log-level", "warning"};
  if (std::find(flags.begin(), flags.end(), "--resync") == flags.end())
    words.insert(words.end(), {"--resync", "6h"});
  words.insert(words.end(), flags.begin(), flags.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const std::string log = folder_ + "/tandemd.log";
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  const double begin = Now();
  TANDEM_CHECK(posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ) == 0);
  posix_spawn_file_actions_destroy(&actions);
  while (access((folder_ + "/state/d.sock").c_str(), F_OK) != 0) {
    if (waitpid(pid_, nullptr, WNOHANG) != 0) Die("tandemd ended:\n" + [&] {
      std::stringstream text;
      text << std::ifstream(log).rdbuf();
      return text.str();
    }());
    usleep(1000);
  }
  stub_ = NewStub();
  while (true) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    context.set_wait_for_ready(true);
    v1::VersionReply reply;
    if (stub_->Version(&context, {}, &reply).ok()) break;
    if (Now() - begin > 120) Die("tandemd does not answer");
  }
  return Now() - begin;
}

void Platform::WaitReady() {
  for (const double begin = Now(); Now() - begin < 300; usleep(2000)) {
    grpc::ClientContext context;
    v1::VersionReply reply;
    if (stub_->Version(&context, {}, &reply).ok() && reply.ready()) return;
  }
  Die("tandemd does not become ready");
}

void Platform::Stop() {
  if (pid_ == 0) return;
  stub_.reset();
  kill(pid_, SIGTERM);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

void Platform::Kill() {
  if (pid_ == 0) return;
  stub_.reset();
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = 0;
  fs::remove(folder_ + "/state/d.sock");
}

Platform::PlanResult Platform::Plan(const Sources& sources, const std::string& over,
                                    bool refresh) {
  grpc::ClientContext context;
  PlanResult result;
  const double begin = Now();
  const auto stream = stub_->Plan(&context);
  v1::PlanRequest request;
  v1::PlanHead* head = request.mutable_head();
  head->set_delete_budget(-1);
  head->set_undo_to(-1);
  head->set_no_refresh(!refresh);
  head->set_over(over);
  bool sent = stream->Write(request);
  for (const auto& source : sources) {
    for (size_t at = 0; sent && at < source->text.size(); at += kChunk) {
      request.mutable_source()->set_name(source->name);
      request.mutable_source()->set_text(source->text.substr(at, kChunk));
      sent = stream->Write(request, grpc::WriteOptions().set_buffer_hint());
    }
  }
  stream->WritesDone();
  v1::PlanReply reply;
  std::string refused;
  while (stream->Read(&reply)) {
    result.json += reply.json();
    if (reply.refusal() != v1::REFUSAL_UNSPECIFIED) refused = reply.message();
    for (const v1::DiagnosticItem& item : reply.diagnostics())
      if (item.severity() == v1::DiagnosticItem::ERROR && refused.size() < 2000) refused += "\n" + item.rendered();
  }
  const grpc::Status status = stream->Finish();
  result.seconds = Now() - begin;
  if (!status.ok()) Die("the plan failed: " + status.error_message());
  if (!refused.empty() || result.json.empty()) Die("the plan was refused: " + refused);
  const size_t at = result.json.find("\"hash\":\"");
  result.hash = result.json.substr(at + 8, result.json.find('"', at + 8) - at - 8);
  return result;
}

std::string Platform::Begin(const std::string& hash) {
  grpc::ClientContext context;
  v1::ApplyReply reply;
  const auto stream = stub_->Apply(&context, &reply);
  v1::ApplyRequest request;
  request.mutable_head()->set_hash(hash);
  request.mutable_head()->set_auto_approve(true);
  stream->Write(request);
  stream->WritesDone();
  const grpc::Status status = stream->Finish();
  if (!status.ok()) Die("the apply failed: " + status.error_message());
  if (reply.run().empty()) Die("the apply was refused: " + reply.message());
  return reply.run();
}

std::string Platform::StateOf(const std::string& run) {
  grpc::ClientContext context;
  v1::ListRequest request;
  request.set_what(v1::ListRequest::RUNS);
  const auto stream = stub_->List(&context, request);
  v1::ListReply reply;
  std::string state;
  while (stream->Read(&reply))
    for (const v1::Item& item : reply.items())
      if (item.run().id() == run) state = item.run().state();
  (void)stream->Finish();
  return state;
}

void Platform::MustSucceed(const std::string& run) {
  const std::string state = StateOf(run);
  if (state == "succeeded") return;
  grpc::ClientContext context;
  v1::RunRequest request;
  request.set_run(run);
  v1::RunReply reply;
  (void)stub_->GetRun(&context, request, &reply);
  std::string why = fmt::format("run {} is '{}'", run, state);
  for (const v1::StepItem& step : reply.steps())
    if (step.state() != "verified") why += fmt::format("\n{} {}: {}", step.address(), step.state(), step.error());
  Die(why);
}

Platform::RunResult Platform::Apply(const std::string& hash) {
  RunResult result;
  const double begin = Now();
  const std::string run = Begin(hash);
  result.started = Now() - begin;
  do {
    usleep(20'000);  // who asks more often slows down what is measured
    result.state = StateOf(run);
  } while (result.state == "open" || result.state == "stopping");
  result.seconds = Now() - begin;
  return result;
}

std::map<std::string, double> Platform::Metrics() {
  std::map<std::string, double> metrics;
  httplib::Client client("127.0.0.1", web_port_);
  const auto answer = client.Get("/metrics");
  if (!answer) return metrics;
  std::istringstream lines(answer->body);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    const size_t space = line.rfind(' ');
    const std::string name = line.substr(0, line.find_first_of("{ "));
    const double value = std::strtod(line.c_str() + space, nullptr);
    metrics[name] += value;
    const size_t method = line.find("method=\"");
    if (method != std::string::npos)
      metrics[name + " " + line.substr(method + 8, line.find('"', method + 8) - method - 8)] += value;
  }
  return metrics;
}

std::string MemberOf(const std::string& json, const std::string& name) {
  const std::string key = "\"" + name + "\":\"";
  const size_t at = json.find(key);
  TANDEM_CHECK(at != std::string::npos);
  return json.substr(at + key.size(), json.find('"', at + key.size()) - at - key.size());
}

}  // namespace tandem::bench
