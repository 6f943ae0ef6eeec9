// The first file of PromisedModel.
