//! The use cases of the hub, and the order of their steps.
