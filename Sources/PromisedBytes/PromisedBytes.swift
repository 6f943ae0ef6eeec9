// The first file of PromisedBytes.
