//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tradepost_app::mail::MailKind;
use tradepost_domain::kernel::Locale;
use tradepost_domain::order::OrderNumber;

use tradepost_app::crash::CrashPoint;

use crate::config::Inputs;

/// A headless commerce engine over PostgreSQL.
#[derive(Debug, Parser)]
#[command(name = "tradepost", version, about, max_term_width = 110, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that every command takes.
#[derive(Debug, Args)]
pub struct Common {
    /// Configuration file [default: $TRADEPOST_CONFIG, else ./tradepost.toml if there is one].
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What is logged: a level or a filter such as "info,tradepost_http=debug".
    #[arg(long, global = true, value_name = "FILTER")]
    pub log: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a private PostgreSQL, fill a shop with a catalogue, and serve it.
    Demo(Demo),
    /// Serve the API, with the background work in the same process.
    Serve(Serve),
    /// Run the background work alone.
    Worker(OnData),
    /// Bring the database's schema up to date.
    Migrate(OnData),
    /// Check or print the configuration.
    Config {
        #[command(subcommand)]
        action: ConfigAction,
    },
    /// Print the OpenAPI document.
    Openapi,
    /// API keys.
    Keys {
        #[command(subcommand)]
        action: KeysAction,
    },
    /// Bring a catalogue in.
    Import {
        #[command(subcommand)]
        what: ImportWhat,
    },
    /// Write the catalogue out.
    Export {
        #[command(subcommand)]
        what: ExportWhat,
    },
    /// Mails to customers.
    Mail {
        #[command(subcommand)]
        action: MailAction,
    },
    /// What payment providers tell.
    Payments {
        #[command(subcommand)]
        action: PaymentsAction,
    },
    /// Make everything that shoppers read anew from the catalogue.
    Rebuild(OnData),
    /// Fill the search index of every process that serves the shop anew, while it goes on answering
    Reindex(OnData),
    /// Check the shop: schema, finished fragments, backlog, counters, stock, files, limits.
    Doctor(OnData),
    /// The lab: what it is measured by, and whether it keeps its promises.
    Lab {
        #[command(subcommand)]
        what: LabWhat,
    },
    /// Print the version.
    Version,
}

#[derive(Debug, Subcommand)]
pub enum LabWhat {
    /// Measure the read paths and the import beside their limits, in turns in one run, and print the ratios.
    Limits(LabLimits),
    /// Start a shop of its own, buy from it, lie to it and kill it, and report whether it kept its promises.
    Torture(LabTorture),
    /// Run a stand-in for Stripe on this machine, to walk through a purchase without an account.
    FakeStripe(LabFakeStripe),
    /// Measure how good search is on judged queries and queries with errors.
    SearchQuality(LabSearchQuality),
    /// Compare search in memory, search on OpenSearch, and OpenSearch without Tradepost: the same queries, in one run.
    SearchCompare(LabSearchCompare),
}

#[derive(Debug, Args)]
pub struct LabTorture {
    /// Rounds of kill -9.
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub rounds: u32,
    /// Makes the same choices again [default: another one each time; the report names it].
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Buyers at a time.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub clients: u16,
    /// Only this part; may be given more than once.
    #[arg(long, value_enum, value_name = "PART")]
    pub only: Vec<TorturePart>,
    /// Kill only at this point of a purchase, and at any moment; may be given more than once.
    #[arg(long, value_name = "POINT", value_parser = crash_point)]
    pub at: Vec<CrashPoint>,
    /// Write the report as a page, too.
    #[arg(long, value_name = "FILE.html")]
    pub report: Option<PathBuf>,
    /// Write the report as JSON, too.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

fn crash_point(name: &str) -> Result<CrashPoint, String> {
    let found = CrashPoint::ALL.into_iter().find(|point| point.as_str() == name);
    found.ok_or_else(|| {
        let known: Vec<&str> = CrashPoint::ALL.into_iter().map(CrashPoint::as_str).collect();
        format!("there is: {}", known.join(", "))
    })
}

/// A part of the torture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TorturePart {
    /// Many buyers at once.
    Races,
    /// Stripe slow, failing, silent, repeating itself, forged.
    Faults,
    /// The database killed under the running shop.
    Restart,
    /// A search server that refuses, is silent, fails or talks nonsense.
    Search,
    /// A crowd that asks for more than the shop can do.
    Crowd,
    /// kill -9 of the shop, at any moment and at every named point of a purchase.
    Kills,
}

