// What tells that a file is another than it was.
#include "tandem/compile/file_digests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/compile_case.h"

namespace tandem {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing_support::CompileSources;
using testing_support::Sources;

std::shared_ptr<const SourceText> Piece(const std::string& name, const std::string& text, int line = 1) {
  return std::make_shared<const SourceText>(SourceText{name, text, line});
}

const std::string kShop = "apiVersion: tandem/v1\nkind: Platform\nmetadata: {name: shop}\n"
                              "spec: {activeSite: aws, sites: {aws: {}}}\n";
std::string Box(const std::string& name) {
  return "apiVersion: tandem/v1\nkind: Component\nmetadata: {name: " + name + "}\nspec: {layer: network}\n";
}

Sources Pieces() {
  return {Piece("a.yaml", "# of all\n\n" + kShop + "---\n" + Box("One") + "---\n" + Box("Two")),
          Piece("b.yaml", Box("Three")), Piece("notes.yaml", "# nothing yet\n"),
          Piece("c.yaml", Box("Four"))};
}

std::vector<FileDigest> DigestsOf(const Sources& sources) {
  const auto compiled = CompileSources(sources);
  EXPECT_NE(compiled.model, nullptr) << FormatDiagnostics(compiled.found);
  return DigestFiles(*compiled.model);
}

std::vector<std::string> FilesOf(const Sources& files) {
  std::vector<std::string> names;
  for (const auto& file : files) names.push_back(file->name);
  return names;
}

TEST(FileDigests, FilesMadeAgainFromTheirDocumentsAreTheFilesThatWereSent) {
  const Sources stored = {Piece("a.yaml", "# of all\n\n" + kShop), Piece("a.yaml", Box("One"), 8),
                          Piece("a.yaml", Box("Two"), 13), Piece("b.yaml", Box("Three")),
                          Piece("c.yaml", Box("Four"))};
  EXPECT_EQ(DigestsOf(stored), DigestsOf(Pieces()));
}

TEST(FileDigests, NothingDiffersFromItself) {
  const auto changes = ChangesSince(DigestsOf(Pieces()), Pieces());
  ASSERT_TRUE(changes);
  EXPECT_THAT(changes->files, IsEmpty());
  EXPECT_THAT(changes->removed, IsEmpty());
}

TEST(FileDigests, WhatDiffersIsWhatIsNewMovedOrAnother) {
  const std::vector<FileDigest> accepted = DigestsOf(Pieces());
  const struct {
    const char* what;
    std::string text;  // of b.yaml
  } cases[] = {
      {"another text", Box("Five")},
      {"another place", "# said before\n---\n" + Box("Three")},
      {"one more document", Box("Three") + "---\n" + Box("Five")},
      {"none any more", "# gone\n"},
      {"one that is no text", Box("Three") + "---\n\xff\n"},
  };
  for (const auto& [what, text] : cases) {
    Sources sources = Pieces();
    sources[1] = Piece("b.yaml", text);
    const auto changes = ChangesSince(accepted, sources);
    ASSERT_TRUE(changes) << what;
    EXPECT_THAT(FilesOf(changes->files), ElementsAre("b.yaml")) << what;
    EXPECT_THAT(changes->removed, IsEmpty()) << what;
  }
}

TEST(FileDigests, FilesComeAndGo) {
  Sources sources = Pieces();
  sources.erase(sources.begin() + 1);
  sources.push_back(Piece("d.yaml", Box("Five")));
  const auto changes = ChangesSince(DigestsOf(Pieces()), sources);
  ASSERT_TRUE(changes);
  EXPECT_THAT(FilesOf(changes->files), ElementsAre("d.yaml"));
  EXPECT_THAT(changes->removed, ElementsAre("b.yaml"));
}

TEST(FileDigests, AnotherOrderIsNoChangeOfFiles) {
  const std::vector<FileDigest> accepted = DigestsOf(Pieces());
  Sources turned = Pieces();
  std::swap(turned[1], turned[3]);
  EXPECT_FALSE(ChangesSince(accepted, turned));
  Sources before = Pieces();
  before.insert(before.begin(), Piece("0.yaml", Box("Five")));
  EXPECT_FALSE(ChangesSince(accepted, before)) << "it would come last";
  Sources twice = Pieces();
  twice.push_back(twice[1]);
  EXPECT_FALSE(ChangesSince(accepted, twice));
}

}  // namespace
}  // namespace tandem
