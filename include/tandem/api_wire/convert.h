// Snapshots, diagnostics and changes as messages of tandem.api.v1.
#pragma once

#include "tandem/engine/engine.h"
#include "tandem/engine/snapshot.h"
#include "tandem/model/source.h"

namespace tandem {

namespace api::v1 {
class AccountItem;
class ChangeReply;
class ComponentItem;
class ConnectionItem;
class DiagnosticItem;
class EventItem;
class ResourceItem;
class RevisionItem;
class RunItem;
class StepItem;
}  // namespace api::v1

void ToWire(const Diagnostic& from, api::v1::DiagnosticItem* to);
/// `whole` adds the observed and settled fields.
void ToWire(const ResourceView& from, bool whole, api::v1::ResourceItem* to);
void ToWire(const ComponentView& from, api::v1::ComponentItem* to);
void ToWire(const ConnectionView& from, api::v1::ConnectionItem* to);
void ToWire(const AccountView& from, api::v1::AccountItem* to);
void ToWire(const Run& from, api::v1::RunItem* to);
void ToWire(const StepRow& from, api::v1::StepItem* to);
void ToWire(const Event& from, api::v1::EventItem* to);
void ToWire(const Revision& from, api::v1::RevisionItem* to);
void ToWire(const Change& from, const Snapshot& now, api::v1::ChangeReply* to);
/// The Refusal of the protocol, by number.
int ToWire(Refusal refusal);

}  // namespace tandem
