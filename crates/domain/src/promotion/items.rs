//! Which items of a cart a rule is about: products, variants, categories, collections, brands, types or tags.

use crate::kernel::ids::{BrandId, CategoryId, CollectionId, ProductId, ProductTypeId, VariantId};

/// Most entries of all lists of one selection together.
pub const ITEMS_MAX: usize = 500;
/// Characters of a tag in a rule.
const TAG_LEN_MAX: usize = 255;

/// What a rule can know of the thing on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemFacts {
    /// Product.
    pub product_id: ProductId,
    /// Variant.
    pub variant_id: VariantId,
    /// Categories, all their ancestors among them.
    pub category_ids: Vec<CategoryId>,
    /// Collections that it belongs to, by hand or by rule.
    pub collection_ids: Vec<CollectionId>,
    /// Brand.
    pub brand_id: Option<BrandId>,
    /// Product type.
    pub product_type_id: Option<ProductTypeId>,
    /// Tags.
    pub tags: Vec<String>,
}

/// A selection of items: those on any of its lists; everything when all lists are empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Lists", into = "Lists")]
pub struct Items(Lists);

/// The lists of a selection.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lists {
    /// Products.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<ProductId>,
    /// Variants.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<VariantId>,
    /// Categories, with all below them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<CategoryId>,
    /// Collections.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub collections: Vec<CollectionId>,
    /// Brands.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub brands: Vec<BrandId>,
    /// Product types.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub product_types: Vec<ProductTypeId>,
    /// Tags, compared to the letter.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// A selection that is too large.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a selection of items has at most {ITEMS_MAX} entries, and tags are one line of at most {TAG_LEN_MAX} characters"
)]
pub struct ItemsError;

impl Lists {
    fn len(&self) -> usize {
        [
            self.products.len(),
            self.variants.len(),
            self.categories.len(),
            self.collections.len(),
            self.brands.len(),
            self.product_types.len(),
            self.tags.len(),
        ]
        .iter()
        .sum()
    }
}

impl Items {
    /// Everything.
    pub fn all() -> Self {
        Self::default()
    }

    /// Whether the item is selected.
    pub fn matches(&self, item: &ItemFacts) -> bool {
        let lists = &self.0;
        lists.len() == 0
            || lists.products.contains(&item.product_id)
            || lists.variants.contains(&item.variant_id)
            || lists.categories.iter().any(|id| item.category_ids.contains(id))
            || lists.collections.iter().any(|id| item.collection_ids.contains(id))
            || item.brand_id.is_some_and(|id| lists.brands.contains(&id))
            || item.product_type_id.is_some_and(|id| lists.product_types.contains(&id))
            || lists.tags.iter().any(|tag| item.tags.contains(tag))
    }
}

impl TryFrom<Lists> for Items {
    type Error = ItemsError;

    fn try_from(lists: Lists) -> Result<Self, ItemsError> {
        let odd = |tag: &String| tag.chars().count() > TAG_LEN_MAX || tag.chars().any(char::is_control);
        if lists.len() > ITEMS_MAX || lists.tags.iter().any(odd) { Err(ItemsError) } else { Ok(Self(lists)) }
    }
}

impl From<Items> for Lists {
    fn from(items: Items) -> Self {
        items.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::ids::EntityId;
    use uuid::Uuid;

    fn id<T: EntityId>(number: u128) -> T {
        T::from_uuid(Uuid::from_u128(number))
    }

    fn item() -> ItemFacts {
        ItemFacts {
            product_id: id(1),
            variant_id: id(2),
            category_ids: vec![id(3), id(4)],
            collection_ids: vec![id(5)],
            brand_id: Some(id(6)),
            product_type_id: Some(id(7)),
            tags: vec!["sale".to_owned()],
        }
    }

    #[test]
    fn an_item_is_selected_by_any_list_and_by_none_at_all() {
        let select = |lists: Lists| Items::try_from(lists).unwrap().matches(&item());
        assert!(Items::all().matches(&item()));
        for (number, expected) in [(1, true), (9, false)] {
            assert_eq!(select(Lists { products: vec![id(number)], ..Lists::default() }), expected);
        }
        for (number, expected) in [(2, true), (9, false)] {
            assert_eq!(select(Lists { variants: vec![id(number)], ..Lists::default() }), expected);
        }
        for (number, expected) in [(4, true), (9, false)] {
            assert_eq!(select(Lists { categories: vec![id(number)], ..Lists::default() }), expected);
        }
        for (number, expected) in [(5, true), (9, false)] {
            assert_eq!(select(Lists { collections: vec![id(number)], ..Lists::default() }), expected);
        }
        for (number, expected) in [(6, true), (9, false)] {
            assert_eq!(select(Lists { brands: vec![id(number)], ..Lists::default() }), expected);
        }
        for (number, expected) in [(7, true), (9, false)] {
            assert_eq!(select(Lists { product_types: vec![id(number)], ..Lists::default() }), expected);
        }
        for (tag, expected) in [("sale", true), ("Sale", false)] {
            assert_eq!(select(Lists { tags: vec![tag.to_owned()], ..Lists::default() }), expected);
        }
        assert!(select(Lists { products: vec![id(9)], tags: vec!["sale".to_owned()], ..Lists::default() }));
    }

    #[test]
    fn a_selection_reads_back_and_has_a_limit() {
        let text = r#"{"tags":["sale"]}"#;
        let items: Items = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&items).unwrap(), text);
        assert!(serde_json::from_str::<Items>(r#"{"colours":[]}"#).is_err());
        let many = |count: u128| Lists { products: (0..count).map(id).collect(), ..Lists::default() };
        assert!(Items::try_from(many(500)).is_ok());
        assert_eq!(Items::try_from(many(501)), Err(ItemsError));
        let tag = |length| Lists { tags: vec!["x".repeat(length)], ..Lists::default() };
        assert!(Items::try_from(tag(255)).is_ok());
        assert_eq!(Items::try_from(tag(256)), Err(ItemsError));
        assert_eq!(
            Items::try_from(Lists { tags: vec!["a\0".to_owned()], ..Lists::default() }),
            Err(ItemsError)
        );
        let all_lists = Lists {
            products: vec![id(1)],
            variants: vec![id(1)],
            categories: vec![id(1)],
            collections: vec![id(1)],
            brands: vec![id(1)],
            product_types: vec![id(1)],
            tags: vec!["a".to_owned()],
        };
        assert_eq!(all_lists.len(), 7);
    }
}
