//! The people of a demo: a customer with a password of its own, the same one when the demo is run again.

use std::fmt::Write as _;

use tradepost_app::customer::{CustomerCreate, register_customer};
use tradepost_app::password::TypedPassword;
use tradepost_store::customer::account;

use super::folder::DemoFolder;
use super::keys::{DemoFile, Person};
use crate::failure::Failure;
use crate::house::House;

/// The customer of the file where it still exists; else a new one.
pub async fn ensure_customer(house: &House, folder: &DemoFolder) -> Result<Person, Failure> {
    let shop = &house.shop;
    if let Some(person) = DemoFile::read(folder).and_then(|file| file.customer) {
        let found = account::find_by_email(&*shop.store.admin().conn().await?, &person.email).await?;
        if found.is_some() {
            return Ok(person);
        }
    }
    // A file that was lost leaves a customer whose password nobody knows: the next one has another address.
    let word: String = shop.ids.next_uuid().simple().to_string().chars().rev().take(6).collect();
    let mut password = String::new();
    for byte in shop.ids.next_secret().iter().take(12) {
        let _ = write!(password, "{byte:02x}");
    }
    let person = Person { email: format!("ada-{word}@example.com"), password };
    let create = CustomerCreate {
        email: person.email.clone(),
        password: TypedPassword::from(person.password.clone()),
        first_name: Some("Ada".to_owned()),
        last_name: Some("Lovelace".to_owned()),
        phone: None,
        locale: None,
        accepts_marketing: false,
        cart_id: None,
    };
    register_customer(&house.staff(), create).await?;
    Ok(person)
}
