//! Words that say how a number, or what follows, is meant: in English everywhere, and in the language of the shop.
//!
//! As text is folded: "über" is "uber", "à" is "a".

/// Words in a row.
type Phrase = &'static [&'static str];

/// Several ways to say a thing.
pub type Phrases = &'static [Phrase];

/// The words of one language.
#[derive(Debug)]
pub struct Cues {
    /// The code of the language.
    language: &'static str,
    /// A price at most follows.
    pub below: Phrases,
    /// A price at least follows.
    pub above: Phrases,
    /// About a price follows.
    pub around: Phrases,
    /// Two prices follow.
    pub between: &'static [&'static str],
    /// What stands between two prices.
    pub to: &'static [&'static str],
    /// Turn what follows into its opposite.
    pub negations: &'static [&'static str],
    /// Join a condition to the rest and mean nothing where one follows.
    pub joints: &'static [&'static str],
    /// Rather the cheap end.
    pub cheap: &'static [&'static str],
    /// Rather the dear end.
    pub premium: &'static [&'static str],
    /// After a number: it is no price.
    pub counted: &'static [&'static str],
    /// Colours with their inflections, and what they are in English.
    pub colours: &'static [(&'static str, &'static [&'static str])],
}

const ENGLISH: Cues = Cues {
    language: "en",
    below: &[
        &["no", "more", "than"],
        &["less", "than"],
        &["cheaper", "than"],
        &["lower", "than"],
        &["up", "to"],
        &["at", "most"],
        &["under"],
        &["below"],
        &["max"],
        &["maximum"],
        &["<="],
        &["<"],
    ],
    above: &[
        &["no", "less", "than"],
        &["more", "than"],
        &["higher", "than"],
        &["starting", "at"],
        &["at", "least"],
        &["over"],
        &["above"],
        &["from"],
        &["min"],
        &["minimum"],
        &[">="],
        &[">"],
    ],
    around: &[&["around"], &["about"], &["approximately"], &["~"]],
    between: &["between", "from"],
    to: &["and", "to", "-"],
    negations: &["without", "no", "not", "except"],
    joints: &["in", "from", "by", "of", "made"],
    cheap: &["cheap", "cheapest", "inexpensive", "budget", "affordable"],
    premium: &["premium", "luxury", "luxurious", "expensive"],
    counted: &["years", "year", "months", "month"],
    colours: &[],
};

