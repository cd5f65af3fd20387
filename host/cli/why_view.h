// The answer to `why` as people and programs read it.
#pragma once

#include <string>

#include "host/cli/json.h"
#include "host/cli/text.h"
#include "host/engine/inquiry.h"

namespace penstock::cli {

struct WhyOptions {
  bool show_values = false;  // sensitive fields stay masked
  bool whole = false;        // longer parts of request and answer
};

/// Pure.
std::string WhyText(const Integration& integration, const engine::Inquiry& inquiry,
                    const WhyOptions& options, const Paint& paint);
void PutWhy(Json* json, const std::string& integration, const engine::Inquiry& inquiry);

}  // namespace penstock::cli
