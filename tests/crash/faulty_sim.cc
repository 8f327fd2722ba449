// The simulated clouds as a plugin that dies, stops, hangs or answers rubbish where a file says so. For tests only.
//
// $FAULTY_SIM names a folder. Its file `faults` has a line each: "RPC POINT N ACTION". The first line is armed; when its
// point has been reached N times, the line is taken off, appended to `struck`, and the action follows. Then the next
// line is armed, also in the next life of the process.
//
// RPC: describe, open, list, read, apply, poll, measure. POINT: received (before the clouds hear of
// it), done (they have done it, nobody knows), replied (the answer is on its way). ACTION: kill, stop
// (SIGSTOP), hang, invalid, gigantic.
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tandem/base/clock.h"
#include "tandem/schema/kind.h"
#include "tandem/sdk/serve.h"
#include "tandem/sim/sim_provider.h"

namespace tandem {
namespace {

namespace fs = std::filesystem;

struct Faults {
  explicit Faults(std::string folder) : folder_(std::move(folder)) {
    std::ifstream in(folder_ + "/faults");
    for (std::string line; std::getline(in, line);)
      if (!line.empty()) lines_.push_back(line);
  }

  /// The action that is due here, or "".
  std::string At(const char* rpc, const char* point) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (lines_.empty()) return "";
    std::istringstream words(lines_.front());
    std::string wanted_rpc, wanted_point, action;
    int n = 0;
    words >> wanted_rpc >> wanted_point >> n >> action;
    if (wanted_rpc != rpc || wanted_point != point || ++count_ < n) return "";
    count_ = 0;
    {
      std::ofstream out(folder_ + "/struck", std::ios::app);
      out << lines_.front() << " " << getpid() << std::endl;
    }
    lines_.erase(lines_.begin());
    const std::string fresh = folder_ + "/faults.new";
    {
      std::ofstream out(fresh, std::ios::trunc);
      for (const std::string& line : lines_) out << line << "\n";
    }
    std::error_code ignored;
    fs::rename(fresh, folder_ + "/faults", ignored);
    return action;
  }

 private:
  std::string folder_;
  std::mutex mutex_;
  std::vector<std::string> lines_;
  int count_ = 0;
};

/// Kills or stops this process; what is left to the caller is returned.
std::string Act(const std::string& action) {
  if (action == "kill") kill(getpid(), SIGKILL);
  if (action == "stop") kill(getpid(), SIGSTOP);
  return action;
}

const std::string& Gigantic() {
  static const std::string text(size_t{24} << 20, 'x');
  return text;
}
constexpr char kNoText[] = "\xff\xfe no text";

// Bytes that are no JSON, or too many of them.
Packed Rubbish(const std::string& action) {
  return Packed::Unread(
      action == "gigantic" ? "{\"a\":\"" + Gigantic() + "\"}" : std::string("{\"a\":"));
}

class FaultySim final : public Provider {
 public:
  FaultySim(std::shared_ptr<SimProvider> inner, std::string folder)
      : inner_(std::move(inner)), faults_(std::move(folder)) {}

