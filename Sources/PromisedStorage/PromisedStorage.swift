// The first file of PromisedStorage.
