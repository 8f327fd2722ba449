// Calls that ask one thing and get one answer.
#include "api/reactors.h"
#include "api/service.h"
#include "api/suggest.h"
#include "tandem/api_wire/convert.h"

namespace tandem {
namespace {

grpc::ServerUnaryReactor* Refuse(grpc::CallbackServerContext* context, grpc::Status status) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(std::move(status));
  return reactor;
}

/// ToGrpc; where nothing was found, with `hint`, which looks at every name: it is made before the engine's thread
/// is asked.
grpc::Status ToGrpc(const Status& status, const std::string& hint) {
  if (status.code() != Code::kNotFound) return ToGrpc(status);
  return {grpc::StatusCode::NOT_FOUND, status.message() + hint};
}

void FillReply(const StartAnswer& answer, const std::string& hash, api::v1::ApplyReply* reply) {
  reply->set_refusal(static_cast<api::v1::Refusal>(ToWire(answer.refusal)));
  reply->set_message(answer.message);
  reply->set_pending(answer.pending);
  reply->set_run(answer.run);
  reply->set_hash(answer.hash.empty() ? hash : answer.hash);
}

}  // namespace

std::string Service::ActorOf(const Context& context) const {
  if (const std::string uid = peers_.ActorOf(context.peer()); !uid.empty()) return uid;
  const auto auth = context.auth_context();
  if (auth == nullptr || !auth->IsPeerAuthenticated()) return "";
  for (const grpc::string_ref& name : auth->FindPropertyValues("x509_common_name"))
    return "cn:" + std::string(name.data(), name.size());
  return "";
}

void Service::OnceRead(std::function<void()> then) {
  if (options_.engine->snapshot()->read) return then();
  options_.engine->WhenRead(std::move(then));
}

grpc::Status Service::Check(const Context& context, Permission permission) const {
  if (const Status status = options_.roles.Check(ActorOf(context), permission); !status.ok())
    return ToGrpc(status);
  if (draining_ && permission != Permission::kLook)
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "tandemd is stopping");
  return grpc::Status::OK;
}

grpc::ServerUnaryReactor* Service::Approve(Context* context, const api::v1::ApproveRequest* request,
                                           api::v1::ApplyReply* reply) {
  if (grpc::Status status = Check(*context, Permission::kApprove); !status.ok())
    return Refuse(context, std::move(status));
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  options_.engine->Approve(request->hash(), ActorOf(*context),
                           [reactor, reply, hash = request->hash()](StartAnswer answer) {
                             FillReply(answer, hash, reply);
                             reactor->Finish(grpc::Status::OK);
                           });
  return reactor;
}

grpc::ServerUnaryReactor* Service::Unprotect(Context* context, const api::v1::AddressRequest* request,
                                             api::v1::ApplyReply* reply) {
  if (grpc::Status status = Check(*context, Permission::kAdminister); !status.ok())
    return Refuse(context, std::move(status));
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  options_.engine->Unprotect(request->address(), ActorOf(*context),
                             [reactor, reply](StartAnswer answer) {
                               FillReply(answer, "", reply);
                               reactor->Finish(grpc::Status::OK);
                             });
  return reactor;
}

grpc::ServerUnaryReactor* Service::Cancel(Context* context, const api::v1::CancelRequest* request,
                                          api::v1::Empty*) {
  if (grpc::Status status = Check(*context, Permission::kOperate); !status.ok())
    return Refuse(context, std::move(status));
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  options_.engine->Cancel(request->run(), ActorOf(*context),
                          [reactor](Status status) { reactor->Finish(ToGrpc(status)); });
  return reactor;
}

grpc::ServerUnaryReactor* Service::Pause(Context* context, const api::v1::AddressRequest* request,
                                         api::v1::Empty*) {
  if (grpc::Status status = Check(*context, Permission::kOperate); !status.ok())
    return Refuse(context, std::move(status));
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Engine* engine = options_.engine;
  engine->Pause(request->address(), ActorOf(*context), [reactor, hint = DidYouMeanResource(*engine->snapshot(), request->address())](Status status) {
    reactor->Finish(ToGrpc(status, hint));
  });
  return reactor;
}

