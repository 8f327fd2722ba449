#include "engine/store/document_list.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tandem/codec/json.h"

namespace tandem {
namespace {

std::string DigestOf(int number) { return Fingerprint(std::to_string(number)); }

std::shared_ptr<const DocumentList> ListOf(const std::vector<std::string>& digests) {
  DocumentListBuilder builder;
  for (const std::string& digest : digests) builder.Add(digest);
  return builder.Finish();
}

std::vector<std::string> Many(int count) {
  std::vector<std::string> digests;
  for (int i = 0; i < count; ++i) digests.push_back(DigestOf(i));
  return digests;
}

TEST(DocumentList, HoldsAllInOrder) {
  for (const int count : {0, 1, 255, 5000}) {
    const std::vector<std::string> digests = Many(count);
    const auto list = ListOf(digests);
    ASSERT_EQ(list->size(), digests.size());
    for (size_t i = 0; i < digests.size(); ++i) ASSERT_EQ(list->at(i), digests[i]) << i;
  }
}

// One put in at the front, or gone, moves the boundaries of no other page.
TEST(DocumentList, AChangeIsInOnePage) {
  const std::vector<std::string> before = Many(5000);
  std::set<std::string> known;
  const auto list = ListOf(before);
  for (const auto& page : list->pages()) known.insert(page->digest);
  EXPECT_GT(known.size(), 10u);
  const auto fresh = [&](const std::vector<std::string>& digests) {
    int count = 0;
    const auto changed = ListOf(digests);
    for (const auto& page : changed->pages()) count += known.count(page->digest) == 0;
    return count;
  };
  std::vector<std::string> digests = before;
  digests.insert(digests.begin(), DigestOf(-1));
  EXPECT_EQ(fresh(digests), 1);
  digests = before;
  digests[2500] = DigestOf(-2);
  EXPECT_LE(fresh(digests), 2);
  digests = before;
  digests.erase(digests.begin() + 1000);
  EXPECT_LE(fresh(digests), 2);
}

TEST(DocumentList, APageIsBoundedAlsoWhereNoDigestEndsIt) {
  const auto list = ListOf(std::vector<std::string>(10'000, "sha256:ff"));
  EXPECT_GE(list->pages().size(), 9u);
  EXPECT_EQ(list->size(), 10'000u);
}

TEST(DocumentList, ARowReadsBack) {
  const auto list = ListOf(Many(300));
  for (const auto& page : list->pages()) {
    const Result<DocumentPage> read = DocumentList::FromRow(DocumentList::RowOf(*page));
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->digests, page->digests);
    EXPECT_EQ(read->digest, page->digest);
  }
  EXPECT_FALSE(DocumentList::FromRow("{}").ok());
  EXPECT_FALSE(DocumentList::FromRow("[1]").ok());
  EXPECT_FALSE(DocumentList::FromRow("[\"sha256").ok());
}

}  // namespace
}  // namespace tandem
