//! What products refer to by name: looked up a chunk at a time, made where it is missing, and kept for the next chunk.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use tradepost_domain::catalog::{AttributeSchema, Channel, Product};
use tradepost_domain::kernel::ids::{BrandId, CategoryId, ChannelId, CollectionId, EntityId, ProductTypeId};
use tradepost_domain::kernel::limits::COLLECTION_PRODUCTS_MAX;
use tradepost_port::IdSource;
use tradepost_store::catalog::export::StoredProduct;
use tradepost_store::catalog::staging::{ImportedPick, ImportedProduct};
use tradepost_store::catalog::staging_refs::{self, FoundCollection, FoundRow, NamedRow};
use tradepost_store::{Client, StoreError, Tx, channel};
use uuid::Uuid;

use super::category_refs::Categories;
use super::draft::{Draft, Given, Named};

/// Names kept between chunks at most; a file with more of them asks again.
const KEPT_MAX: usize = 10_000;

/// Why a draft cannot have what it refers to: field, code, message.
pub type RefIssue = (&'static str, &'static str, Cow<'static, str>);

/// Things of one kind by handle and by name, those among them that are to be made.
#[derive(Debug, Default)]
struct ByHandle {
    known: HashMap<String, Uuid>,
    /// Those whose name makes another handle than they have.
    by_name: HashMap<String, Uuid>,
    new: Vec<NamedRow>,
}

impl ByHandle {
    /// The one that is meant: by its handle before its name.
    fn get(&self, named: &Named) -> Option<Uuid> {
        let by_name = || self.by_name.get(&named.name).filter(|_| !named.by_handle);
        self.known.get(&named.handle).or_else(by_name).copied()
    }

    /// Handles and names to ask for.
    fn missing<'a>(&self, drafts: impl Iterator<Item = &'a Named>) -> Option<(Vec<&'a str>, Vec<&'a str>)> {
        let missing: Vec<&Named> = drafts.filter(|named| self.get(named).is_none()).collect();
        let handles: BTreeSet<&str> = missing.iter().map(|named| named.handle.as_str()).collect();
        let readable = missing.iter().filter(|named| !named.by_handle);
        let names: BTreeSet<&str> = readable.map(|named| named.name.as_str()).collect();
        let wanted = (handles.into_iter().collect(), names.into_iter().collect());
        if missing.is_empty() { None } else { Some(wanted) }
    }

    fn learn<T>(&mut self, rows: &[FoundRow<T>]) {
        for row in rows {
            self.known.insert(row.handle.clone(), row.id);
            if let Some(name) = &row.name {
                self.by_name.entry(name.clone()).or_insert(row.id);
            }
        }
    }

    fn id(&mut self, named: &Named, ids: &dyn IdSource) -> Uuid {
        self.get(named).unwrap_or_else(|| {
            let id = ids.next_uuid();
            self.known.insert(named.handle.clone(), id);
            self.new.push(NamedRow { id, handle: named.handle.clone(), name: named.name.clone() });
            id
        })
    }

    /// The new ones that are used, in the order of their handles, so that two imports never wait for each other in a
    /// circle; the others are forgotten.
    fn settle(&mut self, used: &HashSet<Uuid>) -> Vec<NamedRow> {
        let (mut kept, unused): (Vec<_>, Vec<_>) =
            self.new.drain(..).partition(|row: &NamedRow| used.contains(&row.id));
        for row in unused {
            self.known.remove(&row.handle);
        }
        kept.sort_by(|left, right| left.handle.cmp(&right.handle));
        kept
    }

    fn shrink(&mut self) {
        if self.known.len().max(self.by_name.len()) > KEPT_MAX {
            self.known.clear();
            self.by_name.clear();
        }
    }
}

/// What products of the shop refer to, as far as the file names it.
#[derive(Debug, Default)]
pub struct Refs {
    brands: ByHandle,
    types: ByHandle,
    schemas: HashMap<ProductTypeId, Arc<AttributeSchema>>,
    categories: Categories,
    collections: ByHandle,
    picked: HashMap<Uuid, FoundCollection>,
    channels: Vec<Channel>,
    loaded: bool,
}

impl Refs {
    /// Looks up what a chunk names and is not known yet.
    pub async fn find(&mut self, client: &Client, drafts: &[Draft]) -> Result<(), StoreError> {
        if !self.loaded {
            self.categories = Categories::of(staging_refs::list_categories(client).await?);
            self.channels = channel::list(client).await?;
            self.loaded = true;
        }
        self.brands.shrink();
        self.types.shrink();
        if let Some((handles, names)) =
            self.brands.missing(drafts.iter().filter_map(|it| it.references.brand.as_ref()))
        {
            self.brands.learn(&staging_refs::find_brands(client, &handles, &names).await?);
        }
        let types = self.types.missing(drafts.iter().filter_map(|it| it.references.product_type.as_ref()));
        if let Some((handles, names)) = types {
            let found = staging_refs::find_types(client, &handles, &names).await?;
            self.types.learn(&found);
            for row in found.into_iter().filter(|row| !row.about.0.is_empty()) {
                self.schemas.insert(ProductTypeId::from_uuid(row.id), Arc::new(row.about));
            }
        }
        self.find_collections(client, drafts).await
    }

    /// Collections are looked up anew for each chunk, for how full they are changes with every one.
    async fn find_collections(&mut self, client: &Client, drafts: &[Draft]) -> Result<(), StoreError> {
        self.collections = ByHandle::default();
        self.picked.clear();
        let named = drafts.iter().flat_map(|draft| &draft.references.picks).map(|pick| &pick.collection);
        let Some((handles, titles)) = self.collections.missing(named) else { return Ok(()) };
        let found = staging_refs::find_collections(client, &handles, &titles).await?;
        self.collections.learn(&found);
        self.picked.extend(found.iter().map(|row| (row.id, row.about)));
        Ok(())
    }

