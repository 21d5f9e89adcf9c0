#include "t/bench/video_trace.h"

#include <algorithm>
#include <cmath>
#include <queue>
#include <random>

namespace weir::bench {
namespace {

constexpr std::uint32_t kBlockBytes = 1U << 20;
constexpr std::uint32_t kPieceBlocks = 4;
constexpr double kDay = 86400;
constexpr double kSecondsPerBlock = 2.1;  // 4 Mbit/s

struct Title {
  std::uint32_t blocks = 0;
  std::uint32_t first_object = 0;
  bool pieces = false;
  bool index_at_end = false;  // a player reads the last block first (moov behind mdat)
  int release_day = 0;
};

struct Session {
  double at = 0;
  std::uint32_t title = 0;
  std::uint32_t block = 0;
  std::uint32_t end = 0;  // the block it leaves before
  double step = kSecondsPerBlock;
  bool viewer = true;
  bool operator<(const Session& other) const { return at > other.at; }
};

class Maker {
 public:
  explicit Maker(const TraceShape& shape) : shape_(shape), random_(shape.seed) {
    make_titles();
    rank_.resize(titles_.size());
    for (std::uint32_t i = 0; i < rank_.size(); ++i) rank_[i] = i;
    std::shuffle(rank_.begin(), rank_.end(), random_);
    double sum = 0;
    for (std::size_t i = 0; i < rank_.size(); ++i) {
      sum += 1 / std::pow(static_cast<double>(i + 1), shape.zipf);
      weight_.push_back(sum);
    }
  }

  Trace make() {
    for (int day = 0; day < shape_.days; ++day) {
      if (day > 0) drift();
      start_views(day);
      start_scans(day);
      run_until((day + 1) * kDay);
    }
    return std::move(out_);
  }

 private:
  double uniform() { return std::uniform_real_distribution<double>(0, 1)(random_); }

  void make_titles() {
    std::lognormal_distribution<double> film(std::log(900.0), 0.5);
    std::lognormal_distribution<double> clip(std::log(40.0), 0.9);
    for (std::uint32_t i = 0; i < shape_.titles; ++i) {
      Title title;
      const bool is_clip = uniform() < 0.55;
      const double blocks = is_clip ? clip(random_) : film(random_);
      title.blocks = static_cast<std::uint32_t>(std::clamp(blocks, 1.0, 4000.0));
      title.pieces = uniform() < 0.5;
      title.index_at_end = !title.pieces && uniform() < 0.3;
      title.first_object = static_cast<std::uint32_t>(out_.objects.size());
      for (std::uint32_t left = title.blocks; left > 0;) {
        const std::uint32_t n = title.pieces ? std::min(left, kPieceBlocks) : left;
        const auto tail = static_cast<std::uint32_t>(uniform() * kBlockBytes) + 1;
        out_.objects.push_back({out_.blocks, n, n == left ? tail : kBlockBytes});
        out_.blocks += n;
        left -= n;
      }
      titles_.push_back(title);
    }
  }

  // Some titles trade places with their neighbours, a few come from nowhere to the top.
  void drift() {
    for (std::size_t i = 0; i < rank_.size() / 20; ++i) {
      const auto a = static_cast<std::size_t>(uniform() * static_cast<double>(rank_.size()));
      const auto b = std::min(rank_.size() - 1, a + 1 + a / 4);
      std::swap(rank_[a], rank_[b]);
    }
    for (std::uint32_t i = 0; i < shape_.releases_a_day; ++i) {
      const auto from = static_cast<std::ptrdiff_t>(uniform() * static_cast<double>(rank_.size()));
      const auto to = static_cast<std::ptrdiff_t>(uniform() * 20);
      if (from > to) {
        std::rotate(rank_.begin() + to, rank_.begin() + from, rank_.begin() + from + 1);
      }
    }
  }

