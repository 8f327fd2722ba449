// Parts that several messages share.
#pragma once

#include <string>
#include <string_view>

#include "tandem/codec/json.h"
#include "tandem/provider/provider.h"
#include "tandem/provider/v1/provider.pb.h"

namespace tandem {

/// `json` parsed and packed again; empty stays empty. kDataLoss names `what`.
Result<Packed> CheckedPacked(const std::string& json, std::string_view what);

void ToWireMark(const Mark& mark, provider::v1::Mark* wire);
Mark FromWireMark(const provider::v1::Mark& wire);
void ToWireKind(const KindName& kind, provider::v1::KindName* wire);
KindName FromWireKind(const provider::v1::KindName& wire);

/// Everything but the fields.
void ToWireHead(const LiveObject& object, provider::v1::LiveObject* wire);
LiveObject FromWireHead(const provider::v1::LiveObject& wire);

}  // namespace tandem
