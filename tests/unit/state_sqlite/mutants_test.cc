// Damage that nothing but a look at the whole file finds.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "tandem/state_sqlite/sqlite_store.h"
#include "tests/support/temp_folder.h"

namespace tandem {
namespace {

// A page in the middle of the file, which no statement at open reads: without the look, the row on it would be
// missed in the middle of a run.
TEST(SqliteMutants, OneDamagedPageIsFoundAtOpen) {
  const TempFolder folder;
  const std::string path = folder.path() + "/state.db";
  const auto here = [](std::function<void()> job) { job(); };
  {
    auto store = OpenSqliteStore({path, "", here, here});
    ASSERT_TRUE(store.ok());
    for (int group = 0; group < 20; ++group) {
      std::vector<Write> writes;
      for (int i = 0; i < 50; ++i)
        writes.push_back({"key/" + std::to_string(1000 + group * 50 + i), std::string(300, 'x'), 0});
      std::optional<Result<StoreRevision>> answer;
      (*store)->Commit(std::move(writes), [&](Result<StoreRevision> r) { answer = std::move(r); });
      ASSERT_TRUE(answer && answer->ok());
    }
  }
  {
    const auto size = std::filesystem::file_size(path);
    ASSERT_GT(size, 200'000u);
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(size / 2 / 4096 * 4096));
    file.write(std::string(200, '\xee').data(), 200);
  }
  const auto store = OpenSqliteStore({path, "", here, here});
  ASSERT_FALSE(store.ok());
  EXPECT_EQ(store.status().code(), Code::kDataLoss) << store.status().ToString();
}

}  // namespace
}  // namespace tandem
