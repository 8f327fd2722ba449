// Calls whose documents go up, or whose pages, plans and events come down, as streams.

#include <fmt/format.h>

#include <algorithm>

#include "api/reactors.h"
#include "api/service.h"
#include "tandem/api_wire/convert.h"
#include "tandem/codec/json.h"
#include "tandem/compile/file_digests.h"

namespace tandem {

constexpr int kFilesAMessage = 1000;

using ApplyMessage = api::v1::ApplyRequest;
using api::v1::EventReply;
using api::v1::PlanReply;
using api::v1::SourceChunk;

grpc::ServerReadReactor<SourceChunk>* Service::Validate(Context* context,
                                                        api::v1::ValidateReply* reply) {
  if (grpc::Status status = Check(*context, Permission::kLook); !status.ok())
    return new Refused<grpc::ServerReadReactor<SourceChunk>>(std::move(status));
  auto sources = std::make_shared<SourceCollector>();
  return new ReadAll<SourceChunk>(
      [sources](const SourceChunk& chunk) { return sources->Add(chunk); },
      [this, sources, reply](ReadAll<SourceChunk>* call) {
        Diagnostics found;
        CompileOptions options;
        options.parallel = options_.parallel;
        const auto model = Compile(sources->Take(), *options_.catalog, options, found);
        found.Sort();
        for (const Diagnostic& item : found.items()) ToWire(item, reply->add_diagnostics());
        if (model != nullptr) {
          reply->set_documents(static_cast<int64_t>(model->documents.size()));
          reply->set_resources(static_cast<int64_t>(model->resources.size()));
        }
        call->Finish(grpc::Status::OK);
      });
}

namespace {

/// The reply pieces of a plan: diagnostics first, then its JSON. Each is made when it is about to be
/// written, on gRPC's threads: making all of a large plan's would hold up a turn of the engine.
class PlanPieces {
 public:
  explicit PlanPieces(const PlanAnswer& answer) : plan_(answer.plan) {
    head_.set_refusal(static_cast<api::v1::Refusal>(ToWire(answer.refusal)));
    head_.set_message(answer.message);
    Diagnostics sorted = answer.diagnostics;
    sorted.Sort();
    for (const Diagnostic& item : sorted.items()) ToWire(item, head_.add_diagnostics());
    if (plan_ != nullptr) json_ = std::make_unique<PlanJson>(*plan_);
  }
  bool Next(PlanReply* reply) {
    if (first_) {
      *reply = std::move(head_);
      first_ = false;
      return true;
    }
    if (json_ == nullptr) return false;
    while (rest_.size() < kPieceBytes && json_->Next(kPieceBytes - rest_.size(), &rest_)) {
    }
    if (rest_.empty()) return false;
    reply->set_json(rest_.substr(0, kPieceBytes));
    rest_.erase(0, kPieceBytes);
    return true;
  }

 private:
  std::shared_ptr<const tandem::Plan> plan_;
  PlanReply head_;
  bool first_ = true;
  std::unique_ptr<PlanJson> json_;
  std::string rest_;
};

class PlanCall final : public grpc::ServerBidiReactor<api::v1::PlanRequest, PlanReply> {
 public:
  PlanCall(Engine* engine, std::string actor) : engine_(engine) {
    request_.actor = std::move(actor);
    StartRead(&message_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      request_.sources = sources_.Take();
      engine_->MakePlan(std::move(request_), [this](PlanAnswer answer) {
        pieces_ = std::make_unique<PlanPieces>(answer);
        WriteNext();
      });
      return;
    }
    if (message_.has_head()) {
      const api::v1::PlanHead& head = message_.head();
      request_.targets.assign(head.targets().begin(), head.targets().end());
      if (head.delete_budget() >= 0) request_.delete_budget = head.delete_budget();
      if (head.undo()) request_.undo_to = head.undo_to();
      if (!head.mode().empty() && head.mode() != PlanModeName(PlanMode::kApply)) {
        Finish(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                            fmt::format("there is no mode '{}' of a plan; it is \"apply\", or \"\"", head.mode())));
        return;
      }
      request_.refresh = !head.no_refresh();
      request_.over = head.over();
      request_.removed.assign(head.removed().begin(), head.removed().end());
    } else if (message_.has_source()) {
      if (const Status status = sources_.Add(message_.source()); !status.ok()) {
        Finish(ToGrpc(status));
        return;
      }
    }
    StartRead(&message_);
  }

