#define TEST_NAME SizesCxx17
#include "abi_sizes.inc"
