#include "engine/planning/planner.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/memory/references.h"
#include "engine/planning/account_checks.h"
#include "engine/planning/standing.h"
#include "engine/sight/partial_sight.h"
#include "tandem/state/keys.h"

namespace tandem {
namespace {

constexpr int kSecretRounds = 3;
constexpr Duration kSeenLately = std::chrono::minutes(1);
// So many of an account are read one by one; for more, all of it is looked at, after whoever is doing so already.
constexpr size_t kReadAlone = 32;

PlanAnswer Refused(Refusal refusal, std::string message) {
  PlanAnswer answer;
  answer.refusal = refusal;
  answer.message = std::move(message);
  return answer;
}

Refusal RefusalOf(PlanRefusal refusal) {
  switch (refusal) {
    case PlanRefusal::kNone: return Refusal::kNone;
    case PlanRefusal::kConfiguration: return Refusal::kConfiguration;
    case PlanRefusal::kResource: return Refusal::kResource;
    case PlanRefusal::kPolicy: return Refusal::kPolicy;
  }
  return Refusal::kInternal;
}

}  // namespace

struct Planner::Request {
  PlanRequest request;
  std::function<void(PlanAnswer)> done;
  std::shared_ptr<const CompiledModel> model;
  Diagnostics found;
  std::shared_ptr<PlanningJob> job;
  int64_t accepted = 0;
  int64_t asked = 0;  // looks that began later are fresh
  std::optional<int64_t> undo_to;  // the revision, once its sources are in `request`
  size_t looking = 0;
  bool all = false;  // everything has to be decided
  int rounds = 0;
  std::map<std::string, SecretWorth> worth;

