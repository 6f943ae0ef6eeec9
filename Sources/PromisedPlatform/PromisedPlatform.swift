// The first file of PromisedPlatform.
