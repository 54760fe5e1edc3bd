//! Handles within one file: each once, and numbers for titles that come again.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use tradepost_domain::kernel::Handle;

/// The handles that the file has used so far, as hashes: eight bytes a product however long they are.
#[derive(Debug, Default)]
pub(super) struct Handles {
    used: HashSet<u64>,
    /// The number to try next for titles that came more than once.
    next_number: HashMap<u64, u32>,
}

impl Handles {
    fn hash(handle: &Handle) -> u64 {
        let mut hasher = DefaultHasher::new();
        handle.as_str().hash(&mut hasher);
        hasher.finish()
    }

    /// Takes a handle; `false` when it is taken.
    pub(super) fn take(&mut self, handle: &Handle) -> bool {
        self.used.insert(Self::hash(handle))
    }

    /// The handle, or the first of `handle-2`, `handle-3`, … that is free in the file.
    pub(super) fn take_free(&mut self, handle: Handle) -> Handle {
        if self.take(&handle) {
            return handle;
        }
        let mut number = self.next_number.get(&Self::hash(&handle)).copied().unwrap_or(2);
        loop {
            let candidate = handle.with_suffix(number);
            number = number.saturating_add(1);
            if self.take(&candidate) {
                self.next_number.insert(Self::hash(&handle), number);
                return candidate;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_and_third_of_a_name_get_numbers_that_are_free() {
        let mut handles = Handles::default();
        let handle: Handle = "shoe".parse().unwrap();
        assert!(handles.take(&"shoe-2".parse().unwrap()));
        let taken: Vec<String> =
            (0..3).map(|_| handles.take_free(handle.clone()).as_str().to_owned()).collect();
        assert_eq!(taken, ["shoe", "shoe-3", "shoe-4"]);
        assert!(!handles.take(&handle));
    }
}
