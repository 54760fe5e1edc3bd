//! Names of colours and the plain colours that they are shades of, for catalogues that only know the plain ones.

/// Shades by plain colour.
const FAMILIES: &[(&str, &[&str])] = &[
    ("red", &["crimson", "scarlet", "ruby", "cherry", "vermilion", "burgundy", "maroon", "wine", "bordeaux"]),
    ("pink", &["rose", "fuchsia", "magenta", "blush", "salmon", "hot pink"]),
    ("orange", &["tangerine", "apricot", "amber", "rust", "terracotta", "peach", "coral"]),
    ("yellow", &["mustard", "lemon", "saffron", "canary", "golden yellow"]),
    ("green", &["olive", "emerald", "lime", "mint", "sage", "khaki", "forest green", "moss", "jade"]),
    ("teal", &["petrol", "cyan", "aqua"]),
    ("turquoise", &["aquamarine"]),
    ("blue", &["navy", "azure", "cobalt", "indigo", "sapphire", "sky blue", "royal blue", "denim blue"]),
    ("navy", &["navy blue", "midnight blue"]),
    ("purple", &["violet", "lilac", "lavender", "plum", "mauve", "aubergine"]),
    ("brown", &["chocolate", "tan", "camel", "cognac", "chestnut", "mocha", "coffee brown"]),
    ("beige", &["sand", "cream", "ecru", "taupe"]),
    ("white", &["snow", "ivory", "off white"]),
    ("ivory", &["eggshell"]),
    ("black", &["jet black", "ebony", "onyx"]),
    ("grey", &["gray", "charcoal", "anthracite", "slate", "ash grey"]),
    ("gold", &["golden"]),
    ("silver", &["silvery"]),
    ("copper", &["coppery"]),
];

/// The plain colour of a shade.
pub fn plain(shade: &str) -> Option<&'static str> {
    FAMILIES.iter().find_map(|(plain, shades)| shades.contains(&shade).then_some(*plain))
}

/// Words of the longest shade.
pub const SHADE_WORDS_MAX: usize = 2;
