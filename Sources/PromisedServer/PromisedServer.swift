// The first file of PromisedServer.
