//! The category tree: where a category may hang.

use std::collections::BTreeMap;

use crate::kernel::ids::CategoryId;
use crate::kernel::limits::CATEGORY_DEPTH_MAX;

/// Why a category cannot hang where it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CategoryTreeError {
    /// The parent does not exist.
    #[error("the parent category does not exist")]
    ParentNotFound,
    /// The parent is the category itself or lies below it.
    #[error("a category cannot lie below itself")]
    Cycle,
    /// The tree would be deeper than [`CATEGORY_DEPTH_MAX`] levels.
    #[error("the category tree has at most {CATEGORY_DEPTH_MAX} levels")]
    TooDeep,
}

/// The parents of all categories.
#[derive(Debug, Default)]
pub struct CategoryTree {
    parents: BTreeMap<CategoryId, Option<CategoryId>>,
}

impl CategoryTree {
    /// Of each category's id and its parent's.
    pub fn new(parents: impl IntoIterator<Item = (CategoryId, Option<CategoryId>)>) -> Self {
        Self { parents: parents.into_iter().collect() }
    }

    /// The path from the root to the category, both included; empty when the category is unknown.
    ///
    /// Stops at the limit of depth, so that a broken tree cannot hang the caller.
    pub fn path(&self, category: CategoryId) -> Vec<CategoryId> {
        let mut path = Vec::new();
        let mut next = self.parents.contains_key(&category).then_some(category);
        while let Some(current) = next {
            if path.len() > CATEGORY_DEPTH_MAX {
                break;
            }
            path.push(current);
            next = self.parents.get(&current).copied().flatten();
        }
        path.reverse();
        path
    }

    /// Levels below and including the category.
    fn height(&self, category: CategoryId) -> usize {
        let deepest = |other: &CategoryId| {
            let path = self.path(*other);
            path.iter().position(|node| *node == category).map_or(0, |index| path.len() - index)
        };
        self.parents.keys().map(deepest).max().unwrap_or(0).max(1)
    }

    /// Whether `category` (new or moved) may hang below `parent`.
    pub fn check_parent(
        &self,
        category: CategoryId,
        parent: Option<CategoryId>,
    ) -> Result<(), CategoryTreeError> {
        let Some(parent) = parent else { return Ok(()) };
        if !self.parents.contains_key(&parent) {
            return Err(CategoryTreeError::ParentNotFound);
        }
        let path = self.path(parent);
        if parent == category || path.contains(&category) {
            return Err(CategoryTreeError::Cycle);
        }
        if path.len() + self.height(category) > CATEGORY_DEPTH_MAX {
            return Err(CategoryTreeError::TooDeep);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::ids::EntityId;
    use uuid::Uuid;

    fn id(number: u128) -> CategoryId {
        CategoryId::from_uuid(Uuid::from_u128(number))
    }

    #[test]
    fn a_category_cannot_lie_below_itself_or_an_unknown_parent() {
        let tree = CategoryTree::new([(id(1), None), (id(2), Some(id(1))), (id(3), Some(id(2)))]);
        assert_eq!(tree.path(id(3)), [id(1), id(2), id(3)]);
        assert_eq!(tree.check_parent(id(1), Some(id(3))), Err(CategoryTreeError::Cycle));
        assert_eq!(tree.check_parent(id(1), Some(id(1))), Err(CategoryTreeError::Cycle));
        assert_eq!(tree.check_parent(id(1), Some(id(9))), Err(CategoryTreeError::ParentNotFound));
        assert_eq!(tree.check_parent(id(3), Some(id(1))), Ok(()));
    }

    #[test]
    fn a_moved_branch_counts_with_all_its_levels() {
        let chain = |from: u128, to: u128| {
            (from..=to).map(move |number| (id(number), (number > from).then(|| id(number - 1))))
        };
        let tree = CategoryTree::new(chain(1, 9).chain(chain(20, 21)));
        assert_eq!(tree.check_parent(id(20), Some(id(8))), Ok(()));
        assert_eq!(tree.check_parent(id(20), Some(id(9))), Err(CategoryTreeError::TooDeep));
        assert_eq!(tree.check_parent(id(30), Some(id(9))), Ok(()));
    }
}
