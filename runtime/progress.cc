#include "runtime/progress.h"

#include <algorithm>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

#include "runtime/human.h"

namespace weir {

std::string progress_line(const std::string& label, std::uint64_t done, std::uint64_t total,
                          double seconds, std::size_t columns) {
  const double rate = seconds > 0.2 ? static_cast<double>(done) / seconds : 0;
  std::string tail = "  " + human_bytes(done);
  if (total != 0) tail += " of " + human_bytes(total);
  if (rate > 0) tail += "  " + human_bytes(static_cast<std::uint64_t>(rate)) + "/s";
  std::string head = label;
  if (total != 0) {
    done = std::min(done, total);
    if (rate > 0) {
      tail += "  " + human_duration(static_cast<double>(total - done) / rate) + " left";
    }
    const double share = static_cast<double>(done) / static_cast<double>(total);
    const std::string percent = std::to_string(static_cast<int>(share * 100));
    head += std::string(percent.size() < 3 ? 3 - percent.size() : 0, ' ') + " " + percent + " % ";
    // What is left of the line is the bar, when it is worth drawing.
    const std::size_t used = head.size() + tail.size() + 3;
    if (used + 10 <= columns) {
      const std::size_t width = std::min<std::size_t>(columns - used, 40);
      const auto full = static_cast<std::size_t>(share * static_cast<double>(width));
      head += "[" + std::string(full, '#') + std::string(width - full, '.') + "]";
    }
  }
  std::string line = head + tail;
  if (columns > 0 && line.size() >= columns) line.resize(columns - 1);
  return line;
}

Progress::Progress(std::string label, std::uint64_t total, const Clock& clock, bool wanted,
                   std::FILE* out)
    : label_(std::move(label)),
      total_(total),
      clock_(clock),
      out_(out),
      shown_(wanted && ::isatty(::fileno(out)) == 1),
      start_(clock.monotonic()),
      next_(start_) {}

Progress::~Progress() {
  finish();
}

void Progress::at(std::uint64_t done) {
  if (!shown_) return;
  const auto now = clock_.monotonic();
  if (now < next_) return;
  next_ = now + std::chrono::milliseconds(100);
  winsize size{};
  const std::size_t columns =
      ::ioctl(::fileno(out_), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
  const std::chrono::duration<double> elapsed = now - start_;
  std::fprintf(out_, "\r%s\x1b[K",
               progress_line(label_, done, total_, elapsed.count(), columns).c_str());
  std::fflush(out_);
  drawn_ = true;
}

void Progress::finish() {
  if (drawn_) std::fputs("\r\x1b[K", out_);
  if (drawn_) std::fflush(out_);
  drawn_ = false;
  shown_ = false;
}

}  // namespace weir
