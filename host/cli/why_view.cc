#include "host/cli/why_view.h"

#include "host/engine/exchange_text.h"
#include "host/engine/sentences.h"

namespace penstock::cli {
namespace {

constexpr char kMask[] = "•••";
constexpr size_t kShort = 900, kLong = 60000;
constexpr size_t kShortUrl = 160;

using engine::FieldNow;
using engine::Inquiry;
using engine::LastAttempt;

// What tells this record's part of a request from the others', the strongest first.
std::vector<std::string> Needles(const Inquiry& q) {
  std::vector<std::string> needles = {q.key};
  if (q.entry && !q.entry->destination_id.empty()) needles.push_back(q.entry->destination_id);
  if (q.attempt && q.attempt->seq != 0) needles.push_back(std::to_string(q.attempt->seq));
  if (q.attempt && q.attempt->outcome && !q.attempt->outcome->destination_id.empty()) {
    needles.push_back(q.attempt->outcome->destination_id);
  }
  return needles;
}

// Which fields the row has, without their values.
std::string NamesText(const Inquiry& q) {
  std::string fields, changed;
  for (const FieldNow& field : q.fields) {
    if (field.absent || field.key) continue;
    fields += (fields.empty() ? "" : ", ") + field.name;
    if (field.changed) changed += (changed.empty() ? "" : ", ") + field.name;
  }
  std::string out = "a valid row with " + fields + " (values: --whole)\n";
  if (!changed.empty() && q.entry && q.entry->acknowledged) out += "changed: " + changed + "\n";
  return out;
}

// What the model says, in a sentence.
std::string ModelText(const Inquiry& q) {
  if (q.model_error) {
    return "cannot be read: " + q.model_error->code + " " +
           Printable(AsSentence(q.model_error->message));
  }
  if (q.rows == 0) return "no row with this key";
  const std::string rows = q.rows > 1 ? Grouped(q.rows) + " rows with this key\n" : "";
  if (!q.valid) {
    return rows + "invalid (" + q.invalid_code +
           "): " + (q.invalid_field.empty() ? "" : q.invalid_field + ": ") +
           Printable(AsSentence(q.invalid_message));
  }
  return rows + NamesText(q);
}

std::string ModelBlock(const Inquiry& q, const WhyOptions& options, const Paint& paint) {
  if (q.model_error || q.rows == 0 || !q.valid || !options.show_values) {
    return Labelled("model", ModelText(q), paint.width());
  }
  Table table({"", "", ""});
  if (!options.whole) table.Data();
  for (const FieldNow& field : q.fields) {
    std::string text = field.absent ? "(left alone)" : field.null ? "NULL" : Printable(field.text);
    if (field.sensitive) text = kMask;
    table.Add({field.name, text, field.changed ? paint.Yellow("changed") : field.key ? "key" : ""});
  }
  std::string text = q.rows > 1 ? Grouped(q.rows) + " rows with this key\n" : "";
  text += table.Text(paint);
  if (table.ShortenedOn(paint))
    text += paint.Dim("long values are shortened; whole: --whole") + "\n";
  return Labelled("model", text);
}

std::string AcknowledgedText(const Inquiry& q) {
  if (!q.entry || !q.entry->acknowledged) return "nothing yet";
  const char* origin = q.entry->origin == Origin::kCreated   ? "created by us"
                       : q.entry->origin == Origin::kUpdated ? "it existed, we updated it"
                       : q.entry->origin == Origin::kListed  ? "in the baseline"
                       : q.entry->origin == Origin::kAdopted ? "adopted"
                                                             : "known";
  std::string out = origin;
  if (!q.entry->destination_id.empty()) out += ", destination id " + q.entry->destination_id;
  out += ", last touched by run " + std::to_string(q.entry->last_run);
  return out + (q.entry->departed ? ", left the model since" : "");
}

std::string PendingText(const Inquiry& q, const Paint& paint) {
  if (!q.entry || !q.entry->pending) return {};
  const Pending& p = *q.entry->pending;
  std::string out = std::string(OpName(p.op)) + " " +
                    paint.Red(std::string(OutcomeName(p.outcome))) + " on " +
                    engine::TimeText(p.at_us);
  if (p.tries > 1) out += ", tried " + std::to_string(p.tries) + " times";
  if (!p.code.empty() || !p.message.empty()) {
    out += ": " + Printable(p.code) + (p.field.empty() ? "" : " in field " + p.field) + ": " +
           Printable(AsSentence(p.message));
  }
  if (p.doubt && p.outcome != OutcomeKind::kInDoubt) {
    out += "\nan attempt before it went unanswered and may have been applied";
  }
  return out;
}

std::string SharedText(const Inquiry& q, const Paint& paint) {
  if (q.shared_with.empty()) return {};
  std::string keys;
  bool by_case = true;
  for (const std::string& key : q.shared_with) {
    keys += (keys.empty() ? "" : ", ") + Printable(key);
    by_case = by_case && engine::DifferInCase(q.key, key);
  }
  if (by_case) {
    return paint.Yellow("record " + q.entry->destination_id + " is that of " + keys + ", too") +
           "\nThe keys differ in case alone, which the destination ignores: each sync of one "
           "writes "
           "over the other. Leave one of them out of the model, or make the keys differ in more "
           "than case.";
  }
  return paint.Yellow("record " + q.entry->destination_id + " is that of " + keys + ", too") +
         "\nEach sync of one writes over the other: leave one of them out of the model, or make "
         "them two records at the destination.";
}

std::string StateText(const Inquiry& q, const Paint& paint) {
  const size_t width = paint.width();
  return Labelled("known", AcknowledgedText(q), width) +
         Labelled("conflict", SharedText(q, paint), width) +
         Labelled("pending", PendingText(q, paint), width);
}

std::string LeftOutText(const engine::Excerpt& excerpt) {
  if (excerpt.left_out == 0) return {};
  return " (without " + Plural(excerpt.left_out, "item") + " about other records)";
}

std::string BodyText(const char* what, const exchanges::Body& body, const Inquiry& q,
                     const WhyOptions& options,
                     const std::optional<engine::Place>& place = std::nullopt) {
  if (body.size == 0) return Labelled(what, "(no body)");
  if (body.text.empty()) return Labelled(what, "(" + Grouped(body.size) + " bytes, not kept)");
  const auto excerpt =
      engine::ExcerptOf(body.text, Needles(q), q.sensitive, options.whole ? kLong : kShort, place);
  std::string left_out = LeftOutText(excerpt);
  if (!left_out.empty()) left_out = left_out.substr(1) + " ";
  return Labelled(what, left_out + excerpt.text);
}

std::string AttemptText(const Inquiry& q, const WhyOptions& options, const Paint& paint) {
  if (!q.attempt) return {};
  const LastAttempt& a = *q.attempt;
  if (!a.exchange) {
    return Labelled("exchange",
                    "run " + a.run + ", " +
                        (a.outcome && a.outcome->code == "interrupted"
                             ? "it was killed before its request was kept"
                         : a.exchange_known ? "its request is no longer kept"
                                            : "no request"),
                    paint.width());
  }
  const exchanges::Exchange& e = *a.exchange;
  const auto url = engine::UrlExcerptOf(e.url, Needles(q), options.whole ? kLong : kShortUrl);
  std::string out = e.method + " " + Printable(url.text) + LeftOutText(url) + " → " +
                    (e.status != 0 ? std::to_string(e.status) : "no answer (" + e.error + ")") +
                    " in " + DurationText(static_cast<double>(e.duration_us) / 1e6) + ", run " +
                    a.run;
  if (!e.earlier.empty()) out += ", after " + Plural(e.earlier.size(), "other attempt");
  out = Labelled("exchange", out, paint.width()) + BodyText("request", e.request, q, options);
  if (e.status != 0) {
    out += BodyText("answer", e.response, q, options, engine::PlaceIn(e.request.text, Needles(q)));
  }
  return out;
}

void PutBody(Json* json, const char* name, const exchanges::Body& body, const Inquiry& q,
             const std::optional<engine::Place>& place = std::nullopt) {
  const auto excerpt = engine::ExcerptOf(body.text, Needles(q), q.sensitive, kLong, place);
  json->Begin(name)
      .Text("body", excerpt.text)
      .Number("left_out", excerpt.left_out)
      .Number("bytes", body.size)
      .End();
}

void PutAttempt(Json* json, const Inquiry& q) {
  const LastAttempt& a = *q.attempt;
  json->Begin("last_attempt").Text("run", a.run);
  if (a.outcome) {
    json->Text("operation", OpName(a.outcome->op))
        .Text("outcome", OutcomeName(a.outcome->kind))
        .Text("code", a.outcome->code)
        .Text("message", a.outcome->message);
  }
  if (a.exchange) {
    json->Begin("exchange")
        .Text("method", a.exchange->method)
        .Text("url", a.exchange->url)
        .Signed("status", a.exchange->status)
        .Text("error", a.exchange->error)
        .Text("at", IsoTime(a.exchange->started_unix_us));
    PutBody(json, "request", a.exchange->request, q);
    PutBody(json, "response", a.exchange->response, q,
            engine::PlaceIn(a.exchange->request.text, Needles(q)));
    json->End();
  } else {
    json->Null("exchange");
  }
  json->End();
}

}  // namespace

std::string WhyText(const Integration& integration, const Inquiry& q, const WhyOptions& options,
                    const Paint& paint) {
  std::string out = paint.Bold(integration.id + " / " + Printable(q.key)) + "\n";
  out += Labelled("rule", Printable(q.rule), paint.width()) +
         Labelled("next", Printable(q.next), paint.width());
  if (!q.entry && q.rows == 0 && !q.model_error && !q.attempt) {
    std::string near;
    for (const std::string& key : q.near) near += Printable(key) + "\n";
    return out + Labelled("similar", near.empty() ? "no similar key is known" : near);
  }
  return out + ModelBlock(q, options, paint) + StateText(q, paint) + AttemptText(q, options, paint);
}

void PutWhy(Json* json, const std::string& integration, const Inquiry& q) {
  json->Begin()
      .Text("integration", integration)
      .Text("key", q.key)
      .Text("rule", q.rule)
      .Text("next", q.next);
  json->Begin("model").Number("rows", q.rows).Bool("valid", q.valid);
  if (q.model_error) {
    json->Key("error");
    PutError(json, *q.model_error);
  }
  if (!q.valid) {
    json->Text("field", q.invalid_field)
        .Text("code", q.invalid_code)
        .Text("message", q.invalid_message);
  }
  json->Begin("fields");
  for (const FieldNow& field : q.fields) {
    if (field.null || field.absent) {
      json->Null(field.name);
    } else {
      json->Text(field.name, field.sensitive ? kMask : field.text);
    }
  }
  json->End().BeginList("changed");
  for (const FieldNow& field : q.fields) {
    if (field.changed) json->Text(field.name);
  }
  json->EndList().End();
  if (q.entry) {
    json->Begin("state")
        .Bool("acknowledged", q.entry->acknowledged)
        .Bool("departed", q.entry->departed)
        .Text("destination_id", q.entry->destination_id)
        .Number("last_run", q.entry->last_run);
    json->BeginList("shared_with");
    for (const std::string& key : q.shared_with) json->Text(key);
    json->EndList();
    if (q.entry->pending) {
      const Pending& p = *q.entry->pending;
      json->Begin("pending")
          .Text("operation", OpName(p.op))
          .Text("outcome", OutcomeName(p.outcome))
          .Text("class", ErrorClassName(p.error_class))
          .Text("code", p.code)
          .Text("message", p.message)
          .Text("field", p.field)
          .Text("at", IsoTime(p.at_us))
          .Number("tries", p.tries)
          .Text("job", p.job)
          .Bool("earlier_in_doubt", p.doubt && p.outcome != OutcomeKind::kInDoubt)
          .End();
    }
    json->End();
  } else {
    json->Null("state");
  }
  if (q.attempt) {
    PutAttempt(json, q);
  } else {
    json->Null("last_attempt");
  }
  json->BeginList("near");
  for (const std::string& key : q.near) json->Text(key);
  json->EndList().End();
}

}  // namespace penstock::cli
