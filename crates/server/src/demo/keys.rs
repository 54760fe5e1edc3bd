//! The keys of a demo, and the file that keeps them: a demo that is run again has the same ones.

use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use tradepost_app::api_key::{ApiKeyCreate, KeyGrant, create_api_key, revoke_api_keys_by_name};
use tradepost_app::auth::{Scope, key_hash};
use tradepost_store::api_key;

use super::folder::DemoFolder;
use crate::failure::Failure;
use crate::files::write_privately;
use crate::house::House;

/// Where the shop is and the keys to it.
pub(super) const FILE: &str = "demo.json";
/// Name of the demo's keys, by which those of a lost file are found and taken back.
const NAME: &str = "Demo";

/// Where the shop is and the keys to it: what programs that look at a demo read.
#[derive(Clone, Serialize, Deserialize)]
pub struct DemoFile {
    /// Where the shop is served.
    pub base_url: String,
    /// Names the channel.
    pub publishable_key: String,
    /// May do everything.
    pub admin_api_key: String,
    /// A member of the staff, once there are people.
    pub staff: Option<Person>,
    /// A customer.
    pub customer: Option<Person>,
    /// Where the database is.
    pub database_url: String,
}

/// Who can sign in.
#[derive(Clone, Serialize, Deserialize)]
pub struct Person {
    /// Address.
    pub email: String,
    /// Password.
    pub password: String,
}

/// The two keys.
#[derive(Clone)]
pub struct Keys {
    publishable: String,
    admin: String,
}

impl DemoFile {
    /// The file of a shop that is about to be served.
    pub fn new(base_url: String, keys: Keys, customer: Person, house: &House) -> Self {
        Self {
            base_url,
            publishable_key: keys.publishable,
            admin_api_key: keys.admin,
            staff: None,
            customer: Some(customer),
            database_url: house.database_url.expose_secret().to_owned(),
        }
    }

    /// Writes the file in one step.
    pub fn write(&self, folder: &DemoFolder) -> Result<(), Failure> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        write_privately(&folder.path(FILE), &text).map_err(Failure::from)
    }

    /// What an earlier run wrote, if it can be read.
    pub(super) fn read(folder: &DemoFolder) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(folder.path(FILE)).ok()?).ok()
    }
}

/// The keys of the file where they still open the shop; else new ones, and the old ones are taken back.
pub async fn ensure(house: &House, folder: &DemoFolder) -> Result<Keys, Failure> {
    if let Some(file) = DemoFile::read(folder) {
        let keys = Keys { publishable: file.publishable_key, admin: file.admin_api_key };
        if are_live(house, &keys).await? {
            return Ok(keys);
        }
    }
    let staff = house.staff();
    revoke_api_keys_by_name(&staff, NAME).await?;
    let make = async |grant| create_api_key(&staff, ApiKeyCreate { name: NAME.to_owned(), grant }).await;
    let publishable = make(KeyGrant::Publishable(None)).await?.text;
    let admin = make(KeyGrant::Secret(Scope::ALL.to_vec())).await?.text;
    Ok(Keys { publishable, admin })
}

async fn are_live(house: &House, keys: &Keys) -> Result<bool, Failure> {
    let client = house.shop.store.admin().conn().await?;
    let now = house.shop.clock.now();
    for (text, kind) in [(&keys.publishable, "publishable"), (&keys.admin, "secret")] {
        let found = api_key::find_live(&client, &key_hash(text), now).await?;
        if found.is_none_or(|row| row.kind != kind) {
            return Ok(false);
        }
    }
    Ok(true)
}
