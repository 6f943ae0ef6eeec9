// The first file of PromisedClient.
