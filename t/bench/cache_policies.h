// The published eviction policies that core/store/cache_policy.h is measured against. Written for
// the bench alone: dense block numbers, memory without a bound, no thought of other processes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace weir::bench {

inline constexpr std::uint32_t kNone = 0xffffffff;

// Doubly linked lists over block numbers; a block is on one list at most.
class Lists {
 public:
  Lists(std::uint32_t blocks, std::size_t lists) : next_(blocks, kNone), prev_(blocks, kNone) {
    ends_.resize(lists);
  }
  void push(std::size_t list, std::uint32_t b) {  // at the new end
    Ends& e = ends_[list];
    prev_[b] = e.newest;
    next_[b] = kNone;
    (e.newest == kNone ? e.oldest : next_[e.newest]) = b;
    e.newest = b;
    ++e.size;
  }
  void drop(std::size_t list, std::uint32_t b) {
    Ends& e = ends_[list];
    (prev_[b] == kNone ? e.oldest : next_[prev_[b]]) = next_[b];
    (next_[b] == kNone ? e.newest : prev_[next_[b]]) = prev_[b];
    --e.size;
  }
  std::uint32_t pop(std::size_t list) {
    const std::uint32_t b = ends_[list].oldest;
    drop(list, b);
    return b;
  }
  std::uint32_t oldest(std::size_t list) const { return ends_[list].oldest; }
  std::uint32_t newer(std::uint32_t b) const { return next_[b]; }
  std::uint32_t size(std::size_t list) const { return ends_[list].size; }

 private:
  struct Ends {
    std::uint32_t oldest = kNone;
    std::uint32_t newest = kNone;
    std::uint32_t size = 0;
  };
  std::vector<std::uint32_t> next_;
  std::vector<std::uint32_t> prev_;
  std::vector<Ends> ends_;
};

// Each: request(block) says whether it was a hit, and afterwards the block is held if the policy
// wants it so.

class Lru {
 public:
  static constexpr const char* kName = "LRU";
  Lru(std::uint32_t blocks, std::uint32_t capacity)
      : lists_(blocks, 1), held_(blocks), capacity_(capacity) {}
  bool request(std::uint32_t b) {
    const bool hit = held_[b];
    if (hit) lists_.drop(0, b);
    lists_.push(0, b);
    held_[b] = true;
    if (lists_.size(0) > capacity_) held_[lists_.pop(0)] = false;
    return hit;
  }

 private:
  Lists lists_;
  std::vector<bool> held_;
  std::uint32_t capacity_;
};

// Zhang et al., NSDI 2024.
class Sieve {
 public:
  static constexpr const char* kName = "SIEVE";
  Sieve(std::uint32_t blocks, std::uint32_t capacity)
      : lists_(blocks, 1), held_(blocks), visited_(blocks), capacity_(capacity) {}
  bool request(std::uint32_t b) {
    if (held_[b]) return visited_[b] = true;
    if (lists_.size(0) == capacity_) evict();
    lists_.push(0, b);
    held_[b] = true;
    visited_[b] = false;
    return false;
  }

 private:
  void evict() {
    std::uint32_t at = hand_ == kNone ? lists_.oldest(0) : hand_;
    while (visited_[at]) {
      visited_[at] = false;
      at = lists_.newer(at) == kNone ? lists_.oldest(0) : lists_.newer(at);
    }
    hand_ = lists_.newer(at);
    lists_.drop(0, at);
    held_[at] = false;
  }
  Lists lists_;
  std::vector<bool> held_;
  std::vector<bool> visited_;
  std::uint32_t capacity_;
  std::uint32_t hand_ = kNone;
};

// Yang et al., SOSP 2023: a small queue of a tenth, ghosts as many as the main queue.
class S3Fifo {
 public:
  static constexpr const char* kName = "S3-FIFO";
  S3Fifo(std::uint32_t blocks, std::uint32_t capacity)
      : lists_(blocks, 3), where_(blocks, kOut), uses_(blocks), capacity_(capacity) {}
  bool request(std::uint32_t b) {
    if (where_[b] == kSmall || where_[b] == kMain) {
      uses_[b] = static_cast<std::uint8_t>(std::min(3, uses_[b] + 1));
      return true;
    }
    const bool ghost = where_[b] == kGhost;
    if (ghost) lists_.drop(kGhost, b);
    where_[b] = kOut;
    while (lists_.size(kSmall) + lists_.size(kMain) >= capacity_) evict();
    put(ghost ? kMain : kSmall, b);
    uses_[b] = 0;
    return false;
  }

 private:
  enum : std::uint8_t { kSmall, kMain, kGhost, kOut };
  void put(std::uint8_t list, std::uint32_t b) {
    where_[b] = list;
    lists_.push(list, b);
  }
  void evict() {
    if (lists_.size(kSmall) >= capacity_ / 10 || lists_.size(kMain) == 0) {
      const std::uint32_t b = lists_.pop(kSmall);
      if (uses_[b] > 1) {
        put(kMain, b);
        uses_[b] = 0;
      } else {
        put(kGhost, b);
        if (lists_.size(kGhost) > capacity_) where_[lists_.pop(kGhost)] = kOut;
      }
      return;
    }
    const std::uint32_t b = lists_.pop(kMain);
    if (uses_[b] > 0) {
      --uses_[b];
      put(kMain, b);
    } else {
      where_[b] = kOut;
    }
  }
  Lists lists_;
  std::vector<std::uint8_t> where_;
  std::vector<std::uint8_t> uses_;
  std::uint32_t capacity_;
};

