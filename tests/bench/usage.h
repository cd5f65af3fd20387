// What a process has used so far.
#pragma once

#include <sys/resource.h>
#include <sys/time.h>

#include <chrono>

namespace penstock::bench {

/// Seconds of wall clock and CPU, and the most memory ever resident in MiB.
struct Usage {
  double wall_s = 0;
  double cpu_s = 0;
  double peak_mib = 0;
};

inline Usage UsageOf(const rusage& usage) {
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  Usage out;
  const auto wall = std::chrono::steady_clock::now().time_since_epoch();
  out.wall_s = std::chrono::duration<double>(wall).count();
  out.cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  out.peak_mib = static_cast<double>(usage.ru_maxrss) / 1024;
  return out;
}

/// Of this process, since it began (the wall clock's zero is any).
inline Usage UsageNow() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return UsageOf(usage);
}

}  // namespace penstock::bench