  void Describe(Done<Result<ProviderDescription>> done) override {
    if (!Receives("describe")) return;
    inner_->Describe([this, done = std::move(done)](Result<ProviderDescription> answer) {
      const std::string action = Act(faults_.At("describe", "done"));
      if (action == "hang") return;
      if (action == "invalid") answer->version = kNoText;
      if (action == "gigantic") answer->version = Gigantic();
      Reply("describe", done, std::move(answer));
    });
  }
  void Open(AccountRequest request, Done<AccountAnswer> done) override {
    if (!Receives("open")) return;
    inner_->Open(std::move(request), [this, done = std::move(done)](AccountAnswer answer) {
      const std::string action = Act(faults_.At("open", "done"));
      if (action == "hang") return;
      if (action == "invalid") answer.verified_id = kNoText;
      if (action == "gigantic") answer.principal = Gigantic();
      Reply("open", done, std::move(answer));
    });
  }
  void List(ListRequest request, Done<ListAnswer> done) override {
    if (!Receives("list")) return;
    inner_->List(std::move(request), [this, done = std::move(done)](ListAnswer answer) {
      const std::string action = Act(faults_.At("list", "done"));
      if (action == "hang") return;
      if (action == "invalid" || action == "gigantic") {
        answer.objects.emplace_back();
        answer.objects.back().fields = Rubbish(action);
      }
      Reply("list", done, std::move(answer));
    });
  }
  void Read(ReadRequest request, Done<ReadAnswer> done) override {
    if (!Receives("read")) return;
    inner_->Read(std::move(request), [this, done = std::move(done)](ReadAnswer answer) {
      const std::string action = Act(faults_.At("read", "done"));
      if (action == "hang") return;
      if (action == "invalid" || action == "gigantic") {
        answer.error = CallError();
        answer.object.fields = Rubbish(action);
      }
      Reply("read", done, std::move(answer));
    });
  }
  void Apply(ApplyRequest request, Done<ApplyAnswer> done) override {
    if (!Receives("apply")) return;
    inner_->Apply(std::move(request), [this, done = std::move(done)](ApplyAnswer answer) {
      const std::string action = Act(faults_.At("apply", "done"));
      if (action == "hang") return;
      if (action == "invalid" || action == "gigantic") {
        answer.error = CallError();
        answer.fields = Rubbish(action);
      }
      Reply("apply", done, std::move(answer));
    });
  }
  void Poll(PollRequest request, Done<PollAnswer> done) override {
    if (!Receives("poll")) return;
    inner_->Poll(std::move(request), [this, done = std::move(done)](PollAnswer answer) {
      const std::string action = Act(faults_.At("poll", "done"));
      if (action == "hang") return;
      if (action == "invalid") answer.identity = kNoText;
      if (action == "gigantic") answer.identity = Gigantic();
      Reply("poll", done, std::move(answer));
    });
  }
  void Measure(MeasureRequest request, Done<MeasureAnswer> done) override {
    if (!Receives("measure")) return;
    inner_->Measure(std::move(request), [this, done = std::move(done)](MeasureAnswer answer) {
      const std::string action = Act(faults_.At("measure", "done"));
      if (action == "hang") return;
      if (action == "invalid") answer.value = std::numeric_limits<double>::quiet_NaN();
      if (action == "gigantic") {
        answer.error = MakeCallError(ErrorClass::kTerminal, "Gigantic", Gigantic());
      }
      Reply("measure", done, std::move(answer));
    });
  }
  void Close(std::string account) override { inner_->Close(std::move(account)); }

 private:
  bool Receives(const char* rpc) { return Act(faults_.At(rpc, "received")) != "hang"; }
  template <typename Answer>
  void Reply(const char* rpc, const Done<Answer>& done, Answer answer) {
    const std::string action = faults_.At(rpc, "replied");
    done(std::move(answer));
    if (action.empty()) return;
    usleep(3'000);  // the answer is handed to the socket by another thread
    Act(action);
  }

  std::shared_ptr<SimProvider> inner_;
  Faults faults_;
};

int Main(int argc, char** argv) {
  std::string state, schemas;
  WorldSettings world;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    if (flag == "--state") state = argv[i + 1];
    if (flag == "--schemas") schemas = argv[i + 1];
    if (flag == "--seed") world.seed = std::strtoull(argv[i + 1], nullptr, 10);
    if (flag == "--time-scale") world.scale = std::strtod(argv[i + 1], nullptr);
  }
  const char* folder = std::getenv("FAULTY_SIM");
  if (state.empty() || folder == nullptr) return 2;
  SystemClock clock;
  std::unique_ptr<Catalog> catalog;
  std::unique_ptr<Journal> journal;
  return ServeProvider("sim", "1", [&]() -> Result<std::shared_ptr<Provider>> {
    fs::create_directories(state + "/sandbox");
    TANDEM_ASSIGN_OR_RETURN(catalog, OpenCatalog(schemas));
    TANDEM_ASSIGN_OR_RETURN(journal, OpenJournalFile(state + "/sandbox/world.log"));
    TANDEM_ASSIGN_OR_RETURN(std::shared_ptr<SimProvider> sim,
                            SimProvider::Open({journal.get(), &clock, catalog.get()}, world));
    return std::shared_ptr<Provider>(std::make_shared<FaultySim>(std::move(sim), folder));
  });
}

}  // namespace
}  // namespace tandem

int main(int argc, char** argv) { return tandem::Main(argc, argv); }
