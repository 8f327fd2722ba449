#include "tests/bench/yaml_baseline.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <atomic>
#include <istream>
#include <streambuf>
#include <thread>

namespace tandem::bench {
namespace {

class Nothing final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override { ++documents; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
  size_t documents = 0;
};

// Reads a text where it lies, so that the baseline pays for no copy.
class View final : public std::streambuf {
 public:
  explicit View(const std::string& text) {
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

}  // namespace

size_t ParseEventsOnly(const Sources& sources, size_t threads) {
  std::atomic<size_t> next{0};
  std::atomic<size_t> documents{0};
  const auto take = [&] {
    for (size_t i = next++; i < sources.size(); i = next++) {
      View view(sources[i]->text);
      std::istream in(&view);
      YAML::Parser parser(in);
      Nothing handler;
      while (parser.HandleNextDocument(handler)) {
      }
      documents += handler.documents;
    }
  };
  std::vector<std::thread> helpers;
  for (size_t i = 1; i < threads; ++i) helpers.emplace_back(take);
  take();
  for (std::thread& helper : helpers) helper.join();
  return documents;
}

}  // namespace tandem::bench
