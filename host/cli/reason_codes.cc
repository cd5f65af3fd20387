// What Penstock itself, or the SDK's layer in a connector, says of single records and calls.
#include <array>

#include "host/cli/codes.h"

namespace penstock::cli {
namespace {

constexpr char kFoundAgain[] = "Sync again: what was not sent is found and sent.";
constexpr char kSettled[] =
    "Sync again: it is settled first. What cannot be is shown until `penstock settle`.";
constexpr char kRow[] = "Correct the row, or the SQL of the model.";
constexpr char kReport[] = "Report it to the connector's publisher.";
constexpr char kMapping[] = "Correct the mapping, after `penstock check` if the object changed.";

constexpr auto kReasons = std::to_array<CodeEntry>({
    {"CONNECTOR_CRASHED", "The connector's process ended each time it worked on this record.",
     "Report it to the connector's publisher; the other records were sent."},
    {"DUPLICATE_KEY", "Several rows of the model have this key, so none of them is sent.",
     "Make the key unique in the model."},
    {"EXCEPTION", "An exception escaped from the connector: a defect of it.", kReport},
    {"FORBIDDEN", "The destination does not permit the request.",
     "Give the credential the right, then run `penstock check`."},
    {"FORBIDDEN_HOST", "A request would go to a host that the connector may not reach.",
     "See the address in the message; `penstock connector show NAME` lists the hosts."},
    {"HTTP_…", "The destination answered the request with this status.",
     "`penstock why` shows request and answer."},
    {"IN_JOB", "The record is in a job of the destination that may still run.",
     "Sync again: the job is asked for first."},
    {"JOB_GONE", "The destination no longer knows the job that an earlier run left.", kSettled},
    {"KEY_FIELD", "The key is not among the fields that the connector was told.", kReport},
    {"KEY_MISSING", "The row has no key: it is NULL, or empty after trimming.", kRow},
    {"LEFT_TO_NEXT_RUN", "The run made so many new records that deletes wait for the next one.",
     "Sync again."},
    {"MISSING", "The destination has no record with this key.",
     "In update_only it is looked for again when the row changes or after a day."},
    {"NOT_ALLOWED", "The value is none of those that the field takes.", kRow},
    {"NOT_FINITE", "The number is infinite, or none.", kRow},
    {"NOT_FOUND", "The destination has nothing at the address of the request.",
     "See the address that `penstock why` shows, and base_url if there is one."},
    {"NOT_IN_ANSWER",
     "The answer says nothing of this record: whether it was written is not known.", kSettled},
    {"NOT_SENT", "The record was not sent: what had to come before it failed.", kFoundAgain},
    {"NOT_TEXT", "The value is not text in UTF-8.", kRow},
    {"NO_ANSWER", "The request was not answered.", kSettled},
    {"NO_LOOKUP", "The connector cannot look records up.",
     "Settle by hand what is in doubt: `penstock settle`."},
    {"OUT_OF_RANGE", "The value is beyond what the field's type can hold.", kRow},
    {"RATE_LIMITED", "There were too many requests.", kFoundAgain},
    {"REQUIRED_FIELD", "A field that new records need is not mapped.", kMapping},
    {"SERVICE", "A service of the host failed under the connector.",
     "Run again with -v, which says which one and why."},
    {"SETTINGS", "The connector refused the destination's config or the options of an integration.",
     "Correct what the message names; `penstock connector show NAME` lists them."},
    {"SEVERAL_RECORDS", "Several records at the destination have this key.",
     "Leave one of them there."},
    {"SET_TWICE", "Two mapped fields set the same field.", "Map one of them."},
    {"SHARED_ID", "Two live keys have one record of the destination.",
     "Leave one of them out of the model, or make them two records at the destination."},
    {"SPLIT_IN_JOB", "The connector split the records of a job, which is no request.", kReport},
    {"SPLIT_OF_ONE", "The connector could not say why the destination refused the record.",
     "`penstock why` shows request and answer."},
    {"SPLIT_UNANSWERED", "The connector split a request that was not answered.", kReport},
    {"TOO_LONG", "The text is longer than its field, or the row than Penstock takes.", kRow},
    {"UNAUTHENTICATED", "The destination does not accept the credential.",
     "Check the destination's config and the variable that holds the secret."},
    {"UNKNOWN_FIELD", "The object has no such field.", kMapping},
    {"UNKNOWN_IDENTIFIER", "Records of the object cannot be found by this key.", kMapping},
    {"UNKNOWN_OBJECT", "The account has no such object.", kMapping},
    {"UNKNOWN_OPERATION", "The object does not have this operation.",
     "Use one of the modes that `penstock validate` names."},
    {"UNREPORTED", "The connector ended without a word on this record.", kReport},
    {"WRONG_TYPE", "The value has a type that the field does not take.", kRow},
    {"in_doubt", "The request was sent and not answered: it may have been applied.", kSettled},
    {"interrupted", "The run ended before the destination's answer was written down.", kSettled},
    {"rejected", "The destination refused the record and gave no code.",
     "`penstock why` shows request and answer."},
    {"skipped", "Nothing was sent: the destination's record is not one that the mode touches.",
     "`penstock why` says which rule decided."},
    {"stopped", "The run stopped before the record was sent.",
     "Mend what stopped the run: `penstock show` names it. Then sync again."},
    {"unsent", "The record was not sent.", kFoundAgain},
});

}  // namespace

std::span<const CodeEntry> ReasonCodes() { return kReasons; }

}  // namespace penstock::cli
