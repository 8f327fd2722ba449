// A picture of the diagram: inside each group its boxes and groups in rows, those that others point
// to after those; arrows from side to side, above the groups and below the boxes.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "diagram/state_style.h"
#include "tandem/diagram/diagram.h"

namespace tandem {
namespace {

constexpr double kBoxHeight = 36;
constexpr double kGap = 22;
constexpr double kPadding = 16;
constexpr double kTitleHeight = 26;
constexpr size_t kMaxTitle = 34;  // code points

struct Rect {
  double x = 0;
  double y = 0;
  double w = 0;
  double h = 0;
  double right() const { return x + w; }
  double bottom() const { return y + h; }
  double cx() const { return x + w / 2; }
  double cy() const { return y + h / 2; }
  bool Contains(const Rect& o) const {
    return x <= o.x && y <= o.y && right() >= o.right() && bottom() >= o.bottom();
  }
};

std::string Xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

size_t CodePoints(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string Shortened(std::string_view text) {
  if (CodePoints(text) <= kMaxTitle) return std::string(text);
  size_t at = 0;
  for (size_t count = 0; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) continue;
    if (++count == kMaxTitle) break;
  }
  return std::string(text.substr(0, at)) + "…";
}

class Picture {
 public:
  Picture(const Diagram& diagram, const DiagramStates& states)
      : diagram_(diagram),
        states_(states),
        children_(ChildrenOf(diagram)),
        node_rects_(diagram.nodes.size()),
        group_rects_(diagram.groups.size()) {
    for (size_t i = 0; i < diagram.groups.size(); ++i) ends_[diagram.groups[i].id] = {true, i};
    for (size_t i = 0; i < diagram.nodes.size(); ++i)
      ends_.emplace(diagram.nodes[i].id, DiagramChild{false, i});
  }

  std::string Draw() {
    const Rect whole = Arrange("");
    Shift("", kPadding, kPadding);
    const double width = whole.w + 2 * kPadding;
    const double legend = states_.empty() ? 0 : 34;
    const double height = whole.h + 2 * kPadding + legend;
    std::string svg = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
        "width=\"{0:.0f}\" "
        "height=\"{1:.0f}\" role=\"img\" font-family=\"sans-serif\" font-size=\"13\">\n"
        "<title>Platform diagram</title>\n<defs>\n"
        "<marker id=\"head\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"7\" "
        "markerHeight=\"7\" orient=\"auto-start-reverse\"><path d=\"M0 0L10 5L0 10z\" "
        "fill=\"#47525f\"/></marker>\n</defs>\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
        width, height);
    Groups("", 0, svg);
    for (const DiagramConnection& connection : diagram_.connections) Edge(connection, svg);
    for (size_t i = 0; i < diagram_.nodes.size(); ++i) Box(i, svg);
    if (legend > 0) Legend(height - legend, svg);
    return svg + "</svg>\n";
  }

 private:
  Rect& RectOf(const DiagramChild& child) {
    return child.is_group ? group_rects_[child.index] : node_rects_[child.index];
  }

  /// The child of group `id` that holds `end`, or npos.
  size_t Sibling(const std::string& end, std::string_view id,
                 const std::map<std::string, size_t, std::less<>>& places) const {
    std::string at = end;
    for (int depth = 0; depth <= 64; ++depth) {
      const auto found = ends_.find(at);
      if (found == ends_.end()) return SIZE_MAX;
      const std::string& above = found->second.is_group
                                     ? diagram_.groups[found->second.index].parent
                                     : diagram_.nodes[found->second.index].group;
      if (above == id) {
        const auto place = places.find(at);
        return place == places.end() ? SIZE_MAX : place->second;
      }
      at = above;
      if (at.empty()) return SIZE_MAX;
    }
    return SIZE_MAX;
  }

