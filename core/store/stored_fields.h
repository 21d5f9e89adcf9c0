// Which header fields are kept with a stored response, and how a 304 freshens them (RFC 9111
// sections 3.1, 3.2, 4.3.3 and 4.3.4).
#pragma once

#include <string>
#include <vector>

#include "core/store/conditional.h"
#include "core/store/http_fields.h"

namespace weir {

struct StoredField {
  std::string name;  // as the origin wrote it
  std::string value;
  friend bool operator==(const StoredField&, const StoredField&) = default;
};
using StoredFields = std::vector<StoredField>;

// Leaves out what belongs to one connection, what `unstored` names (lower case; from no-cache="…"
// and private="…"), and what the store makes anew for each answer: Content-Length, Content-Range,
// Age, Cache-Status. Lines keep their order.
StoredFields fields_to_store(FieldLines response, const std::vector<std::string>& unstored);

// What a 304 leaves of `stored`: every field the 304 has replaces all lines of that name, but for
// those that describe the stored bytes themselves (Content-Encoding, Content-Type, Content-Length,
// Content-Range, ETag) and those that are never stored.
StoredFields freshen_fields(const StoredFields& stored, FieldLines not_modified,
                            const std::vector<std::string>& unstored);

// RFC 9111 4.3.4: whether a 304 speaks of the stored response: by its strong validator, else by its
// weak ones, else (it has none) because it is the only one that was asked about.
bool freshens(const Validators& stored, FieldLines not_modified, EpochSeconds now);

// The fields of a conditional request for `stored` (RFC 9111 4.3.1); empty when it has no
// validator.
StoredFields revalidation_fields(const Validators& stored);

}  // namespace weir
