//! The conditions of a plan, made ready to be asked of many products: for each, which choices it fails, and for each of its
//! variants the same.

use std::collections::HashSet;

use tradepost_port::search::plan::{Boost, QueryPlan};
use tradepost_port::search::{AttributeTest, Condition, FacetKey, FacetValue, Filter, Range};

use super::table::{Product, Table, VariantRow};
use super::values::ValueId;

/// Choices that can be told apart; those beyond narrow their own facet too.
const GROUPS_MAX: usize = 63;

/// One condition.
#[derive(Debug)]
enum Test {
    /// Has one of these values; sorted.
    Value(Vec<ValueId>),
    /// The variant has one of these values; sorted.
    Option(Vec<ValueId>),
    Price(Range<i64>),
    Stock(bool),
    Rating(Range<i64>),
    Row(HashSet<u32>),
    Any(Vec<Test>),
    Not(Box<Test>),
}

/// Whether a number is within bounds.
pub fn within<T: PartialOrd + Copy>(range: &Range<T>, value: T) -> bool {
    range.gte.is_none_or(|bound| value >= bound)
        && range.gt.is_none_or(|bound| value > bound)
        && range.lte.is_none_or(|bound| value <= bound)
        && range.lt.is_none_or(|bound| value < bound)
}

fn has_one(sorted: &[ValueId], values: &[ValueId]) -> bool {
    match sorted {
        [only] => values.contains(only),
        _ => values.iter().any(|value| sorted.binary_search(value).is_ok()),
    }
}

impl Test {
    fn of(condition: &Condition, table: &Table) -> Self {
        let handles = |key: FacetKey, handles: &[String]| {
            let wanted = handles.iter().map(|handle| FacetValue::Scalar(handle.as_str().into()));
            table.values.find(&key, wanted)
        };
        match condition {
            Condition::Is(Filter::Brand(wanted)) => Self::Value(handles(FacetKey::Brand, wanted)),
            Condition::Is(Filter::ProductType(wanted)) => Self::Value(handles(FacetKey::ProductType, wanted)),
            Condition::Is(Filter::Tag(wanted)) => Self::Value(handles(FacetKey::Tag, wanted)),
            Condition::Is(Filter::Option { name, values }) => {
                Self::Option(handles(FacetKey::Option(name.clone()), values))
            }
            Condition::Is(Filter::Attribute { path, test }) => {
                let key = FacetKey::Attribute(path.clone());
                Self::Value(match test {
                    AttributeTest::AnyOf(wanted) => {
                        table.values.find(&key, wanted.iter().cloned().map(FacetValue::Scalar))
                    }
                    AttributeTest::Within(range) => {
                        table.values.numbers(&key, |number| within(range, number))
                    }
                })
            }
            Condition::Is(Filter::Price(range)) => Self::Price(*range),
            Condition::Is(Filter::InStock(wanted)) => Self::Stock(*wanted),
            Condition::Is(Filter::Rating(range)) => Self::Rating(*range),
            Condition::Category(ids) => Self::Value(
                table.values.find(&FacetKey::Category, ids.iter().copied().map(FacetValue::Category)),
            ),
            Condition::Collection(ids) => Self::Value(
                table.values.find(&FacetKey::Collection, ids.iter().copied().map(FacetValue::Collection)),
            ),
            Condition::Product(ids) => Self::Row(ids.iter().filter_map(|id| table.find(*id)).collect()),
            Condition::Any(all) => Self::Any(all.iter().map(|inner| Self::of(inner, table)).collect()),
            Condition::Not(inner) => Self::Not(Box::new(Self::of(inner, table))),
        }
    }

    fn holds(&self, number: u32, product: &Product<'_>, variant: Option<&VariantRow>) -> bool {
        match self {
            Self::Value(wanted) => has_one(wanted, product.values),
            Self::Option(wanted) => {
                variant.is_some_and(|variant| has_one(wanted, product.options_of(variant)))
            }
            Self::Price(range) => variant.is_some_and(|variant| within(range, variant.price)),
            Self::Stock(wanted) => variant.is_some_and(|variant| variant.in_stock == *wanted),
            Self::Rating(range) => within(range, product.row.rating),
            Self::Row(rows) => rows.contains(&number),
            Self::Any(all) => all.iter().any(|inner| inner.holds(number, product, variant)),
            Self::Not(inner) => !inner.holds(number, product, variant),
        }
    }

