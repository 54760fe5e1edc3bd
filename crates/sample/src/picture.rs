//! Pictures: flat drawings put together from parts (`data/parts-*.toml`), painted in the tones of one colour on
//! a background that matches. They refer to nothing outside of themselves and hold no scripts.

use crate::vocabulary::{Color, TypeSpec, VOCABULARY};

/// What a picture shows. Equal keys give equal pictures, so a shop stores far fewer pictures than products.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PictureKey {
    type_handle: &'static str,
    color: &'static str,
    /// 0 solid, 1 striped, 2 dotted, 3 checked, 4 herringbone.
    pattern: u8,
    /// Which of four backgrounds.
    scene: u8,
}

/// A colour as red, green, blue.
type Rgb = [u32; 3];

/// Width and height of every picture.
const SIDE: u32 = 800;

const WHITE: Rgb = [255, 255, 255];
const INK: Rgb = [24, 28, 44];

fn rgb(hex: &str) -> Rgb {
    let value = u32::from_str_radix(hex, 16).unwrap_or(0);
    [value >> 16 & 255, value >> 8 & 255, value & 255]
}

/// `percent` of the second colour in the first.
fn blend(first: Rgb, second: Rgb, percent: u32) -> Rgb {
    let [red, green, blue] = first;
    let [red2, green2, blue2] = second;
    let part = |a: u32, b: u32| (a * (100 - percent) + b * percent) / 100;
    [part(red, red2), part(green, green2), part(blue, blue2)]
}

