#include "tests/bench/models.h"

#include <fmt/format.h>

#include <algorithm>

namespace tandem::bench {
namespace {

constexpr size_t kLayers = 10;
constexpr size_t kWideList = 2000;

std::string NameOf(size_t index) { return fmt::format("r{:06}", index); }

// Scattered, and the same every time.
size_t Scatter(size_t index, size_t salt) {
  uint64_t x = (index + 1) * 0x9e3779b97f4a7c15ULL + salt * 0xbf58476d1ce4e5b9ULL;
  x ^= x >> 30;
  x *= 0x94d049bb133111ebULL;
  return static_cast<size_t>(x ^ (x >> 31));
}

std::vector<size_t> NeedsOf(const ModelOptions& options, size_t index) {
  const size_t width = std::max<size_t>(1, options.count / kLayers);
  switch (options.shape) {
    case Shape::kFlat:
    case Shape::kWide: return {};
    case Shape::kChain: return index == 0 ? std::vector<size_t>() : std::vector<size_t>{index - 1};
    case Shape::kFan: return index == 0 ? std::vector<size_t>() : std::vector<size_t>{0};
    case Shape::kNear:
    case Shape::kSpread: {
      if (index < width) return {};
      const size_t layer = index / width;
      const size_t first = (layer - 1) * width;
      std::vector<size_t> needs;
      for (size_t k = 0; k < 3; ++k) {
        const size_t at = options.shape == Shape::kNear ? (index % width + k) % width
                                                        : Scatter(index, k) % width;
        needs.push_back(first + at);
      }
      std::sort(needs.begin(), needs.end());
      needs.erase(std::unique(needs.begin(), needs.end()), needs.end());
      return needs;
    }
  }
  return {};
}

std::string MakeWide(const ModelOptions& options, size_t first) {
  std::string text = fmt::format(
      "apiVersion: bench.aws/v1\nkind: Wide\nmetadata:\n  name: w{:06}\nspec:\n"
      "  name: w{:06}\n  roleArn: arn:aws:iam::111122223333:role/bench\n"
      "  resourcesVpcConfig:\n    subnetIds:\n",
      first, first);
  for (size_t i = first; i < std::min(options.count, first + kWideList); ++i)
    text += fmt::format("    - ${{ref('bench.aws/{}/{}').arn}}\n", options.kind, NameOf(i));
  return text;
}

}  // namespace

std::string_view ShapeName(Shape shape) { return kShapes[static_cast<size_t>(shape)]; }

bool ParseShape(std::string_view name, Shape* shape) {
  for (size_t i = 0; i < std::size(kShapes); ++i) {
    if (kShapes[i] != name) continue;
    *shape = static_cast<Shape>(i);
    return true;
  }
  return false;
}

std::string AddressOf(const ModelOptions& options, size_t index) {
  return fmt::format("bench.aws/{}/{}", options.kind, NameOf(index));
}

std::string MakeDocument(const ModelOptions& options, size_t index, int version) {
  const std::string name = NameOf(index);
  std::string text = fmt::format(
      "apiVersion: bench.aws/v1\nkind: {}\nmetadata:\n  name: {}\n", options.kind, name);
  if (options.components > 0)
    text += fmt::format("  labels:\n    tandem/component: C{}\n", index % options.components);
  text += fmt::format(
      "spec:\n  logGroupName: {}\n  logGroupClass: STANDARD\n  tags:\n    version: \"{}\"\n"
      "    team: platform-{}\n",
      name, version, index % 17);
  size_t up = 0;
  for (const size_t need : NeedsOf(options, index))
    text += fmt::format("    up{}: ${{ref('bench.aws/{}/{}').arn}}\n", up++, options.kind, NameOf(need));
  static constexpr std::string_view kFill[] = {
      "cost-center: cc-4711-eu-west-production", "owner: storefront-platform-on-call",
      "data-class: internal-use-only-no-personal-data", "backup: daily-0300-keep-35-days",
      "runbook: https://runbooks.example/platform/log-groups", "stage: production-blue"};
  for (const std::string_view line : kFill) {
    if (text.size() > 470) break;
    text += fmt::format("    {}\n", line);
  }
  return text;
}

Sources MakeModel(const ModelOptions& options) {
  std::string head =
      "apiVersion: tandem/v1\nkind: Platform\nmetadata: {name: bench}\n"
      "spec: {activeSite: aws, sites: {aws: {}, gcp: {}}}\n---\n"
      "apiVersion: tandem/v1\nkind: Account\nmetadata: {name: main}\n"
      "spec: {provider: aws, site: aws, region: us-east-1, accountId: \"111122223333\"}\n";
  for (size_t i = 0; i < options.components; ++i)
    head += fmt::format(
        "---\napiVersion: tandem/v1\nkind: Component\nmetadata: {{name: C{}}}\n"
        "spec: {{site: aws, layer: data, title: \"C{}\"}}\n",
        i, i);
  Sources sources = {std::make_shared<SourceText>(SourceText{"platform.yaml", std::move(head)})};
  std::string text;
  size_t in_file = 0;
  const auto close = [&] {
    if (text.empty()) return;
    sources.push_back(std::make_shared<SourceText>(
        SourceText{fmt::format("model-{:04}.yaml", sources.size()), std::move(text)}));
    text.clear();
    in_file = 0;
  };
  for (size_t i = 0; i < options.count; ++i) {
    if (in_file++ > 0) text += "---\n";
    text += MakeDocument(options, i, 1);
    if (in_file == options.a_file) close();
  }
  close();
  if (options.shape == Shape::kWide) {
    for (size_t i = 0; i < options.count; i += kWideList) {
      text = MakeWide(options, i);
      close();
    }
  }
  return sources;
}

}  // namespace tandem::bench
