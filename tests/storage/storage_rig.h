// The engine, the simulated clouds and the SQLite store on a disk that can fail, lie, and lose its power.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tandem/codec/json.h"
#include "tandem/record/record.h"
#include "tandem/state/keys.h"
#include "tandem/state_sqlite/sqlite_store.h"
#include "tests/support/engine_rig.h"
#include "tests/support/memory_disk.h"

namespace tandem::testing {

inline constexpr char kStorePath[] = "tandem.db";

inline Result<std::unique_ptr<StateStore>> OpenStoreOn(const MemoryDisk& disk) {
  SqliteOptions options;
  options.path = kStorePath;
  options.vfs = disk.vfs();
  options.work = [](std::function<void()> job) { job(); };
  options.post = [](std::function<void()> job) { job(); };
  return OpenSqliteStore(std::move(options));
}

/// The row as it would be read after a power cut at this instant.
inline Result<Row> DurableRow(const MemoryDisk& disk, const std::string& key) {
  MemoryDisk copy;
  copy.Replace(disk.Durable());
  TANDEM_ASSIGN_OR_RETURN(const std::unique_ptr<StateStore> store, OpenStoreOn(copy));
  Result<Row> found = Internal("no answer");
  store->Get(key, [&](Result<Row> row) { found = std::move(row); });
  copy.KillProcess();
  return found;
}

class StorageRig {
 public:
  StorageRig() {
    TANDEM_CHECK(OpenStore().ok());
    rig_ = std::make_unique<EngineRig>(EngineSettings(), nullptr, store_.get());
    TANDEM_CHECK(rig_->start_status.ok());
    rig_->keep_witness = true;
    rig_->provider->on_apply = [this](const ApplyRequest& request) { LookForIntent(request); };
  }

  EngineRig& engine() { return *rig_; }
  MemoryDisk& disk() { return disk_; }

  /// A new process, on what the death of the old one left of the disk.
  Status Restart() {
    rig_->engine.reset();
    store_.reset();
    disk_.ClearFault();
    disk_.Revive();
    TANDEM_RETURN_IF_ERROR(OpenStore());
    rig_->other_store = store_.get();
    rig_->Boot();
    return rig_->start_status;
  }

  /// Calls whose intent a power cut at that instant would have lost.
  const std::vector<std::string>& calls_without_intent() const { return without_intent_; }
  int calls_checked() const { return checked_; }
  /// Off: a disk that lies can lose anything.
  bool check_intents = true;

  bool AllEnded() {
    for (const RunView& view : rig_->engine->snapshot()->runs)
      if (view.run.state == RunState::kOpen || view.run.state == RunState::kStopping) return false;
    return true;
  }
  std::string Runs() {
    std::string text;
    for (const RunView& view : rig_->engine->snapshot()->runs) {
      text += view.run.id + " " + std::string(PlanModeName(view.run.mode)) + " " + std::string(RunStateName(view.run.state)) + " " +
              view.run.message + "\n";
      for (const StepRow& row : view.steps)
        text += "  " + row.action + " " + row.address.ToString() + " " + std::string(StepStateName(row.state)) + " " +
                row.error + "\n";
    }
    return text;
  }
  /// What the store holds of each live object that the clouds do not confirm, and the other way round.
  std::string RecordsAgainstLedger() {
    std::map<std::string, std::set<std::string>> live;  // address → identities
    for (const SimObject& object : rig_->cloud->Objects())
      if (object.gone > rig_->clock.Now()) live[object.address].insert(object.key.identity);
    std::string wrong;
    store_->Scan("record/", "", 1000, [&](Result<Page> page) {
      if (!page.ok()) return void(wrong += page.status().ToString());
      for (const Row& row : page->rows) {
        const Result<Record> record = FromValue<Record>(*ParseJson(row.value));
        if (!record.ok()) {
          wrong += record.status().ToString() + "\n";
          continue;
        }
        const std::string address = record->address.ToString();
        if (live[address].count(record->identity) == 0)
          wrong += address + " is recorded as '" + record->identity + "', which does not live\n";
        // R4: what was sent, call by call, is in the end all that was desired.
        if (record->recorded.fingerprint() != record->settled.fingerprint())
          wrong += address + ": recorded and settled differ\n";
        live.erase(address);
      }
    });
    for (const auto& [address, identities] : live) wrong += address + " lives and is not recorded\n";
    store_->Scan("intent/", "", 1000, [&](Result<Page> page) {
      if (page.ok())
        for (const Row& row : page->rows) wrong += row.key + " is left\n";
    });
    return wrong;
  }
  std::string Ledger() {
    std::string text;
    for (const SimEffect& effect : rig_->cloud->Effects())
      text += "  " + effect.operation + " " + effect.address + " " + effect.intent + "\n";
    return text;
  }

 private:
  Status OpenStore() {
    TANDEM_ASSIGN_OR_RETURN(store_, OpenStoreOn(disk_));
    return OkStatus();
  }
  void LookForIntent(const ApplyRequest& request) {
    if (!check_intents) return;
    ++checked_;
    const Result<Row> row = DurableRow(disk_, IntentKey(request.intent));
    std::string wrong;
    if (!row.ok()) {
      wrong = row.status().ToString();
    } else if (const Result<Value> value = ParseJson(row->value); !value.ok()) {
      wrong = value.status().ToString();
    } else if (const Result<Intent> intent = FromValue<Intent>(*value); !intent.ok()) {
      wrong = intent.status().ToString();
    } else if (intent->state != IntentState::kOpen || intent->call != request.call ||
               intent->address.ToString() != request.address.ToString()) {
      wrong = "the intent is of another call, or settled";
    }
    if (!wrong.empty())
      without_intent_.push_back(request.call + " " + request.address.ToString() + ": " + wrong);
  }

  MemoryDisk disk_;
  std::unique_ptr<StateStore> store_;
  std::unique_ptr<EngineRig> rig_;
  std::vector<std::string> without_intent_;
  int checked_ = 0;
};

}  // namespace tandem::testing
