// Header fields as a stranger's origin and viewer might send them, through everything that reads
// them. Besides not crashing: dates that are read print and read back; ages and lifetimes stay in
// bounds; what no-store says is not stored.
#include <string>
#include <vector>

#include "core/store/freshness.h"
#include "core/store/http_date.h"
#include "core/store/invalidation.h"
#include "core/store/stored_fields.h"
#include "core/store/structured_dictionary.h"
#include "core/store/vary_key.h"
#include "t/fuzz/fuzz.h"

namespace {

using namespace weir;
using weir::fuzz::must;

constexpr EpochSeconds kNow = 1795161600;

std::vector<FieldLine> split(std::string_view text) {
  std::vector<FieldLine> out;
  while (!text.empty() && out.size() < 64) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() < text.size() ? line.size() + 1 : line.size());
    const auto colon = line.find(':');
    if (colon != std::string_view::npos)
      out.push_back({line.substr(0, colon), line.substr(colon + 1)});
  }
  return out;
}

void check_dates(std::string_view text) {
  if (const auto date = parse_http_date(text, kNow)) {
    must(parse_http_date(format_http_date(*date), kNow) == *date,
         "what is read prints, and reads back the same");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_chars({data, size});
  const std::vector<FieldLine> lines = split(text);
  FreshnessPolicy policy;
  policy.targets = kDefaultTargets;
  const RequestFacts request = read_request_facts(RequestMethod::kGet, lines);
  const ResponseFacts response = read_response_facts(200, lines, kNow, kNow + 1, policy);
  must(response.initial_age >= 0 && response.initial_age <= kMaxDeltaSeconds,
       "an age is within bounds");
  must(response.lifetime >= 0 && response.lifetime <= kMaxDeltaSeconds,
       "a lifetime is within bounds");
  const bool stored = storability(request, response, policy) == Storability::kStore;
  if (response.control.no_store && !response.control.must_understand)
    must(!stored, "no-store is not stored");
  judge_reuse(request, response, 10, policy);

  const Validators have = {first_value(lines, "etag").value_or(""), kNow - 10, kNow};
  evaluate_conditions(lines, have, ConditionRole::kOrigin, kNow);
  range_applies(lines, have, kNow);
  freshen_fields(fields_to_store(lines, {}), lines, response.control.unstored_fields);
  if (const auto names = vary_names(lines)) vary_key(*names, lines);
  const TargetUri target = {"http", "films.example", "/a/b?c"};
  for (const std::string& path : invalidation_targets("POST", 200, target, lines)) {
    must(path.starts_with("/"), "what is invalidated is a path");
  }
  parse_structured_dictionary(text);
  check_dates(text);
  for (const FieldLine& line : lines) check_dates(line.value);
  return 0;
}