#[derive(Debug, Args)]
pub struct LabFakeStripe {
    /// Address and port, of this machine only. The shop finds it by TRADEPOST_STRIPE_API_BASE=http://127.0.0.1:12111
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:12111")]
    pub listen: std::net::SocketAddr,
    /// Where it tells what happens.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080/api/payments/webhook")]
    pub webhook: String,
    /// Secret by which the shop knows it: its stripe_webhook_secret.
    #[arg(long, value_name = "SECRET", default_value = "whsec_demo")]
    pub secret: String,
}

#[derive(Debug, Args)]
pub struct LabSearchQuality {
    /// Folder with the data: catalogues and queries in `search` and `demo` below it.
    #[arg(long, value_name = "DIR", default_value = "../shared/data")]
    pub data: PathBuf,
    /// An OpenSearch that is asked instead of the embedded engine; its indexes `tradepost-quality-*` are made anew.
    #[arg(long, value_name = "URL")]
    pub opensearch: Option<String>,
}

#[derive(Debug, Args)]
pub struct LabSearchCompare {
    /// Folder with the data: catalogues and queries in `search` and `demo` below it.
    #[arg(long, value_name = "DIR", default_value = "../shared/data")]
    pub data: PathBuf,
    /// An OpenSearch; indexes `tradepost-compare-*` are made there and deleted at the end [default: one of its own is started,
    /// with 1 GB of heap, in a temporary folder; `make opensearch` fetches it].
    #[arg(long, value_name = "URL")]
    pub opensearch: Option<String>,
    /// Rounds of whatever is measured several times.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=20))]
    pub rounds: u8,
    /// Ask only every so many-th query with errors: quicker, and less exact.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub every: u32,
    /// Changes of titles that are waited for.
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub changes: u16,
    /// Write the report as JSON, too.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write the report as a page with plots, too.
    #[arg(long, value_name = "FILE.html")]
    pub html: Option<PathBuf>,
    /// Fill and ask one side in this process, and print how much memory that takes: the command starts itself with this.
    #[arg(long, value_enum, hide = true, requires = "prefix")]
    pub resident_of: Option<ResidentOf>,
    /// What the names of indexes begin with.
    #[arg(long, hide = true)]
    pub prefix: Option<String>,
}

/// A side whose process is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ResidentOf {
    /// In memory.
    Embedded,
    /// On OpenSearch.
    Shared,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Args)]
