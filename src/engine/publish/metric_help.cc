#include "tandem/engine/metric_help.h"

namespace tandem {
namespace {

struct Help {
  std::string_view name;
  std::string_view text;
};
constexpr Help kHelp[] = {
    {"tandem_drift_resources", "Resources that differ from what was applied."},
    {"tandem_heals_total", "Heals that were begun unattended."},
    {"tandem_plan_changes", "Steps of the run in progress; absent when there is none."},
    {"tandem_plans_of_few_total", "Plans for which few resources were decided, because few documents had changed."},
    {"tandem_provider_errors_total", "Requests to providers that failed, by class of error."},
    {"tandem_provider_requests_total", "Requests to providers, by method."},
    {"tandem_provider_throttled_total", "Requests that a cloud refused because there were too many."},
    {"tandem_reconcile_active_workers", "Steps that are being worked on."},
    {"tandem_reconcile_total", "How often the engine worked on an address, by kind."},
    {"tandem_resources", "Resources that tandem keeps a record of."},
    {"tandem_store_commits_total", "Transactions of the store."},
    {"tandem_store_failures_total", "Transactions of the store that failed."},
    {"tandem_store_trouble", "1 while the store takes no writes, else 0."},
    {"tandem_store_writes_total", "Rows that were written to the store."},
    {"tandem_workqueue_adds_total", "Addresses that were put into the queue."},
    {"tandem_workqueue_depth", "Addresses that wait in the queue."},
    {"tandem_workqueue_queue_duration_seconds", "How long addresses waited in the queue."},
    {"tandem_workqueue_retries_total", "Addresses that were put into the queue for later."},
};

}  // namespace

std::string_view MetricHelp(std::string_view name) {
  for (const Help& help : kHelp)
    if (help.name == name) return help.text;
  return "";
}

}  // namespace tandem
