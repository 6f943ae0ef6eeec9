// The first file of PromisedEngine.
