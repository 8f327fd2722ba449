// What a bad plugin costs: its own calls, never the host.
#include "tandem/provider_host/plugin_host.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/contract/provider_suite.h"
#include "tests/support/temp_folder.h"

namespace tandem::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// A zombie is dead: nobody may be there to wait for it.
bool Alive(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  if (!std::getline(file, text)) return false;
  const size_t close = text.rfind(')');
  return close != std::string::npos && close + 2 < text.size() && text[close + 2] != 'Z';
}

// True when `happens` becomes true within ten seconds.
template <typename F>
bool Soon(F&& happens) {
  const auto until = steady_clock::now() + seconds(10);
  while (!happens()) {
    if (steady_clock::now() >= until) return false;
    usleep(2000);
  }
  return true;
}

class BadPlugin : public ::testing::Test {
 protected:
  PluginSettings Settings(const std::string& mode) const {
    PluginSettings settings;
    settings.name = "bad";
    settings.program = TANDEM_BAD_PLUGIN;
    settings.arguments = {mode};
    settings.state_dir = folder_.path();
    settings.start_patience = milliseconds(1500);
    settings.call_patience = milliseconds(1500);
    settings.probe_patience = milliseconds(300);
    settings.backoff_first = milliseconds(50);
    settings.backoff_most = milliseconds(200);
    settings.memory_period = milliseconds(50);
    return settings;
  }
  PluginHost& Host(const std::string& mode) { return Host(Settings(mode)); }
  PluginHost& Host(PluginSettings settings) {
    host_ = std::make_unique<PluginHost>(std::move(settings), &clock_);
    return *host_;
  }
  ApplyAnswer Apply(PluginHost& host) {
    return Do(host, ToyRequest("Box", "a", "create", R"({"Size":1})"));
  }
  std::string LockPath() const { return folder_.path() + "/plugins/bad.lock"; }

  TempFolder folder_;
  SystemClock clock_;
  std::unique_ptr<PluginHost> host_;
};

TEST_F(BadPlugin, NotStartingIsAStatusWithTheTailOfItsErrors) {
  struct Case {
    const char* mode;
    const char* message;
  };
  const Case cases[] = {
      {"die", "exit code 3: first line\nno licence found"},
      {"mute", "no greeting within"},
      {"babble", "no JSON object but 'Welcome to the provider!'"},
      {"endless", "greeting"},
      {"newer", "protocol 999"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.mode);
    PluginHost& host = Host(c.mode);
    Waited<Result<ProviderDescription>> waited;
    host.Describe(waited.done());
    const auto answer = waited.Take();
    ASSERT_TRUE(answer.has_value());
    ASSERT_FALSE(answer->ok());
    EXPECT_EQ(answer->status().code(), Code::kUnavailable);
    EXPECT_NE(answer->status().message().find(c.message), std::string::npos)
        << answer->status().message();
    const ApplyAnswer applied = Apply(host);
    EXPECT_EQ(applied.error.error_class, ErrorClass::kNotDone) << "nothing was sent";
    EXPECT_EQ(applied.error.code, "ProviderUnavailable");
  }
}

TEST_F(BadPlugin, AMissingProgramIsAStatus) {
  PluginSettings settings = Settings("");
  settings.program = folder_.path() + "/none";
  const ApplyAnswer answer = Apply(Host(settings));
  EXPECT_EQ(answer.error.error_class, ErrorClass::kNotDone);
  EXPECT_NE(answer.error.message.find("No such file"), std::string::npos) << answer.error.message;
}

TEST_F(BadPlugin, R10WhatMayHaveReachedTheVendorIsPerhapsDone) {
  for (const char* mode :
       {"hang", "stuck", "exit", "silent-apply", "other-intent", "garbage", "odd-class"}) {
    const ApplyAnswer answer = Apply(Host(mode));
    EXPECT_FALSE(answer.error.ok) << mode;
    EXPECT_EQ(answer.error.error_class, ErrorClass::kPerhapsDone) << mode;
  }
}

TEST_F(BadPlugin, OfTwoAnswersToOneCallTheFirstCounts) {
  PluginHost& host = Host("twice");
  EXPECT_TRUE(Apply(host).error.ok);
  EXPECT_TRUE(Apply(host).error.ok) << "and it goes on";
  EXPECT_EQ(host.starts(), 1);
}

