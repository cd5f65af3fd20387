#define TEST_NAME SizesCxx11
#include "abi_sizes.inc"
