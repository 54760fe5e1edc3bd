//! Shapes of the types of `domain` that rules are made of, for the API document.
#![expect(dead_code, reason = "they describe types of `domain`, which knows no API document")]

use utoipa::ToSchema;

/// An amount of money.
#[derive(Debug, ToSchema)]
pub struct AmountShape {
    /// Minor units of the currency.
    #[schema(minimum = 0, maximum = 10_000_000_000_000_i64)]
    amount: i64,
    /// Code of ISO 4217.
    currency: String,
}

/// A country, or a part of one.
#[derive(Debug, ToSchema)]
pub struct PlaceShape {
    /// Country (ISO 3166-1 alpha-2).
    country: String,
    /// Only this state or province.
    #[schema(min_length = 1, max_length = 100)]
    region: Option<String>,
    /// Only postal codes that begin so.
    #[schema(min_length = 1, max_length = 100)]
    postal_prefix: Option<String>,
}

/// A selection of items: those on any of its lists; everything when all lists are empty. They have 500
/// entries together at most.
#[derive(Debug, ToSchema)]
pub struct ItemsShape {
    /// Products.
    #[schema(required = false)]
    products: Vec<String>,
    /// Variants.
    #[schema(required = false)]
    variants: Vec<String>,
    /// Categories, with all below them.
    #[schema(required = false)]
    categories: Vec<String>,
    /// Collections.
    #[schema(required = false)]
    collections: Vec<String>,
    /// Brands.
    #[schema(required = false)]
    brands: Vec<String>,
    /// Product types.
    #[schema(required = false)]
    product_types: Vec<String>,
    /// Tags, compared to the letter.
    #[schema(required = false)]
    tags: Vec<String>,
}

/// What a promotion is taken off.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum LevelShape {
    /// Each selected line; a fixed amount is taken off each unit.
    Line,
    /// The sum of the selected lines, over which it is spread.
    Order,
    /// The cost of shipping.
    Shipping,
}

/// What a promotion takes off: an object with one field.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum EffectShape {
    /// A share of what earlier promotions left.
    Percentage {
        /// Off what.
        level: LevelShape,
        /// How much, in hundredths of a percent.
        #[schema(minimum = 1, maximum = 10_000)]
        bps: u32,
        /// Of which items; not for shipping.
        #[schema(required = false)]
        items: ItemsShape,
    },
    /// An amount, but never more than is left.
    Fixed {
        /// Off what.
        level: LevelShape,
        /// How much, in each currency in which it applies.
        #[schema(min_items = 1, max_items = 50)]
        amounts: Vec<AmountShape>,
        /// Of which items; not for shipping.
        #[schema(required = false)]
        items: ItemsShape,
    },
    /// For every `buy_quantity` units, `get_quantity` further ones cost less, the cheapest first.
    BuyXGetY {
        /// What must be bought.
        #[schema(required = false)]
        buy: ItemsShape,
        /// How many units of it.
        #[schema(minimum = 1, maximum = 9_999)]
        buy_quantity: u32,
        /// What costs less.
        #[schema(required = false)]
        get: ItemsShape,
        /// How many units of it.
        #[schema(minimum = 1, maximum = 9_999)]
        get_quantity: u32,
        /// How much less, in hundredths of a percent.
        #[schema(minimum = 1, maximum = 10_000)]
        bps: u32,
        /// How often in one cart.
        #[schema(minimum = 1, maximum = 9_999)]
        times_max: Option<u32>,
    },
    /// Shipping costs nothing.
    FreeShipping {},
}

/// A condition: an object with one field, at most 6 levels deep and of at most 50 parts.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum PromotionConditionShape {
    /// All of these; none at all always hold.
    #[schema(no_recursion)]
    All(Vec<PromotionConditionShape>),
    /// At least one of these.
    #[schema(no_recursion)]
    Any(Vec<PromotionConditionShape>),
    /// Not this.
    #[schema(no_recursion)]
    Not(Box<PromotionConditionShape>),
    /// The goods cost at least so much before discounts.
    SubtotalAtLeast(Vec<AmountShape>),
    /// The cart has at least so many units of these items.
    QuantityAtLeast {
        /// Which items.
        #[schema(required = false)]
        items: ItemsShape,
        /// How many units.
        quantity: u32,
    },
    /// The customer belongs to one of these groups.
    CustomerGroup(Vec<String>),
    /// The cart belongs to one of these channels.
    Channel(Vec<String>),
    /// Whether this is the customer's first order.
    FirstOrder(bool),
    /// The goods are sent to one of these countries.
    Country(Vec<String>),
    /// The time lies in this span.
    Between {
        /// First moment.
        #[schema(format = DateTime)]
        from: Option<String>,
        /// First moment at which it holds no more.
        #[schema(format = DateTime)]
        until: Option<String>,
    },
}

/// Which other promotions one goes together with: all, none, or those of some groups.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum CombinesShape {
    /// With all that accept it.
    All,
    /// With none.
    None,
    /// With those of these groups that accept it.
    Groups(Vec<String>),
}

/// How halves of a minor unit are rounded.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum RoundingShape {
    /// Away from zero.
    HalfUp,
    /// To the even neighbour.
    HalfEven,
}

/// Where taxes are rounded.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum RoundingLevelShape {
    /// On each line.
    Line,
    /// Once for the order and each class of goods.
    Order,
}

/// Who says the rates of a tax zone.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum RatesFromShape {
    /// Staff, in the table of rates.
    Table,
    /// The tax service; the table while it gives no answer.
    ServiceOrTable,
    /// The tax service; while it gives no answer, nothing is sold into the zone.
    Service,
}

/// What a shipping method costs: an object with one field.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum ShippingRatesShape {
    /// The same for everything.
    Flat {
        /// By currency.
        #[schema(min_items = 1, max_items = 50)]
        prices: Vec<AmountShape>,
    },
    /// By the price of the goods after discounts: the last step that is reached counts.
    ByPrice {
        /// Steps, each start once.
        #[schema(min_items = 1, max_items = 200)]
        steps: Vec<PriceStepShape>,
    },
    /// By weight: the last step that is reached counts.
    ByWeight {
        /// Steps, each start once.
        #[schema(min_items = 1, max_items = 200)]
        steps: Vec<WeightStepShape>,
        /// The method takes nothing heavier.
        max_grams: Option<u64>,
    },
    /// What a carrier says for the parcel.
    Carrier {
        /// The service, as the carrier names it.
        #[schema(min_length = 1, max_length = 64, pattern = "^[!-~]+$")]
        service: String,
        /// What it costs while the carrier gives no answer; without it, the method is not offered then.
        #[schema(min_items = 1, max_items = 50)]
        otherwise: Option<Vec<AmountShape>>,
    },
}

/// A step by the price of the goods; both amounts in one currency.
#[derive(Debug, ToSchema)]
pub struct PriceStepShape {
    /// From this price of the goods on.
    from: AmountShape,
    /// What shipping costs.
    price: AmountShape,
}

/// A step by weight.
#[derive(Debug, ToSchema)]
pub struct WeightStepShape {
    /// From this weight on.
    from_grams: u64,
    /// What shipping costs, by currency.
    #[schema(min_items = 1, max_items = 50)]
    prices: Vec<AmountShape>,
}
