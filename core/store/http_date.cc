#include "core/store/http_date.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace weir {
namespace {

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> kLongDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};
constexpr std::int64_t kDay = 86400;

// The proleptic Gregorian calendar counted in eras of 400 years that begin in March.
constexpr std::int64_t days_since_epoch(std::int64_t year, int month, int day) noexcept {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719468;
}

struct Civil {
  std::int64_t year = 0;
  int month = 0;  // 1..12
  int day = 0;
};

constexpr Civil civil_of(std::int64_t days) noexcept {
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const std::int64_t doe = days - era * 146097;
  const std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const std::int64_t mp = (5 * doy + 2) / 153;
  const int month = static_cast<int>(mp < 10 ? mp + 3 : mp - 9);
  return {yoe + era * 400 + (month <= 2 ? 1 : 0), month,
          static_cast<int>(doy - (153 * mp + 2) / 5 + 1)};
}

constexpr bool is_leap(std::int64_t year) noexcept {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

constexpr int days_in_month(std::int64_t year, int month) noexcept {
  if (month == 2) return is_leap(year) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

// Takes what it is told to expect off the front; the first surprise makes ok() false for good.
class Scanner {
 public:
  explicit Scanner(std::string_view text) noexcept : left_(text) {}

  void literal(std::string_view text) noexcept {
    if (left_.starts_with(text)) {
      left_.remove_prefix(text.size());
    } else {
      ok_ = false;
    }
  }
  int number(std::size_t digits) noexcept {
    if (left_.size() < digits) ok_ = false;
    int value = 0;
    for (std::size_t i = 0; ok_ && i < digits; ++i) {
      if (left_[i] < '0' || left_[i] > '9') ok_ = false;
      value = value * 10 + (left_[i] - '0');
    }
    if (!ok_) return 0;
    left_.remove_prefix(digits);
    return value;
  }
  template <std::size_t N>
  int name(const std::array<std::string_view, N>& names) noexcept {
    for (std::size_t i = 0; i < N; ++i) {
      if (left_.starts_with(names[i])) {
        left_.remove_prefix(names[i].size());
        return static_cast<int>(i);
      }
    }
    ok_ = false;
    return 0;
  }
  bool next_is(char c) const noexcept { return !left_.empty() && left_.front() == c; }
  bool ended() const noexcept { return ok_ && left_.empty(); }

 private:
  std::string_view left_;
  bool ok_ = true;
};

struct Clock24 {
  int hour = 0;
  int minute = 0;
  int second = 0;
};

Clock24 read_clock(Scanner& in) noexcept {
  Clock24 clock;
  clock.hour = in.number(2);
  in.literal(":");
  clock.minute = in.number(2);
  in.literal(":");
  clock.second = in.number(2);
  return clock;
}

std::optional<EpochSeconds> assemble(Civil date, Clock24 clock) noexcept {
  if (date.month < 1 || date.day < 1 || date.day > days_in_month(date.year, date.month)) {
    return std::nullopt;
  }
  if (clock.hour > 23 || clock.minute > 59 || clock.second > 60) return std::nullopt;
  return days_since_epoch(date.year, date.month, date.day) * kDay +
         std::int64_t{clock.hour} * 3600 + std::int64_t{clock.minute} * 60 +
         std::min(clock.second, 59);
}

std::optional<EpochSeconds> parse_fixdate(std::string_view text) noexcept {
  Scanner in(text);
  Civil date;
  in.name(kDays);
  in.literal(", ");
  date.day = in.number(2);
  in.literal(" ");
  date.month = in.name(kMonths) + 1;
  in.literal(" ");
  date.year = in.number(4);
  in.literal(" ");
  const Clock24 clock = read_clock(in);
  in.literal(" GMT");
  return in.ended() ? assemble(date, clock) : std::nullopt;
}

std::optional<EpochSeconds> parse_rfc850(std::string_view text, EpochSeconds now) noexcept {
  Scanner in(text);
  Civil date;
  in.name(kLongDays);
  in.literal(", ");
  date.day = in.number(2);
  in.literal("-");
  date.month = in.name(kMonths) + 1;
  in.literal("-");
  const int two_digits = in.number(2);
  in.literal(" ");
  const Clock24 clock = read_clock(in);
  in.literal(" GMT");
  if (!in.ended()) return std::nullopt;
  const std::int64_t limit = civil_of(now / kDay).year + 50;
  date.year = limit - (limit - two_digits) % 100;
  return assemble(date, clock);
}

std::optional<EpochSeconds> parse_asctime(std::string_view text) noexcept {
  Scanner in(text);
  Civil date;
  in.name(kDays);
  in.literal(" ");
  date.month = in.name(kMonths) + 1;
  in.literal(" ");
  if (in.next_is(' ')) {
    in.literal(" ");
    date.day = in.number(1);
  } else {
    date.day = in.number(2);
  }
  in.literal(" ");
  const Clock24 clock = read_clock(in);
  in.literal(" ");
  date.year = in.number(4);
  return in.ended() ? assemble(date, clock) : std::nullopt;
}

}  // namespace

std::optional<EpochSeconds> parse_http_date(std::string_view text, EpochSeconds now) noexcept {
  text = trim_blanks(text);
  if (const auto time = parse_fixdate(text)) return time;
  if (const auto time = parse_rfc850(text, now)) return time;
  return parse_asctime(text);
}

std::string format_http_date(EpochSeconds time) {
  constexpr EpochSeconds kFirst = days_since_epoch(0, 1, 1) * kDay;
  constexpr EpochSeconds kLast = days_since_epoch(10000, 1, 1) * kDay - 1;
  time = std::clamp(time, kFirst, kLast);
  const std::int64_t days = (time - kFirst) / kDay + kFirst / kDay;
  const int second = static_cast<int>(time - days * kDay);
  const Civil date = civil_of(days);
  const auto weekday = static_cast<std::size_t>(((days % 7) + 11) % 7);  // 1970-01-01: a Thursday
  std::array<char, 64> out{};
  const int length = std::snprintf(
      out.data(), out.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[weekday].data(),
      date.day, kMonths[static_cast<std::size_t>(date.month - 1)].data(),
      static_cast<int>(date.year), second / 3600, second / 60 % 60, second % 60);
  return {out.data(), static_cast<std::size_t>(length)};
}

}  // namespace weir
