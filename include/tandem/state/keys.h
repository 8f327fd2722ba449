// The rows of the state store. Numbers are zero-padded to 12 digits so that keys sort.
//
//   meta/platform            {"name", "uid", "accepted": revision, "epoch", "witness", "old", "paused"}
//   record/ADDRESS           record::Record
//   observation/ADDRESS      record::Observation
//   intent/ID                record::Intent, while it is open
//   run/ID                   record::Run, the newest EngineSettings::runs_kept
//   plan/HASH                what a plan is for;  plan-chunk/HASH/N: the pages of its JSON
//   step/RUN/N               record::StepRow
//   approval/HASH/PRINCIPAL  record::Approval
//   event/SEQUENCE           record::Event, the newest EngineSettings::events_kept
//   forgotten/ACCOUNT/KIND/IDENTITY  an object given up on purpose; unapplied/ADDRESS: not settled
//   revision/N               record::Revision;  document/DIGEST: record::StoredDocument
//   document-page/DIGEST     digests of some documents; revision-chunk/N/0: {"pages": [DIGEST…]}
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tandem {

std::string Padded(int64_t number);
std::string RecordKey(std::string_view address);
std::string ObservationKey(std::string_view address);
std::string IntentKey(std::string_view id);
std::string RunKey(std::string_view id);
std::string PlanKey(std::string_view hash);
std::string PlanChunkKey(std::string_view hash, int64_t chunk);
std::string PlanChunkPrefix(std::string_view hash);  // of all of them, for scans
std::string StepKey(std::string_view run, int64_t step);
std::string StepPrefix(std::string_view run);
std::string ApprovalKey(std::string_view hash, std::string_view principal);
std::string EventKey(int64_t sequence);
std::string RevisionKey(int64_t number);
std::string RevisionChunkKey(int64_t number, int64_t chunk);
std::string RevisionChunkPrefix(int64_t number);
std::string DocumentPageKey(std::string_view digest);
std::string DocumentKey(std::string_view digest);
inline constexpr std::string_view kPlatformKey = "meta/platform";

}  // namespace tandem
