//! What products refer to by name: looked up a chunk at a time, made where it is missing, and kept for the next chunk.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use tradepost_domain::catalog::{AttributeSchema, Product};
use tradepost_domain::kernel::Handle;
use tradepost_domain::kernel::ids::{BrandId, CategoryId, EntityId, ProductTypeId};
use tradepost_port::IdSource;
use tradepost_store::catalog::staging_refs::{self, CategoryRow, NamedRow};
use tradepost_store::{Client, StoreError, Tx};
use uuid::Uuid;

use super::draft::{Draft, Named};

/// Names kept between chunks at most; a file with more of them asks again.
const KEPT_MAX: usize = 10_000;

/// Things of one kind by handle, those among them that are to be made.
#[derive(Debug, Default)]
struct ByHandle {
    known: HashMap<String, Uuid>,
    new: Vec<NamedRow>,
}

impl ByHandle {
    fn missing<'a>(&self, named: impl Iterator<Item = Option<&'a Named>>) -> Vec<&'a str> {
        let missing: BTreeSet<&str> = named
            .flatten()
            .map(|named| named.handle.as_str())
            .filter(|handle| !self.known.contains_key(*handle))
            .collect();
        missing.into_iter().collect()
    }

    fn id(&mut self, named: &Named, ids: &dyn IdSource) -> Uuid {
        if let Some(id) = self.known.get(&named.handle) {
            return *id;
        }
        let id = ids.next_uuid();
        self.known.insert(named.handle.clone(), id);
        self.new.push(NamedRow { id, handle: named.handle.clone(), name: named.name.clone() });
        id
    }

    /// The new ones that are used, in the order of their handles, so that two imports never wait for each other in a
    /// circle; the others are forgotten.
    fn settle(&mut self, used: impl Fn(&Product) -> Option<Uuid>, written: &[&Product]) -> Vec<NamedRow> {
        if self.new.is_empty() {
            return Vec::new();
        }
        let used: HashSet<Uuid> = written.iter().filter_map(|product| used(product)).collect();
        let (mut kept, unused): (Vec<_>, Vec<_>) =
            self.new.drain(..).partition(|row: &NamedRow| used.contains(&row.id));
        for row in unused {
            self.known.remove(&row.handle);
        }
        kept.sort_by(|left, right| left.handle.cmp(&right.handle));
        kept
    }

    fn shrink(&mut self) {
        if self.known.len() > KEPT_MAX {
            self.known.clear();
        }
    }
}

/// The category tree, with the categories that are to be made.
#[derive(Debug, Default)]
struct Categories {
    nodes: BTreeMap<CategoryId, CategoryRow>,
    by_name: HashMap<(Option<CategoryId>, String), CategoryId>,
    handles: HashSet<String>,
    siblings: HashMap<Option<CategoryId>, i32>,
    new: Vec<CategoryId>,
}

impl Categories {
    fn add(&mut self, row: CategoryRow) {
        self.by_name.entry((row.parent_id, row.name.to_lowercase())).or_insert(row.id);
        self.handles.insert(row.handle.clone());
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
        let free = |handle: &Handle| !self.handles.contains(handle.as_str());
        if free(&own) {
            return Some(own.as_str().to_owned());
        }
        let parent = parent.and_then(|id| self.nodes.get(&id)).map(|row| row.handle.as_str());
        let long = Handle::from_title(&format!("{} {name}", parent.unwrap_or_default())).ok()?;
        let numbered = (2..u32::MAX).map(|number| long.with_suffix(number));
        let found = std::iter::once(long.clone()).chain(numbered).find(free)?;
        Some(found.as_str().to_owned())
    }

    fn id(&mut self, path: &[String], ids: &dyn IdSource) -> Option<CategoryId> {
        let mut parent_id = None;
        for name in path {
            let key = (parent_id, name.to_lowercase());
            if let Some(id) = self.by_name.get(&key) {
                parent_id = Some(*id);
                continue;
            }
            let handle = self.free_handle(name, parent_id)?;
            let position = self.siblings.get(&parent_id).copied().unwrap_or_default();
            let id: CategoryId = ids.next();
            self.add(CategoryRow { id, parent_id, handle, name: name.clone(), position });
            self.new.push(id);
            parent_id = Some(id);
        }
        parent_id
    }

    fn settle(&mut self, written: &[&Product]) -> Vec<CategoryRow> {
        if self.new.is_empty() {
            return Vec::new();
        }
        let mut used = HashSet::new();
        for product in written {
            let mut next = product.category_id;
            while let Some(id) = next
                && used.insert(id)
            {
                next = self.nodes.get(&id).and_then(|row| row.parent_id);
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

/// Brands, product types and categories of the shop, as far as the file names them.
#[derive(Debug, Default)]
pub struct Refs {
    brands: ByHandle,
    types: ByHandle,
    schemas: HashMap<ProductTypeId, Arc<AttributeSchema>>,
    categories: Categories,
    loaded: bool,
}

impl Refs {
    /// Looks up what a chunk names and is not known yet.
    pub async fn find(&mut self, client: &Client, drafts: &[Draft]) -> Result<(), StoreError> {
        if !self.loaded {
            for row in staging_refs::list_categories(client).await? {
                self.categories.add(row);
            }
            self.loaded = true;
        }
        self.brands.shrink();
        self.types.shrink();
        let brands = self.brands.missing(drafts.iter().map(|draft| draft.brand.as_ref()));
        if !brands.is_empty() {
            let found = staging_refs::find_brands(client, &brands).await?;
            self.brands.known.extend(found.into_iter().map(|(handle, id)| (handle, id.as_uuid())));
        }
        let types = self.types.missing(drafts.iter().map(|draft| draft.product_type.as_ref()));
        if !types.is_empty() {
            for (handle, id, schema) in staging_refs::find_types(client, &types).await? {
                self.types.known.insert(handle, id.as_uuid());
                if !schema.0.is_empty() {
                    self.schemas.insert(id, Arc::new(schema));
                }
            }
        }
        Ok(())
    }

    /// Fills in the ids of a draft, drawing them for what is missing.
    pub fn assign(&mut self, draft: &mut Draft, ids: &dyn IdSource) {
        let product = &mut draft.imported.product;
        product.brand_id = draft.brand.as_ref().map(|named| BrandId::from_uuid(self.brands.id(named, ids)));
        product.product_type_id =
            draft.product_type.as_ref().map(|named| ProductTypeId::from_uuid(self.types.id(named, ids)));
        product.category_id = self.categories.id(&draft.category, ids);
    }

    /// The schema of a product type, where it has one.
    pub fn schema(&self, id: Option<ProductTypeId>) -> Option<&Arc<AttributeSchema>> {
        id.and_then(|id| self.schemas.get(&id))
    }

    /// Makes what was missing and is used by the products that are written; forgets the rest.
    pub async fn create(&mut self, tx: &Tx, written: &[&Product], now: Timestamp) -> Result<(), StoreError> {
        let brands = self.brands.settle(|product| product.brand_id.map(|id| id.as_uuid()), written);
        staging_refs::insert_brands(tx, &brands, now).await?;
        let types = self.types.settle(|product| product.product_type_id.map(|id| id.as_uuid()), written);
        staging_refs::insert_types(tx, &types, now).await?;
        let categories = self.categories.settle(written);
        staging_refs::insert_categories(tx, &categories, now).await
    }
}
