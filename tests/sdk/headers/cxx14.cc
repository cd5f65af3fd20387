#define TEST_NAME SizesCxx14
#include "abi_sizes.inc"
