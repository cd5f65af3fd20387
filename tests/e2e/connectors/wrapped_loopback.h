// The source of the loopback connector without its entry: a connector of a test wraps its classes.
#pragma once

#include "penstock/connector.hpp"

#pragma push_macro("PENSTOCK_CONNECTOR")
#undef PENSTOCK_CONNECTOR
#define PENSTOCK_CONNECTOR(Class, manifest)
#include "plugins/loopback/loopback.cc"
#pragma pop_macro("PENSTOCK_CONNECTOR")
