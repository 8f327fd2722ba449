#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "providers/aws/credentials/cache.h"
#include "providers/aws/credentials/run_process.h"
#include "tests/providers_aws/credentials_world.h"

namespace tandem::aws {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// Counts fetches; the n-th gives the key "n".
struct Fetches {
  ManualClock clock;
  std::atomic<int> count = 0;
  std::optional<Duration> life = hours(1);
  Status failure;

  std::unique_ptr<CredentialProvider> Provider() {
    return NewCachedProvider(
        [this](std::stop_token) -> Result<Credentials> {
          ++count;
          if (!failure.ok()) return failure;
          Credentials credentials;
          credentials.access_key = std::to_string(count);
          credentials.secret_key = kFakeSecret;
          if (life) credentials.expiry = clock.Now() + *life;
          return credentials;
        },
        clock);
  }
};

TEST(CachedCredentials, RenewedBeforeTheyExpire) {
  Fetches fetches;
  auto provider = fetches.Provider();
  EXPECT_EQ(provider->Get()->access_key, "1");
  fetches.clock.Advance(minutes(44));
  EXPECT_EQ(provider->Get()->access_key, "1");
  fetches.clock.Advance(minutes(2));
  EXPECT_EQ(provider->Get()->access_key, "2");
  EXPECT_EQ(provider->Get()->access_key, "2");
  EXPECT_EQ(fetches.count, 2);
}

TEST(CachedCredentials, ShortLivesAreNotRenewedAllTheTime) {
  Fetches fetches;
  fetches.life = minutes(12);
  auto provider = fetches.Provider();
  for (int minute = 0; minute < 9; ++minute) {
    EXPECT_EQ(provider->Get()->access_key, "1");
    fetches.clock.Advance(minutes(1));
  }
  EXPECT_EQ(provider->Get()->access_key, "2");
}

TEST(CachedCredentials, WithoutExpiryTheyStay) {
  Fetches fetches;
  fetches.life.reset();
  auto provider = fetches.Provider();
  EXPECT_TRUE(provider->Get().ok());
  fetches.clock.Advance(hours(10'000));
  EXPECT_EQ(provider->Get()->access_key, "1");
}

TEST(CachedCredentials, AFailureToRenewWaitsForTheEnd) {
  Fetches fetches;
  auto provider = fetches.Provider();
  ASSERT_TRUE(provider->Get().ok());
  fetches.failure = Unavailable("away");
  fetches.clock.Advance(minutes(50));
  EXPECT_EQ(provider->Get()->access_key, "1");
  EXPECT_EQ(fetches.count, 2);
  EXPECT_EQ(provider->Get()->access_key, "1");
  EXPECT_EQ(fetches.count, 2);  // not for another minute
  fetches.clock.Advance(minutes(1));
  EXPECT_EQ(provider->Get()->access_key, "1");
  EXPECT_EQ(fetches.count, 3);
  fetches.clock.Advance(minutes(9));
  Result<Credentials> ended = provider->Get();
  ASSERT_FALSE(ended.ok());
  EXPECT_EQ(ended.status(), fetches.failure);
  fetches.failure = Status();
  EXPECT_EQ(provider->Get()->access_key, "5");
}

// R10: sign-in is refreshed once.
TEST(CachedCredentials, R10RefusedOnesAreFetchedAnewOnce) {
  Fetches fetches;
  auto provider = fetches.Provider();
  Credentials first = *provider->Get();
  provider->Refuse(first);
  EXPECT_EQ(provider->Get()->access_key, "2");
  provider->Refuse(first);  // another call that had used them
  EXPECT_EQ(provider->Get()->access_key, "2");
}

TEST(CachedCredentials, OneFetchForAll) {
  ManualClock clock;
  std::mutex mutex;
  std::condition_variable changed;
  int started = 0;
  bool open = false;
  bool fail = false;
  auto provider = NewCachedProvider(
      [&](std::stop_token) -> Result<Credentials> {
        std::unique_lock<std::mutex> lock(mutex);
        ++started;
        changed.notify_all();
        changed.wait(lock, [&] { return open; });
        if (fail) return Unauthenticated("no");
        Credentials credentials;
        credentials.access_key = std::to_string(started);
        credentials.expiry = clock.Now() + hours(1);
        return credentials;
      },
      clock);
  auto await_start = [&](int count) {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return started == count; });
  };
  auto open_gate = [&](bool value) {
    std::lock_guard<std::mutex> lock(mutex);
    open = value;
    changed.notify_all();
  };
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      Result<Credentials> found = provider->Get();
      good += found.ok() && found->access_key == "1";
    });
  }
  await_start(1);
  // A waiter can leave by itself.
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(provider->Get(stop.get_token()).status().code(), Code::kCancelled);
  open_gate(true);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 6);
  EXPECT_EQ(started, 1);

  // While one renews, the others go on with the old ones.
  open_gate(false);
  clock.Advance(minutes(50));
  std::thread renewing([&] { EXPECT_EQ(provider->Get()->access_key, "2"); });
  await_start(2);
  EXPECT_EQ(provider->Get()->access_key, "1");
  open_gate(true);
  renewing.join();
  EXPECT_EQ(provider->Get()->access_key, "2");
}

