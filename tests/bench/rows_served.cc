// status-api and command-line.
#include <fcntl.h>
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "tandem/base/check.h"
#include "tests/bench/rows.h"

namespace tandem::bench {
namespace v1 = api::v1;
namespace {

v1::ListRequest Hundred() {
  v1::ListRequest request;
  request.set_what(v1::ListRequest::RESOURCES);
  request.set_prefix("bench.aws/Plain/r0001");  // 100 of 10,000: r000100 to r000199
  return request;
}

// Lists again and again for `seconds`; how often a second, and what came last.
double ListRate(v1::Tandem::Stub& stub, double seconds, std::vector<v1::ListReply>* last) {
  int count = 0;
  const double begin = Now();
  while (Now() - begin < seconds) {
    grpc::ClientContext context;
    const auto stream = stub.List(&context, Hundred());
    last->clear();
    v1::ListReply reply;
    while (stream->Read(&reply)) last->push_back(reply);
    TANDEM_CHECK(stream->Finish().ok());
    ++count;
  }
  return count / (Now() - begin);
}

/// Answers every List with what it was given.
class Echo final : public v1::Tandem::CallbackService {
 public:
  explicit Echo(std::vector<v1::ListReply> replies) : replies_(std::move(replies)) {}
  grpc::ServerWriteReactor<v1::ListReply>* List(grpc::CallbackServerContext*,
                                                const v1::ListRequest*) override {
    class Call final : public grpc::ServerWriteReactor<v1::ListReply> {
     public:
      explicit Call(const std::vector<v1::ListReply>* replies) : replies_(*replies) { Next(); }
      void OnWriteDone(bool) override { Next(); }
      void OnDone() override { delete this; }

     private:
      void Next() {
        if (next_ < replies_.size()) StartWrite(&replies_[next_++]);
        else Finish(grpc::Status::OK);
      }
      const std::vector<v1::ListReply>& replies_;
      size_t next_ = 0;
    };
    return new Call(&replies_);
  }

 private:
  std::vector<v1::ListReply> replies_;
};

class Watcher final : public grpc::ClientReadReactor<v1::ChangeReply> {
 public:
  Watcher(v1::Tandem::Stub& stub, std::atomic<int64_t>* changes, std::atomic<int>* open)
      : changes_(changes), open_(open) {
    request_.set_from_now(true);
    ++*open_;
    stub.async()->Watch(&context, &request_, this);
    StartRead(&reply_);
    StartCall();
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    ++*changes_;
    StartRead(&reply_);
  }
  void OnDone(const grpc::Status&) override { --*open_; }
  grpc::ClientContext context;

 private:
  v1::WatchRequest request_;
  v1::ChangeReply reply_;
  std::atomic<int64_t>* changes_;
  std::atomic<int>* open_;
};

// Seconds from start to end of a command, its output thrown away.
double RunOnce(const std::vector<std::string>& words) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  const double begin = Now();
  TANDEM_CHECK(posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ) == 0);
  int status = 0;
  waitpid(pid, &status, 0);
  const double seconds = Now() - begin;
  posix_spawn_file_actions_destroy(&actions);
  TANDEM_CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  return seconds;
}

}  // namespace

