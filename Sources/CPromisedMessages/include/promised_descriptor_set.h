#pragma once
// The serialised FileDescriptorSet of Protocol/.
extern const unsigned char promised_descriptor_set[];
extern const unsigned long promised_descriptor_set_size;
// Swift does not import an array of unstated length.
const unsigned char *promised_descriptor_set_bytes(void);
