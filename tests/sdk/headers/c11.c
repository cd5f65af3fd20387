#define TEST_NAME SizesC11
#include "abi_sizes.inc"