void StatusApi(const Options& options, Report& report) {
  ModelOptions model;
  model.count = options.quick ? 2000 : 10'000;
  const Sources sources = MakeModel(model);
  Figure alone, during, echo, share, plain, watched, slowdown;
  const int runs = std::min(options.runs, 3);
  int64_t changes = 0;
  for (int run = 0; run < runs; ++run) {
    Platform platform(options.place);
    platform.Start();
    TANDEM_CHECK(platform.Apply(platform.Plan(sources).hash).state == "succeeded");
    // Something to apply beside it: every resource gets another tag.
    Sources changed;
    changed.push_back(sources[0]);
    std::string text;
    for (size_t i = 0; i < model.count; ++i) {
      text += "---\n" + MakeDocument(model, i, 2);
      if ((i + 1) % model.a_file > 0 && i + 1 < model.count) continue;
      changed.push_back(std::make_shared<SourceText>(SourceText{fmt::format("m-{}.yaml", i), std::move(text)}));
      text.clear();
    }
    std::vector<v1::ListReply> replies;
    alone.Add(ListRate(platform.stub(), 1, &replies));
    TANDEM_CHECK(!replies.empty());
    Echo service(replies);
    const std::string address = "unix:" + platform.folder() + "/echo.sock";
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address, grpc::InsecureServerCredentials());
    builder.RegisterService(&service);
    const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    const std::unique_ptr<v1::Tandem::Stub> stub =
        v1::Tandem::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
    const std::string hash = platform.Plan(changed).hash;
    const std::string id = platform.Begin(hash);
    // In turns, so that both have the same company, and only while the apply goes on.
    double listed = 0, echoed = 0;
    int turns = 0;
    for (; turns < 8 && platform.StateOf(id) == "open"; ++turns) {
      const double own = ListRate(platform.stub(), 0.25, &replies);
      const double other = ListRate(*stub, 0.25, &replies);
      if (platform.StateOf(id) != "open") break;
      listed += own;
      echoed += other;
    }
    TANDEM_CHECK(turns >= 2);
    during.Add(listed / turns);
    echo.Add(echoed / turns);
    share.Add(listed / echoed);
    while (platform.StateOf(id) == "open") usleep(2000);
    server->Shutdown();
    const double one = platform.Apply(platform.Plan(sources).hash).seconds;
    plain.Add(one);
    std::atomic<int64_t> seen{0};
    std::atomic<int> open{0};
    const std::unique_ptr<v1::Tandem::Stub> watching = platform.NewStub();
    std::vector<std::unique_ptr<Watcher>> watchers;
    const int count = options.quick ? 50 : 500;
    for (int i = 0; i < count; ++i) watchers.push_back(std::make_unique<Watcher>(*watching, &seen, &open));
    usleep(300'000);
    const double two = platform.Apply(platform.Plan(changed).hash).seconds;
    watched.Add(two);
    slowdown.Add((two / one - 1) * 100);
    changes = seen;
    for (const auto& watcher : watchers) watcher->context.TryCancel();
    while (open > 0) usleep(1000);
  }
  report.Add("List of 100, nothing else going on", alone, "a second");
  report.Add("List of 100 during an apply", during, "a second");
  report.Add("echo of the same answer during the same apply", echo, "a second");
  report.Add("apply of as many updates", plain, "s");
  report.Add("the same with 500 watchers", watched, "s");
  report.Count("changes told to all watchers", static_cast<double>(changes));
  report.Bar("List as a part of its echo", share.median(), 0.5, true);
  report.Bar("500 watchers slow the apply by, %", slowdown.median(), 20);
}

void CommandLine(const Options& options, Report& report) {
  Figure help, empty, ratio, get;
  Platform platform(options.place);
  platform.Start();
  ModelOptions model;
  model.count = 100;
  TANDEM_CHECK(platform.Apply(platform.Plan(MakeModel(model)).hash).state == "succeeded");
  const int runs = std::max(options.runs, 21);
  for (int run = 0; run < runs; ++run) {
    const double nothing = RunOnce({options.place.build + "/tests/bench_empty"});
    const double told = RunOnce({options.place.build + "/tandem", "--help"});
    empty.Add(nothing * 1000);
    help.Add(told * 1000);
    ratio.Add(told / nothing);
    get.Add(1000 * RunOnce({options.place.build + "/tandem", "get", "resources", "--address", platform.address()}));
  }
  report.Add("tandem --help", help, "ms");
  report.Add("an empty main linked alike", empty, "ms");
  report.Add("tandem get resources, 100 of them", get, "ms");
  report.Bar("tandem --help over the empty main", ratio.median(), 1.5);
  report.Bar("tandem get, ms", get.median(), 50);
}

}  // namespace tandem::bench