  void OnWriteDone(bool ok) override {
    if (ok) {
      WriteNext();
    } else {
      Finish(grpc::Status(grpc::StatusCode::CANCELLED, "the caller is gone"));
    }
  }

  void OnDone() override { delete this; }

 private:
  void WriteNext() {
    reply_.Clear();
    if (pieces_->Next(&reply_)) {
      StartWrite(&reply_);
    } else {
      Finish(grpc::Status::OK);
    }
  }

  Engine* engine_;
  tandem::PlanRequest request_;
  SourceCollector sources_;
  api::v1::PlanRequest message_;
  PlanReply reply_;
  std::unique_ptr<PlanPieces> pieces_;
};

}  // namespace

grpc::ServerBidiReactor<api::v1::PlanRequest, PlanReply>* Service::Plan(Context* context) {
  if (grpc::Status status = Check(*context, Permission::kPlan); !status.ok())
    return new Refused<grpc::ServerBidiReactor<api::v1::PlanRequest, PlanReply>>(std::move(status));
  return new PlanCall(options_.engine, ActorOf(*context));
}

grpc::ServerReadReactor<ApplyMessage>* Service::Apply(Context* context, api::v1::ApplyReply* reply) {
  if (grpc::Status status = Check(*context, Permission::kOperate); !status.ok())
    return new Refused<grpc::ServerReadReactor<ApplyMessage>>(std::move(status));
  struct Collected {
    StartRequest request;
    std::string plan_json;
    SourceCollector sources;
  };
  auto collected = std::make_shared<Collected>();
  collected->request.actor = ActorOf(*context);
  return new ReadAll<ApplyMessage>(
      [collected](const ApplyMessage& message) {
        if (message.has_source()) return collected->sources.Add(message.source());
        if (!message.has_head()) return OkStatus();
        const api::v1::ApplyHead& head = message.head();
        if (!head.hash().empty()) collected->request.hash = head.hash();
        collected->request.auto_approve |= head.auto_approve();
        collected->plan_json += head.plan_json();
        if (collected->plan_json.size() > kMaxPlanBytes)
          return ResourceExhausted("the plan is larger than 512 MiB");
        return OkStatus();
      },
      [this, collected, reply](ReadAll<ApplyMessage>* call) {
        StartRequest& request = collected->request;
        if (!collected->plan_json.empty()) {
          const Result<Value> value = ParseJson(collected->plan_json);
          Result<tandem::Plan> plan =
              value.ok() ? PlanFromValue(*value) : Result<tandem::Plan>(value.status());
          if (!plan.ok()) {
            reply->set_refusal(api::v1::REFUSAL_CONFIGURATION);
            reply->set_message(plan.status().Annotate("the saved plan").message());
            call->Finish(grpc::Status::OK);
            return;
          }
          request.plan = std::make_shared<const tandem::Plan>(*std::move(plan));
        }
        request.sources = collected->sources.Take();
        const std::string hash = request.plan != nullptr ? request.plan->hash : request.hash;
        options_.engine->StartRun(std::move(request), [call, reply, hash](StartAnswer answer) {
          reply->set_refusal(static_cast<api::v1::Refusal>(ToWire(answer.refusal)));
          reply->set_message(answer.message);
          reply->set_pending(answer.pending);
          reply->set_run(answer.run);
          reply->set_hash(hash);
          call->Finish(grpc::Status::OK);
        });
      });
}

