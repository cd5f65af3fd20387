/* A connector in plain C that uses every part of the header: built with today's header, with the
 * frozen copy and with a later one (PENSTOCK_GROWN), by gcc and by clang. TEST_ID names it. */
#include "penstock/connector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sdk/abi/test_manifest.h"

/* What is behind the first revision is asked for before it is read. */
#if defined(PENSTOCK_GROWN)
#define GROWN(type, ptr) (PENSTOCK_HAS(type, ptr, grown) ? 1 : 0)
#define FILL(s) ((s).grown[0] = (s).grown[1] = UINT64_MAX)
#else
#define GROWN(type, ptr) ((void)(ptr), 0)
#define FILL(s) ((void)(s))
#endif

struct penstock_destination {
  const penstock_host* host;
  const penstock_host_http* http;
};

struct penstock_writer {
  penstock_destination* destination;
  uint64_t noted[8];
  size_t n_noted;
};

static penstock_str Text(const char* text) {
  penstock_str str;
  str.ptr = text;
  str.len = strlen(text);
  return str;
}

static penstock_status Fail(const penstock_call* call, penstock_status status, const char* code) {
  penstock_error error;
  memset(&error, 0, sizeof error);
  error.struct_size = sizeof error;
  error.code = Text(code);
  error.message = Text("it went wrong");
  error.retry_after_ms = 1500;
  FILL(error);
  call->fail(call, &error);
  return status;
}

/* ---- open, check, discover */

static penstock_status Open(const penstock_host* host, const penstock_call* call,
                            penstock_str config, penstock_destination** out) {
  if (config.len < 2 || config.ptr[0] != '{')
    return Fail(call, PENSTOCK_E_INVALID_CONFIG, "config");
  penstock_destination* destination = malloc(sizeof *destination);
  destination->host = host;
  destination->http = host->get_extension(host, PENSTOCK_HOST_HTTP);
  *out = destination;
  return PENSTOCK_OK;
}
static void Close(penstock_destination* destination) { free(destination); }

/* One request, whose answer is kept. */
typedef struct answer {
  char body[64];
  int32_t status, transport;
} answer;

static void OnResponse(void* user, const penstock_http_response* response) {
  answer* kept = user;
  const size_t n =
      response->body.len < sizeof kept->body - 1 ? response->body.len : sizeof kept->body - 1;
  if (n > 0) memcpy(kept->body, response->body.ptr, n);
  kept->body[n] = 0;
  kept->status = response->status;
  kept->transport = response->transport;
}

static penstock_status Send(const penstock_destination* destination, const penstock_call* call,
                            const char* method, const char* url, penstock_str body,
                            const uint64_t* seqs, size_t n_seqs, answer* out) {
  penstock_http_request request;
  memset(&request, 0, sizeof request);
  request.struct_size = sizeof request;
  request.flags = PENSTOCK_HTTP_IDEMPOTENT;
  request.method = Text(method);
  request.url = Text(url);
  request.body = body;
  request.cost = 2;
  request.seqs = seqs;
  request.n_seqs = n_seqs;
  FILL(request);
  return destination->http->perform(destination->host, call, &request, 1, sizeof request,
                                    OnResponse, out);
}

static penstock_status Check(penstock_destination* destination, const penstock_call* call,
                             const penstock_sink* sink) {
  answer got;
  penstock_status status = Send(destination, call, "GET", "/account", Text(""), NULL, 0, &got);
  if (status != PENSTOCK_OK) return Fail(call, status, "perform");
  if (got.status == 401) return Fail(call, PENSTOCK_E_UNAUTHENTICATED, "token");
  char json[256];
  snprintf(json, sizeof json,
           "{\"account\": {\"id\": \"%s\", \"name\": \"minor %u, grown %d %d %d\"}}", got.body,
           (unsigned)destination->host->abi_minor, GROWN(penstock_host, destination->host),
           GROWN(penstock_call, call), GROWN(penstock_sink, sink));
  return sink->write(sink, json, strlen(json));
}

static penstock_status Discover(penstock_destination* destination, const penstock_call* call,
                                penstock_str request, const penstock_sink* sink) {
  static const char kCatalog[] =
      "{\"catalog_version\": 1, \"objects\": [{\"name\": \"things\", \"operations\": {\"upsert\": "
      "{\"identifiers\": [[\"key\"]]}}, \"fields\": [{\"name\": \"key\", \"type\": \"string\"}]}]}";
  (void)destination, (void)call, (void)request;
  return sink->write(sink, kCatalog, sizeof kCatalog - 1);
}

/* ---- writing */

