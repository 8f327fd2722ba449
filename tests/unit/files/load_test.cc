#include "tandem/files/load.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/temp_folder.h"

namespace tandem {
namespace {

namespace fs = std::filesystem;

class Load : public testing::Test {
 protected:
  void Write(const std::string& path, const std::string& text) {
    fs::create_directories(fs::path(At(path)).parent_path());
    std::ofstream(At(path)) << text;
  }
  std::string At(const std::string& path) const {
    return path.empty() ? root_ : root_ + "/" + path;
  }

  /// The names and texts loaded, or the failure, with the folder cut off.
  std::string Loaded(const std::vector<std::string>& paths, bool recursive = false,
                     LoadLimits limits = {}) {
    LoadOptions options;
    options.recursive = recursive;
    options.limits = limits;
    std::istringstream input("from: input\n");
    options.input = &input;
    std::vector<std::string> full;
    for (const std::string& path : paths) full.push_back(path == "-" ? path : At(path));
    const auto loaded = LoadSources(full, options);
    std::string said;
    if (!loaded.ok()) {
      said = loaded.status().ToString();
    } else {
      for (const auto& text : *loaded)
        said += text->name + "=" + text->text.substr(0, text->text.find('\n')) + ";";
    }
    for (size_t at; (at = said.find(root_ + "/")) != std::string::npos;)
      said.erase(at, root_.size() + 1);
    for (size_t at; (at = said.find(root_)) != std::string::npos;)
      said.replace(at, root_.size(), "ROOT");
    return said;
  }

