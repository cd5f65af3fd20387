/* Libraries that a host must not take for connectors; which one is said by the definition FAULT_...
 */
#include "penstock/connector.h"
#include "tests/sdk/connectors/test_manifest.h"

#if defined(FAULT_NO_CONNECTOR)

PENSTOCK_EXPORT int something_else(void);
int something_else(void) { return 1; }

#elif defined(FAULT_OTHER_ABI)

PENSTOCK_EXPORT extern const uint32_t penstock_connector_entry_v7;
const uint32_t penstock_connector_entry_v7 = PENSTOCK_MAGIC;

#else

#if defined(FAULT_UNRESOLVED)
int no_library_has_this(void);
#endif

static penstock_status Open(const penstock_host* host, const penstock_call* call,
                            penstock_str config, penstock_destination** out) {
  (void)host, (void)call, (void)config, (void)out;
#if defined(FAULT_UNRESOLVED)
  return no_library_has_this();
#else
  return PENSTOCK_E_UNSUPPORTED;
#endif
}
static void Close(penstock_destination* destination) { (void)destination; }
static penstock_status Check(penstock_destination* destination, const penstock_call* call,
                             const penstock_sink* sink) {
  (void)destination, (void)call, (void)sink;
  return PENSTOCK_E_UNSUPPORTED;
}
static penstock_status Discover(penstock_destination* destination, const penstock_call* call,
                                penstock_str request, const penstock_sink* sink) {
  (void)destination, (void)call, (void)request, (void)sink;
  return PENSTOCK_E_UNSUPPORTED;
}
static penstock_status Begin(penstock_destination* destination, const penstock_call* call,
                             penstock_str assignment, const penstock_open_note* notes, size_t n,
                             size_t stride, penstock_writer** out) {
  (void)destination, (void)call, (void)assignment, (void)notes, (void)n, (void)stride, (void)out;
  return PENSTOCK_E_UNSUPPORTED;
}
static penstock_status Write(penstock_writer* writer, const penstock_call* call,
                             const penstock_batch* batch, const penstock_outcomes* outcomes) {
  (void)writer, (void)call, (void)batch, (void)outcomes;
  return PENSTOCK_E_UNSUPPORTED;
}
static penstock_status Finish(penstock_writer* writer, const penstock_call* call,
                              const penstock_outcomes* outcomes) {
  (void)writer, (void)call, (void)outcomes;
  return PENSTOCK_E_UNSUPPORTED;
}
static void End(penstock_writer* writer) { (void)writer; }

static const penstock_connector kTable = {sizeof(penstock_connector),
                                          0,
                                          Open,
                                          Close,
                                          Check,
                                          Discover,
#if defined(FAULT_TABLE)
                                          NULL,
#else
                                          Begin,
#endif
                                          Write,
                                          Finish,
                                          End};
#if defined(FAULT_TABLE)
static const void* const kUnused = (const void*)&Begin;
#endif

const penstock_connector_entry penstock_connector_entry_v0 = {
#if defined(FAULT_MAGIC)
    0xBAD,
#else
    PENSTOCK_MAGIC,
#endif
#if defined(FAULT_SIZE)
    16,
#else
    sizeof(penstock_connector_entry),
#endif
#if defined(FAULT_MAJOR)
    3,
#else
    PENSTOCK_ABI_MAJOR,
#endif
    PENSTOCK_ABI_MINOR,
#if defined(FAULT_DRAFT)
    "draft-of-another-day",
#else
    PENSTOCK_DRAFT_ID,
#endif
    TEST_MANIFEST(TEST_ID),
    &kTable,
    NULL};

#endif
