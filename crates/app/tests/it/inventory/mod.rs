//! Stock that moves: every way leaves its movements, and orders hold no more than there is.

mod paths;
