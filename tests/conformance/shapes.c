/* Connectors that break one rule of levels 1 and 2 each; which one is said by the definition
 * BREAK_..., none: a good one. Plain C against the ABI, so that nothing helps. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "penstock/connector.h"
#include "penstock_manifest.h"

struct penstock_destination {
  const penstock_host* host;
  char name[256];
};
struct penstock_writer {
  const penstock_host* host;
};

static penstock_str Str(const char* text) {
  penstock_str str = {text, strlen(text)};
  return str;
}

static penstock_status Fail(const penstock_call* call, penstock_status status,
                            const char* message) {
  penstock_error error;
  memset(&error, 0, sizeof(error));
  error.struct_size = sizeof(error);
  error.code = Str("shapes.NO");
  error.message = Str(message);
  call->fail(call, &error);
  return status;
}

/* ---- requests */

#if defined(BREAK_INDEPENDENT)
static const penstock_host* last_host;
#endif

static void OnResponse(void* user, const penstock_http_response* response) {
  *(int*)user = response->transport == PENSTOCK_TRANSPORT_OK ? response->status : 0;
}

/* The HTTP status, 0 without an answer, -1 where the host sends nothing. */
static int Get(const penstock_host* host, const penstock_call* call, const char* url) {
#if defined(BREAK_INDEPENDENT)
  host = last_host;
#endif
  const penstock_host_http* http =
      (const penstock_host_http*)host->get_extension(host, PENSTOCK_HOST_HTTP);
#if defined(BREAK_BARE)
  if (http->struct_size < sizeof(penstock_host_http)) return -1;
#elif defined(BREAK_TRUNCATED)
  if (http == NULL) return -1;
#else
  if (http == NULL || !PENSTOCK_HAS(penstock_host_http, http, perform)) return -1;
#endif
  penstock_http_request request;
  memset(&request, 0, sizeof(request));
  request.struct_size = sizeof(request);
  request.method = Str("GET");
  request.url = Str(url);
  int status = -1;
  http->perform(host, call, &request, 1, sizeof(request), OnResponse, &status);
  return status;
}

static penstock_status Read(const penstock_host* host, const penstock_call* call, const char* url,
                            const penstock_sink* sink, const char* document) {
  const int status = Get(host, call, url);
#if defined(BREAK_ERR_DETAIL)
  if (status == 403) return PENSTOCK_E_PERMISSION;
#endif
  if (status == -1) return Fail(call, PENSTOCK_E_UNSUPPORTED, "this host has no http service");
  if (status != 200) return Fail(call, PENSTOCK_E_UNAVAILABLE, "there is no good answer");
  return sink->write(sink, document, strlen(document));
}

/* ---- the table */

static penstock_status Open(const penstock_host* host, const penstock_call* call,
                            penstock_str config, penstock_destination** out) {
#if defined(BREAK_LONGER)
  if (host->struct_size != sizeof(penstock_host)) {
    return Fail(call, PENSTOCK_E_UNSUPPORTED, "this host is too new");
  }
#endif
#if defined(BREAK_VALID)
  return Fail(call, PENSTOCK_E_INVALID_CONFIG, "no configuration is good enough");
#endif
  if (config.len < 2 || config.ptr[0] != '{') {
#if defined(BREAK_INVALID)
    static penstock_destination nowhere;
    *out = &nowhere;
#endif
    return Fail(call, PENSTOCK_E_INVALID_CONFIG, "the configuration is no object");
  }
#if defined(BREAK_OFFLINE)
  (void)Get(host, call, "/v1/account");
#endif
  penstock_destination* destination = (penstock_destination*)calloc(1, sizeof(*destination));
  if (destination == NULL) return Fail(call, PENSTOCK_E_INTERNAL, "there is no memory");
  destination->host = host;
#if defined(BREAK_INDEPENDENT)
  last_host = host;
#endif
  *out = destination;
  return PENSTOCK_OK;
}
static void Close(penstock_destination* destination) {
#if !defined(BREAK_LEAK)
  free(destination);
#else
  destination->host = NULL;
#endif
}
static penstock_status Check(penstock_destination* destination, const penstock_call* call,
                             const penstock_sink* sink) {
  return Read(destination->host, call, "/v1/account", sink, "{\"account\": {\"id\": \"shapes\"}}");
}
static penstock_status Discover(penstock_destination* destination, const penstock_call* call,
                                penstock_str request, const penstock_sink* sink) {
  (void)request;
  return Read(destination->host, call, "/v1/objects", sink,
              "{\"catalog_version\": 1, \"objects\": []}");
}
static penstock_status Begin(penstock_destination* destination, const penstock_call* call,
                             penstock_str assignment, const penstock_open_note* notes, size_t n,
                             size_t stride, penstock_writer** out) {
  (void)notes, (void)n, (void)stride;
  if (assignment.len < 10) return Fail(call, PENSTOCK_E_INVALID_ARGUMENT, "no assignment");
  penstock_writer* writer = (penstock_writer*)calloc(1, sizeof(*writer));
  if (writer == NULL) return Fail(call, PENSTOCK_E_INTERNAL, "there is no memory");
  writer->host = destination->host;
  *out = writer;
  return PENSTOCK_OK;
}
/* What it was given, into a spool, where the host has such; nothing comes of it. */
static void Spool(const penstock_host* host, const penstock_call* call, size_t n) {
  const penstock_host_blob* table =
      (const penstock_host_blob*)host->get_extension(host, PENSTOCK_HOST_BLOB);
#if defined(BREAK_TRUNCATED_BLOB)
  if (table == NULL) return;
#else
  if (table == NULL || !PENSTOCK_HAS(penstock_host_blob, table, discard)) return;
#endif
  penstock_blob blob = 0;
  if (table->create(host, call, &blob) != PENSTOCK_OK) return;
  for (size_t i = 0; i < n; ++i) table->append(host, blob, "record\n", 7);
  table->discard(host, blob);
#if defined(BREAK_BLOB)
  table->append(host, blob, "end\n", 4);
#endif
}
static penstock_status Write(penstock_writer* writer, const penstock_call* call,
                             const penstock_batch* batch, const penstock_outcomes* outcomes) {
  Spool(writer->host, call, batch->n_records);
  for (size_t i = 0; i < batch->n_records; ++i) {
    penstock_outcome outcome;
    memset(&outcome, 0, sizeof(outcome));
    outcome.struct_size = sizeof(outcome);
    outcome.outcome = PENSTOCK_UNSENT;
    outcome.seq = batch->seqs[i];
    outcome.code = Str("shapes.UNSENT");
    outcomes->report(outcomes, &outcome, 1, sizeof(outcome));
  }
  return PENSTOCK_OK;
}
static penstock_status Finish(penstock_writer* writer, const penstock_call* call,
                              const penstock_outcomes* outcomes) {
  (void)writer, (void)call, (void)outcomes;
  return PENSTOCK_OK;
}
static void End(penstock_writer* writer) { free(writer); }

