// The parts of provider_host that link no gRPC: who holds a plugin's lock, and what a plugin process is given and
// leaves behind.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "provider_host/plugin_process.h"
#include "tandem/codec/json.h"
#include "tests/support/temp_folder.h"

namespace tandem {
namespace {

using std::chrono::milliseconds;

bool Alive(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  if (!std::getline(file, text)) return false;
  const size_t close = text.rfind(')');
  return close != std::string::npos && text.compare(close + 2, 1, "Z") != 0;
}

bool Soon(const std::function<bool()>& test, milliseconds patience = milliseconds(3000)) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!test()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return true;
}

bool Sleep(milliseconds time) {
  std::this_thread::sleep_for(time);
  return true;
}

class PluginTest : public ::testing::Test {
 protected:
  PluginTest() { setenv("XDG_RUNTIME_DIR", folder_.path().c_str(), 1); }
  ~PluginTest() override {
    for (const pid_t child : children_) {
      kill(child, SIGKILL);
      waitpid(child, nullptr, 0);
    }
  }
  std::string LockPath() const { return folder_.path() + "/plugins/x.lock"; }

  /// A process in a group of its own; with `holds` it has the lock.
  pid_t Child(bool holds) {
    mkdir((folder_.path() + "/plugins").c_str(), 0700);
    int ready[2];
    EXPECT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
      setpgid(0, 0);
      if (holds) {
        const int lock = open(LockPath().c_str(), O_RDWR | O_CREAT, 0600);
        if (flock(lock, LOCK_EX) != 0) _exit(1);
      }
      if (write(ready[1], "r", 1) != 1) _exit(1);
      for (;;) pause();
    }
    close(ready[1]);
    char byte;
    EXPECT_EQ(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    children_.push_back(child);
    return child;
  }
  void Record(pid_t pid, uint64_t started) {
    const Descriptor file(open(LockPath().c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_TRUE(RecordHolder(file, {pid, started}, folder_.path() + "/gone").ok());
  }

  TempFolder folder_;
  std::vector<pid_t> children_;
};

class PluginLock : public PluginTest {};
class PluginOf : public PluginTest {
 protected:
  std::unique_ptr<PluginProcess> Spawn(const std::string& script) {
    Result<Descriptor> lock = TakePluginLock(LockPath(), milliseconds(1000), Sleep);
    EXPECT_TRUE(lock.ok()) << lock.status().ToString();
    Result<std::unique_ptr<PluginProcess>> made =
        PluginProcess::Spawn("x", "/bin/sh", {"-c", script}, {}, std::move(*lock));
    EXPECT_TRUE(made.ok()) << made.status().ToString();
    return made.ok() ? std::move(*made) : nullptr;
  }
  std::string Output(PluginProcess& process) {
    std::string text;
    Soon([&] {
      process.DrainOutput(&text);
      return text.find('\n') != std::string::npos;
    });
    return text.substr(0, text.find('\n'));
  }
};

TEST_F(PluginLock, AFreeOneIsTakenAtOnce) {
  const Result<Descriptor> lock = TakePluginLock(LockPath(), milliseconds(100), Sleep);
  ASSERT_TRUE(lock.ok()) << lock.status().ToString();
  const Descriptor other(open(LockPath().c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_NE(flock(other.get(), LOCK_EX | LOCK_NB), 0) << "it must be held now";
}

TEST_F(PluginLock, ThePluginOfADeadDaemonIsGoneBeforeItIsTaken) {
  const pid_t plugin = Child(true);
  Record(plugin, NameProcess(plugin)->started);
  const Result<Descriptor> lock = TakePluginLock(LockPath(), milliseconds(3000), Sleep);
  ASSERT_TRUE(lock.ok()) << lock.status().ToString();
  EXPECT_TRUE(Soon([&] { return !Alive(plugin); }, milliseconds(500)));
}

// It has the number of a plugin that died long ago.
TEST_F(PluginLock, AStrangerIsLeftAlone) {
  const pid_t stranger = Child(false);
  const pid_t holder = Child(true);
  Record(stranger, NameProcess(stranger)->started + 1);
  const Result<Descriptor> lock = TakePluginLock(LockPath(), milliseconds(3000), Sleep);
  ASSERT_TRUE(lock.ok()) << lock.status().ToString();
  EXPECT_TRUE(Soon([&] { return !Alive(holder); }, milliseconds(500)));
  EXPECT_TRUE(Alive(stranger));
}

TEST_F(PluginOf, IsNamedInItsLock) {
  const auto process = Spawn("exec sleep 100");
  ASSERT_NE(process, nullptr);
  std::string text;
  std::getline(std::ifstream(LockPath()) >> std::ws, text);
  const Result<Value> recorded = ParseJson(text);
  ASSERT_TRUE(recorded.ok()) << text;
  EXPECT_EQ(recorded->IntOr("pid", 0), process->pid());
  EXPECT_GT(recorded->IntOr("started", 0), 0);
}

TEST_F(PluginOf, HoldsTheLockByItself) {
  const auto process = Spawn("exec sleep 100");  // this process has given the lock away
  ASSERT_NE(process, nullptr);
  const Descriptor other(open(LockPath().c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_NE(flock(other.get(), LOCK_EX | LOCK_NB), 0);
  process->Signal(SIGKILL);
  EXPECT_TRUE(Soon([&] { return flock(other.get(), LOCK_EX | LOCK_NB) == 0; }));
}

TEST_F(PluginOf, SeesTheEndOfItsDaemon) {
  const auto process = Spawn("echo begin; cat <&3; exit 7");
  ASSERT_NE(process, nullptr);
  EXPECT_EQ(Output(*process), "begin");
  EXPECT_FALSE(Soon([&] { return process->Reap().has_value(); }, milliseconds(200)))
      << "the pipe must be open while its daemon lives";
  process->ClosePipe();
  ASSERT_TRUE(Soon([&] { return process->Reap().has_value(); }));
  EXPECT_EQ(*process->Reap(), "exit code 7");
}

TEST_F(PluginOf, TakesWhatItStartedAlong) {
  const auto process = Spawn("sleep 100 >/dev/null 2>&1 & echo $!");
  ASSERT_NE(process, nullptr);
  const int child = std::atoi(Output(*process).c_str());
  ASSERT_GT(child, 1);
  ASSERT_TRUE(Soon([&] { return process->Reap().has_value(); }));
  EXPECT_TRUE(Soon([&] { return !Alive(child); }));
  if (Alive(child)) kill(child, SIGKILL);
}

}  // namespace
}  // namespace tandem