// Megiddo and Modha, FAST 2003.
class Arc {
 public:
  static constexpr const char* kName = "ARC";
  Arc(std::uint32_t blocks, std::uint32_t capacity)
      : lists_(blocks, 4), where_(blocks, kOut), c_(capacity) {}
  bool request(std::uint32_t b) {
    const std::uint8_t was = where_[b];
    if (was == kT1 || was == kT2) {
      lists_.drop(was, b);
      put(kT2, b);
      return true;
    }
    if (was == kB1 || was == kB2) {
      adapt(was);
      replace(was == kB2);
      lists_.drop(was, b);
      put(kT2, b);
      return false;
    }
    make_room();
    put(kT1, b);
    return false;
  }

 private:
  enum : std::uint8_t { kT1, kT2, kB1, kB2, kOut };
  void put(std::uint8_t list, std::uint32_t b) {
    where_[b] = list;
    lists_.push(list, b);
  }
  void adapt(std::uint8_t was) {
    const std::uint32_t b1 = lists_.size(kB1);
    const std::uint32_t b2 = lists_.size(kB2);
    if (was == kB1) {
      p_ = std::min(c_, p_ + std::max(1U, b2 / b1));
    } else {
      const std::uint32_t by = std::max(1U, b1 / b2);
      p_ = p_ > by ? p_ - by : 0;
    }
  }
  void replace(bool in_b2) {
    const std::uint32_t t1 = lists_.size(kT1);
    if (t1 > 0 && (t1 > p_ || (in_b2 && t1 == p_))) {
      put(kB1, lists_.pop(kT1));
    } else if (lists_.size(kT2) > 0) {
      put(kB2, lists_.pop(kT2));
    }
  }
  void make_room() {
    const std::uint32_t l1 = lists_.size(kT1) + lists_.size(kB1);
    const std::uint32_t all = l1 + lists_.size(kT2) + lists_.size(kB2);
    if (l1 == c_) {
      if (lists_.size(kT1) < c_) {
        where_[lists_.pop(kB1)] = kOut;
        replace(false);
      } else {
        where_[lists_.pop(kT1)] = kOut;
      }
    } else if (all >= c_) {
      if (all == 2 * c_) where_[lists_.pop(kB2)] = kOut;
      replace(false);
    }
  }
  Lists lists_;
  std::vector<std::uint8_t> where_;
  std::uint32_t c_;
  std::uint32_t p_ = 0;
};

// Einziger et al., ToS 2017: a window of 1 %, a segmented LRU behind an admission contest. Counts
// exactly where the paper sketches: the best it could do.
class WTinyLfu {
 public:
  static constexpr const char* kName = "W-TinyLFU";
  WTinyLfu(std::uint32_t blocks, std::uint32_t capacity)
      : lists_(blocks, 3),
        where_(blocks, kOut),
        uses_(blocks),
        capacity_(capacity),
        window_(std::max(1U, capacity / 100)) {}
  bool request(std::uint32_t b) {
    count(b);
    const std::uint8_t was = where_[b];
    if (was == kOut) {
      put(kWindow, b);
      if (lists_.size(kWindow) > window_) contest(lists_.pop(kWindow));
      return false;
    }
    lists_.drop(was, b);
    if (was == kWindow) {
      put(kWindow, b);
    } else {
      put(kProtected, b);
      if (lists_.size(kProtected) > (capacity_ - window_) / 5 * 4) {
        put(kProbation, lists_.pop(kProtected));
      }
    }
    return true;
  }

 private:
  enum : std::uint8_t { kWindow, kProbation, kProtected, kOut };
  void put(std::uint8_t list, std::uint32_t b) {
    where_[b] = list;
    lists_.push(list, b);
  }
  void count(std::uint32_t b) {
    uses_[b] = static_cast<std::uint8_t>(std::min(15, uses_[b] + 1));
    if (++counted_ < 10 * static_cast<std::uint64_t>(capacity_)) return;
    counted_ = 0;
    for (std::uint8_t& n : uses_) n /= 2;
  }
  void contest(std::uint32_t candidate) {
    where_[candidate] = kOut;
    if (lists_.size(kProbation) + lists_.size(kProtected) < capacity_ - window_) {
      put(kProbation, candidate);
      return;
    }
    const std::uint8_t from = lists_.size(kProbation) > 0 ? kProbation : kProtected;
    if (uses_[candidate] <= uses_[lists_.oldest(from)]) return;
    where_[lists_.pop(from)] = kOut;
    put(kProbation, candidate);
  }
  Lists lists_;
  std::vector<std::uint8_t> where_;
  std::vector<std::uint8_t> uses_;
  std::uint32_t capacity_;
  std::uint32_t window_;
  std::uint64_t counted_ = 0;
};

}  // namespace weir::bench
