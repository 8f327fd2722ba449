#include "engine/loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "engine/store/stored_documents.h"
#include "tandem/state/keys.h"

namespace tandem {
namespace {
constexpr size_t kLoadedRows = 2000;
constexpr size_t kSlice = 100;

template <typename T>
Result<T> Decode(const Row& row) {
  Result<T> decoded = FromRow<T>(row.value);
  if (!decoded.ok()) return decoded.status().Annotate(row.key);
  return decoded;
}
bool IsOpen(const Run& run) { return run.state == RunState::kOpen || run.state == RunState::kStopping; }

// What is named and not there, or not to be read, is damage of the store; a store that is away is not.
Status AsDataLoss(const Status& status) {
  const bool damaged = status.code() == Code::kInvalidArgument || status.code() == Code::kNotFound;
  return damaged ? DataLoss(status.message()) : status;
}
}  // namespace

void Loader::Load(std::function<void()> readable, std::function<void(Status)> done) {
  readable_ = std::move(readable);
  done_ = std::move(done);
  stage_ = 0;
  Next();
}

void Loader::Fail(Status status) {
  if (!done_) return;
  auto done = std::move(done_);
  done_ = nullptr;
  done(std::move(status));
}

void Loader::ScanPages(const std::string& prefix, const std::string& after,
                       std::function<Status(std::vector<Row>&)> take, std::function<void()> then) {
  context_.ports.store->Scan(
      prefix, after, kLoadedRows,
      context_.InTurn<Result<Page>>([this, prefix, take, then](Result<Page> page) {
        if (!done_) return;  // a page before it was damaged
        if (!page.ok()) return Fail(page.status().Annotate("reading " + prefix));
        const bool more = page->more && !page->rows.empty();
        if (more) ScanPages(prefix, page->rows.back().key, take, then);  // read while this is decoded
        if (const Status status = take(page->rows); !status.ok()) return Fail(status);
        if (!more) then();
      }));
}

void Loader::Scan(const std::string& prefix, std::function<Status(const Row&)> take,
                  std::function<void()> then) {
  ScanPages(prefix, "", [take = std::move(take)](std::vector<Row>& rows) {
    for (const Row& row : rows)
      if (Status status = take(row); !status.ok()) return status;
    return OkStatus();
  }, std::move(then));
}

template <typename T>
void Loader::ScanDecoded(const std::string& prefix, std::function<void(const Row&, T)> take,
                         std::function<void()> then) {
  ScanPages(prefix, "", [this, take = std::move(take)](std::vector<Row>& rows) {
    // In slices on all cores; what they say is taken in the order of keys.
    const size_t slices = (rows.size() + kSlice - 1) / kSlice;
    std::vector<std::vector<Result<T>>> decoded(slices);
    const auto decode = [&](size_t slice) {
      const size_t end = std::min(rows.size(), (slice + 1) * kSlice);
      for (size_t i = slice * kSlice; i < end; ++i) decoded[slice].push_back(Decode<T>(rows[i]));
    };
    if (context_.ports.parallel) {
      context_.ports.parallel(slices, decode);
    } else {
      for (size_t slice = 0; slice < slices; ++slice) decode(slice);
    }
    for (size_t i = 0; i < rows.size(); ++i) {
      Result<T>& one = decoded[i / kSlice][i % kSlice];
      if (!one.ok()) return one.status();
      take(rows[i], std::move(one).value());
    }
    return OkStatus();
  }, std::move(then));
}

Status Loader::TakePlatform(const Row& row) {
  const Result<Value> value = ParseJson(row.value);
  if (!value.ok() || !value->is_map()) return DataLoss("row " + row.key + " is damaged");
  Memory& memory = context_.memory;
  memory.platform = value->StringOr("name", "");
  memory.uid = value->StringOr("uid", "");
  memory.accepted = value->IntOr("accepted", 0);
  memory.epoch = value->IntOr("epoch", 0);
  memory.witness = value->IntOr("witness", 0);
  memory.old_store = value->BoolOr("old", false);
  memory.paused_by = value->StringOr("paused", "");
  context_.writer.Loaded(row.key, row.revision);
  return OkStatus();
}

void Loader::Next() {
  Memory& memory = context_.memory;
  const auto next = [this] { Next(); };
  switch (stage_++) {
    case 0:
      return Scan("meta/", [this](const Row& row) {
        return row.key == kPlatformKey ? TakePlatform(row) : OkStatus();
      }, next);
    case 1:
      return ScanDecoded<Record>("record/", [this, &memory](const Row& row, Record record) {
        context_.writer.Loaded(row.key, row.revision);
        record.settled.ShareWith(record.recorded);
        record.account_spec.ShareWith(specs_.emplace(record.account, record.account_spec).first->second);
        memory.Index(record);
        Resource& resource = memory.At(record.address);
        resource.record = std::move(record);
        memory.Touch(resource.key());
      }, next);
    case 2:
      return ScanDecoded<Observation>("observation/", [this, &memory](const Row& row, Observation seen) {
        context_.writer.Loaded(row.key, row.revision);
        Resource& resource = memory.At(seen.address);
        // Until the window of what may have been written last is over, that overlays reads (R4).
        const std::shared_ptr<const Kind> kind = context_.FindKind(seen.address.kind_name());
        // The clock may have been set back since.
        const Time over = kind ? std::min(seen.at, context_.Now()) + kind->consistency() : Time();
        if (resource.record && !resource.record->recorded.empty() && over > context_.Now()) {
          resource.overlay = resource.record->recorded;
          resource.overlay_until = over;
        }
        resource.seen_at = seen.at;
        resource.seen = std::move(seen);
        memory.Touch(resource.key());
      }, next);
    case 3:
      readable_();
      return ScanDecoded<Run>("run/", [this, &memory](const Row& row, Run run) {
        context_.writer.Loaded(row.key, row.revision);
        memory.run_order.push_back(run.id);
        memory.runs[run.id] = std::move(run);
      }, [this, &memory] {
        std::stable_sort(memory.run_order.begin(), memory.run_order.end(),
                         [&](const std::string& a, const std::string& b) {
                           return memory.runs[a].created < memory.runs[b].created;
                         });
        Next();
      });
    case 4:
      return LoadSteps();
    case 5:
      return ScanDecoded<Intent>("intent/", [this, &memory](const Row& row, Intent intent) {
        context_.writer.Loaded(row.key, row.revision);
        if (intent.state == IntentState::kQuarantined) {
          Resource& resource = memory.At(intent.address);
          resource.quarantine = std::make_shared<const Intent>(std::move(intent));
          memory.Touch(resource.key());
        } else {
          intents_[intent.run].push_back(std::move(intent));
        }
      }, next);
    case 6:
      return ScanDecoded<Approval>("approval/", [this, &memory](const Row& row, Approval approval) {
        context_.writer.Loaded(row.key, row.revision);
        memory.approvals[approval.hash].push_back(std::move(approval));
      }, next);
    case 7:
      return ScanDecoded<Revision>("revision/", [&memory](const Row& row, Revision revision) {
        memory.revisions[revision.number] = std::move(revision);
      }, next);
    case 8:
      return ScanDecoded<Event>("event/", [this, &memory](const Row& row, Event event) {
        memory.next_event = std::max(memory.next_event, event.sequence + 1);
        memory.events.push_back(std::move(event));
        if (memory.events.size() > context_.settings.events_kept) memory.events.pop_front();
      }, next);
    case 9:
      return Scan("forgotten/", [&memory](const Row& row) {
        memory.forgotten.insert(row.key.substr(std::string("forgotten/").size()));
        return OkStatus();
      }, next);
    case 10:
      return Scan("unapplied/", [this, &memory](const Row& row) -> Status {
        context_.writer.Loaded(row.key, row.revision);
        TANDEM_ASSIGN_OR_RETURN(const Address address,
                                Address::Parse(row.key.substr(std::string("unapplied/").size())));
        memory.At(address);
        memory.unapplied.insert(address.ToString());
        return OkStatus();
      }, next);
    case 11:
      return Scan("plan/", [this](const Row& row) -> Status {
        const Result<Value> head = ParseJson(row.value);
        if (!head.ok()) return DataLoss("row " + row.key + " is damaged");
        stored_plans_.push_back(row.key.substr(std::string("plan/").size()));
        return OkStatus();
      }, next);
    case 12:
      return LoadModel(next);
    case 13:
      return LoadPlans(next);
    default:
      break;
  }
  Fail(OkStatus());
}

// Of open runs, and of those whose steps are shown: of a thousand ended runs they may be millions.
void Loader::LoadSteps() {
  std::vector<std::string> wanted;
  for (const auto& [id, run] : context_.memory.runs)
    if (IsOpen(run) || runner_.Remembers(id)) wanted.push_back(id);
  auto left = std::make_shared<size_t>(wanted.size() + 1);
  const auto loaded = [this, left] {
    if (--*left == 0) Next();
  };
  for (const std::string& id : wanted)
    ScanDecoded<StepRow>(StepPrefix(id), [this](const Row& row, StepRow step) {
      context_.writer.Loaded(row.key, row.revision);
      steps_[step.run].push_back(std::move(step));
    }, loaded);
  loaded();
}

void Loader::LoadModel(std::function<void()> then) {
  Memory& memory = context_.memory;
  if (memory.accepted == 0) return then();
  const auto revision = memory.revisions.find(memory.accepted);
  if (revision == memory.revisions.end())
    return Fail(DataLoss(fmt::format("revision {} is accepted, but not in the store", memory.accepted)));
  memory.accepted_digest = revision->second.digest;
  planner_.LoadRevision(
      memory.accepted,
      [this, then](Result<StoredModel> stored) {
        if (!stored.ok()) return Fail(AsDataLoss(stored.status()));
        context_.memory.documents = std::move(stored->documents);
        CompileStored(std::move(stored->sources), nullptr, [this, then](Compiled compiled) {
          if (!compiled.first) {
            // Kind files may have changed under it (R14): what is recorded is kept and observed, and
            // the next plan of a person shows what is wrong.
            context_.Emit(true, "AcceptedModelRefused", "", "", "", FormatDiagnostics(compiled.second));
            return then();
          }
          context_.memory.model = compiled.first;
          context_.memory.model_touched = true;
          for (const auto& [address, resource] : compiled.first->resources) {
            context_.memory.At(resource.address);
            context_.memory.Touch(address);
          }
          then();
        });
      });
}

void Loader::CompileStored(std::vector<std::shared_ptr<const SourceText>> sources,
                           std::shared_ptr<const CompiledModel> known, std::function<void(Compiled)> then) {
  context_.Background<Compiled>(
      [sources = std::move(sources), known, catalog = context_.ports.catalog, parallel = context_.ports.parallel] {
        Diagnostics found;
        CompileOptions options;
        options.parallel = parallel;
        options.rest = true;
        options.known = known;
        auto model = Compile(sources, *catalog, options, found);
        return Compiled(std::move(model), std::move(found));
      },
      std::move(then));
}

// Of open runs, and those that wait for approval.
void Loader::LoadPlans(std::function<void()> then) {
  std::set<std::string> open, ended;
  for (const auto& [id, run] : context_.memory.runs) (IsOpen(run) ? open : ended).insert(run.plan_hash);
  std::vector<std::string> wanted;
  for (const std::string& hash : stored_plans_)
    if (open.count(hash) > 0 || ended.count(hash) == 0) wanted.push_back(hash);
  auto left = std::make_shared<size_t>(wanted.size() + 1);
  const auto loaded = [left, then] {
    if (--*left == 0) then();
  };
  for (const std::string& hash : wanted)
    ReadPlan(&context_, hash, [this, hash, loaded, of_run = open.count(hash) > 0](Result<StoredPlan> stored) {
      if (!stored.ok()) return Fail(AsDataLoss(stored.status()));
      // Another revision was accepted since: nobody can start it any more.
      if (of_run || stored->plan->from == context_.memory.accepted) return TakePlan(hash, *std::move(stored), loaded);
      overtaken_.push_back(hash);
      loaded();
    });
  loaded();
}

void Loader::TakePlan(const std::string& hash, StoredPlan stored, std::function<void()> then) {
  KnownPlan known;
  known.plan = stored.plan;
  known.author = stored.author;
  known.pending = stored.pending;
  known.stored = true;
  known.desired = stored.desired;
  if (known.plan->to == context_.memory.accepted || (stored.pages.empty() && stored.documents.empty())) {
    if (known.plan->mode != PlanMode::kHeal && known.plan->mode != PlanMode::kUnprotect)
      known.model = context_.memory.model;
    context_.memory.plans.insert_or_assign(hash, std::move(known));
    return then();
  }
  // A proposal that waits for approval: its model is compiled from the documents it was made from.
  auto held = std::make_shared<KnownPlan>(std::move(known));
  const auto read = [this, held, hash, then](Result<StoredModel> model) {
    if (!model.ok()) return Fail(AsDataLoss(model.status()).Annotate("plan " + hash));
    held->documents = std::move(model->documents);
    CompileStored(std::move(model->sources), context_.memory.model, [this, held, hash, then](Compiled compiled) {
      held->model = std::move(compiled.first);
      if (held->model) context_.memory.plans.insert_or_assign(hash, std::move(*held));
      then();
    });
  };
  if (!stored.pages.empty()) ReadModel(&context_, Value(std::move(stored.pages)), read);
  else ReadModelOf(&context_, stored.documents, read);
}

void Loader::Resume() {
  std::vector<std::string> open;
  for (const std::string& id : context_.memory.run_order) {
    const Run& run = context_.memory.runs[id];
    if (IsOpen(run)) {
      open.push_back(id);
    } else if (const auto rows = steps_.find(id); rows != steps_.end()) {
      std::sort(rows->second.begin(), rows->second.end(),
                [](const StepRow& a, const StepRow& b) { return a.id < b.id; });
      runner_.RememberSteps(id, std::move(rows->second));
    }
  }
  for (const std::string& id : open) {
    const Run run = context_.memory.runs[id];
    const auto known = context_.memory.plans.find(run.plan_hash);
    if (known == context_.memory.plans.end()) continue;
    KnownPlan plan = known->second;
    context_.memory.plans.erase(known);
    runner_.Resume(run, std::move(plan), steps_[id], intents_[id]);
  }
  steps_.clear();
  intents_.clear();
}

}  // namespace tandem