const OTHERS: &[Cues] = &[
    Cues {
        language: "de",
        below: &[
            &["nicht", "mehr", "als"],
            &["weniger", "als"],
            &["gunstiger", "als"],
            &["billiger", "als"],
            &["bis", "zu"],
            &["unter"],
            &["bis"],
            &["hochstens"],
            &["maximal"],
        ],
        above: &[&["mehr", "als"], &["teurer", "als"], &["uber"], &["ab"], &["mindestens"], &["von"]],
        around: &[&["ungefahr"], &["etwa"], &["circa"], &["ca"], &["rund"], &["um"]],
        between: &["zwischen", "von"],
        to: &["und", "bis"],
        negations: &["ohne", "kein", "keine", "nicht", "ausser"],
        joints: &["in", "aus", "von", "mit"],
        cheap: &[
            "gunstig",
            "gunstige",
            "gunstiger",
            "gunstiges",
            "billig",
            "billige",
            "billiger",
            "preiswert",
        ],
        premium: &["luxus", "teuer", "teure", "hochwertig", "hochwertige"],
        counted: &["jahre", "jahren", "jahr", "monate", "monaten", "personen", "stuck"],
        colours: &[
            ("red", &["rot", "rote", "roter", "rotes", "roten", "rotem"]),
            ("blue", &["blau", "blaue", "blauer", "blaues", "blauen", "blauem"]),
            ("green", &["grun", "grune", "gruner", "grunes", "grunen", "grunem"]),
            ("yellow", &["gelb", "gelbe", "gelber", "gelbes", "gelben", "gelbem"]),
            ("black", &["schwarz", "schwarze", "schwarzer", "schwarzes", "schwarzen", "schwarzem"]),
            ("white", &["weiss", "weisse", "weisser", "weisses", "weissen", "weissem"]),
            ("grey", &["grau", "graue", "grauer", "graues", "grauen", "grauem"]),
            ("brown", &["braun", "braune", "brauner", "braunes", "braunen", "braunem"]),
            ("purple", &["lila", "violett", "violette", "violetter", "violettes"]),
            ("pink", &["rosa", "pinke", "pinker", "pinkes"]),
        ],
    },
    Cues {
        language: "fr",
        below: &[
            &["moins", "de"],
            &["moins", "cher", "que"],
            &["jusqu", "a"],
            &["jusqua"],
            &["sous"],
            &["maximum"],
        ],
        above: &[&["plus", "de"], &["a", "partir", "de"], &["au", "moins"], &["minimum"]],
        around: &[&["environ"], &["vers"]],
        between: &["entre", "de"],
        to: &["et", "a"],
        negations: &["sans", "sauf"],
        joints: &["en", "de", "par"],
        cheap: &["economique", "abordable"],
        premium: &["luxe", "cher"],
        counted: &["ans", "an", "mois", "personnes", "pieces"],
        colours: &[
            ("red", &["rouge", "rouges"]),
            ("blue", &["bleu", "bleue", "bleus", "bleues"]),
            ("green", &["vert", "verte", "verts", "vertes"]),
            ("yellow", &["jaune", "jaunes"]),
            ("black", &["noir", "noire", "noirs", "noires"]),
            ("white", &["blanc", "blanche", "blancs", "blanches"]),
            ("grey", &["gris", "grise", "grises"]),
            ("brown", &["marron", "marrons", "brun", "brune"]),
        ],
    },
    Cues {
        language: "es",
        below: &[&["menos", "de"], &["hasta"], &["maximo"], &["por", "debajo", "de"]],
        above: &[&["mas", "de"], &["desde"], &["a", "partir", "de"], &["al", "menos"], &["minimo"]],
        around: &[&["alrededor", "de"], &["unos"]],
        between: &["entre", "desde", "de"],
        to: &["y", "a", "hasta"],
        negations: &["sin", "excepto"],
        joints: &["en", "de", "por"],
        cheap: &["barato", "barata", "baratos", "baratas", "economico"],
        premium: &["lujo", "caro", "cara"],
        counted: &["anos", "ano", "meses", "personas", "piezas"],
        colours: &[
            ("red", &["rojo", "roja", "rojos", "rojas"]),
            ("blue", &["azul", "azules"]),
            ("green", &["verde", "verdes"]),
            ("yellow", &["amarillo", "amarilla", "amarillos", "amarillas"]),
            ("black", &["negro", "negra", "negros", "negras"]),
            ("white", &["blanco", "blanca", "blancos", "blancas"]),
            ("grey", &["gris", "grises"]),
            ("brown", &["marron", "marrones"]),
        ],
    },
    Cues {
        language: "it",
        below: &[&["meno", "di"], &["fino", "a"], &["sotto"], &["massimo"]],
        above: &[&["piu", "di"], &["oltre"], &["almeno"], &["a", "partire", "da"], &["minimo"]],
        around: &[&["circa"]],
        between: &["tra", "fra", "da"],
        to: &["e", "a"],
        negations: &["senza", "tranne"],
        joints: &["in", "di", "da"],
        cheap: &["economico", "economica", "economici", "economiche"],
        premium: &["lusso", "costoso", "costosa"],
        counted: &["anni", "anno", "mesi", "persone", "pezzi"],
        colours: &[
            ("red", &["rosso", "rossa", "rossi", "rosse"]),
            ("blue", &["blu", "azzurro", "azzurra"]),
            ("green", &["verde", "verdi"]),
            ("yellow", &["giallo", "gialla", "gialli", "gialle"]),
            ("black", &["nero", "nera", "neri", "nere"]),
            ("white", &["bianco", "bianca", "bianchi", "bianche"]),
            ("grey", &["grigio", "grigia", "grigi", "grigie"]),
            ("brown", &["marrone", "marroni"]),
        ],
    },
    Cues {
        language: "nl",
        below: &[
            &["minder", "dan"],
            &["goedkoper", "dan"],
            &["onder"],
            &["tot"],
            &["maximaal"],
            &["hoogstens"],
        ],
        above: &[&["meer", "dan"], &["boven"], &["vanaf"], &["minstens"], &["minimaal"]],
        around: &[&["rond"], &["ongeveer"], &["circa"]],
        between: &["tussen", "van"],
        to: &["en", "tot"],
        negations: &["zonder", "geen", "niet", "behalve"],
        joints: &["in", "van", "met"],
        cheap: &["goedkoop", "goedkope", "voordelig", "voordelige"],
        premium: &["luxe", "duur", "dure"],
        counted: &["jaar", "maanden", "personen", "stuks"],
        colours: &[
            ("red", &["rood", "rode"]),
            ("blue", &["blauw", "blauwe"]),
            ("green", &["groen", "groene"]),
            ("yellow", &["geel", "gele"]),
            ("black", &["zwart", "zwarte"]),
            ("white", &["wit", "witte"]),
            ("grey", &["grijs", "grijze"]),
            ("brown", &["bruin", "bruine"]),
        ],
    },
];

/// The words that are understood in a language: its own, and those of English.
pub fn of(language: &str) -> Vec<&'static Cues> {
    let own = OTHERS.iter().filter(|cues| cues.language == language);
    own.chain([&ENGLISH]).collect()
}
