#include "daemon/daemon.h"

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <future>
#include <thread>
#include <utility>

#include "daemon/clouds.h"
#include "daemon/executors.h"
#include "daemon/local_secrets.h"
#include "daemon/providers.h"
#include "daemon/state_lock.h"
#include "daemon/witness.h"
#include "tandem/api/server.h"
#include "tandem/base/version.h"
#include "tandem/state_sqlite/sqlite_store.h"
#include "tandem/web/server.h"

namespace tandem {
namespace {

constexpr Duration kStopping = std::chrono::seconds(10);  // of what is open to others, once no call is in flight
constexpr Duration kTurns = std::chrono::milliseconds(200);  // a few, in which the engine says that nothing is in flight

int Fail(const Status& status) {
  std::fprintf(stderr, "tandemd: %s\n", status.message().c_str());
  const bool configuration =
      status.code() == Code::kInvalidArgument || status.code() == Code::kNotFound;
  return configuration ? 2 : 1;
}

/// Ends the process if it is not gone in time.
class Watchdog {
 public:
  explicit Watchdog(Duration limit)
      : thread_([this, limit] {
          if (gone_.get_future().wait_for(limit) == std::future_status::ready) return;
          Log(LogLevel::kError, "something does not let go of its connection; tandemd ends without waiting for it");
          _exit(1);
        }) {}
  ~Watchdog() {
    gone_.set_value();
    thread_.join();
  }

 private:
  std::promise<void> gone_;
  std::thread thread_;
};

/// SIGTERM, SIGINT and, unless nohup keeps it off, SIGHUP: blocked in every thread and taken here.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    struct sigaction hangup {};
    sigaction(SIGHUP, nullptr, &hangup);
    if (hangup.sa_handler != SIG_IGN) sigaddset(&set_, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    signal(SIGPIPE, SIG_IGN);
  }
  int Wait() {
    int number = 0;
    sigwait(&set_, &number);
    return number;
  }
  /// From now on the next signal ends the process at once.
  void QuitOnNext() {
    signal(SIGTERM, [](int) { _exit(1); });
    signal(SIGINT, [](int) { _exit(1); });
    signal(SIGHUP, SIG_IGN);  // often comes along with another one
    pthread_sigmask(SIG_UNBLOCK, &set_, nullptr);
  }

 private:
  sigset_t set_{};
};

/// What went wrong is in the log also when the store does not take the event.
void LogEvent(const Event& event) {
  const LogLevel level = event.type == "Warning"              ? LogLevel::kWarning
                         : event.reason == "StoreRecovered" ? LogLevel::kInfo
                                                              : LogLevel::kDebug;
  const std::string& of = event.address.empty() ? event.run : event.address;
  if (of.empty()) Log(level, event.message, {{"reason", event.reason}});
  else Log(level, event.message, {{"reason", event.reason}, {"of", of}});
}

struct HostPort {
  std::string host;  // without the brackets that an IPv6 address stands in
  int port = 0;
};
Result<HostPort> ParseHostPort(const std::string& text) {
  const size_t colon = text.rfind(':');
  int port = -1;
  if (colon != std::string::npos && colon + 1 < text.size() && text.size() - colon <= 6 &&
      std::all_of(text.begin() + static_cast<ptrdiff_t>(colon) + 1, text.end(),
                  [](char c) { return c >= '0' && c <= '9'; }))
    port = std::stoi(text.substr(colon + 1));
  if (port < 0 || port > 65535)
    return InvalidArgument(fmt::format("'{}' is not host:port", text));
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return HostPort{std::move(host), port};
}

ApiOptions Listening(const Settings& settings) {
  ApiOptions options;
  if (settings.listen.rfind("unix:", 0) == 0) {
    options.socket_path = settings.listen.substr(5);
  } else {
    options.tcp_address = settings.listen;
    options.tls = {settings.tls_cert, settings.tls_key, settings.tls_client_ca};
  }
  return options;
}

}  // namespace