fn hex([red, green, blue]: Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Brightness from 0 to 255 (the weights of ITU-R BT.601).
fn brightness([red, green, blue]: Rgb) -> u32 {
    (299 * red + 587 * green + 114 * blue) / 1000
}

impl PictureKey {
    pub(crate) fn new(type_handle: &'static str, color: &'static str, pattern: u8, scene: u8) -> Self {
        Self { type_handle, color, pattern, scene }
    }

    /// The picture of a type in a colour of its palette; none if there is no such type or colour.
    pub fn find(type_handle: &str, color: &str, pattern: u8, scene: u8) -> Option<Self> {
        let kind = VOCABULARY.kind(type_handle)?;
        let color = VOCABULARY.color(color)?;
        Some(Self::new(&kind.handle, &color.name, pattern % 5, scene % 4))
    }

    /// Unique name, a slug: `hiking-boots-navy-0-2`.
    pub fn name(&self) -> String {
        format!("{}-{}-{}-{}", self.type_handle, crate::code::slug(self.color), self.pattern, self.scene)
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        SIDE
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        SIDE
    }

    /// English text for those who do not see it: `Hiking boot in navy`.
    pub fn alt(&self) -> String {
        let noun = self.kind().map_or("product", |kind| kind.noun.as_str());
        let noun = crate::template::capital(&noun.to_lowercase());
        if self.shows_color() { format!("{noun} in {}", self.color.to_lowercase()) } else { noun }
    }

    /// German text for those who do not see it: `Wanderschuh, Farbe Marineblau`.
    pub fn alt_de(&self) -> String {
        let noun = self.kind().map_or("Produkt", |kind| kind.noun_de.as_str());
        self.paint()
            .filter(|_| self.shows_color())
            .map_or_else(|| noun.to_owned(), |color| format!("{noun}, Farbe {}", color.name_de))
    }

    /// Whether the colour is that of the thing, and not only of its wrapping.
    fn shows_color(&self) -> bool {
        self.kind().is_some_and(|kind| kind.color_option) && !self.color.is_empty()
    }

    fn kind(&self) -> Option<&'static TypeSpec> {
        VOCABULARY.kind(self.type_handle)
    }

    fn paint(&self) -> Option<&'static Color> {
        VOCABULARY.color(self.color)
    }

    /// The picture: an SVG of 800 by 800, below 6 KB.
    pub fn svg(&self) -> String {
        let base = self.paint().map_or([120, 130, 140], |color| rgb(&color.hex));
        let accent = self.paint().map_or([230, 180, 80], |color| rgb(&color.accent));
        let names = self.kind().map_or(&[][..], |kind| kind.picture.as_slice());
        let drawing: String =
            names.iter().filter_map(|name| VOCABULARY.parts.get(name)).map(String::as_str).collect();
        let drawing = drawing.replace('\n', "");
        let drawing = format!("<g filter=\"url(#$id-s)\">{drawing}</g>");
        let whole = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {SIDE} {SIDE}\" width=\"{SIDE}\" \
             height=\"{SIDE}\" role=\"img\"><title>{}</title><defs>{}</defs>{}{drawing}</svg>",
            self.alt(),
            self.definitions(&drawing),
            self.background(),
        );
        self.tones(base, accent).iter().fold(whole, |text, (name, tone)| text.replace(name, tone))
    }

    /// What stands for each `$name` in a drawing. Longer names come before those they begin with.
    fn tones(&self, base: Rgb, accent: Rgb) -> [(&'static str, String); 16] {
        let light = brightness(base);
        // Black needs lighter lights, white darker darks, or the shape is lost.
        let (lift, drop) = match light {
            ..70 => (22, 45),
            70..200 => (30, 26),
            _ => (55, 20),
        };
        // Pale things stand before a cooler and darker ground than their own colour would give.
        let (backdrop, far, near) =
            if light > 205 { (blend(base, [122, 138, 166], 70), 74, 48) } else { (base, 88, 66) };
        let pattern = match self.pattern {
            0 => "none".to_owned(),
            _ => "url(#$id-p)".to_owned(),
        };
        [
            ("$pattern", pattern),
            ("$main", "url(#$id-m)".to_owned()),
            ("$wood", "url(#$id-w)".to_owned()),
            ("$steel", "url(#$id-t)".to_owned()),
            ("$base", hex(base)),
            ("$light", hex(blend(base, WHITE, lift))),
            ("$pale", hex(blend(base, WHITE, lift + 32))),
            ("$dark", hex(blend(base, INK, drop))),
            ("$deep", hex(blend(base, INK, drop + 25))),
            ("$accent", hex(accent)),
            ("$shade", hex(blend(accent, INK, 24))),
            ("$cream", "#fbf7ef".to_owned()),
            ("$ink", "#262b3a".to_owned()),
            ("$far", hex(blend(backdrop, WHITE, far))),
            ("$near", hex(blend(backdrop, WHITE, near))),
            ("$id", self.name()),
        ]
    }

    /// The gradients and patterns that the drawing uses.
    fn definitions(&self, drawing: &str) -> String {
        let mut text = String::from(
            "<linearGradient id=\"$id-b\" x1=\"0\" y1=\"0\" x2=\"0.4\" y2=\"1\"><stop stop-color=\"$far\"/>\
             <stop offset=\"1\" stop-color=\"$near\"/></linearGradient>\
             <linearGradient id=\"$id-m\" x1=\"0\" y1=\"0\" x2=\"0.7\" y2=\"1\"><stop stop-color=\"$light\"/>\
             <stop offset=\"0.5\" stop-color=\"$base\"/><stop offset=\"1\" stop-color=\"$dark\"/></linearGradient>\
             <filter id=\"$id-s\" x=\"-0.2\" y=\"-0.2\" width=\"1.4\" height=\"1.4\"><feDropShadow dx=\"0\" dy=\"14\" \
             stdDeviation=\"14\" flood-color=\"$deep\" flood-opacity=\"0.26\"/></filter>",
        );
        let gradients = [("$wood", "w", "#e2b883", "#b98450"), ("$steel", "t", "#f1f4f7", "#a3adb9")];
        for (name, id, from, to) in gradients {
            if drawing.contains(name) {
                let gradient = "<linearGradient id=\"$id-GRADIENT\" x1=\"0\" y1=\"0\" x2=\"1\" y2=\"1\">\
                     <stop stop-color=\"FROM\"/><stop offset=\"1\" stop-color=\"TO\"/></linearGradient>";
                text.push_str(&gradient.replace("GRADIENT", id).replace("FROM", from).replace("TO", to));
            }
        }
        text.push_str(match self.pattern {
            1 => {
                "<pattern id=\"$id-p\" width=\"44\" height=\"44\" patternUnits=\"userSpaceOnUse\">\
                 <rect width=\"44\" height=\"14\" fill=\"$cream\" opacity=\"0.72\"/></pattern>"
            }
            2 => {
                "<pattern id=\"$id-p\" width=\"46\" height=\"46\" patternUnits=\"userSpaceOnUse\">\
                 <g fill=\"$cream\" opacity=\"0.78\"><circle cx=\"12\" cy=\"12\" r=\"6\"/>\
                 <circle cx=\"35\" cy=\"35\" r=\"6\"/></g></pattern>"
            }
            3 => {
                "<pattern id=\"$id-p\" width=\"64\" height=\"64\" patternUnits=\"userSpaceOnUse\">\
                 <g fill=\"$cream\" opacity=\"0.32\"><rect width=\"24\" height=\"64\"/><rect width=\"64\" height=\"24\"/></g>\
                 <path d=\"M44 0V64M0 44H64\" stroke=\"$accent\" stroke-width=\"4\" opacity=\"0.7\"/></pattern>"
            }
            4 => {
                "<pattern id=\"$id-p\" width=\"48\" height=\"32\" patternUnits=\"userSpaceOnUse\">\
                 <path d=\"M0 8L24 24L48 8M0 24L24 40L48 24M0 -8L24 8L48 -8\" fill=\"none\" stroke=\"$cream\" \
                 stroke-width=\"5\" opacity=\"0.5\"/></pattern>"
            }
            _ => "",
        });
        text
    }

    /// A soft ground with one large shape behind the thing.
    fn background(&self) -> String {
        let shape = match self.scene {
            0 => "<circle cx=\"400\" cy=\"392\" r=\"308\" fill=\"#fff\" opacity=\"0.42\"/>",
            1 => {
                "<path d=\"M120 800V390a280 280 0 0 1 560 0V800Z\" fill=\"#fff\" opacity=\"0.36\"/>\
                 <circle cx=\"668\" cy=\"150\" r=\"46\" fill=\"$accent\" opacity=\"0.28\"/>"
            }
            2 => {
                "<path d=\"M0 560C180 470 330 640 520 560S760 470 800 500V800H0Z\" fill=\"#fff\" opacity=\"0.4\"/>\
                 <circle cx=\"140\" cy=\"150\" r=\"70\" fill=\"#fff\" opacity=\"0.4\"/>"
            }
            _ => {
                "<path d=\"M620 60C780 170 790 420 700 590S380 790 200 690S20 380 110 220S460 -50 620 60Z\" \
                 fill=\"#fff\" opacity=\"0.4\"/>"
            }
        };
        format!("<rect width=\"800\" height=\"800\" fill=\"url(#$id-b)\"/>{shape}")
    }
}