  const TempFolder temp_;
  const std::string root_ = temp_.path();
};

TEST_F(Load, ReadsFilesFoldersAndInput) {
  Write("b.yaml", "b");
  Write("a.yml", "a");
  Write("c.json", "{}");
  Write("notes.txt", "n");
  Write(".hidden.yaml", "h");
  Write("sub/z.yaml", "z");
  Write("sub/deep/y.yaml", "y");
  Write(".git/x.yaml", "x");
  struct Case {
    std::vector<std::string> paths;
    bool recursive;
    const char* loaded;
  };
  const std::vector<Case> cases = {
      {{"b.yaml"}, false, "b.yaml=b;"},
      {{"notes.txt"}, false, "notes.txt=n;"},
      {{""}, false,
       "INVALID_ARGUMENT: sub: holds files that would be left out of the model; say -R to read the "
       "folders of a folder as well"},
      {{""}, true, "a.yml=a;b.yaml=b;c.json={};sub/deep/y.yaml=y;sub/z.yaml=z;"},
      {{"sub/deep", "b.yaml"}, false, "sub/deep/y.yaml=y;b.yaml=b;"},
      {{"b.yaml", ""}, true,
       "b.yaml=b;a.yml=a;c.json={};sub/deep/y.yaml=y;sub/z.yaml=z;"},
      {{"b.yaml", "b.yaml"}, false, "b.yaml=b;"},
      {{"-", "b.yaml"}, false, "-=from: input;b.yaml=b;"},
      {{"-", "-"}, false, "INVALID_ARGUMENT: -: standard input can be read only once"},
      {{}, false, ""},
  };
  for (const Case& test : cases)
    EXPECT_EQ(Loaded(test.paths, test.recursive), test.loaded)
        << testing::PrintToString(test.paths);
}

TEST_F(Load, SaysWhatIsWrongAndWhatToDo) {
  Write("empty/notes.txt", "n");
  Write("outer/inner/a.yaml", "a");
  Write("bin/a.yaml", std::string("a\0b", 3));
  Write("a.yaml", "a");
  fs::create_directories(At("dangling"));
  fs::create_symlink("nowhere", At("dangling/a.yaml"));
  fs::create_directories(At("pipe"));
  ASSERT_EQ(::mkfifo(At("pipe/a.yaml").c_str(), 0600), 0);
  EXPECT_EQ(Loaded({"missing"}),
            "NOT_FOUND: missing: no such file or directory; check the path after -f");
  EXPECT_EQ(Loaded({"a.yaml/b"}),
            "NOT_FOUND: a.yaml/b: a part of this path is not a directory; check the path after -f");
  EXPECT_EQ(
      Loaded({"empty"}),
      "NOT_FOUND: empty: no *.yaml, *.yml or *.json file in this folder; check the path after -f");
  EXPECT_EQ(
      Loaded({"outer"}),
      "INVALID_ARGUMENT: outer/inner: holds files that would be left out of the model; say -R to read "
      "the folders of a folder as well");
  EXPECT_EQ(
      Loaded({"bin"}),
      "INVALID_ARGUMENT: bin/a.yaml: not a text file (a NUL byte at offset 1); remove it from the "
      "model's folder, or save it as UTF-8");
  EXPECT_EQ(Loaded({"dangling"}),
            "NOT_FOUND: dangling/a.yaml: this symbolic link leads nowhere; repair or remove it");
  EXPECT_EQ(
      Loaded({"pipe"}),
      "INVALID_ARGUMENT: pipe/a.yaml: neither a file nor a folder; use '-f -' to read a pipe");
}

TEST_F(Load, FollowsLinksButNotInCircles) {
  Write("m/a.yaml", "a");
  Write("other/b.yaml", "b");
  fs::create_symlink("../other", At("m/link"));
  EXPECT_EQ(Loaded({"m"}, true), "m/a.yaml=a;m/link/b.yaml=b;");
  fs::create_symlink("..", At("m/up"));
  EXPECT_EQ(Loaded({"m"}, false).substr(0, 17), "INVALID_ARGUMENT:");
  EXPECT_EQ(
      Loaded({"m"}, true),
      "INVALID_ARGUMENT: m/up/m: this symbolic link leads back to a folder above it; remove the "
      "link");
  fs::create_symlink("self.yaml", At("self.yaml"));
  EXPECT_EQ(Loaded({"self.yaml"}),
            "INVALID_ARGUMENT: self.yaml: a loop of symbolic links; remove one of them");
}

TEST_F(Load, R2OneUnreadableFileAbortsTheLoad) {
  Write("a.yaml", "a");
  Write("b.yaml", "b");
  ASSERT_EQ(::chmod(At("b.yaml").c_str(), 0), 0);
  ASSERT_EQ(::chmod(root_.c_str(), 0755), 0);
  // The superuser reads everything, so be somebody else meanwhile.
  const bool superuser = ::geteuid() == 0;
  ASSERT_EQ(superuser ? ::seteuid(65534) : 0, 0);
  const std::string said = Loaded({""});
  ASSERT_EQ(superuser ? ::seteuid(0) : 0, 0);
  EXPECT_EQ(said,
            "PERMISSION_DENIED: b.yaml: permission denied; let the user that runs this read it");
}

TEST_F(Load, IsBounded) {
  Write("a.yaml", std::string(100, 'a'));
  Write("b.yaml", std::string(100, 'b'));
  Write("d/d/d/c.yaml", "c");
  LoadLimits limits;
  limits.file_bytes = 99;
  EXPECT_EQ(Loaded({"a.yaml"}, false, limits),
            "RESOURCE_EXHAUSTED: a.yaml: larger than 99 bytes; split the file, or leave it out");
  limits = {};
  limits.total_bytes = 199;
  EXPECT_EQ(Loaded({""}, false, limits),
            "RESOURCE_EXHAUSTED: b.yaml: with this file the model has more than 199 bytes");
  limits = {};
  limits.files = 1;
  EXPECT_EQ(Loaded({""}, false, limits),
            "RESOURCE_EXHAUSTED: b.yaml: the model has more than 1 files");
  limits = {};
  limits.depth = 3;
  EXPECT_EQ(Loaded({""}, true, limits),
            "RESOURCE_EXHAUSTED: d/d/d: more than 3 folders within one another");
  LoadOptions none;
  EXPECT_EQ(LoadSources({"-"}, none).status().code(), Code::kInvalidArgument);
}

}  // namespace
}  // namespace tandem