int RunDaemon(const Settings& settings) {
  // What is wrong with the settings is found before anything is opened, observed or healed.
  HostPort web_address;
  if (!settings.web.empty()) {
    const Result<HostPort> address = ParseHostPort(settings.web);
    if (!address.ok()) return Fail(address.status().Annotate("--web"));
    web_address = *address;
  }
  ApiOptions options = Listening(settings);
  if (!options.tcp_address.empty()) {
    const Status address = ParseHostPort(options.tcp_address).status();
    if (!address.ok()) return Fail(address.Annotate("--listen"));
  }
  if (const Status can = CheckListening(options); !can.ok()) return Fail(can.Annotate("--listen"));

  SetLogLevel(settings.log_level);
  Signals signals;
  const SystemClock wall;
  const EvenClock clock(&wall, RunningTime);
  SystemRandom random;

  Result<StateLock> lock = StateLock::Take(settings.state_dir);
  if (!lock.ok()) return Fail(lock.status());
  if (const Status clouds = CheckClouds(settings.state_dir, settings.sandbox); !clouds.ok()) return Fail(clouds);
  const bool begins = access((settings.state_dir + "/tandem.db").c_str(), F_OK) != 0;
  const Result<std::string> key = LoadSecretKey(settings.state_dir + "/secret.key", begins);
  if (!key.ok()) return Fail(key.status());
  const std::string witness =
      settings.witness.empty() ? settings.state_dir + "/witness" : settings.witness;
  const Result<std::optional<WitnessMark>> witnessed = ReadWitness(witness);
  if (!witnessed.ok()) return Fail(witnessed.status());
  const Result<std::unique_ptr<Catalog>> catalog = OpenCatalog(settings.schemas);
  if (!catalog.ok()) return Fail(catalog.status().Annotate("--schemas"));
  const std::string owner = fmt::format("uid:{}", geteuid());
  const Result<RoleMap> roles = RoleMap::From(settings.roles, owner);
  if (!roles.ok()) return Fail(roles.status().Annotate("the settings' roles"));

  const size_t cores = std::max(1u, std::thread::hardware_concurrency());
  auto pool = std::make_unique<ThreadPool>(cores);
  ThreadPool disk(1);       // of the store
  ThreadPool witnesses(1);  // so that neither waits for the other's syncs
  Providers providers(settings, clock);
  const std::unique_ptr<SecretSource> secrets = NewLocalSecretSource(pool.get());

  SqliteOptions store_options;
  store_options.path = settings.state_dir + "/tandem.db";
  store_options.work = [&disk](std::function<void()> job) { disk.Run(std::move(job)); };
  // The engine posts what it is told to itself, so completions may run on the disk's thread.
  store_options.post = [](std::function<void()> job) { job(); };
  Result<std::unique_ptr<StateStore>> store = OpenSqliteStore(std::move(store_options));
  if (!store.ok()) return Fail(store.status());
  if (const Status clouds = RememberClouds(settings.state_dir, settings.sandbox); !clouds.ok()) return Fail(clouds);

  EnginePorts ports;
  ports.store = store->get();
  ports.clock = &clock;
  ports.random = &random;
  ports.executor = pool.get();
  ports.secrets = secrets.get();
  ports.catalog = catalog->get();
  ports.provider = [&providers](const std::string& name) { return providers.Find(name); };
  ports.parallel = ParallelOn(cores);
  ports.secret_key = *key;
  ports.witnessed = *witnessed;
  ports.witness = [&witnesses, witness](const WitnessMark& mark, std::function<void()> done) {
    witnesses.Run([witness, mark, done = std::move(done)] {
      const Status written = WriteWitness(witness, mark);
      if (!written.ok()) Log(LogLevel::kWarning, "the witness of the store", {{"why", written.message()}});
      done();
    });
  };
  // What only a new start cures ends the process, and whoever supervises it starts it again.
  Synchronized<Status> lost;
  ports.store_lost = [&lost](const Status& why) {
    Log(LogLevel::kError, "the store is lost; nothing more is called, and tandemd ends", {{"why", why.message()}});
    lost.With([&](Status& status) { status = why; });
    kill(getpid(), SIGTERM);
  };
  ports.happened = LogEvent;
  EngineSettings engine_settings;
  engine_settings.resync = settings.resync;
  engine_settings.runs_kept = settings.runs_kept;
  engine_settings.heal = settings.heal;
  auto engine = std::make_unique<Engine>(std::move(ports), engine_settings);
  auto turning = std::make_unique<EngineThread>(*engine, clock);

  std::unique_ptr<ApiServer> api;
  std::unique_ptr<WebServer> web;
  options.engine = engine.get();
  options.catalog = catalog->get();
  options.roles = *roles;
  options.version = kVersion;
  options.parallel = ParallelOn(cores);
  Result<std::unique_ptr<ApiServer>> listening = StartApiServer(std::move(options));
  Status status = listening.status();
  if (listening.ok()) api = std::move(listening).value();
  if (status.ok() && !settings.web.empty()) {
    WebOptions page;
    page.host = web_address.host;
    page.port = web_address.port;
    page.metrics = [&engine] { return engine->Metrics(); };
    page.ready = [&engine] { return engine->snapshot()->ready; };
    Result<std::unique_ptr<WebServer>> made = StartWebServer(std::move(page));
    status = made.status();
    if (made.ok()) web = std::move(made).value();
  }

  if (status.ok()) {
    // Callers are taken from here on, and wait for what they ask for: resources come first, then the rest of the store.
    auto read = std::make_shared<std::promise<Status>>();
    engine->Start([read](Status result) { read->set_value(std::move(result)); });
    status = read->get_future().get();
  }
  if (status.ok()) {
    Log(LogLevel::kInfo, "tandemd is serving",
        {{"version", std::string(kVersion)},
         {"listen", settings.listen},
         {"web", web == nullptr ? "none" : fmt::format("port {}", web->port())},
         {"state", settings.state_dir},
         {"sandbox", settings.sandbox ? "true" : "false"}});
    signals.Wait();
    signals.QuitOnNext();
    status = lost.With([](const Status& why) { return why; });
    Log(LogLevel::kInfo, "tandemd is stopping");
  }

  // Health says so and new runs are refused; no call is issued; calls in flight get the grace, and their
  // intents stay open if that is not enough; then the last commit; then streams, page, plugins, store. Where the
  // outcome of a call cannot be stored, nothing is gained by waiting for it.
  if (api != nullptr) api->Drain();
  if (web != nullptr) web->Drain();
  auto quiet = std::make_shared<std::promise<void>>();
  engine->Stop([quiet] { quiet->set_value(); });
  if (quiet->get_future().wait_for(status.ok() ? settings.grace : kTurns) != std::future_status::ready)
    Log(LogLevel::kWarning, "calls are still in flight; they are settled at the next start");
  // Whatever still hangs then is not worth waiting for: what is durable is all that the next start needs.
  const Watchdog watchdog(kStopping);
  // Who waits for an answer of a provider is told that there is none.
  providers.Stop(std::chrono::seconds(2));
  if (api != nullptr) api->Stop(std::chrono::seconds(2));
  web.reset();
  turning.reset();
  pool.reset();
  disk.Drain();
  engine.reset();
  disk.Drain();  // a group that followed another meanwhile
  store->reset();
  if (!status.ok()) return Fail(status);
  Log(LogLevel::kInfo, "tandemd stopped");
  return 0;
}

}  // namespace tandem