    /// Rows that may meet it, if they are known without looking at all of them.
    fn rows<'t>(&self, table: &'t Table) -> Option<Vec<&'t [u32]>> {
        match self {
            Self::Value(values) | Self::Option(values) => {
                Some(values.iter().filter_map(|id| Some(table.values.get(*id)?.rows.as_slice())).collect())
            }
            _ => None,
        }
    }

    /// The range that it wants a price in.
    fn prices(&self) -> Option<Range<i64>> {
        match self {
            Self::Price(range) => Some(*range),
            _ => None,
        }
    }
}

/// A choice in a facet.
#[derive(Debug)]
struct Group {
    key: Option<FacetKey>,
    test: Test,
    about_variants: bool,
}

/// All conditions of a plan.
#[derive(Debug)]
pub struct Conditions {
    hard: Vec<Test>,
    hard_variant: Vec<Test>,
    groups: Vec<Group>,
    /// Bits of the choices that want a variant which meets them.
    variant_groups: u64,
    /// Whether anything depends on variants, or counts them.
    looks_at_variants: bool,
    /// Whether whatever is counted for a facet is a hit, and each of its variants counts.
    counts_hits: bool,
    /// Whether no variant may be orderable: as a filter, and the bits of choices that say so.
    sold_out: bool,
    sold_out_groups: u64,
}

/// How a product stands to the conditions.
#[derive(Debug, Default)]
pub struct Verdict {
    /// Bits of the choices on the product that it fails.
    failed: u64,
    /// For each variant that meets all filters, its place and the bits of choices that it fails.
    variants: Vec<(usize, u64)>,
    /// The bits of those that can be ordered.
    in_stock: Vec<u64>,
}

impl Conditions {
    /// Of a plan.
    pub fn of(plan: &QueryPlan, table: &Table) -> Self {
        let mut conditions = Self {
            hard: Vec::new(),
            hard_variant: Vec::new(),
            groups: Vec::new(),
            variant_groups: 0,
            looks_at_variants: false,
            counts_hits: false,
            sold_out: false,
            sold_out_groups: 0,
        };
        let (told_apart, beyond) = plan.groups.split_at(plan.groups.len().min(GROUPS_MAX));
        for condition in plan.filters.iter().chain(beyond) {
            if wants_sold_out(condition) {
                conditions.sold_out = true;
            } else if condition.is_about_variants() {
                conditions.hard_variant.push(Test::of(condition, table));
            } else {
                conditions.hard.push(Test::of(condition, table));
            }
        }
        for (place, condition) in told_apart.iter().enumerate() {
            let about_variants = condition.is_about_variants();
            let sold_out = wants_sold_out(condition);
            conditions.variant_groups |= u64::from(about_variants && !sold_out) << place;
            conditions.sold_out_groups |= u64::from(sold_out) << place;
            conditions.groups.push(Group {
                key: condition.facet(),
                test: Test::of(condition, table),
                about_variants: about_variants && !sold_out,
            });
        }
        let asks_variants = !conditions.hard_variant.is_empty() || conditions.sold_out;
        conditions.counts_hits = !asks_variants && conditions.groups.is_empty();
        conditions.looks_at_variants = asks_variants
            || conditions.variant_groups != 0
            || conditions.sold_out_groups != 0
            || (!plan.facets.is_empty() && !conditions.counts_hits);
        conditions
    }

    /// Whether whatever is counted for a facet is a hit, and each of its variants counts.
    pub fn counts_hits(&self) -> bool {
        self.counts_hits
    }

    /// Whether every product on the shelf meets them.
    pub fn are_none(&self) -> bool {
        self.counts_hits && self.hard.is_empty()
    }

    /// The bits of the choices that are of a facet.
    pub fn bits_of(&self, key: &FacetKey) -> u64 {
        let own = self.groups.iter().enumerate().filter(|(_, group)| group.key.as_ref() == Some(key));
        own.fold(0, |bits, (place, _)| bits | (1 << place))
    }

    /// Judges a product; `false` if it fails a filter, and so is nothing to any facet.
    pub fn judge(&self, number: u32, product: &Product<'_>, verdict: &mut Verdict) -> bool {
        if !product.row.on_shelf || !self.hard.iter().all(|test| test.holds(number, product, None)) {
            return false;
        }
        verdict.failed = 0;
        verdict.variants.clear();
        verdict.in_stock.clear();
        for (place, group) in self.groups.iter().enumerate() {
            let plain = !group.about_variants && self.sold_out_groups & (1 << place) == 0;
            if plain && !group.test.holds(number, product, None) {
                verdict.failed |= 1 << place;
            }
        }
        if !self.looks_at_variants {
            return true;
        }
        for (place, variant) in product.variants.iter().enumerate() {
            if !self.hard_variant.iter().all(|test| test.holds(number, product, Some(variant))) {
                continue;
            }
            let groups = self.groups.iter().enumerate().filter(|(_, group)| group.about_variants);
            let failed = groups
                .filter(|(_, group)| !group.test.holds(number, product, Some(variant)))
                .fold(0, |bits, (place, _)| bits | (1 << place));
            verdict.variants.push((place, failed));
            if variant.in_stock {
                verdict.in_stock.push(failed);
            }
        }
        true
    }