TEST_F(BadPlugin, R10EachCallOfABatchHasItsOwnEnd) {
  PluginSettings settings = Settings("other-intent");
  settings.hold = true;
  PluginHost& host = Host(settings);
  std::atomic<int> perhaps{0};
  std::atomic<int> answers{0};
  for (int i = 0; i < 100; ++i) {
    ApplyRequest request = ToyRequest("Box", "a", "create", R"({"Size":1})");
    request.intent = "intent-" + std::to_string(i);
    host.Apply(std::move(request), [&](ApplyAnswer answer) {
      perhaps += answer.error.error_class == ErrorClass::kPerhapsDone;
      ++answers;
    });
  }
  EXPECT_EQ(answers, 0) << "held until the flush";
  EXPECT_EQ(host.starts(), 0);
  host.Flush();
  ASSERT_TRUE(Soon([&] { return answers == 100; }));
  EXPECT_EQ(perhaps, 100);
  host.Apply(ToyRequest("Box", "a", "create", "{}"), [&](ApplyAnswer answer) {
    EXPECT_EQ(answer.error.error_class, ErrorClass::kNotDone) << "never sent";
    ++answers;
  });
  host.Stop(seconds(1));
  EXPECT_EQ(answers, 101);
}

TEST_F(BadPlugin, ReadsThatFailAreNotDone) {
  for (const char* mode : {"huge", "garbage"}) {
    SCOPED_TRACE(mode);
    PluginHost& host = Host(mode);
    EXPECT_EQ(ListKind(host, "toy.aws/Box").error.error_class, ErrorClass::kNotDone);
    EXPECT_EQ(ReadKind(host, "toy.aws/Box", "x").error.error_class, ErrorClass::kNotDone);
    // It lives on, and so does everything else of it.
    EXPECT_TRUE(OpenAccount(host, "main", "{}").error.ok);
    EXPECT_EQ(host.starts(), 1);
  }
  const ListAnswer page = ListKind(Host("short"), "toy.aws/Box");
  EXPECT_EQ(page.error.error_class, ErrorClass::kNotDone) << "a page without its end";
  EXPECT_FALSE(page.complete);
  const PollAnswer poll = Ask<PollAnswer>([&](auto done) {
    Host("garbage").Poll({"main", {"toy.aws", "Box"}, "h"}, done);
  });
  EXPECT_EQ(poll.error.error_class, ErrorClass::kNotDone);
}

TEST_F(BadPlugin, MeasurementsThatFailAreNotDoneEachByItself) {
  struct Case {
    const char* mode;
    bool first, second;
  };
  for (const Case& c : {Case{"fine", true, true}, Case{"garbage", false, false},
                        Case{"other-signal", false, false}, Case{"short", true, false}}) {
    SCOPED_TRACE(c.mode);
    PluginSettings settings = Settings(c.mode);
    settings.hold = true;
    PluginHost& host = Host(settings);
    Waited<MeasureAnswer> first, second;
    host.Measure({"main", "lag"}, first.done());
    host.Measure({"main", "budget"}, second.done());
    EXPECT_EQ(host.held(), 2u);
    host.Flush();
    for (auto& [waited, good] : {std::pair(&first, c.first), std::pair(&second, c.second)}) {
      const auto answer = waited->Take();
      ASSERT_TRUE(answer.has_value());
      EXPECT_EQ(answer->error.ok, good) << answer->error.message;
      EXPECT_EQ(answer->value, good ? 1 : 0);
      if (!good) {
        EXPECT_EQ(answer->error.error_class, ErrorClass::kNotDone);
        EXPECT_EQ(answer->error.code, "ProviderAnswerMalformed");
      }
    }
  }
}

TEST_F(BadPlugin, OneThatExitsIsStartedAgain) {
  PluginHost& host = Host("exit");
  ASSERT_TRUE(OpenAccount(host, "main", "{}").error.ok);
  const int first = host.pid();
  EXPECT_EQ(Apply(host).error.error_class, ErrorClass::kPerhapsDone);
  ASSERT_TRUE(Soon([&] { return host.pid() != 0 && host.pid() != first; }));
  EXPECT_TRUE(OpenAccount(host, "main", "{}").error.ok);
  EXPECT_EQ(host.starts(), 2);
}

TEST_F(BadPlugin, OneThatKeepsDyingIsStartedEverMoreSeldom) {
  PluginHost& host = Host("die");
  EXPECT_EQ(Apply(host).error.error_class, ErrorClass::kNotDone);
  // 50, 100, 200, 200, … ms: while it pauses, calls fail at once and say when to come back.
  CallError error;
  ASSERT_TRUE(Soon([&] {
    error = Apply(host).error;
    return error.retry_after > milliseconds(100);
  }));
  EXPECT_LE(error.retry_after, milliseconds(200));
  EXPECT_GE(host.starts(), 3);
}

TEST_F(BadPlugin, OneThatNoLongerAnswersIsKilled) {
  PluginHost& host = Host("hang");
  EXPECT_EQ(OpenAccount(host, "main", "{}").error.code, "ProviderDeadline");
  EXPECT_TRUE(Soon([&] { return host.starts() == 2; }));
}

