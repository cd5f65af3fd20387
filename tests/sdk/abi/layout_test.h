/* One thing of a header that has a place or a value. */
#ifndef PENSTOCK_TESTS_ABI_LAYOUT_TEST_H
#define PENSTOCK_TESTS_ABI_LAYOUT_TEST_H

#include <stddef.h>
#include <stdint.h>

typedef struct layout_entry {
  const char* name;
  int grows;      /* a struct that later minor versions may lengthen */
  uint64_t place; /* offset of a field, value of a constant */
  uint64_t size;
} layout_entry;

#endif
