// The first file of PromisedSequencer.