TEST_F(BadPlugin, OneStuckCallIsNoReasonToKillIt) {
  PluginHost& host = Host("stuck");
  ASSERT_TRUE(OpenAccount(host, "main", "{}").error.ok);
  const int pid = host.pid();
  EXPECT_EQ(Apply(host).error.code, "ProviderDeadline");
  EXPECT_TRUE(OpenAccount(host, "main", "{}").error.ok);
  EXPECT_EQ(host.pid(), pid);
}

TEST_F(BadPlugin, MemoryIsBounded) {
  PluginSettings settings = Settings("eat");
  settings.memory_most = 200 << 20;
  settings.call_patience = seconds(8);
  PluginHost& host = Host(settings);
  const auto begin = steady_clock::now();
  EXPECT_EQ(Apply(host).error.error_class, ErrorClass::kPerhapsDone);
  EXPECT_LT(steady_clock::now() - begin, seconds(7)) << "killed, not timed out";
}

TEST_F(BadPlugin, ItsOutputNeverBlocksIt) {
  PluginHost& host = Host("chatty");
  EXPECT_TRUE(OpenAccount(host, "main", "{}").error.ok);
  EXPECT_TRUE(Apply(host).error.ok);
}

TEST_F(BadPlugin, StoppingEndsIt) {
  PluginHost& host = Host("fine");
  ASSERT_TRUE(OpenAccount(host, "main", "{}").error.ok);
  const int pid = host.pid();
  ASSERT_TRUE(Alive(pid));
  const auto begin = steady_clock::now();
  host.Stop(seconds(3));
  EXPECT_LT(steady_clock::now() - begin, seconds(1)) << "the end of the pipe is enough";
  EXPECT_FALSE(Alive(pid));
  EXPECT_EQ(Apply(host).error.error_class, ErrorClass::kNotDone);
  host.Stop(seconds(3));
}

TEST_F(BadPlugin, OneThatIgnoresThePipeAndSigtermIsKilled) {
  PluginHost& host = Host("outlive");
  ASSERT_TRUE(OpenAccount(host, "main", "{}").error.ok);
  const int pid = host.pid();
  host.Stop(milliseconds(600));
  EXPECT_FALSE(Alive(pid));
}

TEST_F(BadPlugin, StoppingCancelsCalls) {
  PluginSettings settings = Settings("stuck");
  settings.call_patience = seconds(60);
  PluginHost& host = Host(settings);
  ASSERT_TRUE(OpenAccount(host, "main", "{}").error.ok);
  Waited<ApplyAnswer> waited;
  host.Apply(ToyRequest("Box", "a", "create"), waited.done());
  host.Stop(milliseconds(600));
  const auto answer = waited.Take(seconds(0));
  ASSERT_TRUE(answer.has_value()) << "no completion runs after Stop";
  EXPECT_EQ(answer->error.error_class, ErrorClass::kPerhapsDone);
}

TEST_F(BadPlugin, APluginOfADeadDaemonIsKilledBeforeTheFirstCall) {
  // The daemon is a child of this test: it starts a plugin that ignores the pipe, and is killed.
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  std::string words[] = {"contract", "--gtest_filter=DISABLED_Daemon.Runs",
                         "--gtest_also_run_disabled_tests", "--daemon=" + folder_.path(),
                         "--ready=" + std::to_string(ready[1])};
  char* argv[] = {words[0].data(), words[1].data(), words[2].data(),
                  words[3].data(), words[4].data(), nullptr};
  pid_t daemon = 0;
  ASSERT_EQ(posix_spawn(&daemon, "/proc/self/exe", nullptr, nullptr, argv, environ), 0);
  close(ready[1]);
  int plugin = 0;
  ASSERT_EQ(read(ready[0], &plugin, sizeof plugin), static_cast<ssize_t>(sizeof plugin));
  ASSERT_TRUE(Alive(plugin));
  kill(daemon, SIGKILL);
  int status = 0;
  ASSERT_EQ(waitpid(daemon, &status, 0), daemon);
  EXPECT_TRUE(Alive(plugin)) << "else this test proves nothing";

  PluginHost& host = Host("fine");
  EXPECT_TRUE(OpenAccount(host, "main", "{}").error.ok);
  EXPECT_TRUE(Soon([&] { return !Alive(plugin); }));
  close(ready[0]);
}