    /// Whether the product meets all but the choices of `own`.
    pub fn meets(&self, verdict: &Verdict, own: u64) -> bool {
        let is_orderable = || verdict.in_stock.iter().any(|failed| failed & !own == 0);
        self.meets_but_for_stock(verdict, own) && !(self.wants_sold_out(own) && is_orderable())
    }

    /// The same if it does not matter that no variant may be orderable: a size may be sold out where the product is not.
    pub fn meets_but_for_stock(&self, verdict: &Verdict, own: u64) -> bool {
        let wants_variant = !self.hard_variant.is_empty() || self.variant_groups & !own != 0;
        verdict.failed & !own == 0
            && (!wants_variant || verdict.variants.iter().any(|(_, failed)| failed & !own == 0))
    }

    /// Whether no variant may be orderable, `own` choices apart.
    pub fn wants_sold_out(&self, own: u64) -> bool {
        self.sold_out || self.sold_out_groups & !own != 0
    }

    /// Rows that may meet the narrowest filter whose rows are known, some of them perhaps twice; none if no such filter narrows it.
    /// Choices narrow it as filters do where nothing is counted beside them.
    pub fn narrow<'t>(&self, table: &'t Table, by_groups: bool) -> Option<Vec<&'t [u32]>> {
        let tests = self.hard.iter().chain(&self.hard_variant);
        let choices = self.groups.iter().filter(|_| by_groups).map(|group| &group.test);
        let known = tests.chain(choices).filter_map(|test| test.rows(table));
        let mut prices: Vec<Range<i64>> = self.hard_variant.iter().filter_map(Test::prices).collect();
        if by_groups {
            prices = self.prices();
        }
        let by_price = if prices.is_empty() { None } else { Some(table.costing(&prices)) };
        let count = |lists: &Vec<&[u32]>| lists.iter().map(|list| list.len()).sum::<usize>();
        let narrowest = known.chain(by_price).min_by_key(count)?;
        // Nearly all of them are sooner looked at as they lie.
        (count(&narrowest) < table.rows().len() / 2).then_some(narrowest)
    }

    /// Ranges in each of which every hit has a price.
    pub fn prices(&self) -> Vec<Range<i64>> {
        let choices = self.groups.iter().filter(|group| group.about_variants).map(|group| &group.test);
        self.hard_variant.iter().chain(choices).filter_map(Test::prices).collect()
    }
}

impl Verdict {
    /// Places of the variants that meet all but the choices of `own` on variants.
    pub fn variants(&self, own: u64) -> impl Iterator<Item = usize> {
        self.variants.iter().filter(move |(_, failed)| failed & !own == 0).map(|(place, _)| *place)
    }
}

/// Whether no variant may be orderable.
pub fn wants_sold_out(condition: &Condition) -> bool {
    match condition {
        Condition::Is(Filter::InStock(wanted)) => !wanted,
        Condition::Not(inner) => matches!(inner.as_ref(), Condition::Is(Filter::InStock(true))),
        _ => false,
    }
}

/// A condition that raises or sinks a score.
#[derive(Debug)]
struct Raise {
    test: Test,
    about_variants: bool,
    factor: f32,
}

/// What raises or sinks scores.
#[derive(Debug)]
pub struct Boosts(Vec<Raise>);

impl Boosts {
    /// Of a plan.
    pub fn of(plan: &QueryPlan, table: &Table) -> Self {
        let raises = plan.boosts.iter().map(|boost| Raise {
            test: Test::of(&boost.condition, table),
            about_variants: boost.condition.is_about_variants(),
            factor: boost.factor,
        });
        Self(raises.collect())
    }

    /// What the score of a product is multiplied by. A condition on variants holds if one variant meets it.
    pub fn factor(&self, number: u32, product: &Product<'_>) -> f32 {
        let holds = |raise: &&Raise| {
            if raise.about_variants {
                product.variants.iter().any(|variant| raise.test.holds(number, product, Some(variant)))
            } else {
                raise.test.holds(number, product, None)
            }
        };
        Boost::product(self.0.iter().filter(holds).map(|raise| raise.factor))
    }

    /// What a score is multiplied by at most.
    pub fn factor_max(&self) -> f32 {
        Boost::product(self.0.iter().map(|raise| raise.factor.max(1.0)))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