grpc::ServerUnaryReactor* Service::Resume(Context* context, const api::v1::AddressRequest* request,
                                          api::v1::Empty*) {
  if (grpc::Status status = Check(*context, Permission::kOperate); !status.ok())
    return Refuse(context, std::move(status));
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Engine* engine = options_.engine;
  engine->Resume(request->address(), ActorOf(*context), [reactor, hint = DidYouMeanResource(*engine->snapshot(), request->address())](Status status) {
    reactor->Finish(ToGrpc(status, hint));
  });
  return reactor;
}

grpc::ServerUnaryReactor* Service::Refresh(Context* context, const api::v1::AddressRequest* request,
                                           api::v1::Empty*) {
  if (grpc::Status status = Check(*context, Permission::kOperate); !status.ok())
    return Refuse(context, std::move(status));
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Engine* engine = options_.engine;
  engine->Refresh(request->address(), [reactor, hint = DidYouMeanResource(*engine->snapshot(), request->address())](Status status) {
    reactor->Finish(ToGrpc(status, hint));
  });
  return reactor;
}

grpc::ServerUnaryReactor* Service::Get(Context* context, const api::v1::AddressRequest* request,
                                       api::v1::Item* item) {
  if (grpc::Status status = Check(*context, Permission::kLook); !status.ok())
    return Refuse(context, std::move(status));
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Engine* engine = options_.engine;
  if (const auto now = engine->snapshot(); const ResourceView* view = now->Find(request->address())) {
    ToWire(*view, true, item->mutable_resource());
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  OnceRead([engine, reactor, item, name = request->address(),
            hint = DidYouMean(*engine->snapshot(), request->address())] {
    const std::shared_ptr<const Snapshot> now = engine->snapshot();
    const std::string prefix = "tandem/Component/";
    const std::string component = name.rfind(prefix, 0) == 0 ? name.substr(prefix.size()) : name;
    if (const ResourceView* view = now->Find(name)) {
      ToWire(*view, true, item->mutable_resource());
    } else if (const auto account = now->accounts.find(name); account != now->accounts.end()) {
      ToWire(account->second, item->mutable_account());
    } else {
      for (const ComponentView& view : now->components)
        if (view.name == component) ToWire(view, item->mutable_component());
    }
    if (item->item_case() == api::v1::Item::ITEM_NOT_SET)
      reactor->Finish(grpc::Status(grpc::StatusCode::NOT_FOUND,
                                   "there is no resource, component or account '" + name + "'" + hint));
    else
      reactor->Finish(grpc::Status::OK);
  });
  return reactor;
}

grpc::ServerUnaryReactor* Service::Topology(Context* context, const api::v1::Empty*,
                                            api::v1::TopologyReply* reply) {
  if (grpc::Status status = Check(*context, Permission::kLook); !status.ok())
    return Refuse(context, std::move(status));
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  OnceRead([engine = options_.engine, reactor, reply] {
    const std::shared_ptr<const Snapshot> now = engine->snapshot();
    for (const ComponentView& view : now->components) ToWire(view, reply->add_components());
    for (const ConnectionView& view : now->connections) ToWire(view, reply->add_connections());
    if (now->model != nullptr) {
      for (const ModelGroup& group : now->model->groups) {
        api::v1::GroupItem* item = reply->add_groups();
        item->set_id(group.id);
        item->set_title(group.title);
        item->set_parent(group.parent);
      }
    }
    reactor->Finish(grpc::Status::OK);
  });
  return reactor;
}

grpc::ServerUnaryReactor* Service::GetRun(Context* context, const api::v1::RunRequest* request,
                                          api::v1::RunReply* reply) {
  if (grpc::Status status = Check(*context, Permission::kLook); !status.ok())
    return Refuse(context, std::move(status));
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  OnceRead([engine = options_.engine, reactor, reply, id = request->run()] {
    const std::shared_ptr<const Snapshot> now = engine->snapshot();
    for (const RunView& view : now->runs) {
      if (view.run.id != id) continue;
      ToWire(view.run, reply->mutable_run());
      for (const StepRow& step : view.steps) ToWire(step, reply->add_steps());
      reply->set_sequence(now->sequence);
      reactor->Finish(grpc::Status::OK);
      return;
    }
    reactor->Finish(
        grpc::Status(grpc::StatusCode::NOT_FOUND, "there is no run '" + id + "'"));
  });
  return reactor;
}

grpc::ServerUnaryReactor* Service::Runs(Context* context, const api::v1::Empty*,
                                        api::v1::RunsReply* reply) {
  if (grpc::Status status = Check(*context, Permission::kLook); !status.ok())
    return Refuse(context, std::move(status));
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  OnceRead([engine = options_.engine, reactor, reply] {
    for (const RunView& view : engine->snapshot()->runs) ToWire(view.run, reply->add_runs());
    reactor->Finish(grpc::Status::OK);
  });
  return reactor;
}

grpc::ServerUnaryReactor* Service::Why(Context* context, const api::v1::AddressRequest* request,
                                       api::v1::TextReply* reply) {
  if (grpc::Status status = Check(*context, Permission::kLook); !status.ok())
    return Refuse(context, std::move(status));
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Engine* engine = options_.engine;
  engine->Why(request->address(), [reactor, reply, hint = DidYouMeanResource(*engine->snapshot(), request->address())](Result<std::string> text) {
    if (text.ok()) reply->set_text(*std::move(text));
    reactor->Finish(ToGrpc(text.status(), hint));
  });
  return reactor;
}

grpc::ServerUnaryReactor* Service::Explain(Context* context, const api::v1::AddressRequest* request,
                                           api::v1::TextReply* reply) {
  if (grpc::Status status = Check(*context, Permission::kLook); !status.ok())
    return Refuse(context, std::move(status));
  const std::string& text = request->address();
  const size_t slash = text.find('/');
  const size_t dot = text.find_first_of(".[", slash == std::string::npos ? 0 : slash);
  const KindName name{text.substr(0, std::min(slash, text.size())),
                      slash == std::string::npos ? "" : text.substr(slash + 1, dot - slash - 1)};
  const std::shared_ptr<const Kind> kind = options_.catalog->Find(name);
  if (kind == nullptr)
    return Refuse(context, grpc::Status(grpc::StatusCode::NOT_FOUND, "there is no kind '" + text + "'"));
  std::string path = dot == std::string::npos ? "" : text.substr(dot);
  if (!path.empty() && path[0] == '.') path.erase(0, 1);
  const Result<std::string> explained = kind->Explain(path);
  if (explained.ok()) reply->set_text(*explained);
  return Refuse(context, ToGrpc(explained.status()));
}

grpc::ServerUnaryReactor* Service::History(Context* context, const api::v1::HistoryRequest* request,
                                           api::v1::HistoryReply* reply) {
  if (grpc::Status status = Check(*context, Permission::kLook); !status.ok())
    return Refuse(context, std::move(status));
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const size_t limit = request->limit() <= 0 ? 100 : static_cast<size_t>(request->limit());
  options_.engine->GetHistory(limit, [reactor, reply](Result<std::vector<Revision>> revisions) {
    if (revisions.ok())
      for (const Revision& revision : *revisions) ToWire(revision, reply->add_revisions());
    reactor->Finish(ToGrpc(revisions.status()));
  });
  return reactor;
}

grpc::ServerUnaryReactor* Service::Version(Context* context, const api::v1::Empty*,
                                           api::v1::VersionReply* reply) {
  if (grpc::Status status = Check(*context, Permission::kLook); !status.ok())
    return Refuse(context, std::move(status));
  const std::shared_ptr<const Snapshot> now = options_.engine->snapshot();
  reply->set_version(options_.version);
  reply->set_platform(now->platform);
  reply->set_platform_uid(now->platform_uid);
  reply->set_accepted(now->accepted);
  reply->set_ready(now->ready);
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

}  // namespace tandem
