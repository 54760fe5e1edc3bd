//! What a person is told when the demo is there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::folder::DemoFolder;
use super::keys::DemoFile;

/// Where a browser on this machine finds what listens on an address.
pub fn base_url(address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_means_every_address_is_shown_as_one_that_can_be_opened() {
        assert_eq!(base_url("0.0.0.0:8080".parse().unwrap()), "http://127.0.0.1:8080");
        assert_eq!(base_url("[::]:80".parse().unwrap()), "http://[::1]:80");
        assert_eq!(base_url("192.168.1.5:1".parse().unwrap()), "http://192.168.1.5:1");
    }
}