    /// Fills in the ids of a draft, drawing them for what is missing; answers what cannot be. `stored` is the product
    /// that it changes.
    pub fn assign(
        &mut self,
        draft: &mut Draft,
        stored: Option<&StoredProduct>,
        ids: &dyn IdSource,
    ) -> Vec<RefIssue> {
        let mut issues = Vec::new();
        let product = &mut draft.imported.product;
        product.brand_id =
            draft.references.brand.as_ref().map(|named| BrandId::from_uuid(self.brands.id(named, ids)));
        product.product_type_id = draft
            .references
            .product_type
            .as_ref()
            .map(|named| ProductTypeId::from_uuid(self.types.id(named, ids)));
        let mut find = |field, path: &[Named]| {
            let found = self.categories.id(path, ids);
            found.unwrap_or_else(|(code, message)| {
                issues.push((field, code, message));
                None
            })
        };
        product.category_id = find("category", &draft.references.category);
        product.category_ids.clear();
        for path in &draft.references.categories {
            let known = &product.category_ids;
            let further = find("categories", path).filter(|id: &CategoryId| !known.contains(id));
            product.category_ids.extend(further);
        }
        self.show(draft, &mut issues);
        self.pick(draft, stored, ids, &mut issues);
        issues
    }

    /// Channels are never made by an import: a product that was meant for one is not shown in others.
    fn show(&self, draft: &mut Draft, issues: &mut Vec<RefIssue>) {
        let Some(handles) = &draft.references.channels else { return };
        let mut found: Vec<ChannelId> = Vec::new();
        for handle in handles {
            match self.channels.iter().find(|channel| channel.handle.as_str() == handle.trim()) {
                Some(channel) if found.contains(&channel.id) => {}
                Some(channel) => found.push(channel.id),
                None => {
                    let message = format!("the shop has no channel `{}`: make it first", handle.trim());
                    issues.push(("channels", "unknown_channel", message.into()));
                }
            }
        }
        draft.imported.product.channel_ids = Some(found);
    }

    fn pick(
        &mut self,
        draft: &mut Draft,
        stored: Option<&StoredProduct>,
        ids: &dyn IdSource,
        issues: &mut Vec<RefIssue>,
    ) {
        if !draft.given.has(Given::PICKS) {
            return;
        }
        let max = i64::try_from(COLLECTION_PRODUCTS_MAX).unwrap_or(i64::MAX);
        let mut picks: Vec<ImportedPick> = Vec::with_capacity(draft.references.picks.len());
        for pick in &draft.references.picks {
            let id = self.collections.id(&pick.collection, ids);
            let collection_id = CollectionId::from_uuid(id);
            let about = self.picked.entry(id).or_insert(FoundCollection { is_manual: true, picked: 0 });
            let is_in = stored
                .is_some_and(|stored| stored.picks.iter().any(|pick| pick.collection_id == collection_id));
            about.picked = about.picked.saturating_add(i64::from(!is_in));
            if !about.is_manual {
                let message = format!("a rule picks the products of `{}`", pick.collection.name);
                issues.push(("collections", "collection_by_rule", message.into()));
            } else if about.picked > max {
                let message = format!("a collection has at most {max} products");
                issues.push(("collections", "too_many", message.into()));
            }
            if picks.iter().all(|other| other.collection_id != collection_id) {
                picks.push(ImportedPick { collection_id, position: pick.position });
            }
        }
        draft.imported.picks = Some(picks);
    }

    /// Whether everything that drafts were assigned is in the shop.
    pub fn are_there(&self) -> bool {
        let named = [&self.brands, &self.types, &self.collections];
        named.iter().all(|kind| kind.new.is_empty()) && self.categories.are_there()
    }

    /// Whether every collection that drafts were assigned takes `margin` products more.
    pub fn have_room(&self, margin: usize) -> bool {
        let room = COLLECTION_PRODUCTS_MAX.saturating_sub(margin);
        let has_room =
            |about: &FoundCollection| usize::try_from(about.picked).is_ok_and(|picked| picked <= room);
        self.picked.values().all(has_room)
    }

    /// The schema of a product type, where it has one.
    pub fn schema(&self, id: Option<ProductTypeId>) -> Option<&Arc<AttributeSchema>> {
        id.and_then(|id| self.schemas.get(&id))
    }

    /// Makes what was missing and is used by the products that are written; forgets the rest.
    pub async fn create(
        &mut self,
        tx: &Tx,
        written: &[&ImportedProduct],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let products = || written.iter().map(|imported| &imported.product);
        let used = |of: fn(&Product) -> Option<Uuid>| products().filter_map(of).collect();
        let brands = self.brands.settle(&used(|product| product.brand_id.map(|id| id.as_uuid())));
        staging_refs::insert_brands(tx, &brands, now).await?;
        let types = self.types.settle(&used(|product| product.product_type_id.map(|id| id.as_uuid())));
        staging_refs::insert_types(tx, &types, now).await?;
        let picks = written.iter().flat_map(|imported| imported.picks.iter().flatten());
        let collections = self.collections.settle(&picks.map(|pick| pick.collection_id.as_uuid()).collect());
        staging_refs::insert_collections(tx, &collections, now).await?;
        let categories = self.categories.settle(products());
        staging_refs::insert_categories(tx, &categories, now).await
    }
}
