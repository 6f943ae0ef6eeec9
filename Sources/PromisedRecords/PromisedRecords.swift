// The first file of PromisedRecords.
