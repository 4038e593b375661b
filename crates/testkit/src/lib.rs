//! Starts hubs, databases, providers and certificate authorities for the tests.
