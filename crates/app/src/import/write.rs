//! Decides what becomes of the products of a chunk, and writes them.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use jiff::Timestamp;
use tradepost_domain::catalog::Product;
use tradepost_domain::kernel::ids::{ProductId, StockLocationId};
use tradepost_port::IdSource;
use tradepost_store::catalog::export::{self, StoredProduct};
use tradepost_store::catalog::media::{self, MediaAsset};
use tradepost_store::catalog::staging::{self, ImportedProduct, SkuOwner};
use tradepost_store::catalog::staging_refs;
use tradepost_store::{Client, StoreError, Tx};

use super::draft::{Draft, Given, MergeError};
use super::findings::{row_errors, variant_label};
use super::pictures;
use super::record::{Labels, RowError};
use super::refs::Refs;

/// What is to be done with the drafts of a chunk.
#[derive(Debug, Default)]
pub struct Decisions {
    /// Places of the drafts that are new.
    new: Vec<usize>,
    /// Products as they are to be.
    changed: Vec<ImportedProduct>,
    /// Products that are there already as the file has them.
    unchanged: u64,
    /// What is wrong with drafts.
    errors: Vec<RowError>,
    /// Drafts that are refused.
    failed: u64,
}

impl Decisions {
    fn refuse(&mut self, errors: impl IntoIterator<Item = RowError>) {
        self.errors.extend(errors);
        self.failed = self.failed.saturating_add(1);
    }

    fn new_among<'a>(&self, drafts: &'a [Draft]) -> Vec<&'a ImportedProduct> {
        let new = self.new.iter().filter_map(|place| drafts.get(*place));
        new.map(|draft| &draft.imported).collect()
    }

    /// What comes of it.
    pub fn into_tally(self) -> Tally {
        let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        Tally {
            created: count(self.new.len()),
            updated: count(self.changed.len()),
            unchanged: self.unchanged,
            failed: self.failed,
            errors: self.errors,
        }
    }
}

/// What has become of products.
#[derive(Debug, Default)]
pub struct Tally {
    /// Products that were not there before.
    pub created: u64,
    /// Products that were there and are different now.
    pub updated: u64,
    /// Products that were there as the file has them.
    pub unchanged: u64,
    /// Products that were not taken.
    pub failed: u64,
    /// What is wrong with those.
    pub errors: Vec<RowError>,
}

impl Tally {
    /// With another part.
    pub(super) fn add(&mut self, part: Self) {
        let Self { created, updated, unchanged, failed, errors } = part;
        self.created = self.created.saturating_add(created);
        self.updated = self.updated.saturating_add(updated);
        self.unchanged = self.unchanged.saturating_add(unchanged);
        self.failed = self.failed.saturating_add(failed);
        self.errors.extend(errors);
    }

    /// With a product that was not taken.
    pub(super) fn refuse(&mut self, error: RowError) {
        self.failed = self.failed.saturating_add(1);
        self.errors.push(error);
    }
}

/// Drafts that are dealt with together, and what the file calls their fields.
pub type Part<'a> = (&'a mut [Draft], &'a dyn Labels);

/// Who has which SKU and handle before the chunk.
struct Shop {
    handles: HashMap<String, ProductId>,
    skus: HashMap<String, SkuOwner>,
}

/// Writes chunks one after another.
pub struct Writer {
    ids: Arc<dyn IdSource>,
    refs: Refs,
    location: Option<StockLocationId>,
    /// In a dry run nothing that came before is in the shop: the SKUs of the file, as hashes.
    dry_skus: Option<HashSet<u64>>,
}

impl Writer {
    /// For one run.
    pub fn new(ids: Arc<dyn IdSource>, location: Option<StockLocationId>, dry_run: bool) -> Self {
        Self { ids, refs: Refs::default(), location, dry_skus: dry_run.then(HashSet::new) }
    }

    /// Forgets what it has read, and the location that it may have made: a transaction was given up, or the shop has
    /// changed.
    pub fn forget(&mut self, location: Option<StockLocationId>) {
        self.refs = Refs::default();
        self.location = location;
    }

    /// Makes the tables of the session that writing changed products needs.
    pub async fn prepare(tx: &Tx) -> Result<(), StoreError> {
        staging::create_stage(tx).await
    }

