//! What a person is told when the demo is there.

use std::time::Duration;

use super::folder::DemoFolder;
use super::keys::DemoFile;

/// Prints where the shop is and three things to try.
pub fn print(demo: &DemoFile, folder: &DemoFolder, took: Duration) {
    let DemoFile { base_url, publishable_key, admin_api_key, .. } = demo;
    let file = folder.path("demo.json");
    println!(
        "\nYour shop is open ({}.{:02} s)\n\n\
         \x20 Storefront API   {base_url}/api/products\n\
         \x20 Admin API        {base_url}/api/admin/products\n\
         \x20 Reference        {base_url}/docs\n\
         \x20 Health, figures  {base_url}/health/ready  {base_url}/metrics\n\
         \x20 Keys             {}\n\n\
         Try\n\n\
         \x20 curl '{base_url}/api/products?limit=3&sort=best_selling'\n\
         \x20 curl '{base_url}/api/categories' -H 'Publishable-Key: {publishable_key}'\n\
         \x20 curl '{base_url}/api/admin/products?limit=3' -H 'Authorization: Bearer {admin_api_key}'\n\n\
         Ctrl-C stops it; run the same command again to go on with the same shop, with --fresh for a new one.\n",
        took.as_secs(),
        took.subsec_millis() / 10,
        file.display()
    );
}