pub struct LabLimits {
    /// Products in the shop.
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub products: u32,
    /// Rounds of each comparison.
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub rounds: usize,
    /// Connections that ask at the same time.
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub connections: usize,
    /// Length of one turn.
    #[arg(long, value_name = "MS", default_value_t = 2_000)]
    pub milliseconds: u64,
    /// Leave the reads and what the program takes by itself out.
    #[arg(long)]
    pub skip_reads: bool,
    /// Leave searches and suggestions out.
    #[arg(long)]
    pub skip_search: bool,
    /// Leave carts and orders out.
    #[arg(long)]
    pub skip_orders: bool,
    /// Leave the import out.
    #[arg(long)]
    pub skip_import: bool,
    /// Write the report as JSON, too.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Keep the lab's shop in this folder and use it again [default: a temporary one].
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// Which shop a command works on.
#[derive(Debug, Args)]
pub struct OnData {
    /// Folder of the shop's files and, without DATABASE_URL, of its private PostgreSQL.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    pub on: OnData,
    /// Address and port.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// Leave the background work to `tradepost worker`.
    #[arg(long)]
    pub no_workers: bool,
}

#[derive(Debug, Args)]
pub struct Demo {
    /// Address and port [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// Folder of the demo shop.
    #[arg(long, value_name = "DIR", default_value = "data/demo")]
    pub data: PathBuf,
    /// Products to make up [default: 2000].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub products: Option<u32>,
    /// Fill the shop from a file instead: Shopify CSV or JSON lines.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["products", "seed"])]
    pub catalog: Option<PathBuf>,
    /// Throw the demo shop in DIR away and begin anew.
    #[arg(long)]
    pub fresh: bool,
    /// Another made-up catalogue for each number [default: 1].
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub enum ConfigAction {
    /// Say whether the configuration is valid.
    Check,
    /// Print what is in force and where each value comes from; secrets are hidden.
    Print,
    /// Print all keys with their documentation and defaults, as a file to begin with.
    Default,
}

#[derive(Debug, Subcommand)]
pub enum KeysAction {
    /// Make a key and print it: the only time that it can be seen.
    Create(KeysCreate),
}

#[derive(Debug, Args)]
pub struct KeysCreate {
    /// Kind of key: a publishable one names a channel, a secret one carries scopes.
    #[arg(long, value_enum)]
    pub kind: KeyKind,
    /// What a secret key may do: scopes separated by commas, or `all`.
    #[arg(long, value_delimiter = ',', value_name = "SCOPES")]
    pub scopes: Vec<String>,
    /// Channel that a publishable key names [default: the default channel].
    #[arg(long, value_name = "HANDLE")]
    pub channel: Option<String>,
    /// What staff call the key.
    #[arg(long, default_value = "Command line")]
    pub name: String,
    #[command(flatten)]
    pub on: OnData,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum KeyKind {
    Secret,
    Publishable,
}

#[derive(Debug, Subcommand)]
pub enum MailAction {
    /// Print a mail as it would be sent; nothing is.
    Preview(MailPreview),
    /// Send the mails again that were put aside (`tradepost doctor` counts them).
    Retry(OnData),
}

#[derive(Debug, Subcommand)]
pub enum PaymentsAction {
    /// Work off the events again that were put aside (`tradepost doctor` counts them).
    Retry(OnData),
}

#[derive(Debug, Args)]
pub struct MailPreview {
    /// Kind of mail: order_confirmed, order_shipped, refund_sent, order_canceled, payment_too_late, password_reset,
    /// email_verification, password_changed, email_changed, webhook_endpoint_moved or webhook_endpoint_disabled.
    #[arg(value_name = "KIND", value_parser = parse_kind)]
    pub kind: MailKind,
    /// Language [default: the order's, else en].
    #[arg(long, value_name = "LOCALE")]
    pub locale: Option<Locale>,
    /// An order of the shop, by its number [default: a made-up one].
    #[arg(long, value_name = "NUMBER")]
    pub order: Option<OrderNumber>,
    /// Print the plain text instead of the page.
    #[arg(long)]
    pub text: bool,
    #[command(flatten)]
    pub on: OnData,
}

fn parse_kind(word: &str) -> Result<MailKind, String> {
    let known = || MailKind::ALL.map(MailKind::as_str).join(", ");
    MailKind::parse(word).ok_or_else(|| format!("expected one of {}", known()))
}

#[derive(Debug, Subcommand)]
pub enum ImportWhat {
    /// Products from Shopify CSV or JSON lines.
    Products(ImportProducts),
}

#[derive(Debug, Args)]
pub struct ImportProducts {
    /// The file.
    pub file: PathBuf,
    /// Its format [default: by its ending].
    #[arg(long, value_enum)]
    pub format: Option<CatalogFormat>,
    /// Check every row and change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Print every row that was not taken, not only the first 20; a run keeps 10000 of them.
    #[arg(long)]
    pub all_findings: bool,
    #[command(flatten)]
    pub on: OnData,
}

#[derive(Debug, Subcommand)]
pub enum ExportWhat {
    /// Products as Shopify CSV or JSON lines.
    Products(ExportProducts),
    /// The log of searches as documents of User Behavior Insights, in lines for OpenSearch's `_bulk`.
    SearchLog(ExportSearchLog),
}

#[derive(Debug, Args)]
pub struct ExportSearchLog {
    /// Where to [default: standard output].
    pub file: Option<PathBuf>,
    /// Only the last so many days [default: all that is kept].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..=3_650))]
    pub days: Option<i64>,
    #[command(flatten)]
    pub on: OnData,
}

#[derive(Debug, Args)]
pub struct ExportProducts {
    /// Where to [default: standard output].
    pub file: Option<PathBuf>,
    /// Format [default: by the file's ending; JSON lines where it has none].
    #[arg(long, value_enum)]
    pub format: Option<CatalogFormat>,
    #[command(flatten)]
    pub on: OnData,
}

/// A format of catalogues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CatalogFormat {
    ShopifyCsv,
    Jsonl,
}

impl Command {
    /// The shop that the command works on, if it works on one by its data folder.
    fn data(&self) -> Option<&PathBuf> {
        let on = match self {
            Self::Serve(serve) => &serve.on,
            Self::Worker(on)
            | Self::Migrate(on)
            | Self::Rebuild(on)
            | Self::Reindex(on)
            | Self::Doctor(on)
            | Self::Mail { action: MailAction::Retry(on) }
            | Self::Payments { action: PaymentsAction::Retry(on) } => on,
            Self::Keys { action: KeysAction::Create(create) } => &create.on,
            Self::Mail { action: MailAction::Preview(preview) } => &preview.on,
            Self::Import { what: ImportWhat::Products(import) } => &import.on,
            Self::Export { what: ExportWhat::Products(export) } => &export.on,
            Self::Export { what: ExportWhat::SearchLog(export) } => &export.on,
            Self::Demo(demo) => return Some(&demo.data),
            Self::Config { .. } | Self::Openapi | Self::Lab { .. } | Self::Version => return None,
        };
        on.data.as_ref()
    }
}

impl Cli {
    /// File, environment and flags as the configuration reads them.
    pub fn inputs(&self) -> Inputs {
        let mut inputs = Inputs::from_environment();
        inputs.file.clone_from(&self.common.config);
        let mut flag = |key, name, value: Option<String>| {
            inputs.flags.extend(value.map(|value| (key, name, value)));
        };
        flag("log", "--log", self.common.log.clone());
        flag("data_dir", "--data", self.command.data().map(|data| data.display().to_string()));
        match &self.command {
            Command::Serve(serve) => {
                flag("listen", "--listen", serve.listen.clone());
                flag("workers", "--no-workers", serve.no_workers.then(|| "false".to_owned()));
            }
            Command::Demo(demo) => flag("listen", "--listen", demo.listen.clone()),
            _ => {}
        }
        inputs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_reach_the_configuration() {
        let cli =
            Cli::try_parse_from(["tradepost", "serve", "--listen", "[::1]:0", "--no-workers", "--data", "x"]);
        let layers = crate::config::Layers::read(&cli.unwrap().inputs()).unwrap();
        assert!(layers.print().contains("listen = \"[::1]:0\""));
        assert!(layers.print().contains("workers = false"));
        assert!(layers.print().contains("flag --data"));
    }

    #[test]
    fn a_file_and_a_number_of_made_up_products_exclude_each_other() {
        let parsed = Cli::try_parse_from(["tradepost", "demo", "--catalog", "a.csv", "--products", "5"]);
        assert_eq!(parsed.unwrap_err().exit_code(), 2);
    }
}