    /// Decides and writes; `None`, and the transaction must be given up, when the shop has changed meanwhile.
    pub async fn decide_and_write(
        &mut self,
        tx: &Tx,
        (drafts, labels): Part<'_>,
        now: Timestamp,
    ) -> Result<Option<Tally>, StoreError> {
        let decisions = self.decide(tx, (&mut *drafts, labels), now).await?;
        let written = self.write(tx, (drafts, &decisions), now).await?;
        Ok(written.then(|| decisions.into_tally()))
    }

    /// Decides, without writing.
    pub async fn decide(
        &mut self,
        client: &Client,
        (drafts, labels): Part<'_>,
        now: Timestamp,
    ) -> Result<Decisions, StoreError> {
        let mut decisions = Decisions::default();
        if self.location.is_none() {
            self.location = staging_refs::find_default_location(client).await?;
        }
        settle_pictures(client, drafts).await?;
        let shop = shop(client, drafts).await?;
        self.refs.find(client, drafts).await?;
        let targets = self.targets(&shop, (drafts, labels), &mut decisions);
        let known: Vec<ProductId> = targets.iter().filter_map(|(_, target)| *target).collect();
        let stored = export::get_products(client, &known, self.location).await?;
        let stored: HashMap<ProductId, StoredProduct> =
            stored.into_iter().map(|stored| (stored.product.id, stored)).collect();
        for (place, target) in targets {
            let Some(draft) = drafts.get_mut(place) else { continue };
            let stored = target.and_then(|id| stored.get(&id));
            let issues = self.refs.assign(draft, stored, self.ids.as_ref());
            if !issues.is_empty() {
                let label = |field| Some(labels.label(field, None));
                let error = |(field, code, message)| RowError::new(draft.line, label(field), code, message);
                decisions.refuse(issues.into_iter().map(error));
                continue;
            }
            match stored {
                None => match self.check_schema(draft, &draft.imported.product, labels) {
                    Ok(()) => decisions.new.push(place),
                    Err(errors) => decisions.refuse(errors),
                },
                Some(stored) => match self.merge(draft, stored, (labels, now)) {
                    Ok(Some(changed)) => decisions.changed.push(changed),
                    Ok(None) => decisions.unchanged = decisions.unchanged.saturating_add(1),
                    Err(errors) => decisions.refuse(errors),
                },
            }
        }
        Ok(decisions)
    }

    /// For each draft that is not refused the product that it is to change.
    fn targets(
        &mut self,
        shop: &Shop,
        (drafts, labels): (&[Draft], &dyn Labels),
        decisions: &mut Decisions,
    ) -> Vec<(usize, Option<ProductId>)> {
        let mut targets = Vec::with_capacity(drafts.len());
        let mut taken: HashSet<ProductId> = HashSet::new();
        let mut skus: HashMap<&str, &str> = HashMap::new();
        for (place, draft) in drafts.iter().enumerate() {
            let product = &draft.imported.product;
            let mut target = shop.handles.get(product.handle.as_str()).copied();
            if !draft.has_handle {
                let mut own = product.variants.iter().filter_map(|variant| variant.sku.as_ref());
                let owner = own.find_map(|sku| shop.skus.get(sku));
                target = owner.map(|owner| owner.product_id).or(target);
            }
            let mut errors = sku_errors(draft, target, (shop, &skus), labels);
            errors.extend(self.dry_errors(draft, labels));
            if let Some(target) = target
                && errors.is_empty()
                && !taken.insert(target)
            {
                let message = "an earlier product of the file is the same product of the shop";
                errors.push(RowError::new(draft.line, None, "duplicate_product", message));
            }
            if !errors.is_empty() {
                decisions.refuse(errors);
                continue;
            }
            for sku in product.variants.iter().filter_map(|variant| variant.sku.as_deref()) {
                skus.insert(sku, product.handle.as_str());
            }
            targets.push((place, target));
        }
        targets
    }

