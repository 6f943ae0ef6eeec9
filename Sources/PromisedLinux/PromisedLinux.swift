// The first file of PromisedLinux.
