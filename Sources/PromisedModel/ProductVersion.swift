/// The version that the server and the client tool state of themselves.
package enum ProductVersion {
  package static var text: String { "0.1.0" }
}
