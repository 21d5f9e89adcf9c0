// Brings one object from the origin into a FillTarget. Belongs to nobody's request: it goes on when
// its viewers leave, and when a source dies in mid-body it goes on at the same byte from the next
// (Range, If-Range; upstream{} picks the peer). Ends by itself. One thread.
#pragma once

#include "ngx_module/glue/ngx.h"

#include <memory>
#include <string>

#include "ngx_module/store/detached_request.h"
#include "ngx_module/store/fill_target.h"
#include "ngx_module/store/reader.h"

namespace weir::edge {

struct FillRequest {
  RequestModel model;
  std::string location;  // "@name"
  std::string key;       // as the origin knows it
  ObjectKind kind = ObjectKind::kAny;
};

// Starts at target->position(). May end before it returns; whoever follows looks at the target's
// entry.
void start_fill(FillRequest request, std::unique_ptr<FillTarget> target);

// Reasons that are no HTTP status, in the status half of a packed failure.
enum FillFault : unsigned {
  kFaultNone = 0,
  kFaultHtml = 1,       // an HTML page where a piece or a header was asked for
  kFaultNotHeader = 2,  // does not begin with ENPH
  kFaultEncoded = 3,    // Content-Encoding
  kFaultRange = 4,      // a range nobody asked for
};

// What a packed failure of an entry says to a viewer.
Error describe_failure(std::uint32_t packed);

}  // namespace weir::edge
