/* The manifest of the connectors of this folder, for both sides. */
#ifndef PENSTOCK_TESTS_ABI_TEST_MANIFEST_H
#define PENSTOCK_TESTS_ABI_TEST_MANIFEST_H

#include "penstock/connector.h"

#define TEST_MANIFEST(id, min_host_minor)                           \
  "{\"manifest_version\": 1, \"id\": \"" id                         \
  "\", \"name\": \"Test\", \"version\": \"1.0.0\", "                \
  "\"abi\": {\"major\": 0, \"draft_id\": \"" PENSTOCK_DRAFT_ID      \
  "\", \"min_host_minor\": " min_host_minor "}, \"library\": \"" id \
  ".so\", \"config_schema\": {\"type\": \"object\"}, \"limiters\": [{\"name\": \"default\"}]}"

#endif
