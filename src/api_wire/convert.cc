#include "tandem/api_wire/convert.h"

#include "tandem/api/v1/api.pb.h"

namespace tandem {
namespace {

std::string TimeText(Time time) {
  return time == Time() ? std::string() : FormatTime(time, true);
}

const char* StatusText(ConditionStatus status) {
  switch (status) {
    case ConditionStatus::kTrue: return "True";
    case ConditionStatus::kFalse: return "False";
    case ConditionStatus::kUnknown: return "Unknown";
  }
  return "Unknown";
}

template <typename Item>
void AddConditions(const std::vector<Condition>& conditions, Item* to) {
  for (const Condition& from : conditions) {
    api::v1::ConditionItem* item = to->add_conditions();
    item->set_type(from.type);
    item->set_status(StatusText(from.status));
    item->set_reason(from.reason);
    item->set_message(from.message);
    item->set_last_transition_time(TimeText(from.last_transition));
    item->set_observed_generation(from.observed_generation);
  }
}

}  // namespace

void ToWire(const Diagnostic& from, api::v1::DiagnosticItem* to) {
  to->set_severity(from.severity == Severity::kError ? api::v1::DiagnosticItem::ERROR
                                                     : api::v1::DiagnosticItem::WARNING);
  to->set_summary(from.summary);
  to->set_detail(from.detail);
  to->set_address(from.address);
  if (from.range.text != nullptr) {
    const Position at = PositionAt(*from.range.text, from.range.begin);
    to->set_file(from.range.text->name);
    to->set_line(at.line);
    to->set_column(at.column);
  }
  to->set_rendered(FormatDiagnostic(from));
}

void ToWire(const ResourceView& from, bool whole, api::v1::ResourceItem* to) {
  to->set_address(from.address);
  to->set_kind(std::string(from.kind()));
  to->set_account(from.account());
  to->set_component(from.component());
  to->set_site(from.site());
  to->set_identity(from.identity());
  to->set_state(from.state());
  if (from.in_model) to->set_in_model(*from.in_model);
  to->set_recorded(from.record.has_value());
  to->set_is_protected(from.is_protected());
  to->set_manage(from.manage());
  to->set_paused_by(from.paused_by);
  for (const std::string& need : from.needs()) to->add_needs(need);
  AddConditions(*from.conditions, to);
  for (const std::string& path : from.drift) to->add_drift(path);
  to->set_generation(from.generation());
  to->set_observed_at(TimeText(from.observed_at));
  if (whole) {
    to->set_fields_json(from.fields().json());
    to->set_settled_json(from.settled().json());
  }
}

void ToWire(const ComponentView& from, api::v1::ComponentItem* to) {
  to->set_name(from.name);
  to->set_title(from.title);
  to->set_site(from.site);
  to->set_layer(from.layer);
  to->set_group(from.group);
  to->set_resources(from.resources);
  AddConditions(from.conditions, to);
}

void ToWire(const ConnectionView& from, api::v1::ConnectionItem* to) {
  to->set_from(from.from);
  to->set_to(from.to);
  to->set_type(from.type);
  to->set_both(from.both);
  to->set_state(from.state);
}

void ToWire(const AccountView& from, api::v1::AccountItem* to) {
  to->set_name(from.name);
  to->set_provider(from.provider);
  to->set_site(from.site);
  to->set_principal(from.principal);
  to->set_verified_id(from.verified_id);
  to->set_state(from.state);
  to->set_message(from.message);
  to->set_observed_at(TimeText(from.observed_at));
}

void ToWire(const Run& from, api::v1::RunItem* to) {
  to->set_id(from.id);
  to->set_plan_hash(from.plan_hash);
  to->set_mode(std::string(PlanModeName(from.mode)));
  to->set_from(from.from);
  to->set_to(from.to);
  to->set_actor(from.actor);
  to->set_state(std::string(RunStateName(from.state)));
  to->set_created(TimeText(from.created));
  to->set_finished(TimeText(from.finished));
  to->set_message(from.message);
}

void ToWire(const StepRow& from, api::v1::StepItem* to) {
  to->set_run(from.run);
  to->set_id(from.id);
  to->set_address(from.address.ToString());
  to->set_action(from.action);
  to->set_state(std::string(StepStateName(from.state)));
  to->set_attempts(from.attempts);
  to->set_error(from.error);
  to->set_started(TimeText(from.started));
  to->set_finished(TimeText(from.finished));
}

void ToWire(const Event& from, api::v1::EventItem* to) {
  to->set_sequence(from.sequence);
  to->set_time(TimeText(from.time));
  to->set_type(from.type);
  to->set_reason(from.reason);
  to->set_address(from.address);
  to->set_run(from.run);
  to->set_actor(from.actor);
  to->set_message(from.message);
}

void ToWire(const Revision& from, api::v1::RevisionItem* to) {
  to->set_number(from.number);
  to->set_digest(from.digest);
  to->set_created(TimeText(from.created));
  to->set_actor(from.actor);
  to->set_accepted(from.accepted);
  to->set_documents(from.documents);
}

void ToWire(const Change& from, const Snapshot& now, api::v1::ChangeReply* to) {
  to->set_sequence(from.sequence);
  if (from.event != nullptr) ToWire(*from.event, to->mutable_event());
  if (from.step != nullptr) ToWire(*from.step, to->mutable_step());
  if (from.run != nullptr) ToWire(*from.run, to->mutable_run());
  if (!from.address.empty()) {
    if (const ResourceView* view = now.Find(from.address)) {
      ToWire(*view, false, to->mutable_resource());
    } else {
      to->mutable_resource()->set_address(from.address);
    }
  }
}

int ToWire(Refusal refusal) {
  switch (refusal) {
    case Refusal::kNone: return api::v1::REFUSAL_UNSPECIFIED;
    case Refusal::kConfiguration: return api::v1::REFUSAL_CONFIGURATION;
    case Refusal::kSignIn: return api::v1::REFUSAL_SIGN_IN;
    case Refusal::kResource: return api::v1::REFUSAL_RESOURCE;
    case Refusal::kPolicy: return api::v1::REFUSAL_POLICY;
    case Refusal::kNotFound: return api::v1::REFUSAL_NOT_FOUND;
    case Refusal::kBusy: return api::v1::REFUSAL_BUSY;
    case Refusal::kInternal: return api::v1::REFUSAL_INTERNAL;
  }
  return api::v1::REFUSAL_INTERNAL;
}

}  // namespace tandem
