// The first file of PromisedImport.
