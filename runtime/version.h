// The version every program of Weir reports.
#pragma once

namespace weir {

inline constexpr char kVersion[] = WEIR_VERSION;  // "0.1.0", from CMakeLists.txt

}  // namespace weir
