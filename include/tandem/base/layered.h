// A sorted map of many entries that a copy of it can change a few of: copies share what did not change.
//
// Built once through whole(); from then on Set and Erase lay entries over what copies share, and a layer
// that grows is folded in. Shared parts are never written, so copies may live on several threads.
#pragma once

#include <cstddef>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "tandem/base/check.h"

namespace tandem {

template <typename V, typename Key = std::string>
class Layered {
 public:
  using Base = std::map<Key, V, std::less<>>;
  using value_type = typename Base::value_type;

 private:
  using Layer = std::map<Key, std::shared_ptr<const value_type>, std::less<>>;  // null pointer: erased

 public:
  class const_iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = typename Base::value_type;
    using difference_type = std::ptrdiff_t;
    using pointer = const value_type*;
    using reference = const value_type&;

    const_iterator() = default;
    reference operator*() const { return laid_ ? *layer_->second : *base_; }
    pointer operator->() const { return &**this; }
    const_iterator& operator++() {
      if (!laid_ || Meets()) ++base_;
      if (laid_) ++layer_;
      Settle();
      return *this;
    }
    const_iterator operator++(int) {
      const_iterator was = *this;
      ++*this;
      return was;
    }
    friend bool operator==(const const_iterator& a, const const_iterator& b) {
      return a.base_ == b.base_ && a.layer_ == b.layer_;
    }

   private:
    friend class Layered;
    const_iterator(const Layered& of, typename Base::const_iterator base,
                   typename Layer::const_iterator layer)
        : base_(base), base_end_(of.base_->end()), layer_(layer), layer_end_(of.layer_.end()) {
      Settle();
    }
    bool Meets() const { return base_ != base_end_ && base_->first == layer_->first; }
    /// To the next entry that is there, from wherever both stand.
    void Settle() {
      laid_ = false;
      while (layer_ != layer_end_) {
        if (base_ != base_end_ && base_->first < layer_->first) return;
        laid_ = layer_->second != nullptr;
        if (laid_) return;
        if (Meets()) ++base_;
        ++layer_;
      }
    }

    typename Base::const_iterator base_, base_end_;
    typename Layer::const_iterator layer_, layer_end_;
    bool laid_ = false;
  };
  using iterator = const_iterator;

  Layered() : base_(std::make_shared<Base>()) {}

  /// To fill it; aborts once it has been copied or changed.
  Base& whole() {
    TANDEM_CHECK(layer_.empty() && base_.use_count() == 1);
    return *base_;
  }

  void Set(const std::string& key, V value) {
    if (find(key) == end()) ++added_;
    layer_[key] = std::make_shared<const value_type>(key, std::move(value));
    if (layer_.size() > kFold && layer_.size() > base_->size() / kFoldPart) Fold();
  }
  void Erase(const std::string& key) {
    if (find(key) == end()) return;
    --added_;
    layer_[key] = nullptr;
  }

  const_iterator begin() const { return {*this, base_->begin(), layer_.begin()}; }
  const_iterator end() const { return {*this, base_->end(), layer_.end()}; }
  const_iterator lower_bound(const std::string& key) const {
    return {*this, base_->lower_bound(key), layer_.lower_bound(key)};
  }
  const_iterator find(const std::string& key) const {
    const auto at = lower_bound(key);
    return at != end() && at->first == key ? at : end();
  }
  size_t count(const std::string& key) const { return find(key) == end() ? 0 : 1; }
  const V& at(const std::string& key) const {
    const auto found = find(key);
    TANDEM_CHECK(found != end());
    return found->second;
  }
  size_t size() const { return static_cast<size_t>(static_cast<std::ptrdiff_t>(base_->size()) + added_); }
  bool empty() const { return size() == 0; }

 private:
  static constexpr size_t kFold = 256;    // layers up to this size are never folded in
  static constexpr size_t kFoldPart = 4;  // nor those below this part of what they lie over

  void Fold() {
    auto folded = std::make_shared<Base>(begin(), end());
    base_ = std::move(folded);
    layer_.clear();
    added_ = 0;
  }

  std::shared_ptr<Base> base_;
  Layer layer_;
  std::ptrdiff_t added_ = 0;  // by the layer
};

}  // namespace tandem
