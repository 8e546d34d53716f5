//! The process's one provider of cryptography.

/// Makes aws-lc-rs the provider of every TLS connection. First thing in every `main`: with two providers in one build
/// rustls refuses to guess, and does so only when the first connection is made.
pub fn install_provider() {
    // An error says that one is installed already.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
}
