#pragma once
// All generated messages, in one header for Swift.
#include "google_rpc_status.pb-c.h"
#include "grpc_health_v1_health.pb-c.h"
#include "promised_v1_admin.pb-c.h"
#include "promised_v1_capacity.pb-c.h"
#include "promised_v1_common.pb-c.h"
#include "promised_v1_holds.pb-c.h"
#include "promised_v1_inventory.pb-c.h"
#include "promised_v1_meta.pb-c.h"
#include "promised_v1_network.pb-c.h"
#include "promised_v1_promises.pb-c.h"
#include "ttrpc_ttrpc.pb-c.h"
#include "promised_descriptor_set.h"
