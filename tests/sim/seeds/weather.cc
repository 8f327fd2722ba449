#include "tests/sim/seeds/weather.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <memory>

namespace tandem::seeds {
namespace {

using std::chrono::milliseconds;

// An answer that came over the wire whole and makes no sense.
void Spoil(Weather& weather, AccountAnswer& answer) {
  answer = AccountAnswer();
  answer.error = MakeCallError(ErrorClass::kUnspecified, "", "");
  if (weather.Chance(500)) answer.error.error_class = ErrorClass::kNotDone;
}
void Spoil(Weather& weather, ListAnswer& answer) {
  if (weather.Chance(500) || answer.objects.empty()) {
    answer = ListAnswer();
    answer.error = MakeCallError(ErrorClass::kUnspecified, "", "?");
    return;
  }
  LiveObject& object = answer.objects[weather.Below(answer.objects.size())];
  object.identity.clear();
  object.state = "purple";
}
void Spoil(Weather& weather, ReadAnswer& answer) {
  if (weather.Chance(500) || !answer.error.ok) {
    answer = ReadAnswer();
    answer.error = MakeCallError(ErrorClass::kUnspecified, "418", "?");
    return;
  }
  if (weather.Chance(500)) answer.object.fields = Packed::From(Value(List{}));
  else answer.object.identity.clear();
}
void Spoil(Weather& weather, ApplyAnswer& answer) {
  if (answer.error.ok && weather.Chance(300)) {
    // Done, and nothing says what.
    answer = ApplyAnswer();
    return;
  }
  answer = ApplyAnswer();
  answer.error = MakeCallError(ErrorClass::kUnspecified, "", "");
}
std::string RunOf(const std::string& intent) {
  const size_t at = intent.find("\"run\":\"");
  if (at == std::string::npos) return "";
  return intent.substr(at + 7, intent.find('"', at + 7) - at - 7);
}

void Spoil(Weather& weather, PollAnswer& answer) {
  if (answer.error.ok && weather.Chance(300)) {
    answer.identity.clear();
    return;
  }
  answer = PollAnswer();
  answer.error = MakeCallError(ErrorClass::kUnspecified, "", "?");
}
void Spoil(Weather&, MeasureAnswer& answer) {
  answer = MeasureAnswer();
  answer.error = MakeCallError(ErrorClass::kUnspecified, "", "?");
}

}  // namespace

bool Weather::One() {
  if (events_.empty() || events_.begin()->first.first > clock_.Now()) return false;
  Event event = std::move(events_.begin()->second);
  events_.erase(events_.begin());
  if (event.life < 0 || event.life == life_) event.work();
  return true;
}

void Weather::Trace(const std::string& line) {
  const std::string text = fmt::format("{} {}\n", FormatTime(clock_.Now(), true).substr(5), line);
  for (const char c : text) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  if (print) std::fputs(text.c_str(), stdout);
}

// --- what lasts ---

const std::string& FarCloud::AnyAccount() {
  static const std::string none;
  if (accounts_.empty()) return none;
  return *std::next(accounts_.begin(), static_cast<long>(weather_.Below(accounts_.size())));
}

void FarCloud::Storm() {
  const std::string& account = AnyAccount();
  storms_[account] = weather_.Now() + weather_.Between(2'000, 120'000);
  weather_.Trace("throttling storm in " + account);
}

void FarCloud::Expire() {
  const std::string& account = AnyAccount();
  expired_[account] = weather_.Now() + weather_.Between(500, 180'000);
  weather_.Trace("the credentials of " + account + " are over");
}

void FarCloud::Hang() {
  ++weather_.struck["hang"];
  hangs_until_ = std::max(hangs_until_, weather_.Now() + weather_.Between(1'000, 240'000));
  weather_.Trace("the provider stands still");
}

void FarCloud::Die() {
  ++weather_.struck["died"];
  weather_.Trace("the provider dies");
  ++plugin_;
  hangs_until_ = Time();
  down_until_ = weather_.Now() + weather_.Between(100, 20'000);
  // The next one knows no account.
  for (const std::string& account : accounts_) cloud_.Close(account);
}

void FarCloud::Calm() {
  storms_.clear();
  expired_.clear();
  hangs_until_ = down_until_ = Time();
}

// --- there ---

template <typename Answer>
bool FarCloud::Stopped(const std::string& account, const std::string& what, const Done<Answer>& done) {
  accounts_.insert(account);
  const Time now = weather_.Now();
  Answer answer;
  if (now < down_until_) {
    answer.error = MakeCallError(ErrorClass::kNotDone, "ProviderUnavailable", "it is being started");
    answer.error.retry_after = down_until_ - now;
    Deliver(milliseconds(0), true, false, done, std::move(answer));
    return true;
  }
  if (const auto storm = storms_.find(account);
      storm != storms_.end() && now < storm->second && weather_.Strikes(950, "storm")) {
    answer.error = MakeCallError(ErrorClass::kThrottled, "Throttling", "slow down");
    if (weather_.Chance(300)) answer.error.retry_after = weather_.Between(100, 30'000);
  } else if (const auto expired = expired_.find(account);
             expired != expired_.end() && now < expired->second) {
    ++weather_.struck["expiry"];
    answer.error = MakeCallError(ErrorClass::kSignIn, "ExpiredToken", "the token is over");
  } else if (weather_.Strikes(weather_.odds.refused, "refused")) {
    answer.error = weather_.Chance(500)
                       ? MakeCallError(ErrorClass::kThrottled, "Throttling", "slow down")
                       : MakeCallError(ErrorClass::kNotDone, "ServiceUnavailable", "try again");
  } else if (weather_.Strikes(weather_.odds.never, "never")) {
    weather_.Trace("lost before " + what);
    return true;  // the engine's own deadline has to notice
  } else {
    return false;
  }
  weather_.Trace(answer.error.code + " " + what);
  Deliver(weather_.Between(1, 40), true, false, done, std::move(answer));
  return true;
}

// --- and back ---

template <typename Answer>
void FarCloud::Deliver(Duration wait, bool engine, bool mutating, const Done<Answer>& done,
                       Answer answer) {
  auto held = std::make_shared<Answer>(std::move(answer));
  weather_.After(wait, engine, [this, engine, mutating, done, held, plugin = plugin_] {
    if (plugin == plugin_ && weather_.Now() < hangs_until_) {
      // It comes once the provider goes on, or never if that dies first.
      return Deliver(hangs_until_ - weather_.Now() + weather_.Between(1, 2'000), engine, mutating, done,
                     std::move(*held));
    }
    if (plugin != plugin_) {
      *held = Answer();
      held->error = MakeCallError(mutating ? ErrorClass::kPerhapsDone : ErrorClass::kNotDone,
                                  "ProviderDied", "the provider ended in the middle of the call");
    }
    done(std::move(*held));
  });
}

template <typename Answer>
void FarCloud::Bring(bool mutating, const std::string& what, Duration wait, const Done<Answer>& done,
                     Answer answer) {
  if (weather_.Strikes(weather_.odds.garbage, "garbage")) {
    Spoil(weather_, answer);
    weather_.Trace("spoilt: " + what);
  }
  if (weather_.Strikes(weather_.odds.repeat, "repeat")) {
    weather_.Trace("comes again: " + what);
    Deliver(wait + weather_.Between(0, 100'000), false, mutating, done, answer);
  }
  if (weather_.Strikes(weather_.odds.late, "late")) {
    weather_.Trace("late: " + what);
    return Deliver(weather_.Between(66'000, 600'000), false, mutating, done, std::move(answer));
  }
  Deliver(wait, true, mutating, done, std::move(answer));
}

template <typename Look>
void FarCloud::Unsteady(Look look) {
  if (!weather_.Strikes(weather_.odds.unsteady, "unsteady")) return look();
  Fault past;
  past.type = FaultType::kStaleReads;
  past.target = "aws";
  past.lag = weather_.Between(500, 15'000);
  const Result<int64_t> fault = cloud_.AddFault(past);
  look();
  if (fault.ok()) (void)cloud_.ClearFault(*fault);
}

void FarCloud::Open(AccountRequest request, Done<AccountAnswer> done) {
  if (Stopped(request.account, "open " + request.account, done)) return;
  const std::string what = "open " + request.account;
  cloud_.Open(std::move(request), [&](AccountAnswer answer) {
    Bring(false, what, weather_.Between(1, 40), done, std::move(answer));
  });
}

void FarCloud::List(ListRequest request, Done<ListAnswer> done) {
  const std::string what = "list " + request.kind.ToString() + " " + request.page_token;
  if (Stopped(request.account, what, done)) return;
  if (request.page_token == "again") request.page_token.clear();
  Unsteady([&] {
    cloud_.List(request, [&](ListAnswer answer) {
      if (answer.error.ok && weather_.Strikes(weather_.odds.truncated, "truncated")) {
        weather_.Trace("breaks off: " + what);
        answer.objects.resize(weather_.Below(answer.objects.size() + 1));
        answer.next_page_token.clear();
        answer.complete = false;
      } else if (answer.error.ok && weather_.Strikes(weather_.odds.repeating, "repeating")) {
        // The same page again, under its own token, or each object of it twice.
        weather_.Trace("repeats itself: " + what);
        if (weather_.Chance(500)) {
          answer.next_page_token = request.page_token.empty() ? "again" : request.page_token;
        } else {
          std::vector<LiveObject> twice = answer.objects;
          answer.objects.insert(answer.objects.end(), twice.begin(), twice.end());
        }
      }
      Bring(false, what, weather_.Between(1, 40), done, std::move(answer));
    });
  });
}

void FarCloud::Read(ReadRequest request, Done<ReadAnswer> done) {
  const std::string what = "read " + request.kind.ToString() + " " + request.identity;
  if (Stopped(request.account, what, done)) return;
  Unsteady([&] {
    cloud_.Read(std::move(request), [&](ReadAnswer answer) {
      weather_.Trace(what + ": " + (answer.error.ok ? answer.object.fields.json() : answer.error.code));
      Bring(false, what, weather_.Between(1, 40), done, std::move(answer));
    });
  });
}

void FarCloud::Apply(ApplyRequest request, Done<ApplyAnswer> done) {
  calls.push_back({request.intent, request.address.ToString(), request.call});
  const std::string what = request.call + " " + request.address.ToString() + " " + request.intent;
  if (Stopped(request.account, what, done)) return;
  // What is left of the engine's deadline; nobody else goes by its clock.
  request.deadline = weather_.Now() + (request.deadline - engine_clock->Now());
  const bool slow = weather_.Strikes(weather_.odds.slow, "slow");
  const bool lost = weather_.Strikes(weather_.odds.lost, "lost");
  const bool told = weather_.Chance(500);  // a broken connection, or silence
  const Duration there = slow ? weather_.Between(1000, 40'000) : weather_.Between(1, 40);
  const Duration back = slow ? weather_.Between(1000, 30'000) : weather_.Between(1, 40);
  auto flight = std::make_shared<Flight>();
  flight->request = std::move(request);
  flight->done = std::move(done);
  flight->what = what;
  flight->lost = lost;
  flight->told = told;
  flight->back = back;
  flight->plugin = plugin_;
  weather_.Trace("call " + what);
  weather_.After(there, false, [this, flight] { Arrive(flight); });
}

// Where a call is by then: with a provider that stands still, that has died with it in hand, or at the clouds.
void FarCloud::Arrive(const std::shared_ptr<Flight>& flight) {
  const std::string& what = flight->what;
  if (flight->plugin == plugin_ && weather_.Now() < hangs_until_) {
    weather_.After(hangs_until_ - weather_.Now() + weather_.Between(0, 50), false,
                   [this, flight] { Arrive(flight); });
    return;
  }
  ApplyAnswer died;
  died.error = MakeCallError(ErrorClass::kPerhapsDone, "ProviderDied", "it ended");
  if (flight->plugin != plugin_ && weather_.Chance(500)) {
    weather_.Trace("died with the provider: " + what);
    return Deliver(milliseconds(0), true, true, flight->done, died);
  }
  cloud_.Apply(flight->request, [&](ApplyAnswer answer) {
    weather_.Trace(fmt::format("{} {}{}", flight->lost ? "done, answer lost:" : "done:", what,
                               answer.error.ok ? "" : " " + answer.error.code));
    if (flight->lost) {
      if (!flight->told) return;
      answer = ApplyAnswer();
      answer.error = MakeCallError(ErrorClass::kPerhapsDone, "", "connection reset");
    }
    if (flight->plugin != plugin_) answer = died;
    Bring(true, what, flight->back, flight->done, std::move(answer));
  });
}

void FarCloud::Poll(PollRequest request, Done<PollAnswer> done) {
  const std::string what = "poll " + request.handle;
  if (Stopped(request.account, what, done)) return;
  cloud_.Poll(std::move(request), [&](PollAnswer answer) {
    Bring(false, what, weather_.Between(1, 40), done, std::move(answer));
  });
}

void FarCloud::Measure(MeasureRequest request, Done<MeasureAnswer> done) {
  const std::string what = "measure " + request.signal;
  if (Stopped(request.account, what, done)) return;
  cloud_.Measure(std::move(request), [&](MeasureAnswer answer) {
    Bring(false, what, weather_.Between(1, 40), done, std::move(answer));
  });
}

void FarStore::Commit(std::vector<Write> writes, Completion<StoreRevision> done) {
  if (lost_) return Refuse(std::move(done));
  if (weather_.Strikes(weather_.odds.store, "store")) {
    weather_.Trace("commit fails");
    weather_.After(weather_.Between(0, 5), true,
                   [done = std::move(done)] { done(Unavailable("the disk is busy")); });
    return;
  }
  // Durable some time before the engine hears of it: a crash in between loses the answer alone.
  auto held = std::make_shared<std::vector<Write>>(std::move(writes));
  const int64_t life = weather_.life();
  weather_.After(weather_.Between(0, 3), true, [this, held, done = std::move(done), life] {
    if (lost_) return Refuse(done);
    for (const Write& write : *held)
      if (write.value && write.key.rfind("intent/", 0) == 0) durable_intents_.emplace(write.key.substr(7), RunOf(*write.value));
    auto stored = std::make_shared<Result<StoreRevision>>(Unavailable("not stored"));
    store_.Commit(std::move(*held), [stored](Result<StoreRevision> given) { *stored = given; });
    if (!stored->ok()) weather_.Trace("commit: " + stored->status().ToString());
    if (life != weather_.life()) return;
    weather_.After(weather_.Between(0, 3), true, [done, stored] { done(*stored); });
  });
}

void FarStore::Refuse(Completion<StoreRevision> done) {
  weather_.Trace("commit: somebody else has the store");
  weather_.After(weather_.Between(0, 5), true, [this, done = std::move(done)] {
    if (lost_) lost_();
    done(Status(Code::kAborted, "another writer has the store"));
  });
}

void FarStore::Scan(std::string prefix, std::string after, size_t limit, Completion<Page> done) {
  auto page = std::make_shared<Result<Page>>(Unavailable("not read"));
  store_.Scan(std::move(prefix), std::move(after), limit, [page](Result<Page> given) { *page = given; });
  weather_.After(Duration(0), true, [done = std::move(done), page] { done(*page); });
}

void FarStore::Get(std::string key, Completion<Row> done) {
  auto row = std::make_shared<Result<Row>>(Unavailable("not read"));
  store_.Get(std::move(key), [row](Result<Row> given) { *row = given; });
  weather_.After(Duration(0), true, [done = std::move(done), row] { done(*row); });
}

}  // namespace tandem::seeds