static penstock_status Begin(penstock_destination* destination, const penstock_call* call,
                             penstock_str assignment, const penstock_open_note* notes, size_t n,
                             size_t stride, penstock_writer** out) {
  if (assignment.len == 0) return Fail(call, PENSTOCK_E_INVALID_ARGUMENT, "assignment");
  penstock_writer* writer = calloc(1, sizeof *writer);
  writer->destination = destination;
  for (size_t i = 0; i < n; ++i) {
    const penstock_open_note* note =
        (const penstock_open_note*)(const void*)((const char*)notes + i * stride);
    for (size_t r = 0; r < note->records->n_records && writer->n_noted < 8; ++r) {
      writer->noted[writer->n_noted++] = note->records->seqs[r];
    }
  }
  *out = writer;
  return PENSTOCK_OK;
}

/* The answer has a letter for each record. */
static void Outcome(char letter, uint64_t seq, penstock_str id, penstock_outcome* out) {
  memset(out, 0, sizeof *out);
  out->struct_size = sizeof *out;
  out->seq = seq;
  out->destination_id = id;
  switch (letter) {
    case 'c':
      out->outcome = PENSTOCK_CREATED;
      out->warning = Text("cut");
      break;
    case 'u':
      out->outcome = PENSTOCK_UPDATED;
      break;
    case 'r':
      out->outcome = PENSTOCK_REJECTED;
      out->error_class = PENSTOCK_CLASS_CONFLICT;
      out->code = Text("TAKEN");
      out->message = Text("held by another");
      out->field = Text("key");
      break;
    case 's':
      out->outcome = PENSTOCK_SPLIT;
      out->group = 7;
      break;
    default:
      out->outcome = PENSTOCK_IN_DOUBT;
  }
  FILL(*out);
}

static penstock_status Write(penstock_writer* writer, const penstock_call* call,
                             const penstock_batch* batch, const penstock_outcomes* outcomes) {
  char keys[64] = "";
  size_t used = 0;
  for (size_t i = 0; i < batch->n_records; ++i) {
    const penstock_value* value = batch->values + i * batch->n_fields;
    if (used + value->len + 1 >= sizeof keys) return Fail(call, PENSTOCK_E_INTERNAL, "size");
    memcpy(keys + used, value->v.text, value->len);
    used += value->len;
    keys[used++] = ';';
  }
  keys[used] = 0;
  answer got;
  penstock_status status = Send(writer->destination, call, "POST", "/write", Text(keys),
                                batch->seqs, batch->n_records, &got);
  if (status != PENSTOCK_OK) return Fail(call, status, "perform");
  penstock_outcome list[8];
  for (size_t i = 0; i < batch->n_records; ++i) {
    const penstock_str id = batch->ids == NULL ? Text("") : batch->ids[i];
    const char letter = i < strlen(got.body) ? got.body[i] : '?';
    Outcome(letter, batch->seqs[i], id, &list[i]);
  }
  return outcomes->report(outcomes, list, batch->n_records, sizeof *list);
}

static penstock_status Finish(penstock_writer* writer, const penstock_call* call,
                              const penstock_outcomes* outcomes) {
  (void)call;
  for (size_t i = 0; i < writer->n_noted; ++i) {
    penstock_outcome outcome;
    Outcome('u', writer->noted[i], Text("noted"), &outcome);
    outcomes->report(outcomes, &outcome, 1, sizeof outcome);
  }
  return PENSTOCK_OK;
}
static void End(penstock_writer* writer) { free(writer); }

/* ---- lookup */

static penstock_status Lookup(penstock_destination* destination, const penstock_call* call,
                              penstock_str assignment, const penstock_value* keys, size_t n_keys,
                              size_t n_key_fields, penstock_on_found on_found, void* user) {
  (void)destination, (void)call, (void)assignment;
  for (size_t i = 0; i < n_keys; ++i) {
    const penstock_value* key = keys + i * n_key_fields;
    penstock_found found;
    memset(&found, 0, sizeof found);
    found.struct_size = sizeof found;
    found.index = i;
    found.found = key->len > 0 && key->v.text[0] == 'a';
    if (found.found) {
      found.destination_id = Text("id-a");
      found.values = key;
      found.n_values = 1;
    }
    FILL(found);
    on_found(user, &found);
  }
  return PENSTOCK_OK;
}

static penstock_connector kTable = {
    sizeof(penstock_connector), 0, Open, Close, Check, Discover, Begin, Write, Finish, End};
static penstock_connector_lookup kLookup = {sizeof(penstock_connector_lookup), 0, Lookup};

static const void* GetExtension(const char* id) {
  return strcmp(id, PENSTOCK_CONNECTOR_LOOKUP) == 0 ? &kLookup : NULL;
}

const penstock_connector_entry penstock_connector_entry_v0 = {
    PENSTOCK_MAGIC,
    sizeof(penstock_connector_entry),
    PENSTOCK_ABI_MAJOR,
    PENSTOCK_ABI_MINOR,
    PENSTOCK_DRAFT_ID,
    TEST_MANIFEST(TEST_ID, TEST_MIN_HOST_MINOR),
    &kTable,
    GetExtension};
