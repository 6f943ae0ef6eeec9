// The first file of PromisedWire.