TEST_F(BadPlugin, TheLockIsHeldByThePluginAndNamesIt) {
  PluginHost& host = Host("fine");
  ASSERT_TRUE(OpenAccount(host, "main", "{}").error.ok);
  const int lock = open(LockPath().c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(lock, 0);
  EXPECT_NE(flock(lock, LOCK_EX | LOCK_NB), 0);
  std::string text;
  std::getline(std::ifstream(LockPath()) >> std::ws, text);
  const Value recorded = *ParseJson(text);
  EXPECT_EQ(recorded.IntOr("pid", 0), host.pid());
  EXPECT_EQ(recorded.IntOr("group", 0), getpgid(host.pid()));
  EXPECT_GT(recorded.IntOr("started", 0), 0);
  host.Stop(seconds(1));
  EXPECT_EQ(flock(lock, LOCK_EX | LOCK_NB), 0);
  close(lock);
}

TEST_F(BadPlugin, ALockThatAnInnocentHoldsIsNotTakenForever) {
  std::filesystem::create_directories(folder_.path() + "/plugins");
  const int lock = open(LockPath().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_EQ(flock(lock, LOCK_EX), 0);
  PluginSettings settings = Settings("fine");
  settings.lock_patience = milliseconds(700);
  const ApplyAnswer answer = Apply(Host(settings));  // this very process holds it
  EXPECT_EQ(answer.error.error_class, ErrorClass::kNotDone);
  EXPECT_NE(answer.error.message.find("held by another process"), std::string::npos);
  close(lock);
}

TEST_F(BadPlugin, AFolderThatADeadDaemonLeftIsRemoved) {
  const auto recorded = [&] {
    std::ifstream file(folder_.path() + "/plugins/bad.lock");
    std::string text;
    std::getline(file, text);
    const size_t at = text.find("\"folder\":\"") + 10;
    return text.substr(at, text.find('"', at) - at);
  };
  std::string left;
  {
    PluginHost& host = Host("fine");
    ASSERT_TRUE(OpenAccount(host, "main", "{}").error.ok);
    left = recorded();
    ASSERT_TRUE(std::filesystem::exists(left + "/provider")) << left;
    host.Stop(seconds(1));
  }
  // As a killed daemon leaves it.
  std::filesystem::create_directory(left);
  std::ofstream(left + "/provider") << "";
  PluginHost& next = Host("fine");
  ASSERT_TRUE(OpenAccount(next, "main", "{}").error.ok);
  EXPECT_FALSE(std::filesystem::exists(left));
  EXPECT_NE(recorded(), left);
}

TEST_F(BadPlugin, SocketFoldersAreRemoved) {
  const TempFolder runtime;
  setenv("XDG_RUNTIME_DIR", runtime.path().c_str(), 1);
  const auto folders = [&] {
    return std::distance(std::filesystem::directory_iterator(runtime.path()),
                         std::filesystem::directory_iterator());
  };
  PluginHost& host = Host("fine");
  EXPECT_TRUE(OpenAccount(host, "main", "{}").error.ok);
  EXPECT_EQ(folders(), 1);
  host.Stop(seconds(1));
  EXPECT_EQ(folders(), 0);
  unsetenv("XDG_RUNTIME_DIR");
}

// gRPC ends its threads with the last channel, and waits for them: none of them may be the one that ends it.
TEST_F(BadPlugin, AHostThatEndsWithCallsUnderWayEndsItsChannelItself) {
  for (int round = 0; round < 60; ++round) {
    PluginHost& host = Host("fine");
    ASSERT_TRUE(Apply(host).error.ok);
    std::vector<Waited<ApplyAnswer>> waited(8);
    for (auto& each : waited) host.Apply(ToyRequest("Box", "a", "create", R"({"Size":1})"), each.done());
    host_.reset();
    for (auto& each : waited) ASSERT_TRUE(each.Take().has_value());
  }
}

}  // namespace

// The other process of the test above; not a test of its own.
std::string daemon_folder;
int daemon_ready = -1;

TEST(DISABLED_Daemon, Runs) {
  if (daemon_folder.empty()) GTEST_SKIP();
  PluginSettings settings;
  settings.name = "bad";
  settings.program = TANDEM_BAD_PLUGIN;
  settings.arguments = {"outlive"};
  settings.state_dir = daemon_folder;
  SystemClock clock;
  PluginHost host(settings, &clock);
  OpenAccount(host, "main", "{}");
  const int pid = host.pid();
  ASSERT_EQ(write(daemon_ready, &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
  for (;;) pause();
}

}  // namespace tandem::testing

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument.rfind("--daemon=", 0) == 0) tandem::testing::daemon_folder = argument.substr(9);
    if (argument.rfind("--ready=", 0) == 0) {
      tandem::testing::daemon_ready = std::atoi(argument.c_str() + 8);
    }
  }
  return RUN_ALL_TESTS();
}
