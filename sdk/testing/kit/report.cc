#include "sdk/testing/kit/report.h"

#include <algorithm>
#include <cstdio>
#include <ostream>

#include "penstock/json.hpp"

namespace penstock::kit {
namespace {

size_t Count(const std::vector<Reported>& all, Verdict verdict) {
  return static_cast<size_t>(std::count_if(
      all.begin(), all.end(), [&](const Reported& r) { return r.outcome.verdict == verdict; }));
}

std::string Indented(const std::string& text, const std::string& indent) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    out += indent + text.substr(at, end - at) + "\n";
    at = end + 1;
  }
  return out;
}

std::string Tail(const std::string& text, size_t limit) {
  return text.size() <= limit ? text : "..." + text.substr(text.size() - limit);
}

// The last lines that fit, none of them cut; a line is never left out alone.
std::string LastLines(const std::string& text, size_t limit) {
  if (text.size() <= limit) return text;
  size_t from = text.find('\n', text.size() - limit);
  from = from == std::string::npos ? 0 : from + 1;
  if (from == text.size()) from = text.rfind('\n', text.size() - 2) + 1;
  const auto lines =
      std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(from), '\n');
  return "... (" + std::to_string(lines) + " earlier lines; --json has them)\n" + text.substr(from);
}

std::string XmlText(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        // XML 1.0 has no other control characters.
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? '?' : c;
    }
  }
  return out;
}

std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "; ") + line;
  return text;
}

std::string Seconds(double seconds) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.3f", seconds);
  return text;
}

}  // namespace

bool IsBad(Verdict verdict) {
  return verdict == Verdict::kFail || verdict == Verdict::kCrash || verdict == Verdict::kTimeout;
}

TextReport::TextReport(std::ostream& out, RunInfo info, bool terminal)
    : out_(out), info_(std::move(info)), terminal_(terminal) {
  out_ << "penstock-check: " << info_.connector << " " << info_.version << ", up to level "
       << info_.level << ", seed " << info_.seed << "\n";
}

void TextReport::Begin(const Check& check, size_t number, size_t total) {
  if (!terminal_) return;
  out_ << "\r\033[K[" << number << "/" << total << "] " << check.id << std::flush;
}

std::string TextReport::Painted(Verdict verdict) const {
  std::string name(VerdictName(verdict));
  if (IsBad(verdict)) {
    for (char& c : name) c = static_cast<char>(c - 'a' + 'A');
  }
  name.resize(8, ' ');
  if (!terminal_) return name;
  const char* colour = IsBad(verdict)              ? "\033[31m"
                       : verdict == Verdict::kPass ? "\033[32m"
                                                   : "\033[33m";
  return colour + name + "\033[0m";
}

void TextReport::Add(const Reported& reported) {
  if (terminal_) out_ << "\r\033[K";
  out_ << Painted(reported.outcome.verdict) << reported.check->id;
  if (reported.outcome.verdict == Verdict::kSkip || reported.outcome.verdict == Verdict::kWarn) {
    out_ << ": " << Joined(reported.outcome.seen);
  }
  out_ << "\n";
  if (IsBad(reported.outcome.verdict)) {
    out_ << Describe(info_, reported);
  } else if (info_.verbose) {
    out_ << Indented(reported.outcome.transcript, "    ");
  }
  out_ << std::flush;
}

std::string Describe(const RunInfo& info, const Reported& reported) {
  const Outcome& outcome = reported.outcome;
  std::string text = "  rule: " + std::string(reported.check->rule) + "\n";
  for (const std::string& saw : outcome.seen) text += "  seen: " + saw + "\n";
  if (!outcome.named.empty()) text += Indented(outcome.named, "  ");
  if (!outcome.transcript.empty()) {
    text += "  requests and answers:\n" + Indented(LastLines(outcome.transcript, 4000), "    ");
  }
  if (!outcome.printed.empty()) {
    text += "  printed:\n" + Indented(Tail(outcome.printed, 4000), "    ");
  }
  return text + "  again, alone (seed " + std::to_string(info.seed) + "): gdb --args " +
         info.again + " --check " + reported.check->id + " --in-process\n";
}

void TextReport::End(const std::vector<Reported>& all) {
  const size_t bad = static_cast<size_t>(std::count_if(
      all.begin(), all.end(), [](const Reported& r) { return IsBad(r.outcome.verdict); }));
  if (const size_t warned = Count(all, Verdict::kWarn); warned > 0) {
    out_ << warned << " of those that passed warn\n";
  }
  out_ << Count(all, Verdict::kPass) + Count(all, Verdict::kWarn) << " passed, " << bad
       << " failed, " << Count(all, Verdict::kSkip) << " skipped\n";
}

