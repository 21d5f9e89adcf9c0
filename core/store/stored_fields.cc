#include "core/store/stored_fields.h"

#include <algorithm>
#include <array>

#include "core/store/http_date.h"

namespace weir {
namespace {

constexpr std::array<std::string_view, 16> kNeverStored = {"age",
                                                           "cache-status",
                                                           "connection",
                                                           "content-length",
                                                           "content-range",
                                                           "keep-alive",
                                                           "proxy-authenticate",
                                                           "proxy-authentication-info",
                                                           "proxy-authorization",
                                                           "proxy-connection",
                                                           "te",
                                                           "trailer",
                                                           "transfer-encoding",
                                                           "upgrade",
                                                           "x-accel-buffering",
                                                           "x-accel-expires"};

constexpr std::array<std::string_view, 4> kOfTheBytes = {"content-encoding", "content-md5",
                                                         "content-type", "etag"};

template <typename Names>
bool names_it(const Names& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view known) { return same_name(known, name); });
}

// RFC 9110 7.6.1: what Connection names ends here as well.
bool connection_names_it(FieldLines fields, std::string_view name) {
  for (const FieldLine& line : fields) {
    if (!same_name(line.name, "connection")) continue;
    std::string_view left = line.value;
    while (const auto member = next_member(left)) {
      if (same_name(*member, name)) return true;
    }
  }
  return false;
}

bool stays(FieldLines fields, std::string_view name, const std::vector<std::string>& unstored) {
  return !name.empty() && !names_it(kNeverStored, name) && !names_it(unstored, name) &&
         !connection_names_it(fields, name);
}

bool has_field(const StoredFields& fields, std::string_view name) {
  return std::any_of(fields.begin(), fields.end(),
                     [&](const StoredField& f) { return same_name(f.name, name); });
}

}  // namespace

StoredFields fields_to_store(FieldLines response, const std::vector<std::string>& unstored) {
  StoredFields out;
  for (const FieldLine& line : response) {
    if (stays(response, line.name, unstored)) {
      out.push_back({std::string(line.name), std::string(trim_blanks(line.value))});
    }
  }
  return out;
}

StoredFields freshen_fields(const StoredFields& stored, FieldLines not_modified,
                            const std::vector<std::string>& unstored) {
  StoredFields newer = fields_to_store(not_modified, unstored);
  std::erase_if(newer, [](const StoredField& f) { return names_it(kOfTheBytes, f.name); });
  StoredFields out;
  for (const StoredField& field : stored) {
    if (!has_field(newer, field.name) && !names_it(unstored, field.name)) out.push_back(field);
  }
  out.insert(out.end(), newer.begin(), newer.end());
  return out;
}

bool freshens(const Validators& stored, FieldLines not_modified, EpochSeconds now) {
  const auto etag = first_value(not_modified, "etag");
  if (etag && is_entity_tag(*etag)) {
    if (!etag->starts_with("W/")) return same_strong(*etag, stored.etag);
    return same_weak(*etag, stored.etag);
  }
  const auto line = first_value(not_modified, "last-modified");
  const auto modified = line ? parse_http_date(*line, now) : std::nullopt;
  return !modified || modified == stored.last_modified;
}

StoredFields revalidation_fields(const Validators& stored) {
  StoredFields out;
  if (is_entity_tag(stored.etag)) out.push_back({"If-None-Match", std::string(stored.etag)});
  if (stored.last_modified) {
    out.push_back({"If-Modified-Since", format_http_date(*stored.last_modified)});
  }
  return out;
}

}  // namespace weir