  /// Ranks of the children by longest path along the arrows between them; an arrow back to an
  /// earlier child of a circle does not count.
  std::vector<size_t> Ranks(std::string_view id, const std::vector<DiagramChild>& list) const {
    std::map<std::string, size_t, std::less<>> places;
    for (size_t i = 0; i < list.size(); ++i)
      places.emplace(
          list[i].is_group ? diagram_.groups[list[i].index].id : diagram_.nodes[list[i].index].id,
          i);
    std::vector<std::vector<size_t>> next(list.size());
    std::vector<size_t> incoming(list.size(), 0);
    for (const DiagramConnection& connection : diagram_.connections) {
      const size_t from = Sibling(connection.from, id, places);
      const size_t to = Sibling(connection.to, id, places);
      if (from == SIZE_MAX || to == SIZE_MAX || from == to) continue;
      next[from].push_back(to);
      ++incoming[to];
    }
    std::vector<size_t> ranks(list.size(), 0);
    std::vector<bool> done(list.size(), false);
    std::vector<size_t> ready;
    for (size_t i = 0; i < list.size(); ++i)
      if (incoming[i] == 0) ready.push_back(i);
    size_t first_left = 0;
    for (size_t count = 0; count < list.size();) {
      if (ready.empty()) {
        while (done[first_left]) ++first_left;
        ready.push_back(first_left);
      }
      const size_t at = ready.back();
      ready.pop_back();
      if (done[at]) continue;
      done[at] = true;
      ++count;
      for (const size_t to : next[at]) {
        if (done[to]) continue;
        ranks[to] = std::max(ranks[to], ranks[at] + 1);
        if (--incoming[to] == 0) ready.push_back(to);
      }
    }
    return ranks;
  }

  /// Places the children of a group from (0, 0) on; the size they need.
  Rect Arrange(std::string_view id) {
    const auto found = children_.find(id);
    if (found == children_.end()) return {};
    const std::vector<DiagramChild>& list = found->second;
    double area = 0;
    double widest = 0;
    for (const DiagramChild& child : list) {
      Rect& rect = RectOf(child);
      if (child.is_group) {
        const DiagramGroup& group = diagram_.groups[child.index];
        const Rect inside = Arrange(group.id);
        const double title = 8.0 * static_cast<double>(CodePoints(Shortened(group.title))) + 24;
        rect.w = std::max(inside.w + 2 * kPadding, title);
        rect.h = inside.h + kPadding + kTitleHeight + (inside.h > 0 ? 4 : 0);
      } else {
        const auto letters =
            static_cast<double>(CodePoints(Shortened(diagram_.nodes[child.index].title)));
        rect.w = std::max(96.0, 7.4 * letters + 24);
        rect.h = kBoxHeight;
      }
      area += (rect.w + kGap) * (rect.h + kGap);
      widest = std::max(widest, rect.w);
    }
    const std::vector<size_t> ranks = Ranks(id, list);
    std::vector<size_t> order(list.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return ranks[a] < ranks[b]; });
    const double limit = std::max(widest, std::sqrt(area * 1.7));
    Rect size;
    double x = 0;
    double y = 0;
    double row = 0;
    for (const size_t i : order) {
      Rect& rect = RectOf(list[i]);
      if (x > 0 && x + rect.w > limit) {
        x = 0;
        y += row + kGap;
        row = 0;
      }
      rect.x = x;
      rect.y = y;
      x += rect.w + kGap;
      row = std::max(row, rect.h);
      size.w = std::max(size.w, rect.right());
      size.h = std::max(size.h, rect.bottom());
    }
    return size;
  }

  void Shift(std::string_view id, double x, double y) {
    const auto found = children_.find(id);
    if (found == children_.end()) return;
    for (const DiagramChild& child : found->second) {
      Rect& rect = RectOf(child);
      rect.x += x;
      rect.y += y;
      if (child.is_group)
        Shift(diagram_.groups[child.index].id, rect.x + kPadding, rect.y + kTitleHeight);
    }
  }

  void Groups(std::string_view id, int depth, std::string& svg) {
    const auto found = children_.find(id);
    if (found == children_.end()) return;
    for (const DiagramChild& child : found->second) {
      if (!child.is_group) continue;
      const DiagramGroup& group = diagram_.groups[child.index];
      const Rect& rect = group_rects_[child.index];
      const std::string_view state = StateOf(states_, group.id);
      svg += fmt::format(
          "<g><rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"8\" "
          "fill=\"{}\" "
          "stroke=\"{}\"/><text x=\"{:.1f}\" y=\"{:.1f}\" fill=\"#2b3440\" "
          "font-weight=\"600\">{}</text></g>\n",
          rect.x, rect.y, rect.w, rect.h, depth % 2 == 0 ? "#f6f8fb" : "#ffffff",
          state.empty() ? "#c3ccd6" : StyleOf(state).stroke, rect.x + 10, rect.y + 18,
          Xml(Shortened(group.title)));
      Groups(group.id, depth + 1, svg);
    }
  }

