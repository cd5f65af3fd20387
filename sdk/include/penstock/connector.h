/* penstock/connector.h - the connector ABI, draft (major 0).
 *
 * Plain C11, no dependency but the C library. Every symbol that a connector exports and every byte
 * that crosses the boundary is declared here; penstock/connector.hpp is sugar on top and never
 * crosses it.
 *
 * A draft connector loads only into a host with the same PENSTOCK_DRAFT_ID. Once HubSpot, http and
 * Salesforce pass the conformance kit's level 4 this header is frozen as major 1 and from then on
 * only grows.
 *
 * Reading guide
 *   [serial:X]       never called concurrently for the same X; any thread; different X may overlap
 *   [thread-safe]    any thread, concurrently
 *   BORROWED         valid only until the call returns; copy what you keep
 *   Text is UTF-8 with an explicit length; it is not NUL-terminated unless the type is const char*.
 *   Nothing is freed by the other side: output goes through a callback or a sink that the caller
 * owns. What is called reserved is 0, and not read. Enumerators travel as int32_t. The host reads
 * an unknown value from a connector as the worst of its kind.
 *
 * Trust: a connector loaded into the host's process has the host's privileges. Isolation is a
 * deployment mode (the worker), not a property of this header; everything here is flat and every
 * host service is a call so that a process boundary can be put under it.
 *
 * Process rules: a connector owns no threads, installs no signal handlers, changes no process state
 * (locale, environment, working directory, umask), prints nothing, never calls abort or exit, opens
 * no socket and no file, never sleeps and never retries on its own: it reports, the host decides.
 */
#ifndef PENSTOCK_CONNECTOR_H
#define PENSTOCK_CONNECTOR_H

#include <stddef.h>
#include <stdint.h>

#define PENSTOCK_EXPORT __attribute__((visibility("default")))