grpc::ServerWriteReactor<PlanReply>* Service::GetPlan(Context* context,
                                                      const api::v1::PlanHash* request) {
  if (grpc::Status status = Check(*context, Permission::kLook); !status.ok())
    return new Refused<grpc::ServerWriteReactor<PlanReply>>(std::move(status));

  class Call final : public grpc::ServerWriteReactor<PlanReply> {
   public:
    void Begin(const PlanAnswer& answer) {
      pieces_ = std::make_unique<PlanPieces>(answer);
      Next();
    }
    void OnWriteDone(bool) override { Next(); }
    void OnDone() override { delete this; }

   private:
    void Next() {
      reply_.Clear();
      if (pieces_->Next(&reply_)) {
        StartWrite(&reply_);
      } else {
        Finish(grpc::Status::OK);
      }
    }
    std::unique_ptr<PlanPieces> pieces_;
    PlanReply reply_;
  };
  auto* call = new Call;
  options_.engine->GetPlan(request->hash(), [call](Result<std::shared_ptr<const tandem::Plan>> plan) {
    if (!plan.ok()) {
      call->Finish(ToGrpc(plan.status()));
      return;
    }
    PlanAnswer answer;
    answer.plan = *plan;
    call->Begin(answer);
  });
  return call;
}

grpc::ServerWriteReactor<api::v1::FilesReply>* Service::Files(Context* context, const api::v1::Empty*) {
  using api::v1::FilesReply;
  if (grpc::Status status = Check(*context, Permission::kPlan); !status.ok())
    return new Refused<grpc::ServerWriteReactor<FilesReply>>(std::move(status));
  struct Answer {
    std::string model;
    std::vector<FileDigest> files;
    size_t next = 0;
    bool begun = false;
  };
  const auto answer = std::make_shared<Answer>();
  auto* call = new WriteEach<FilesReply>([answer](FilesReply* reply) {
    if (answer->begun && answer->next == answer->files.size()) return false;
    answer->begun = true;
    reply->set_model(answer->model);
    for (int i = 0; i < kFilesAMessage && answer->next < answer->files.size(); ++i) {
      FileDigest& file = answer->files[answer->next++];
      api::v1::FileItem* item = reply->add_files();
      item->set_name(std::move(file.name));
      item->set_digest(std::move(file.digest));
    }
    return true;
  });
  OnceRead([call, answer, engine = options_.engine] {
    if (const auto model = engine->snapshot()->model; model != nullptr) {
      answer->model = model->digest;
      answer->files = DigestFiles(*model);
    }
    call->Begin();
  });
  return call;
}

grpc::ServerWriteReactor<EventReply>* Service::Events(Context* context,
                                                      const api::v1::EventsRequest* request) {
  if (grpc::Status status = Check(*context, Permission::kLook); !status.ok())
    return new Refused<grpc::ServerWriteReactor<EventReply>>(std::move(status));

  class Call final : public grpc::ServerWriteReactor<EventReply> {
   public:
    void Begin(std::vector<Event> events) {
      events_ = std::move(events);
      Next();
    }
    void OnWriteDone(bool) override { Next(); }
    void OnDone() override { delete this; }

   private:
    void Next() {
      reply_.Clear();
      for (int i = 0; i < 256 && next_ < events_.size(); ++i)
        ToWire(events_[next_++], reply_.add_events());
      if (reply_.events_size() > 0) {
        StartWrite(&reply_);
      } else {
        Finish(grpc::Status::OK);
      }
    }
    std::vector<Event> events_;
    size_t next_ = 0;
    EventReply reply_;
  };
  auto* call = new Call;
  EventQuery query;
  query.address = request->address();
  query.run = request->run();
  query.after = request->after();
  if (request->limit() > 0) query.limit = static_cast<size_t>(request->limit());
  query.newest = request->newest();
  options_.engine->GetEvents(std::move(query), [call](Result<std::vector<Event>> events) {
    if (events.ok()) {
      call->Begin(*std::move(events));
    } else {
      call->Finish(ToGrpc(events.status()));
    }
  });
  return call;
}

}  // namespace tandem
