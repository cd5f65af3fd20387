#define TEST_NAME SizesCxx20
#include "abi_sizes.inc"
