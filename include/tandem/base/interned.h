// A text that many things hold: a kind, an account, an address, a condition's reason.
//
// One copy of each text is in the process for as long as anybody holds it, so an Interned is a pointer: eight bytes,
// copied without a look at the text, and equal where the pointers are. Reads like a const std::string; to edit it is
// to assign another. Safe on any thread; making one from a text takes a lock for a moment, so what is looked up and
// compared only is better passed as a std::string_view.
#pragma once

#include <atomic>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>

namespace tandem {

class Interned {
 public:
  Interned() noexcept = default;  // ""
  Interned(std::string_view text) : entry_(text.empty() ? nullptr : Hold(text)) {}  // NOLINT: implicit by design
  Interned(const std::string& text) : Interned(std::string_view(text)) {}           // NOLINT
  Interned(const char* text) : Interned(std::string_view(text)) {}                  // NOLINT

  Interned(const Interned& other) noexcept : entry_(other.entry_) {
    if (entry_ != nullptr) entry_->uses.fetch_add(1, std::memory_order_relaxed);
  }
  Interned(Interned&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)) {}
  Interned& operator=(Interned other) noexcept {
    std::swap(entry_, other.entry_);
    return *this;
  }
  Interned& operator=(std::string_view text) { return *this = Interned(text); }
  Interned& operator=(const std::string& text) { return *this = Interned(text); }
  Interned& operator=(const char* text) { return *this = Interned(text); }
  ~Interned() {
    if (entry_ != nullptr) Release(entry_);
  }

  // Good as long as this or any copy is.
  const std::string& str() const { return entry_ == nullptr ? Nothing() : entry_->text; }
  operator const std::string&() const { return str(); }      // NOLINT: implicit by design
  operator std::string_view() const { return str(); }        // NOLINT

  bool empty() const { return entry_ == nullptr; }
  size_t size() const { return str().size(); }
  void clear() { *this = Interned(); }

  friend bool operator==(const Interned& a, const Interned& b) { return a.entry_ == b.entry_; }
  friend bool operator==(const Interned& a, std::string_view b) { return a.str() == b; }
  friend bool operator==(const Interned& a, const std::string& b) { return a.str() == b; }
  friend bool operator==(const Interned& a, const char* b) { return a.str() == b; }
  friend std::strong_ordering operator<=>(const Interned& a, const Interned& b) {
    return a.entry_ == b.entry_ ? std::strong_ordering::equal : a.str() <=> b.str();
  }
  friend std::strong_ordering operator<=>(const Interned& a, std::string_view b) {
    return std::string_view(a.str()) <=> b;
  }
  friend std::strong_ordering operator<=>(const Interned& a, const std::string& b) { return a.str() <=> b; }

  friend std::string operator+(const Interned& a, const Interned& b) { return a.str() + b.str(); }
  friend std::string operator+(const Interned& a, const std::string& b) { return a.str() + b; }
  friend std::string operator+(const Interned& a, const char* b) { return a.str() + b; }
  friend std::string operator+(std::string a, const Interned& b) { return std::move(a += b.str()); }
  friend std::string operator+(const char* a, const Interned& b) { return a + b.str(); }

  friend std::ostream& operator<<(std::ostream& out, const Interned& text);

  /// How many different texts are held now.
  static size_t Count();

 private:
  struct Entry {
    std::string text;
    std::atomic<uint32_t> uses{1};
  };
  friend struct InternedTable;

  static Entry* Hold(std::string_view text);
  static void Release(Entry* entry);
  static const std::string& Nothing();

  Entry* entry_ = nullptr;  // null pointer: ""
};

}  // namespace tandem

template <>
struct std::hash<tandem::Interned> {
  size_t operator()(const tandem::Interned& text) const noexcept { return std::hash<const void*>()(&text.str()); }
};
