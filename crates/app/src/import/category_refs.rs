//! The category tree as an import knows it: found by path, and grown where the file names what is not there.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use tradepost_domain::catalog::Product;
use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::CategoryId;
use tradepost_domain::kernel::limits::CATEGORY_DEPTH_MAX;
use tradepost_port::IdSource;
use tradepost_store::catalog::staging_refs::CategoryRow;

use super::draft::Named;

/// Why there can be no category at a path: code, message.
pub(super) type CategoryIssue = (&'static str, Cow<'static, str>);

/// The category tree, with the categories that are to be made.
#[derive(Debug, Default)]
pub(super) struct Categories {
    nodes: BTreeMap<CategoryId, CategoryRow>,
    by_name: HashMap<(Option<CategoryId>, String), CategoryId>,
    handles: HashMap<String, CategoryId>,
    siblings: HashMap<Option<CategoryId>, i32>,
    new: Vec<CategoryId>,
}

impl Categories {
    /// The tree that is there.
    pub(super) fn of(rows: Vec<CategoryRow>) -> Self {
        let mut tree = Self::default();
        for row in rows {
            tree.add(row);
        }
        tree
    }

    fn add(&mut self, row: CategoryRow) {
        self.by_name.entry((row.parent_id, row.name.to_lowercase())).or_insert(row.id);
        self.handles.insert(row.handle.clone(), row.id);
        let siblings = self.siblings.entry(row.parent_id).or_default();
        *siblings = siblings.saturating_add(1);
        self.nodes.insert(row.id, row);
    }

    fn forget(&mut self, id: CategoryId) {
        if let Some(row) = self.nodes.remove(&id) {
            self.by_name.remove(&(row.parent_id, row.name.to_lowercase()));
            self.handles.remove(&row.handle);
        }
    }

    /// A handle that is free: of the name, of the parent's and the name, or with a number.
    fn free_handle(&self, name: &str, parent: Option<CategoryId>) -> Option<String> {
        let own = Handle::from_title(name).ok()?;
        let free = |handle: &Handle| !self.handles.contains_key(handle.as_str());
        if free(&own) {
            return Some(own.as_str().to_owned());
        }
        let parent = parent.and_then(|id| self.nodes.get(&id)).map(|row| row.handle.as_str());
        let long = Handle::from_title(&format!("{} {name}", parent.unwrap_or_default())).ok()?;
        let numbered = (2..u32::MAX).map(|number| long.with_suffix(number));
        let found = std::iter::once(long.clone()).chain(numbered).find(free)?;
        Some(found.as_str().to_owned())
    }

    /// Categories from one up to the root, with itself.
    fn depth(&self, category: Option<CategoryId>) -> usize {
        let above = |id: &CategoryId| self.nodes.get(id).and_then(|row| row.parent_id);
        // A tree that were no tree would end here, too.
        std::iter::successors(category, above).take(CATEGORY_DEPTH_MAX).count()
    }

    /// The category at a path, made where it is missing: each step by its handle wherever that is, or else by its name
    /// below the step before.
    pub(super) fn id(
        &mut self,
        path: &[Named],
        ids: &dyn IdSource,
    ) -> Result<Option<CategoryId>, CategoryIssue> {
        let mut parent_id = None;
        for step in path {
            let by_name = || self.by_name.get(&(parent_id, step.name.to_lowercase()));
            let known = if step.by_handle { self.handles.get(&step.handle) } else { by_name() };
            if let Some(id) = known {
                parent_id = Some(*id);
                continue;
            }
            if self.depth(parent_id) >= CATEGORY_DEPTH_MAX {
                return Err(("too_deep", format!("at most {CATEGORY_DEPTH_MAX} levels").into()));
            }
            let handle = if step.by_handle {
                step.handle.clone()
            } else {
                let free = self.free_handle(&step.name, parent_id);
                free.ok_or(("invalid_name", "no handle can be made of the name".into()))?
            };
            let position = self.siblings.get(&parent_id).copied().unwrap_or_default();
            let id: CategoryId = ids.next();
            self.add(CategoryRow { id, parent_id, handle, name: step.name.clone(), position });
            self.new.push(id);
            parent_id = Some(id);
        }
        Ok(parent_id)
    }

    /// Whether none is to be made.
    pub(super) fn are_there(&self) -> bool {
        self.new.is_empty()
    }

    /// The new ones that are used, parents first; the others are forgotten.
    pub(super) fn settle<'a>(&mut self, written: impl Iterator<Item = &'a Product>) -> Vec<CategoryRow> {
        if self.new.is_empty() {
            return Vec::new();
        }
        let mut used = HashSet::new();
        for product in written {
            for category in product.category_id.iter().chain(&product.category_ids) {
                let mut next = Some(*category);
                while let Some(id) = next
                    && used.insert(id)
                {
                    next = self.nodes.get(&id).and_then(|row| row.parent_id);
                }
            }
        }
        let (kept, unused): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.new).into_iter().partition(|id| used.contains(id));
        for id in unused {
            self.forget(id);
        }
        kept.iter().filter_map(|id| self.nodes.get(id).cloned()).collect()
    }
}