    /// In a dry run: SKUs that an earlier chunk would have taken.
    fn dry_errors(&mut self, draft: &Draft, labels: &dyn Labels) -> Vec<RowError> {
        let Some(seen) = &mut self.dry_skus else { return Vec::new() };
        let mut errors = Vec::new();
        for (index, variant) in draft.imported.product.variants.iter().enumerate() {
            let Some(sku) = &variant.sku else { continue };
            let mut hasher = DefaultHasher::new();
            sku.hash(&mut hasher);
            if !seen.insert(hasher.finish()) {
                let message = format!("an earlier product of the file has the SKU `{sku}`");
                errors.push(sku_error(draft, index, message, labels));
            }
        }
        errors
    }

    fn check_schema(
        &self,
        draft: &Draft,
        product: &Product,
        labels: &dyn Labels,
    ) -> Result<(), Vec<RowError>> {
        let Some(schema) = self.refs.schema(product.product_type_id) else { return Ok(()) };
        let issues = schema.check(&product.attributes);
        if issues.is_empty() { Ok(()) } else { Err(row_errors(issues, (draft.line, &[], true), labels)) }
    }

    /// The product as it is to be, if that is different from what it is.
    fn merge(
        &self,
        draft: &Draft,
        stored: &StoredProduct,
        (labels, now): (&dyn Labels, Timestamp),
    ) -> Result<Option<ImportedProduct>, Vec<RowError>> {
        let refused = |code, message: String| {
            vec![RowError::new(draft.line, Some(labels.label("variants", None)), code, message)]
        };
        let (merged, changed) = draft.lay_over(stored, now).map_err(|error| match error {
            MergeError::VariantsRequired => refused(
                "variants_required",
                "the product has several variants: list them with their prices".to_owned(),
            ),
            MergeError::StockPromised(variant) => refused(
                "stock_promised",
                format!("orders hold more units of `{variant}` than would lie there"),
            ),
            MergeError::VariantInUse(variant) => refused(
                "variant_in_use",
                format!(
                    "`{variant}` is missing from the file and cannot be removed while orders hold units of it"
                ),
            ),
        })?;
        if !changed {
            return Ok(None);
        }
        // What was valid in the file may not be so together with what was there.
        let mut schema = self.refs.schema(merged.product.product_type_id).cloned().unwrap_or_default();
        if merged.product.product_type_id == stored.product.product_type_id {
            // The schema may have changed since: the file answers for the attributes that it speaks of.
            schema = schema.of_keys(|key| draft.attributes().contains_key(key)).into();
        }
        if let Err(issues) = merged.product.validate(&schema) {
            let lines: Vec<u64> = draft.variants.iter().map(|variant| variant.line).collect();
            return Err(row_errors(issues, (draft.line, &lines, draft.given.has(Given::VARIANTS)), labels));
        }
        Ok(Some(merged))
    }

    /// Writes what was decided; `false`, and the transaction must be given up, when the shop has changed meanwhile.
    async fn write(
        &mut self,
        tx: &Tx,
        (drafts, decisions): (&[Draft], &Decisions),
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let new = decisions.new_among(drafts);
        let changed: Vec<&ImportedProduct> = decisions.changed.iter().collect();
        let written: Vec<&ImportedProduct> = new.iter().chain(&changed).copied().collect();
        self.refs.create(tx, &written, now).await?;
        if self.location.is_none() && is_counted(&written) {
            let id = self.ids.next();
            staging_refs::insert_default_location(tx, id, now).await?;
            self.location = Some(id);
        }
        // Changed products let go of their SKUs before new ones take them.
        if !changed.is_empty() {
            Self::prepare(tx).await?;
        }
        if !staging::update_products(tx, &changed, self.location, now).await? {
            return Ok(false);
        }
        staging::insert_products(tx, &new, self.location, now).await?;
        staging::pick_products(tx, &new, now).await?;
        Ok(true)
    }

