// Any bytes as messages of a provider plugin, or of a daemon to one. Input: a byte that says which, then for a
// stream: lengths and messages.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/base/check.h"
#include "tandem/codec/json.h"
#include "tandem/provider/v1/provider.pb.h"
#include "tandem/provider_wire/handshake.h"
#include "tandem/provider_wire/wire.h"

namespace {

using namespace tandem;  // NOLINT: of one file

std::vector<std::string_view> Parts(std::string_view input) {
  std::vector<std::string_view> parts;
  while (input.size() >= 2) {
    const size_t size = static_cast<unsigned char>(input[0]) * 256u + static_cast<unsigned char>(input[1]);
    input.remove_prefix(2);
    parts.push_back(input.substr(0, size));
    input.remove_prefix(std::min(size, input.size()));
  }
  return parts;
}

template <typename Message>
bool Read(std::string_view bytes, Message* message) {
  return message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

void Check(const Packed& fields) {
  if (!fields.empty()) TANDEM_CHECK(ParseJson(fields.json()).ok());
}

template <typename Message, typename Take>
void One(std::string_view bytes, const Take& take) {
  Message message;
  if (Read(bytes, &message)) take(message);
}

template <typename Join, typename Message, typename Take>
void Stream(std::string_view input, const Take& take) {
  Join join;
  for (const std::string_view part : Parts(input)) {
    Message message;
    if (!Read(part, &message)) continue;
    if (!join.Add(message).ok()) return;
    if (!join.done()) continue;
    auto taken = join.Take();
    if (taken.ok()) take(*taken);
    return;
  }
  (void)join.Take();  // ended early: an error, never half of it
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1 || size > 64 << 10) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 10) {
    case 0:
      One<provider::v1::DescribeReply>(input, [](const auto& m) { (void)FromWire(m); });
      break;
    case 1:
      One<provider::v1::OpenRequest>(input, [](const auto& m) {
        const auto request = FromWire(m);
        if (request.ok()) Check(request->spec);
      });
      break;
    case 2:
      One<provider::v1::OpenReply>(input, [](const auto& m) { (void)FromWire(m); });
      break;
    case 3:
      One<provider::v1::ListRequest>(input, [](const auto& m) { (void)FromWire(m); });
      break;
    case 4:
      One<provider::v1::PollReply_Answer>(input, [](const auto& m) { (void)FromWire(m); });
      break;
    case 5:
      Stream<ListJoin, provider::v1::ListReply>(input, [](const ListAnswer& answer) {
        for (const LiveObject& object : answer.objects) Check(object.fields);
        ListJoin again;
        for (const auto& message : Split(answer, 100)) TANDEM_CHECK(again.Add(message).ok());
        TANDEM_CHECK(again.done() && again.Take()->objects.size() == answer.objects.size());
      });
      break;
    case 6:
      Stream<ReadJoin, provider::v1::ReadReply>(
          input, [](const ReadAnswer& answer) { Check(answer.object.fields); });
      break;
    case 7:
      Stream<ApplyRequestJoin, provider::v1::ApplyRequest>(input, [](const ApplyRequest& request) {
        Check(request.desired);
        ApplyRequestJoin again;
        for (const auto& message : Split(request, 100)) TANDEM_CHECK(again.Add(message).ok());
        TANDEM_CHECK(again.done());
        const auto same = again.Take();
        TANDEM_CHECK(same.ok() && same->desired.json() == request.desired.json() && same->token == request.token);
      });
      break;
    case 8:
      Stream<ApplyReplyJoin, provider::v1::ApplyReply>(
          input, [](const ApplyAnswer& answer) { Check(answer.fields); });
      (void)PluginGreeting::FromLine(input);
      break;
    case 9:
      One<provider::v1::MeasureReply_Signal>(input, [](const auto& m) {
        const auto answer = FromWire(m);
        if (answer.ok()) TANDEM_CHECK(std::isfinite(answer->value));
      });
      break;
  }
  return 0;
}