static const penstock_connector kTable = {
    sizeof(penstock_connector), 0, Open, Close, Check, Discover, Begin, Write, Finish, End};

/* ---- extensions, constructors */

static penstock_status Lookup(penstock_destination* destination, const penstock_call* call,
                              penstock_str assignment, const penstock_value* keys, size_t n_keys,
                              size_t n_key_fields, penstock_on_found on_found, void* user) {
  (void)destination, (void)assignment, (void)keys, (void)n_keys, (void)n_key_fields;
  (void)on_found, (void)user;
  return Fail(call, PENSTOCK_E_UNSUPPORTED, "nothing can be looked up");
}
static const penstock_connector_lookup kLookup[2] = {
    {sizeof(penstock_connector_lookup), 0, Lookup}, {sizeof(penstock_connector_lookup), 0, Lookup}};

static const void* GetExtension(const char* id) {
#if defined(BREAK_EXT_UNKNOWN)
  return strncmp(id, "penstock.lookup", 15) == 0 ? &kLookup[0] : NULL;
#elif defined(BREAK_EXT_STABLE)
  static volatile unsigned turn;
  if (strcmp(id, PENSTOCK_CONNECTOR_LOOKUP) == 0) return &kLookup[turn++ % 2];
  return NULL;
#else
  return strcmp(id, PENSTOCK_CONNECTOR_LOOKUP) == 0 ? &kLookup[0] : NULL;
#endif
}

#if defined(BREAK_UNLOAD_LEAK)
__attribute__((destructor)) static void Leave(void) { (void)open("/dev/null", O_RDONLY); }
#endif
#if defined(BREAK_SCAN_TIME)
__attribute__((constructor)) static void Slow(void) {
  const clock_t end = clock() + CLOCKS_PER_SEC / 3;
  while (clock() < end) {
  }
}
#endif
#if defined(BREAK_SILENT)
__attribute__((constructor)) static void Loud(void) { setenv("SHAPES_WAS_HERE", "1", 1); }
#endif
#if defined(BREAK_EXPORT)
PENSTOCK_EXPORT int shapes_helper(void);
int shapes_helper(void) { return 1; }
#endif
#if defined(BREAK_UNIQUE)
__asm__(
    ".pushsection .data\n.globl shapes_unique\n.type shapes_unique,@gnu_unique_object\n"
    "shapes_unique:\n.long 1\n.size shapes_unique,4\n.popsection\n");
#endif
#if defined(BREAK_NETWORK)
static int Socket(void) { return socket(AF_INET, SOCK_STREAM, 0); }
int (*volatile shapes_socket)(void) __attribute__((visibility("hidden"))) = Socket;
#endif
#if defined(BREAK_UNRESOLVED)
int no_library_has_this(void);
int (*volatile shapes_unresolved)(void) __attribute__((visibility("hidden"))) = no_library_has_this;
#endif
#if defined(BREAK_BASELINE)
double shapes_of_tomorrow(void);
double (*volatile shapes_tomorrow)(void) __attribute__((visibility("hidden"))) = shapes_of_tomorrow;
#endif

const penstock_connector_entry penstock_connector_entry_v0 = {PENSTOCK_MAGIC,
                                                              sizeof(penstock_connector_entry),
                                                              PENSTOCK_ABI_MAJOR,
                                                              PENSTOCK_ABI_MINOR,
#if defined(BREAK_HEADER)
                                                              "draft-of-another-day",
#else
                                                              PENSTOCK_DRAFT_ID,
#endif
                                                              kManifest,
                                                              &kTable,
                                                              GetExtension};