    /// Decides a chunk that is to be written while the one before it is not committed yet, if nothing of it can depend
    /// on that one: all products are new, and each collection has room. `None` when it is no such chunk; `margin` says
    /// how many products the one before has at most.
    pub async fn decide_ahead(
        &mut self,
        client: &Client,
        ((drafts, labels), margin): (Part<'_>, usize),
        now: Timestamp,
    ) -> Result<Option<Decisions>, StoreError> {
        let decisions = self.decide(client, (&mut *drafts, labels), now).await?;
        let new = decisions.new_among(drafts);
        let no_place = self.location.is_none() && is_counted(&new);
        let is_ahead = new.len() == drafts.len() && !no_place && self.refs.have_room(margin);
        Ok(is_ahead.then_some(decisions))
    }

    /// Whether what products refer to is there already, all of it.
    pub fn finds_all(&self) -> bool {
        self.refs.are_there()
    }

    /// Makes what new products refer to and is not there yet.
    pub async fn make_refs(
        &mut self,
        tx: &Tx,
        (drafts, decisions): (&[Draft], &Decisions),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.refs.create(tx, &decisions.new_among(drafts), now).await
    }

    /// Writes what was decided ahead, and what it refers to is there. What is still to be done with it when the chunk
    /// before is committed does [`Writer::finish_ahead`].
    pub async fn write_ahead(
        &self,
        tx: &Tx,
        (drafts, decisions): (&[Draft], &Decisions),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        staging::insert_products(tx, &decisions.new_among(drafts), self.location, now).await
    }

    /// Does what must see the chunk before: places in collections follow each other.
    pub async fn finish_ahead(
        tx: &Tx,
        (drafts, decisions): (&[Draft], Decisions),
        now: Timestamp,
    ) -> Result<Tally, StoreError> {
        staging::pick_products(tx, &decisions.new_among(drafts), now).await?;
        Ok(decisions.into_tally())
    }
}

fn is_counted(products: &[&ImportedProduct]) -> bool {
    products.iter().any(|imported| imported.stock.iter().any(Option::is_some))
}

/// Stored pictures get their size; of those that are not stored here only the name is kept.
async fn settle_pictures(client: &Client, drafts: &mut [Draft]) -> Result<(), StoreError> {
    let blobs: BTreeSet<&str> = drafts
        .iter()
        .flat_map(|draft| &draft.imported.product.media)
        .filter_map(pictures::named_by_hash)
        .collect();
    if blobs.is_empty() {
        return Ok(());
    }
    let blobs: Vec<&str> = blobs.into_iter().collect();
    let assets = media::find(client, &blobs).await?;
    let assets: HashMap<String, MediaAsset> =
        assets.into_iter().map(|asset| (asset.blob.clone(), asset)).collect();
    for draft in drafts {
        pictures::settle(draft, &assets);
    }
    Ok(())
}

async fn shop(client: &Client, drafts: &[Draft]) -> Result<Shop, StoreError> {
    let handles: Vec<&str> = drafts.iter().map(|draft| draft.imported.product.handle.as_str()).collect();
    let variants = drafts.iter().flat_map(|draft| &draft.imported.product.variants);
    let skus: Vec<&str> = variants.filter_map(|variant| variant.sku.as_deref()).collect();
    let (handles, skus) =
        tokio::try_join!(staging::find_products(client, &handles), staging::find_skus(client, &skus))?;
    Ok(Shop {
        handles: handles.into_iter().collect(),
        skus: skus.into_iter().map(|owner| (owner.sku.clone(), owner)).collect(),
    })
}

fn sku_error(draft: &Draft, index: usize, message: String, labels: &dyn Labels) -> RowError {
    let line = draft.variants.get(index).map_or(draft.line, |variant| variant.line);
    let label = variant_label(labels, "sku", draft.given.has(Given::VARIANTS).then_some(index));
    RowError::new(line, Some(label), "sku_taken", message)
}

/// SKUs that belong to another product, of the shop or of this chunk.
fn sku_errors(
    draft: &Draft,
    target: Option<ProductId>,
    (shop, earlier): (&Shop, &HashMap<&str, &str>),
    labels: &dyn Labels,
) -> Vec<RowError> {
    let mut errors = Vec::new();
    for (index, variant) in draft.imported.product.variants.iter().enumerate() {
        let Some(sku) = variant.sku.as_deref() else { continue };
        let other = shop.skus.get(sku).filter(|owner| Some(owner.product_id) != target);
        let handle = other.map(|owner| owner.handle.as_str()).or_else(|| earlier.get(sku).copied());
        if let Some(handle) = handle {
            let message = format!("the product `{handle}` has the SKU `{sku}`");
            errors.push(sku_error(draft, index, message, labels));
        }
    }
    errors
}