  std::uint32_t popular_title() {
    const double at = uniform() * weight_.back();
    const auto found = std::lower_bound(weight_.begin(), weight_.end(), at) - weight_.begin();
    return rank_[std::min(static_cast<std::size_t>(found), rank_.size() - 1)];
  }

  void start_views(int day) {
    for (std::uint32_t i = 0; i < shape_.views_a_day; ++i) {
      // Evenings are busy: the sum of two uniforms around 20 h.
      const double hour = std::fmod(20 + (uniform() + uniform() - 1) * 12 + 24, 24);
      Session s;
      s.at = day * kDay + hour * 3600;
      s.title = popular_title();
      const Title& title = titles_[s.title];
      if (title.blocks > 60 && uniform() < 0.15) {
        s.block = static_cast<std::uint32_t>(uniform() * title.blocks);  // goes on where it stopped
      }
      s.end = leaves_before(title, s.block);
      sessions_.push(s);
      if (title.index_at_end) pending_index_.push_back(s);
    }
    for (Session s : pending_index_) {
      s.block = titles_[s.title].blocks - 1;
      s.end = s.block + 1;
      s.at -= 0.5;
      sessions_.push(s);
    }
    pending_index_.clear();
  }

  // A third leaves in the first minutes, some see the end, the others leave anywhere.
  std::uint32_t leaves_before(const Title& title, std::uint32_t from) {
    const double kind = uniform();
    const auto left = static_cast<double>(title.blocks - from);
    double length = left;
    if (kind < 0.35) {
      length = std::exponential_distribution<double>(1.0 / 20)(random_);
    } else if (kind > shape_.finish + 0.35) {
      length = left * uniform();
    }
    return from + static_cast<std::uint32_t>(std::clamp(std::ceil(length), 1.0, left));
  }

  void start_scans(int day) {
    const double views = static_cast<double>(shape_.views_a_day) * 220;  // blocks of one day, about
    double left = views * shape_.scan_share;
    double at = day * kDay + 3600;
    while (left > 0) {
      Session s;
      s.title = static_cast<std::uint32_t>(uniform() * static_cast<double>(titles_.size()));
      s.at = at;
      s.end = titles_[s.title].blocks;
      s.step = 0.05;
      s.viewer = false;
      at += s.step * s.end + uniform() * 600;
      if (at > (day + 1) * kDay) at = day * kDay + uniform() * kDay / 2;
      left -= s.end;
      sessions_.push(s);
    }
  }

  void run_until(double end) {
    while (!sessions_.empty() && sessions_.top().at < end) {
      Session s = sessions_.top();
      sessions_.pop();
      const Title& title = titles_[s.title];
      emit(title, s.block, s.at);
      if (s.viewer && uniform() < 0.004 && title.blocks > 60) seek(title, s);
      if (++s.block >= s.end) continue;
      s.at += s.step;
      sessions_.push(s);
    }
  }

  void seek(const Title& title, Session& s) {
    const double jump = (uniform() - 0.3) * 0.3 * title.blocks;
    const double to = std::clamp(s.block + jump, 0.0, static_cast<double>(title.blocks - 1));
    s.block = static_cast<std::uint32_t>(to);
    s.end = std::max(s.end, std::min(title.blocks, s.block + 5));
  }

  void emit(const Title& title, std::uint32_t block, double when) {
    const auto at = static_cast<std::uint32_t>(std::max(when, 0.0));
    if (title.pieces) {
      out_.requests.push_back(
          {title.first_object + block / kPieceBlocks, block % kPieceBlocks, at});
    } else {
      out_.requests.push_back({title.first_object, block, at});
    }
  }

  TraceShape shape_;
  std::mt19937_64 random_;
  Trace out_;
  std::vector<Title> titles_;
  std::vector<std::uint32_t> rank_;
  std::vector<double> weight_;
  std::priority_queue<Session> sessions_;
  std::vector<Session> pending_index_;
};

}  // namespace

Trace make_trace(const TraceShape& shape) {
  return Maker(shape).make();
}

}  // namespace weir::bench