int PassedLevel(const std::vector<Reported>& all) {
  constexpr int kHighest = 4;  // 5 is a live account, another day another one
  int passed = kHighest;
  for (const Check& check : AllChecks()) {
    if (check.level > passed) continue;
    const auto ran =
        std::find_if(all.begin(), all.end(), [&](const Reported& r) { return r.check == &check; });
    const bool good = ran != all.end() && !IsBad(ran->outcome.verdict) && !ran->outcome.unable;
    if (!good) passed = check.level - 1;
  }
  return passed;
}

std::string JsonReport(const RunInfo& info, const std::vector<Reported>& all) {
  sdk::JsonWriter json;
  json.BeginObject().Key("connector").String(info.connector).Key("version").String(info.version);
  json.Key("sha256").String(info.sha256);
  json.Key("passed_level").Raw(std::to_string(PassedLevel(all)));
  json.Key("level").Raw(std::to_string(info.level)).Key("seed").Raw(std::to_string(info.seed));
  json.Key("counts").BeginObject();
  for (const Verdict verdict : {Verdict::kPass, Verdict::kFail, Verdict::kCrash, Verdict::kTimeout,
                                Verdict::kSkip, Verdict::kWarn}) {
    json.Key(VerdictName(verdict)).Raw(std::to_string(Count(all, verdict)));
  }
  json.EndObject().Key("checks").BeginArray();
  for (const Reported& r : all) {
    json.BeginObject().Key("id").String(r.check->id);
    json.Key("level").Raw(std::to_string(r.check->level)).Key("rule").String(r.check->rule);
    json.Key("result").String(VerdictName(r.outcome.verdict));
    json.Key("seconds").Raw(Seconds(r.outcome.seconds));
    json.Key("seen").BeginArray();
    for (const std::string& saw : r.outcome.seen) json.String(saw);
    json.EndArray();
    if (IsBad(r.outcome.verdict) || info.verbose) {
      json.Key("transcript").String(r.outcome.transcript);
    }
    if (IsBad(r.outcome.verdict)) {
      json.Key("named").String(r.outcome.named);
      json.Key("printed").String(Tail(r.outcome.printed, 16000));
      json.Key("again").String(info.again + " --check " + r.check->id + " --in-process");
    }
    json.EndObject();
  }
  json.EndArray().EndObject();
  return json.Take() + "\n";
}

std::string JUnitReport(const RunInfo& info, const std::vector<Reported>& all) {
  double seconds = 0;
  size_t bad = 0, crashed = 0;
  for (const Reported& r : all) {
    seconds += r.outcome.seconds;
    bad += r.outcome.verdict == Verdict::kFail ? 1 : 0;
    crashed += IsBad(r.outcome.verdict) && r.outcome.verdict != Verdict::kFail ? 1 : 0;
  }
  std::string xml =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"penstock-check " +
      XmlText(info.connector) + "\" tests=\"" + std::to_string(all.size()) + "\" failures=\"" +
      std::to_string(bad) + "\" errors=\"" + std::to_string(crashed) + "\" skipped=\"" +
      std::to_string(Count(all, Verdict::kSkip)) + "\" time=\"" + Seconds(seconds) + "\">\n";
  for (const Reported& r : all) {
    xml += "  <testcase classname=\"penstock." + XmlText(info.connector) + "\" name=\"" +
           r.check->id + "\" time=\"" + Seconds(r.outcome.seconds) + "\">";
    const std::string seen = XmlText(Joined(r.outcome.seen));
    if (r.outcome.verdict == Verdict::kSkip) {
      xml += "<skipped message=\"" + seen + "\"/>";
    } else if (IsBad(r.outcome.verdict)) {
      const char* tag = r.outcome.verdict == Verdict::kFail ? "failure" : "error";
      xml += "<" + std::string(tag) + " message=\"" + seen + "\">" +
             XmlText("rule: " + std::string(r.check->rule) + "\n" + r.outcome.named +
                     r.outcome.transcript + Tail(r.outcome.printed, 16000)) +
             "</" + tag + ">";
    } else if (!seen.empty()) {
      xml += "<system-out>" + seen + "</system-out>";
    }
    xml += "</testcase>\n";
  }
  return xml + "</testsuite>\n";
}

}  // namespace penstock::kit
