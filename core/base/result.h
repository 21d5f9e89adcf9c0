// Result<T>: a T, or an Error. What core returns instead of throwing.
#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

#include "core/base/errors.h"

namespace weir {

template <typename T>
using Result = tl::expected<T, Error>;

using Status = Result<void>;

inline tl::unexpected<Error> fail(ErrorCode code, std::string detail) {
  return tl::unexpected<Error>(Error{code, std::move(detail)});
}

}  // namespace weir