  void Finish(PlanAnswer answer) {
    for (const Diagnostic& diagnostic : found.items())
      if (diagnostic.severity == Severity::kWarning || answer.refusal == Refusal::kConfiguration)
        answer.diagnostics.Add(diagnostic);
    done(std::move(answer));
  }
};

const std::string& Planner::Uid() {
  if (context_.memory.uid.empty()) context_.memory.uid = context_.ports.random->Uuid();
  return context_.memory.uid;
}

void Planner::LoadRevision(int64_t number, std::function<void(Result<StoredModel>)> done) {
  context_.ports.store->Scan(
      RevisionChunkPrefix(number), "", 10'000,
      context_.InTurn<Result<Page>>([this, number, done = std::move(done)](Result<Page> page) {
        if (!page.ok()) return done(page.status());
        if (page->rows.empty())
          return done(NotFound(fmt::format("revision {} is not kept", number)));
        const auto read = [done](Result<StoredModel> model) {
          if (!model.ok()) return done(model.status().Annotate("a document of the revision"));
          done(std::move(model));
        };
        List digests;  // of a revision from before there were pages
        for (const Row& row : page->rows) {
          const Result<Value> chunk = ParseJson(row.value);
          const Value* pages = chunk.ok() && chunk->is_map() ? chunk->Find("pages") : nullptr;
          if (pages != nullptr) return ReadModel(&context_, *pages, read);
          if (!chunk.ok() || !chunk->is_list())
            return done(DataLoss(fmt::format("row {} is damaged", row.key)));
          digests.insert(digests.end(), chunk->as_list().begin(), chunk->as_list().end());
        }
        ReadModelOf(&context_, digests, read);
      }));
}

void Planner::MakePlan(PlanRequest plan_request, std::function<void(PlanAnswer)> done,
                       std::optional<int64_t> asked) {
  auto request = std::make_shared<Request>();
  request->request = std::move(plan_request);
  request->done = std::move(done);
  request->accepted = context_.memory.accepted;
  // Without a refresh it does not matter how old a look is.
  request->asked = request->request.refresh ? asked.value_or(observer_.begun()) : 0;
  if (const PlanMode mode = request->request.mode; mode != PlanMode::kApply && mode != PlanMode::kUndo)
    return request->Finish(Refused(
        Refusal::kConfiguration, fmt::format("a plan of mode {} is made by the daemon alone", PlanModeName(mode))));
  if (request->request.undo_to) {
    const std::map<int64_t, Revision>& known = context_.memory.revisions;
    int64_t number = *request->request.undo_to;
    if (number == 0) {
      const auto accepted = known.lower_bound(context_.memory.accepted);
      if (accepted == known.begin())
        return request->Finish(Refused(Refusal::kNotFound, "there is no earlier revision to go back to"));
      number = std::prev(accepted)->first;
    }
    const auto revision = known.find(number);
    if (revision == known.end())
      return request->Finish(Refused(Refusal::kNotFound, fmt::format("there is no revision {}", number)));
    request->request.mode = PlanMode::kUndo;
    LoadRevision(number, [this, request, number](Result<StoredModel> stored) {
      if (!stored.ok())
        return request->Finish(Refused(Refusal::kNotFound, stored.status().message()));
      request->request.sources = std::move(stored->sources);
      request->request.undo_to.reset();
      request->undo_to = number;
      Compiled(request);
    });
    return;
  }
  if (const std::string why = WhyNotOver(request->request); !why.empty())
    return request->Finish(Refused(Refusal::kNotFound, why));
  Compiled(request);
}

std::string Planner::WhyNotOver(const PlanRequest& request) const {
  const Memory& memory = context_.memory;
  if (request.over.empty())
    return request.removed.empty() ? "" : "files are removed from a model, and none is named";
  if (memory.model == nullptr || memory.accepted == 0)
    return "no model is accepted yet: send the whole model";
  if (request.over != memory.accepted_digest)
    return fmt::format("the accepted model is another, revision {} ({}): send the whole model",
                       memory.accepted, memory.accepted_digest);
  return "";
}

// Compiles on the executor, then checks that it is this platform's model (R2, R14).
void Planner::Compiled(const Ptr& request) {
  const Catalog* catalog = context_.ports.catalog;
  const ParallelFor parallel = context_.ports.parallel;
  using Outcome = std::pair<std::shared_ptr<const CompiledModel>, Diagnostics>;
  context_.Background<Outcome>(
      [request, catalog, parallel, accepted = context_.memory.model] {
        Diagnostics found;
        CompileOptions options;
        options.parallel = parallel;
        options.rest = true;
        options.known = accepted;
        if (!request->request.over.empty()) {
          ModelChanges changes{std::move(request->request.sources), request->request.removed};
          auto model = CompileChanges(changes, *catalog, options, found);
          found.Sort();
          return Outcome(std::move(model), std::move(found));
        }
        auto model = Compile(request->request.sources, *catalog, options, found);
        found.Sort();
        return Outcome(std::move(model), std::move(found));
      },
      [this, request](Outcome outcome) {
        request->found = std::move(outcome.second);
        request->model = std::move(outcome.first);
        if (!request->model)
          return request->Finish(Refused(Refusal::kConfiguration, "the model has errors"));
        if (Refuses(*request, CheckPlatform(*request->model, context_.memory))) return;
        std::set<std::string> few;
        if (!request->request.refresh && Few(request->request, *request->model, &few) &&
            AllLookedAt(*request->model, few))
          return Build(request);
        All(request);
      });
}

bool Planner::Refuses(Request& request, const Diagnostics& found) {
  if (!found.has_errors()) return false;
  std::string message;
  for (const Diagnostic& diagnostic : found.items())
    message += (message.empty() ? "" : "\n") + diagnostic.summary;
  request.found.Append(found);
  request.Finish(Refused(Refusal::kConfiguration, std::move(message)));
  return true;
}

void Planner::All(const Ptr& request) {
  if (Refuses(*request, CheckAccounts(*request->model, context_.memory))) return;
  Look(request);
}

bool Planner::InUse(const std::string& account) const {
  const Memory& memory = context_.memory;
  if (memory.model && memory.model->accounts.count(account) > 0) return true;
  return std::any_of(memory.resources.begin(), memory.resources.end(), [&](const auto& entry) {
    return entry.second.record && entry.second.record->account == account;
  });
}

void Planner::KnowAccounts(const CompiledModel& model, bool accepted) {
  for (const auto& [name, account] : model.accounts) {
    // A proposal changes nothing (R1); what only an earlier proposal said gives way to it.
    const bool in_use = InUse(name);
    if (!accepted && accounts_.Knows(name) && in_use) continue;
    Result<Value> spec = EvaluateAccount(
        model, account, [&](const std::string& address, const Path& path) -> Result<Value> {
          return LiveReference(context_.memory, address, path);
        });
    if (!spec.ok() || spec->HasUnknown()) continue;  // provisional: known once its target is
    accounts_.Know(name, *spec, !in_use);
  }
}

void Planner::Look(const Ptr& request) {
  KnowAccounts(*request->model, false);
  std::set<std::string> names;
  for (const auto& [name, account] : request->model->accounts)
    if (accounts_.Knows(name)) names.insert(name);
  for (const auto& [key, resource] : context_.memory.resources) {
    if (!resource.record) continue;
    if (!accounts_.Knows(resource.record->account) && !resource.record->account_spec.empty())
      accounts_.Know(resource.record->account, resource.record->account_spec.Unpack());
    names.insert(resource.record->account);
  }
  if (!request->request.refresh) {
    // Only what was never looked at is looked at now.
    for (auto name = names.begin(); name != names.end();) {
      const AccountView* view = accounts_.Find(*name);
      const bool seen = view != nullptr && view->observed_at != Time();
      bool covered = seen;
      if (seen)
        for (const auto& [key, resource] : request->model->resources)
          if (resource.account == *name) {
            const Resource* known = context_.memory.Find(key);
            covered &= known != nullptr && known->looked;
          }
      name = covered ? names.erase(name) : std::next(name);
    }
  }
  request->looking = names.size() + 1;
  const auto looked = [this, request] {
    if (--request->looking == 0) Build(request);
  };
  for (const std::string& name : names) observer_.Refresh(name, request->model, looked, request->asked);
  looked();
}

void Planner::LookAgain(const KnownPlan& known, std::function<void()> done) {
  std::set<std::string> names;
  std::map<std::string, std::vector<std::string>> alone;  // by account: what one read tells of
  for (const std::string& address : StoodUpon(known)) {
    const Resource* resource = context_.memory.Find(address);
    const ModelResource* model = known.model ? known.model->Find(address) : nullptr;
    if (resource != nullptr && resource->looked && resource->seen &&
        resource->seen_at + kSeenLately > context_.Now())
      continue;
    if (resource != nullptr && resource->record) {
      const Record& record = *resource->record;
      if (record.identity.empty()) names.insert(record.account);
      else alone[record.account].push_back(address);
    } else if (model != nullptr) {
      names.insert(model->account);
    }
  }
  for (auto at = alone.begin(); at != alone.end();) {
    if (at->second.size() > kReadAlone) names.insert(at->first);
    const bool together = names.count(at->first) > 0 || !accounts_.Knows(at->first);
    at = together ? alone.erase(at) : std::next(at);
  }
  auto left = std::make_shared<size_t>(names.size() + 1);
  const auto looked = [left, done = std::move(done)] {
    if (--*left == 0) done();
  };
  for (const auto& [name, addresses] : alone) {
    *left += addresses.size();
    for (const std::string& address : addresses) observer_.LookAt(address, Pace::kStep, looked);
  }
  for (const std::string& name : names) {
    if (accounts_.Knows(name)) observer_.Refresh(name, known.model, looked);
    else looked();
  }
  looked();
}

std::shared_ptr<PlanningJob> Planner::Copy(std::shared_ptr<const CompiledModel> model) const {
  const Memory& memory = context_.memory;
  auto job = std::make_shared<PlanningJob>();
  Begin(std::move(model), *job);
  for (const auto& [key, resource] : memory.resources) CopyOne(key, resource, false, *job);
  return job;
}

void Planner::Begin(std::shared_ptr<const CompiledModel> model, PlanningJob& job) const {
  const Memory& memory = context_.memory;
  job.accepted = memory.model;
  job.model = std::move(model);
  job.secret_key = context_.ports.secret_key;
  job.catalog = context_.ports.catalog;
  PlanInput& input = job.input;
  input.platform = job.model->platform;
  input.platform_uid = memory.uid;
  input.from = memory.accepted;
  input.accepted_digest = memory.accepted_digest;
  input.proposed_digest = job.model->digest;
  input.to = job.model->digest == memory.accepted_digest && memory.accepted > 0
                 ? memory.accepted
                 : memory.accepted + 1;
  input.created = context_.Now();
}

void Planner::Build(const Ptr& request) {
  if (context_.memory.accepted != request->accepted) {
    // Overtaken while it looked: made again over what is accepted by now.
    request->accepted = context_.memory.accepted;
  }
  (void)Uid();
  std::set<std::string> few;
  if (request->all || !Few(request->request, *request->model, &few)) {
    if (!request->request.over.empty()) LookForQuiet();
    request->job = Copy(request->model);
  } else {
    request->job = CopyFew(request->model, std::move(few));
    request->job->stored_documents = context_.memory.documents;
  }
  PlanInput& input = request->job->input;
  input.mode = request->request.mode;
  request->job->undo_to = request->undo_to;
  input.targets = request->request.targets;
  input.delete_budget = request->request.delete_budget;
  request->job->worth = request->worth;
  context_.Background<std::shared_ptr<PlanningJob>>(
      [job = request->job] {
        RunPlanning(*job);
        return job;
      },
      [this, request](std::shared_ptr<PlanningJob>) { Built(request); });
}

void Planner::Resolve(const std::set<std::string>& uris,
                      std::function<void(Status, std::map<std::string, SecretWorth>)> done) {
  struct Gathering {
    std::map<std::string, SecretWorth> worth;
    size_t left = 0;
    Status failure;
  };
  auto gathering = std::make_shared<Gathering>();
  gathering->left = uris.size();
  if (context_.ports.secrets == nullptr)
    return done(FailedPrecondition("no source of secrets is set up"), {});
  for (const std::string& uri : uris) {
    context_.ports.secrets->Resolve(
        uri, context_.InTurn<Result<SecretWorth>>([uri, gathering, done](Result<SecretWorth> result) {
          if (result.ok()) gathering->worth.emplace(uri, std::move(result).value());
          else gathering->failure = result.status().Annotate(uri);
          if (--gathering->left == 0) done(gathering->failure, std::move(gathering->worth));
        }));
  }
}

void Planner::Built(const Ptr& request) {
  PlanningJob& job = *request->job;
  if (job.too_few) {
    request->all = true;
    return All(request);
  }
  if (!job.missing_secrets.empty() && request->rounds++ < kSecretRounds) {
    Resolve(job.missing_secrets,
            [this, request](Status status, std::map<std::string, SecretWorth> worth) {
              if (!status.ok())
                return request->Finish(Refused(Refusal::kResource, status.message()));
              request->worth.merge(worth);
              Build(request);
            });
    return;
  }
  request->worth.clear();
  job.worth.clear();
  for (const Diagnostic& diagnostic : job.result.problems.items()) request->found.Add(diagnostic);
  if (job.result.refusal != PlanRefusal::kNone || !job.result.plan) {
    PlanAnswer answer = Refused(RefusalOf(job.result.refusal), "");
    std::string message;
    for (const Diagnostic& diagnostic : job.result.problems.items()) {
      if (diagnostic.severity != Severity::kError) continue;
      if (!message.empty()) message += "\n";
      message += diagnostic.summary;
      if (!diagnostic.detail.empty()) message += ": " + diagnostic.detail;
    }
    answer.message = message.empty() ? "no plan could be made" : message;
    answer.diagnostics = job.result.problems;
    return request->Finish(std::move(answer));
  }
  if (context_.memory.accepted != job.input.from) {  // overtaken meanwhile
    if (!job.few) return Build(request);
    request->all = true;
    return All(request);
  }
  if (job.few) ++few_;
  auto plan = std::make_shared<Plan>(std::move(*job.result.plan));
  request->found.Append(TellUnobserved(*plan, *request->model, context_.memory));
  KnownPlan& known = context_.memory.plans[plan->hash];
  known.plan = plan;
  known.model = request->model;
  // Who plans the same once more, to review it say, does not become its author.
  if (known.author.empty()) known.author = request->request.actor;
  if (!known.stored) {
    known.documents = std::move(job.documents);
    known.document_rows = std::move(job.document_rows);
  }
  context_.memory.PlanMade(plan->hash);
  PlanAnswer answer;
  answer.plan = std::move(plan);
  request->Finish(std::move(answer));
}

void Planner::PlanAllAccepted(std::function<void(PlanResult)> done) {
  if (!context_.memory.model) return done(PlanResult());
  // Secrets are compared by what was recorded: a changed secret is found by the next plan of a person.
  std::shared_ptr<PlanningJob> job = Copy(context_.memory.model);
  BeginSettling(*job);
  context_.Background<std::shared_ptr<PlanningJob>>(
      [job] {
        RunPlanning(*job);
        return job;
      },
      [this, job, done = std::move(done)](std::shared_ptr<PlanningJob>) mutable {
        EndSettling(*job);
        if (job->missing_secrets.empty()) return done(std::move(job->result));
        Resolve(job->missing_secrets,
                [this, done = std::move(done)](Status status, std::map<std::string, SecretWorth> worth) {
                  if (!status.ok() || !context_.memory.model) return done(PlanResult());
                  std::shared_ptr<PlanningJob> again = Copy(context_.memory.model);
                  again->worth = std::move(worth);
                  context_.Background<std::shared_ptr<PlanningJob>>(
                      [again] {
                        RunPlanning(*again);
                        return again;
                      },
                      [again, done](std::shared_ptr<PlanningJob>) {
                        done(std::move(again->result));
                      });
                });
      });
}

}  // namespace tandem
