// The schema as numbered changes. user_version holds the number of the last one that was made.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "state_sqlite/database.h"
#include "tandem/base/status.h"

namespace tandem::sqlite {

/// "tndm": tells our files from other programs' databases.
constexpr int64_t kApplicationId = 0x746e646d;

/// Migration N is at index N - 1. A released one is never changed.
const std::vector<std::string_view>& Migrations();

/// Reads only. kFailedPrecondition when a newer tandem or another program wrote the file.
Status CheckOurs(Database& database, const std::vector<std::string_view>& migrations);

/// Makes the changes that the file lacks, all or none. Fails as CheckOurs does.
Status Migrate(Database& database, const std::vector<std::string_view>& migrations);

}  // namespace tandem::sqlite