  void Box(size_t index, std::string& svg) {
    const Rect& rect = node_rects_[index];
    if (rect.w == 0) return;  // stands for a group
    const DiagramNode& node = diagram_.nodes[index];
    const std::string_view state = StateOf(states_, node.id);
    const StateStyle& style = StyleOf(state);
    svg += fmt::format(
        "<g id=\"{}\" class=\"{}\"><title>{}{}</title><rect x=\"{:.1f}\" y=\"{:.1f}\" "
        "width=\"{:.1f}\" "
        "height=\"{:.1f}\" rx=\"6\" fill=\"{}\" stroke=\"{}\"/><text x=\"{:.1f}\" y=\"{:.1f}\" "
        "text-anchor=\"middle\" fill=\"#1b222c\">{}</text></g>\n",
        Xml(node.id), style.name, Xml(node.id), state.empty() ? "" : ": " + Xml(state), rect.x,
        rect.y, rect.w, rect.h, state.empty() ? "#ffffff" : style.fill,
        state.empty() ? "#5f6b7a" : style.stroke, rect.cx(), rect.cy() + 4.5,
        Xml(Shortened(node.title)));
  }

  void Edge(const DiagramConnection& connection, std::string& svg) {
    const auto from = ends_.find(connection.from);
    const auto to = ends_.find(connection.to);
    if (from == ends_.end() || to == ends_.end()) return;
    Rect a = RectOf(from->second);
    Rect b = RectOf(to->second);
    // An arrow between a group and what is inside it starts at the group's title.
    if (a.Contains(b) && from != to) a = {a.x + 10, a.y + 4, 40, 16};
    if (b.Contains(a) && from != to) b = {b.x + 10, b.y + 4, 40, 16};
    std::string path;
    if (from == to) {
      path = fmt::format("M{:.1f} {:.1f}C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", a.right(),
                         a.cy() - 6, a.right() + 24, a.cy() - 18, a.right() + 24, a.cy() + 18,
                         a.right(), a.cy() + 6);
    } else if (a.bottom() <= b.y || b.bottom() <= a.y) {
      const bool down = a.bottom() <= b.y;
      const double y1 = down ? a.bottom() : a.y;
      const double y2 = down ? b.y : b.bottom();
      const double bend = (y2 - y1) / 2;
      path = fmt::format("M{:.1f} {:.1f}C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", a.cx(), y1,
                         a.cx(), y1 + bend, b.cx(), y2 - bend, b.cx(), y2);
    } else {
      const bool forth = a.cx() <= b.cx();
      const double x1 = forth ? a.right() : a.x;
      const double x2 = forth ? b.x : b.right();
      const double bend = (x2 - x1) / 2;
      path = fmt::format("M{:.1f} {:.1f}C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", x1, a.cy(),
                         x1 + bend, a.cy(), x2 - bend, b.cy(), x2, b.cy());
    }
    svg += fmt::format(
        "<path d=\"{}\" fill=\"none\" stroke=\"#47525f\" stroke-opacity=\"0.55\" "
        "stroke-width=\"1.3\"{} marker-end=\"url(#head)\"{}><title>{} {} {}{}</title></path>\n",
        path, connection.type == "failover" ? " stroke-dasharray=\"5 4\"" : "",
        connection.both ? " marker-start=\"url(#head)\"" : "", Xml(connection.from),
        connection.both ? "↔" : "→", Xml(connection.to),
        connection.type.empty() ? "" : ": " + Xml(connection.type));
  }

  void Legend(double y, std::string& svg) {
    double x = kPadding;
    for (const StateStyle& style : kStateStyles) {
      svg += fmt::format(
          "<g><rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"16\" height=\"16\" rx=\"3\" fill=\"{}\" "
          "stroke=\"{}\"/><text x=\"{:.1f}\" y=\"{:.1f}\">{}</text></g>\n",
          x, y, style.fill, style.stroke, x + 22, y + 13, style.name);
      x += 96;
    }
  }

  const Diagram& diagram_;
  const DiagramStates& states_;
  std::map<std::string, std::vector<DiagramChild>, std::less<>> children_;
  std::vector<Rect> node_rects_;
  std::vector<Rect> group_rects_;
  std::map<std::string, DiagramChild, std::less<>> ends_;  // where an arrow's end is drawn
};

}  // namespace

std::string WriteSvg(const Diagram& diagram, const DiagramStates& states) {
  return Picture(diagram, states).Draw();
}

}  // namespace tandem