TEST(RunProcess, GivesTheOutput) {
  Result<std::string> output = RunProcess(
      {"/bin/sh", "-c", "read x; printf '%s' \"$0 $1 in=$x\"", "a b", "c"}, seconds(20), {});
  ASSERT_TRUE(output.ok()) << output.status().ToString();
  EXPECT_EQ(*output, "a b c in=");
}

TEST(RunProcess, Fails) {
  struct Case {
    const char* name;
    std::vector<std::string> command;
    Duration timeout;
    Code code;
    const char* word;
  };
  const Case kCases[] = {
      {"no command", {}, seconds(20), Code::kFailedPrecondition, "no command"},
      {"not there", {"/no/such/tool"}, seconds(20), Code::kFailedPrecondition, "/no/such/tool"},
      {"status",
       {"/bin/sh", "-c", "echo made-up-secret/for+tests >&2; exit 3"},
       seconds(20),
       Code::kFailedPrecondition,
       "status 3"},
      {"signal",
       {"/bin/sh", "-c", "kill -9 $$"},
       seconds(20),
       Code::kFailedPrecondition,
       "signal 9"},
      {"hangs",
       {"/bin/sh", "-c", "cat </dev/zero >/dev/null"},
       std::chrono::milliseconds(100),
       Code::kDeadlineExceeded,
       "in time"},
      {"hangs after closing",
       {"/bin/sh", "-c", "exec >&-; cat </dev/zero >/dev/null"},
       std::chrono::milliseconds(100),
       Code::kDeadlineExceeded,
       "in time"},
      {"a child holds the output",
       {"/bin/sh", "-c", "while :; do :; done & exit 0"},
       std::chrono::milliseconds(100),
       Code::kDeadlineExceeded,
       "in time"},
      {"endless",
       {"/bin/sh", "-c", "cat /dev/zero"},
       seconds(20),
       Code::kFailedPrecondition,
       "64 KiB"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    Result<std::string> output = RunProcess(c.command, c.timeout, {});
    ASSERT_FALSE(output.ok());
    EXPECT_EQ(output.status().code(), c.code) << output.status().ToString();
    EXPECT_NE(output.status().message().find(c.word), std::string::npos)
        << output.status().ToString();
    EXPECT_FALSE(HoldsSecret(output.status().message()));
  }
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(
      RunProcess({"/bin/sh", "-c", "cat </dev/zero >/dev/null"}, seconds(20), stop.get_token())
          .status()
          .code(),
      Code::kCancelled);
}

TEST(SystemEnvironment, ReadsFilesAndVariables) {
  Environment environment = SystemEnvironment();
  EXPECT_TRUE(environment.get("PATH").has_value());
  EXPECT_FALSE(environment.get("TANDEM_NO_SUCH_VARIABLE").has_value());
  EXPECT_TRUE(environment.read(TANDEM_SOURCE_DIR "/CMakeLists.txt").ok());
  EXPECT_EQ(environment.read("/no/such/file").status().code(), Code::kNotFound);
  EXPECT_EQ(environment.read("/").status().code(), Code::kFailedPrecondition);
}

}  // namespace
}  // namespace tandem::aws