#ifdef __cplusplus
extern "C" {
#endif

#define PENSTOCK_MAGIC 0x54534E50u /* ASCII "PNST", 'P' in the lowest byte */
#define PENSTOCK_ABI_MAJOR 0u      /* also the suffix of the entry symbol; 0: draft */
#define PENSTOCK_ABI_MINOR 0u
/* Changed with every change of this header while it is a draft. */
#define PENSTOCK_DRAFT_ID "draft-2026-11-27"

/* A field may be read only if the writer's struct was long enough to hold it. */
#define PENSTOCK_HAS(type, ptr, field) \
  ((ptr)->struct_size >= offsetof(type, field) + sizeof(((type*)0)->field))

/* BORROWED text. ptr may be NULL when len is 0. */
typedef struct penstock_str {
  const char* ptr;
  size_t len;
} penstock_str;

/* ---- status ---------------------------------------------------------------------------------- */
/* What a call as a whole came to. Records have outcomes of their own (below). */
enum {
  PENSTOCK_OK = 0,
  PENSTOCK_E_INVALID_ARGUMENT = 1, /* the host broke the contract */
  PENSTOCK_E_INVALID_CONFIG = 2,   /* the user must change the configuration */
  PENSTOCK_E_UNAUTHENTICATED =
      3, /* credentials are wrong, expired or revoked: the run stops, nobody is rejected */
  PENSTOCK_E_PERMISSION = 4, /* credentials are good, but not for this: the run stops */
  PENSTOCK_E_NOT_FOUND = 5,  /* object or field is gone: plan again */
  PENSTOCK_E_UNSUPPORTED = 6,
  PENSTOCK_E_RATE_LIMITED =
      7, /* after the host's own attempts; retry after penstock_error.retry_after_ms */
  PENSTOCK_E_QUOTA = 8,       /* a daily or monthly allowance is used up: the run stops */
  PENSTOCK_E_UNAVAILABLE = 9, /* transient: try again with backoff */
  PENSTOCK_E_CANCELLED = 10,
  PENSTOCK_E_DEADLINE = 11,
  PENSTOCK_E_INTERNAL =
      12, /* a connector bug or an answer it cannot read, including an exception */
  PENSTOCK_E_DESTINATION = 13 /* the destination gave up what it had begun, e.g. a job that failed
                                 or was aborted there: the run says so at its end and goes on */
};
typedef int32_t penstock_status;

typedef struct penstock_error {
  uint32_t struct_size;
  uint32_t flags;         /* 0 */
  int64_t retry_after_ms; /* 0: unknown */
  penstock_str code;      /* stable and machine-readable, e.g. "hubspot.MISSING_SCOPES" */
  penstock_str message;   /* one sentence for the user; never contains a secret */
} penstock_error;

/* One per call into the connector: deadline, cancellation and the place where its error goes. */
typedef struct penstock_call {
  uint32_t struct_size;
  uint32_t reserved;
  void* host_data;
  int64_t deadline_us; /* on penstock_host_clock.monotonic_us; 0: none */
  /* Non-zero once the run is being stopped: finish the request in hand, then return CANCELLED.
   * [thread-safe] */
  int32_t (*cancelled)(const struct penstock_call* call);
  /* Exactly once before returning anything but OK; the host copies. [serial:call] */
  void (*fail)(const struct penstock_call* call, const penstock_error* error);
} penstock_call;

/* The connector writes text, the host owns the buffer. [serial:sink] */
typedef struct penstock_sink {
  uint32_t struct_size;
  uint32_t reserved;
  void* host_data;
  penstock_status (*write)(const struct penstock_sink* sink, const char* bytes, size_t n);
} penstock_sink;

/* ---- values and records ---------------------------------------------------------------------- */
enum {
  PENSTOCK_ABSENT = 0, /* leave the destination's field as it is */
  PENSTOCK_NULL = 1,   /* clear the destination's field */
  PENSTOCK_BOOL = 2,   /* v.i64 is 0 or 1 */
  PENSTOCK_INT64 = 3,
  PENSTOCK_DOUBLE = 4,    /* finite */
  PENSTOCK_DECIMAL = 5,   /* text: -?digits[.digits], exact, any length */
  PENSTOCK_STRING = 6,    /* text, may hold NUL */
  PENSTOCK_BYTES = 7,     /* len bytes */
  PENSTOCK_DATE = 8,      /* v.i64: days since 1970-01-01, proleptic Gregorian */
  PENSTOCK_TIMESTAMP = 9, /* v.i64: microseconds since 1970-01-01T00:00:00Z */
  PENSTOCK_JSON = 10,     /* text, valid JSON */
  PENSTOCK_LIST = 11      /* len values at v.list */
};

typedef struct penstock_value { /* 16 bytes, frozen with the major */
  uint8_t type;
  uint8_t reserved[3];
  uint32_t len; /* bytes of text, or elements of a list */
  union {
    int64_t i64;
    double f64;
    const char* text;
    const struct penstock_value* list;
  } v;
} penstock_value;

/* Operations. A writer has exactly one. */
enum {
  PENSTOCK_OP_UPSERT = 1, /* by the key: create or update */
  PENSTOCK_OP_INSERT = 2, /* create; a record that exists is EXISTS and stays as it is */
  PENSTOCK_OP_UPDATE =
      3, /* by destination id where given, else by the key; a missing one is MISSING */
  PENSTOCK_OP_DELETE =
      4 /* by destination id where given, else by the key; a missing one is MISSING */
};

/* Records for one writer. BORROWED, read-only. */
typedef struct penstock_batch {
  uint32_t struct_size;
  uint32_t n_fields; /* as many as the assignment has, in its order */
  size_t n_records;
  const penstock_value* values; /* row-major: record i starts at values + i * n_fields */
  const uint64_t* seqs;         /* one per record, unique within the run, never 0, never reused */
  const penstock_str* ids; /* destination id of each record, empty where not known; may be NULL */
} penstock_batch;

/* ---- outcomes -------------------------------------------------------------------------------- */
/* Exactly one per seq, by write_batch or at the latest by finish. Claim success only when certain
 * of it. */
enum {
  PENSTOCK_CREATED = 1,
  PENSTOCK_UPDATED = 2,
  PENSTOCK_DELETED = 3,
  PENSTOCK_UNCHANGED = 4, /* the destination says that it held exactly this already */
  PENSTOCK_MISSING = 5,   /* update or delete: there is no such record */
  PENSTOCK_EXISTS = 6,    /* insert: there is one already; it was not touched */
  PENSTOCK_REJECTED = 7,  /* the destination refused this record; error_class says on what ground */
  PENSTOCK_UNSENT = 8,    /* certainly not applied: safe to send again */
  PENSTOCK_IN_DOUBT = 9,  /* may have been applied */
  PENSTOCK_SPLIT =
      10 /* an all-or-nothing request failed because of some record in it, and nothing of it was
            applied. The host hands each half of the records reported so (with equal `group`) back
            as a batch of its own and never joins them again. A single record is never SPLIT */
};

/* Why a record was REJECTED. */
enum {
  PENSTOCK_CLASS_DATA = 1,      /* its values: sent again when they change */
  PENSTOCK_CLASS_CONFLICT = 2,  /* a unique value is held by another record: may go after deletes */
  PENSTOCK_CLASS_REFERENCE = 3, /* a record that it points to is missing */
  PENSTOCK_CLASS_DESTINATION =
      4 /* something at the destination, e.g. an inactive owner or a locked record */
};

typedef struct penstock_outcome {
  uint32_t struct_size;
  int32_t outcome;
  uint64_t seq;
  int32_t error_class; /* REJECTED only */
  uint32_t group;      /* SPLIT only: records of one failed request carry the same number */
  penstock_str destination_id;
  penstock_str code;    /* machine-readable, e.g. "INVALID_OPTION"; for everything but success */
  penstock_str message; /* for people */
  penstock_str field;   /* the offending field's name, if known */
  penstock_str warning; /* optional, beside success: e.g. "value was truncated" */
} penstock_outcome;

typedef struct penstock_outcomes {
  uint32_t struct_size;
  uint32_t reserved;
  void* host_data;
  /* stride: the connector's sizeof(penstock_outcome). The host copies. INVALID_ARGUMENT when a seq
   * is unknown or was reported before; the valid items of the call still count. [serial:writer] */
  penstock_status (*report)(const struct penstock_outcomes* outcomes, const penstock_outcome* items,
                            size_t n, size_t stride);
} penstock_outcomes;

/* ---- host services --------------------------------------------------------------------------- */
/* Host tables live from before open to after close. */
typedef struct penstock_host {
  uint32_t struct_size;
  uint32_t abi_minor;
  void* host_data;
  const char* name;
  const char* version;
  /* A service by "name/revision", or NULL for an unknown id, also for a known one with trailing
   * bytes. [thread-safe] */
  const void* (*get_extension)(const struct penstock_host* host, const char* id);
} penstock_host;

#define PENSTOCK_HOST_LOG "penstock.log/0"
enum {
  PENSTOCK_LOG_DEBUG = 0,
  PENSTOCK_LOG_INFO = 1,
  PENSTOCK_LOG_WARN = 2,
  PENSTOCK_LOG_ERROR = 3
};
typedef struct penstock_host_log {
  uint32_t struct_size;
  uint32_t reserved;
  void (*log)(const penstock_host* host, int32_t level, penstock_str message,
              penstock_str fields_json); /* [thread-safe] */
} penstock_host_log;

#define PENSTOCK_HOST_CLOCK "penstock.clock/0"
typedef struct penstock_host_clock {
  uint32_t struct_size;
  uint32_t reserved;
  int64_t (*unix_us)(const penstock_host* host);      /* [thread-safe] */
  int64_t (*monotonic_us)(const penstock_host* host); /* [thread-safe] */
  /* OK, CANCELLED or DEADLINE; the only way for a connector to wait (polling a job). [thread-safe]
   */
  penstock_status (*sleep_ms)(const penstock_host* host, const penstock_call* call, int64_t ms);
} penstock_host_clock;

/* Spools owned by the host for bodies that are too large for memory. A blob belongs to the run and
 * ends with it: what a run that was killed left unsent is made anew from the model as it is then.
 */
#define PENSTOCK_HOST_BLOB "penstock.blob/0"
typedef uint64_t penstock_blob; /* 0: none */
typedef struct penstock_host_blob {
  uint32_t struct_size;
  uint32_t reserved;
  penstock_status (*create)(const penstock_host* host, const penstock_call* call,
                            penstock_blob* out); /* [thread-safe] UNAVAILABLE: disk full */
  penstock_status (*append)(const penstock_host* host, penstock_blob blob, const char* bytes,
                            size_t n); /* [serial:blob] UNAVAILABLE: disk full */
  /* At most n bytes from offset; *got 0 at the end. [serial:blob] */
  penstock_status (*read)(const penstock_host* host, penstock_blob blob, uint64_t offset,
                          char* bytes, size_t n, size_t* got);
  uint64_t (*size)(const penstock_host* host, penstock_blob blob); /* [thread-safe] */
  void (*discard)(const penstock_host* host, penstock_blob blob);  /* [serial:blob] */
} penstock_host_blob;

#define PENSTOCK_HOST_HTTP "penstock.http/0"
typedef struct penstock_http_header {
  penstock_str name, value;
} penstock_http_header;
enum {
  PENSTOCK_HTTP_IDEMPOTENT =
      1u << 0, /* the host may send it again after a failure that it cannot classify */
  PENSTOCK_HTTP_NO_AUTH = 1u << 1, /* do not attach the destination's credentials */
  PENSTOCK_HTTP_BODY_TO_BLOB =
      1u << 2 /* spool the body of a 2xx answer into response.blob, to be discarded by the
                 connector; of other answers it is in response.body */
};
typedef struct penstock_http_request {
  uint32_t struct_size;
  uint32_t flags;
  uint64_t tag;        /* returned with the response */
  penstock_str method; /* "GET", "POST", ... */
  penstock_str url;    /* relative to the destination's base URL ("/crm/v3/..."), or absolute on an
                          allowed host */
  const penstock_http_header* headers;
  size_t n_headers;
  penstock_str body;
  penstock_blob body_blob; /* instead of body */
  penstock_str limiter;    /* rate bucket named in the manifest; empty: "default" */
  uint32_t cost;           /* requests that it counts for in that bucket; 0 means 1 */
  uint32_t timeout_ms;     /* of one attempt; 0: host default */
  /* Records that this request may change: none for reads. The host journals them before the first
   * byte; only records of a sent, unanswered request are in doubt. */
  const uint64_t* seqs;
  size_t n_seqs;
} penstock_http_request;

/* What became of a request without an answer, in penstock_http_response.transport. */
enum {
  PENSTOCK_TRANSPORT_OK = 0, /* there is an answer: status is its HTTP status */
  PENSTOCK_TRANSPORT_NOT_SENT =
      1, /* certainly not applied: refused connection, TLS failure, cancelled before sending */
  PENSTOCK_TRANSPORT_LOST = 2, /* may have been applied: reset or timeout after the first byte */
  PENSTOCK_TRANSPORT_FORBIDDEN =
      3 /* the host refuses it: not an allowed host, or a redirect to another one */
};
typedef struct penstock_http_response { /* BORROWED during the callback */
  uint32_t struct_size;
  int32_t status;    /* HTTP status, or 0 if there was no answer */
  int32_t transport; /* PENSTOCK_TRANSPORT_... */
  uint32_t attempts;
  uint64_t tag;
  int64_t retry_after_ms; /* as the answer asks, in either form; 0: not said */
  const penstock_http_header* headers;
  size_t n_headers;
  penstock_str body;
  penstock_blob blob;
  penstock_str error; /* one sentence when transport is not OK */
} penstock_http_response;
typedef void (*penstock_http_on_response)(void* user, const penstock_http_response* response);
typedef struct penstock_host_http {
  uint32_t struct_size;
  uint32_t reserved;
  /* Sends n requests under the host's limits, retries, TLS, credentials, allowed hosts and capture.
   * Calls on_response n times on the calling thread, in order of completion, then returns OK; a
   * request without an answer is a response with a transport. Redirects to other hosts are not
   * followed. Blocks. [thread-safe] */
  penstock_status (*perform)(const penstock_host* host, const penstock_call* call,
                             const penstock_http_request* requests, size_t n, size_t stride,
                             penstock_http_on_response on_response, void* user);
} penstock_host_http;

#define PENSTOCK_HOST_JOURNAL "penstock.journal/0"
typedef struct penstock_host_journal {
  uint32_t struct_size;
  uint32_t reserved;
  /* Ties a token of 1 to 4096 bytes (e.g. the id of an asynchronous job) to records. Durable on
   * return; from then on they count as sent. Those that have no outcome when the run ends, however
   * it ends, keep their note: they are not sent again, and the next begin for the same object and
   * operation hands them back. A later note of a record replaces its earlier one. [thread-safe] */
  penstock_status (*note)(const penstock_host* host, const penstock_call* call,
                          const uint64_t* seqs, size_t n, penstock_str token);
} penstock_host_journal;

/* ---- the connector --------------------------------------------------------------------------- */
typedef struct penstock_destination penstock_destination; /* one configured account */
typedef struct penstock_writer penstock_writer; /* one object and operation written in one run */

/* A token from an earlier run whose records still have no outcome. */
typedef struct penstock_open_note {
  uint32_t struct_size;
  uint32_t reserved;
  penstock_str token;
  const penstock_batch* records; /* seqs are new; of the values only the key's are sure to be
                                    there, the others may be ABSENT */
} penstock_open_note;

typedef struct penstock_connector {
  uint32_t struct_size;
  uint32_t reserved;
  /* config_json has passed the manifest's config schema; then secrets in it were replaced by
   * {"$secret": "name"}, and "$base_url" was added, the destination's address. No request is made.
   * host outlives the destination. [thread-safe] */
  penstock_status (*open)(const penstock_host* host, const penstock_call* call,
                          penstock_str config_json, penstock_destination** out);
  void (*close)(penstock_destination* destination); /* [serial:destination] */
  /* Reads only. Writes {"account": {"id", "name"}, "scopes": [], "missing": [{"permission",
   * "needed_for"}], "warnings": []}. [serial:destination] */
  penstock_status (*check)(penstock_destination* destination, const penstock_call* call,
                           const penstock_sink* check_json);
  /* Reads only. request_json: {"objects": ["contacts"]}, or {} for all. Writes a catalog
   * (sdk/schema). [serial:destination] */
  penstock_status (*discover)(penstock_destination* destination, const penstock_call* call,
                              penstock_str request_json, const penstock_sink* catalog_json);
  /* assignment_json: sdk/schema. notes: open notes of earlier runs, to be settled by finish at the
   * latest. No write request. [thread-safe] */
  penstock_status (*begin)(penstock_destination* destination, const penstock_call* call,
                           penstock_str assignment_json, const penstock_open_note* notes,
                           size_t n_notes, size_t stride, penstock_writer** out);
  /* OK: every seq was reported, or will be by finish. Otherwise the host takes the unreported
   * records of a sent and unanswered request as in doubt, the others as unsent, but for those that
   * were noted: finish may still report them. [serial:writer] */
  penstock_status (*write_batch)(penstock_writer* writer, const penstock_call* call,
                                 const penstock_batch* batch, const penstock_outcomes* outcomes);
  /* Returns once every seq of this writer has been reported. [serial:writer] */
  penstock_status (*finish)(penstock_writer* writer, const penstock_call* call,
                            const penstock_outcomes* outcomes);
  /* Always called; after finish or instead of it. No request, no report. [serial:writer] */
  void (*end)(penstock_writer* writer);
} penstock_connector;

/* Optional: finds records by key. Reads only. Offer it whenever the API can; it settles what is in
 * doubt. */
#define PENSTOCK_CONNECTOR_LOOKUP "penstock.lookup/0"
enum {
  PENSTOCK_FOUND_NONE = 0,
  PENSTOCK_FOUND_ONE = 1,
  PENSTOCK_FOUND_SEVERAL = 2 /* the key is not unique there: which one is meant nobody can tell */
};
typedef struct penstock_found {
  uint32_t struct_size;
  int32_t found;                /* PENSTOCK_FOUND_...; the host reads an unknown one as SEVERAL */
  uint64_t index;               /* of the key in the request */
  penstock_str destination_id;  /* ONE only, as are the values */
  const penstock_value* values; /* as many as fields were asked for, or NULL */
  size_t n_values;
} penstock_found;
typedef void (*penstock_on_found)(void* user, const penstock_found* found);
typedef struct penstock_connector_lookup {
  uint32_t struct_size;
  uint32_t reserved;
  /* assignment_json as for begin (object, identifier, fields to read). keys: n_keys rows of
   * n_key_fields values. Calls on_found once per key, in any order. [serial:destination] */
  penstock_status (*lookup)(penstock_destination* destination, const penstock_call* call,
                            penstock_str assignment_json, const penstock_value* keys, size_t n_keys,
                            size_t n_key_fields, penstock_on_found on_found, void* user);
} penstock_connector_lookup;

typedef struct penstock_connector_entry {
  uint32_t magic; /* PENSTOCK_MAGIC */
  uint32_t struct_size;
  uint32_t abi_major;
  uint32_t abi_minor;                  /* of the header that it was built with */
  const char* draft_id;                /* PENSTOCK_DRAFT_ID while the major is 0 */
  const char* manifest_json;           /* byte for byte the installed sidecar <id>.connector.json */
  const penstock_connector* connector; /* static, never NULL */
  /* Extensions that the connector offers, or NULL. [thread-safe] */
  const void* (*get_extension)(const char* id);
} penstock_connector_entry;

/* The only symbol that a connector exports. Data, not code: the host judges it before it calls
 * anything. */
PENSTOCK_EXPORT extern const penstock_connector_entry penstock_connector_entry_v0;

#ifdef __cplusplus
}
#endif
#endif /* PENSTOCK_CONNECTOR_H */
