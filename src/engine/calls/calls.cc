#include "engine/calls/calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "tandem/record/record.h"

namespace tandem {
namespace {
constexpr int kListAttempts = 4;
constexpr size_t kEnough = 32;                              // calls worth a message of their own
constexpr Duration kHoldBack = std::chrono::microseconds(300);  // at most, for company
constexpr size_t kReads = 64;         // at once, each account
constexpr size_t kRoutineReads = 56;  // of them: a step finds a place beside the look at everything
}  // namespace

namespace {

// Whether it can be an object at all: it has a name, and its fields are a map where they are there.
bool IsObject(const LiveObject& object) {
  return !object.identity.empty() && (object.fields.empty() || object.fields.json().front() == '{');
}

}  // namespace

void Calls::Enter(const std::string& account, Place place, std::function<void()> start) {
  const bool mutating = place == Place::kWrite;
  Gate& gate = (mutating ? writing_ : reading_)[account];
  const size_t most = mutating ? context_.settings.in_flight_account : kReads;
  if (gate.in_flight >= most || (mutating && mutating_ >= context_.settings.in_flight)) {
    gate.waiting.push_back(std::move(start));
    if (mutating) turn_.push_back(account);
    return;
  }
  ++gate.in_flight;
  if (mutating) ++mutating_;
  start();
}

void Calls::Flush() {
  if (asked_.empty()) return;
  size_t held = 0;
  for (const Provider* provider : asked_) held += provider->held();
  const Time now = context_.Now();
  if (held > 0 && held < kEnough && held < open_) {
    // Answers are on their way, and with them come more calls to send along.
    if (!flush_due_) flush_due_ = now + kHoldBack;
    if (now < *flush_due_) return;
  }
  flush_due_.reset();
  for (Provider* provider : std::exchange(asked_, {})) provider->Flush();
}

void Calls::Leave(const std::string& account, Place place) {
  const bool mutating = place == Place::kWrite;
  Gate& gate = (mutating ? writing_ : reading_)[account];
  --gate.in_flight;
  if (mutating) {
    --mutating_;
    Drain();
    return;
  }
  if (place == Place::kRoutineRead) --gate.routine;
  if (gate.waiting.empty()) return Admit(account);
  std::function<void()> next = std::move(gate.waiting.front());
  gate.waiting.pop_front();
  ++gate.in_flight;
  next();
}

// Routine reads, as many as have room. They reserve their time one by one: a look at everything would take
// all times of a throttled API for minutes, and a step that reads one object would have to come after it.
void Calls::Admit(const std::string& account) {
  Gate& gate = reading_[account];
  if (gate.admitting++ > 0) return;  // a call that ended at once: the loop below goes on
  for (size_t asked = 0; asked != gate.admitting;) {
    asked = gate.admitting;
    for (auto& [key, routine] : gate.routines) {
      while (!routine.waiting.empty() && !routine.reserved && gate.waiting.empty() &&
             gate.in_flight < kReads && gate.routine < kRoutineReads) {
        ++gate.in_flight;
        ++gate.routine;
        AdmitOne(account, key, routine);
      }
    }
  }
  gate.admitting = 0;
}

void Calls::AdmitOne(const std::string& account, const std::string& bucket_key, Routine& routine) {
  std::function<void()> start = std::move(routine.waiting.front());
  routine.waiting.pop_front();
  const Time when = context_.limits.Reserve(bucket_key, context_.Now());
  if (when <= context_.Now()) return start();
  routine.reserved = true;
  context_.timers.At(when, [this, account, &routine, start = std::move(start)] {
    routine.reserved = false;
    start();
    Admit(account);
  });
}

// Lets in the first waiter whose account has room, so that one slow account holds up no other (promise 7).
void Calls::Drain() {
  for (size_t tries = turn_.size(); tries > 0 && mutating_ < context_.settings.in_flight; --tries) {
    const std::string account = std::move(turn_.front());
    turn_.pop_front();
    Gate& gate = writing_[account];
    if (gate.in_flight >= context_.settings.in_flight_account) {
      turn_.push_back(account);
      continue;
    }
    std::function<void()> next = std::move(gate.waiting.front());
    gate.waiting.pop_front();
    ++gate.in_flight;
    ++mutating_;
    next();
    return;
  }
}

std::string Calls::BucketKey(const std::string& account, const std::string& bucket) const {
  const AccountView* view = accounts_.Find(account);
  return (view != nullptr ? view->provider : "") + "/" + account + "/" + bucket;
}

// The call itself, with a place held. Exactly one of two answers counts: the provider's, or the guard's
// after the deadline.
template <typename Answer>
void Calls::Start(const std::string& account, const char* method, const std::string& bucket_key,
                  Place place, const std::function<void(Provider&, Done<Answer>)>& start,
                  Done<Answer> done) {
  const AccountView* view = accounts_.Find(account);
  const std::string provider_name = view != nullptr ? view->provider : "";
  Provider* provider = accounts_.ProviderOf(account);
  if (provider == nullptr) {
    Leave(account, place);
    Answer answer;
    answer.error = MakeCallError(ErrorClass::kNotDone, "",
                                 fmt::format("no provider serves account '{}'", account));
    done(std::move(answer));
    return;
  }
  ++counters_.requests[{provider_name, method}];
  auto open = std::make_shared<bool>(true);
  auto answered = [=, this](Answer answer) {
    if (!*open) return;
    *open = false;
    --open_;
    Leave(account, place);
    if (!answer.error.ok) {
      ++counters_.errors[{provider_name, std::string(ErrorClassName(answer.error.error_class))}];
      if (answer.error.error_class == ErrorClass::kThrottled)
        context_.limits.Throttled(bucket_key, context_.Now(), answer.error.retry_after);
      if (answer.error.error_class == ErrorClass::kSignIn) accounts_.SignInRefused(account);
    }
    done(std::move(answer));
  };
  const Timers::Id guard =
      context_.timers.At(context_.Now() + context_.settings.call_timeout + kCallGrace, [=] {
        Answer answer;
        answer.error =
            MakeCallError(ErrorClass::kPerhapsDone, "", "no answer within the time limit");
        answered(std::move(answer));
      });
  ++open_;
  if (std::find(asked_.begin(), asked_.end(), provider) == asked_.end()) asked_.push_back(provider);
  start(*provider, context_.InTurn<Answer>([=, this](Answer answer) {
    context_.timers.Cancel(guard);
    answered(std::move(answer));
  }));
}

template <typename Answer>
void Calls::Issue(const std::string& account, const char* method, const std::string& bucket, Pace pace,
                  std::function<void(Provider&, Done<Answer>)> start, Done<Answer> done) {
  const std::string bucket_key = BucketKey(account, bucket);
  if (pace == Pace::kRoutine) {
    reading_[account].routines[bucket_key].waiting.push_back([=, this] {
      Start<Answer>(account, method, bucket_key, Place::kRoutineRead, start, done);
    });
    return Admit(account);
  }
  const auto go = [=, this] {
    Enter(account, Place::kRead, [=, this] {
      Start<Answer>(account, method, bucket_key, Place::kRead, start, done);
    });
  };
  const Time when = context_.limits.Reserve(bucket_key, context_.Now());
  if (when > context_.Now()) {
    context_.timers.At(when, go);
  } else {
    go();
  }
}

void Calls::TakePlace(const std::string& account, const std::string& bucket,
                      std::function<void()> go) {
  const Time when = context_.limits.Reserve(BucketKey(account, bucket), context_.Now());
  auto enter = [this, account, go = std::move(go)] { Enter(account, Place::kWrite, go); };
  if (when > context_.Now()) {
    context_.timers.At(when, std::move(enter));
  } else {
    enter();
  }
}

void Calls::Read(const std::string& account, const KindName& kind, const std::string& identity,
                 Pace pace, Done<ReadAnswer> done) {
  Issue<ReadAnswer>(
      account, "Read", kind.group + "/read", pace,
      [request = ReadRequest{account, kind, identity}](Provider& provider, Done<ReadAnswer> answer) {
        provider.Read(request, std::move(answer));
      },
      [done = std::move(done)](ReadAnswer answer) {
        if (answer.error.ok && (!IsObject(answer.object) || answer.object.fields.empty()))
          answer.error = MakeCallError(ErrorClass::kNotDone, "", "the answer to a read makes no sense");
        done(std::move(answer));
      });
}

void Calls::Poll(const std::string& account, const KindName& kind, const std::string& handle,
                 Done<PollAnswer> done) {
  Issue<PollAnswer>(
      account, "Poll", kind.group + "/read", Pace::kStep,
      [request = PollRequest{account, kind, handle}](Provider& provider, Done<PollAnswer> answer) {
        provider.Poll(request, std::move(answer));
      },
      std::move(done));
}

void Calls::Apply(ApplyRequest request, const std::string& bucket, Done<ApplyAnswer> done) {
  const std::string account = request.account;
  auto held = std::make_shared<ApplyRequest>(std::move(request));
  Start<ApplyAnswer>(
      account, "Apply", BucketKey(account, bucket), Place::kWrite,
      [held](Provider& provider, Done<ApplyAnswer> answer) {
        provider.Apply(std::move(*held), std::move(answer));
      },
      std::move(done));
}

void Calls::List(const std::string& account, const KindName& kind, std::vector<std::string> parents,
                 std::function<void(std::vector<LiveObject>)> page,
                 std::function<void(ListEnd)> done) {
  const auto take = [page = std::move(page)](std::vector<LiveObject> objects, const std::function<void()>& next) {
    page(std::move(objects));
    next();
  };
  ListPage(std::make_shared<Listing>(
               Listing{account, kind, std::move(parents), Pace::kStep, take, std::move(done)}),
           0);
}

void Calls::Scan(const std::string& account, const KindName& kind, std::vector<std::string> parents,
                 std::function<void(std::vector<LiveObject>, std::function<void()>)> page,
                 std::function<void(ListEnd)> done) {
  ListPage(std::make_shared<Listing>(Listing{account, kind, std::move(parents), Pace::kRoutine,
                                             std::move(page), std::move(done)}),
           0);
}

void Calls::ListPage(const std::shared_ptr<Listing>& listing, int attempt) {
  ListRequest request{listing->account, listing->kind, listing->parents, listing->token};
  Issue<ListAnswer>(
      listing->account, "List", listing->kind.group + "/read", listing->pace,
      [request = std::move(request)](Provider& provider, Done<ListAnswer> answer) {
        provider.List(request, std::move(answer));
      },
      [this, listing, attempt](ListAnswer answer) {
        const ErrorClass c = answer.error.error_class;
        const bool again = c == ErrorClass::kThrottled || c == ErrorClass::kNotDone ||
                           c == ErrorClass::kPerhapsDone;
        if (!answer.error.ok && again && attempt + 1 < kListAttempts && !context_.stopping) {
          const Duration wait =
              std::max<Duration>(answer.error.retry_after, context_.settings.backoff_first * (1 << attempt));
          context_.timers.At(context_.Now() + wait, [this, listing, attempt] { ListPage(listing, attempt + 1); });
        } else if (listing->taking) {
          const auto held = std::make_shared<ListAnswer>(std::move(answer));
          listing->arrived = [this, listing, held] { TakePage(listing, std::move(*held)); };
        } else {
          TakePage(listing, std::move(answer));
        }
      });
}

void Calls::TakePage(const std::shared_ptr<Listing>& listing, ListAnswer answer) {
  if (!answer.error.ok) {
    listing->done({answer.error, false, listing->names_only});
    return;
  }
  // What is no object hides one.
  const bool whole = std::erase_if(answer.objects, [](const LiveObject& object) { return !IsObject(object); }) == 0;
  const bool last = answer.next_page_token.empty();
  // A page that was there already would go on for ever, and what it left out nobody knows.
  const bool more = !last && listing->tokens.insert(answer.next_page_token).second;
  listing->complete = listing->complete && whole && (more || (last && answer.complete));
  listing->names_only = listing->names_only || answer.names_only;
  listing->taking = true;
  if (more) {
    listing->token = answer.next_page_token;
    ListPage(listing, 0);
  }
  listing->page(std::move(answer.objects), [listing, more] {
    listing->taking = false;
    if (!more) {
      listing->done({CallError{}, listing->complete, listing->names_only});
    } else if (listing->arrived) {
      std::exchange(listing->arrived, {})();
    }
  });
}

}  // namespace tandem
