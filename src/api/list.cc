// List: pages of the snapshot as a stream of messages.

#include "api/reactors.h"
#include "api/service.h"
#include "tandem/api_wire/convert.h"

namespace tandem {
namespace {

using api::v1::ListReply;
using Wanted = api::v1::ListRequest;
using grpc::ByteBuffer;

bool Begins(const std::string& text, const std::string& prefix) { return text.rfind(prefix, 0) == 0; }

/// One List: it shows what was published when it began.
class Listing {
 public:
  Listing(Engine* engine, EncodedItems* encoded, Wanted request)
      : engine_(engine), encoded_(encoded), request_(std::move(request)) {}

  bool Next(ByteBuffer* message) {
    if (now_ == nullptr) now_ = engine_->snapshot();
    bytes_.clear();
    if (request_.what() == Wanted::RESOURCES ? !NextPage() : !Others()) return false;
    ListReply rest;
    rest.set_sequence(now_->sequence);
    rest.AppendToString(&bytes_);
    grpc::Slice slice(bytes_);
    *message = ByteBuffer(&slice, 1);
    return true;
  }

 private:
  /// Pages without a match send nothing; one empty answer when none has any.
  bool NextPage() {
    const bool first = page_ == 0;
    while (page_ < now_->pages.size() && bytes_.empty()) {
      const ResourcePage& views = *now_->pages[page_++];
      const std::string& prefix = request_.prefix();
      if (views.back()->address < prefix) continue;
      // Sorted: what begins with the prefix lies together.
      if (views.front()->address.str().compare(0, prefix.size(), prefix) > 0) page_ = now_->pages.size();
      else
        for (const std::shared_ptr<const ResourceView>& view : views)
          if (Begins(view->address, prefix) &&
              (request_.component().empty() || view->component() == request_.component()))
            encoded_->Append(view, &bytes_);
    }
    if (first && page_ == 0) ++page_;
    return first || !bytes_.empty();
  }

  bool Others() {
    if (page_++ > 0) return false;
    ListReply reply;
    const auto matches = [&](const std::string& name) { return Begins(name, request_.prefix()); };
    switch (request_.what()) {
      case Wanted::COMPONENTS:
        for (const ComponentView& view : now_->components)
          if (matches(view.name)) ToWire(view, reply.add_items()->mutable_component());
        break;
      case Wanted::CONNECTIONS:
        for (const ConnectionView& view : now_->connections)
          ToWire(view, reply.add_items()->mutable_connection());
        break;
      case Wanted::ACCOUNTS:
        for (const auto& [name, view] : now_->accounts)
          if (matches(name)) ToWire(view, reply.add_items()->mutable_account());
        break;
      case Wanted::RUNS:
        for (const RunView& view : now_->runs) ToWire(view.run, reply.add_items()->mutable_run());
        break;
      default: break;
    }
    reply.SerializeToString(&bytes_);
    return true;
  }

  Engine* engine_;
  EncodedItems* encoded_;
  const Wanted request_;
  std::shared_ptr<const Snapshot> now_;
  size_t page_ = 0;
  std::string bytes_;
};

}  // namespace

grpc::ServerWriteReactor<ByteBuffer>* Service::List(Context* context, const ByteBuffer* bytes) {
  using Refusal = Refused<grpc::ServerWriteReactor<ByteBuffer>>;
  if (grpc::Status status = Check(*context, Permission::kLook); !status.ok())
    return new Refusal(std::move(status));
  Wanted request;
  if (grpc::Status status = Parse(*bytes, &request); !status.ok()) return new Refusal(std::move(status));
  if (request.what() == Wanted::WHAT_UNSPECIFIED)
    return new Refusal(grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "what is to be listed?"));
  const bool resources = request.what() == Wanted::RESOURCES;
  const auto listing = std::make_shared<Listing>(options_.engine, &encoded_, std::move(request));
  auto* call = new WriteEach<ByteBuffer>([listing](ByteBuffer* message) { return listing->Next(message); });
  if (!resources) OnceRead([call] { call->Begin(); });
  else if (options_.engine->snapshot()->readable) call->Begin();
  else options_.engine->WhenReadable([call] { call->Begin(); });
  return call;
}

}  // namespace tandem
