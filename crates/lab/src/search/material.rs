//! What is searched and asked: the data for development, and both of its catalogues as one.

use std::path::Path;

use tradepost_domain::kernel::ids::{EntityId, ProductId};
use tradepost_port::search::SearchDocument;
use tradepost_search::quality::{Judgments, KnownItem, Meant, documents, judgments, known_items, meanings};
use uuid::Uuid;

use crate::LabError;

/// Products under a name.
pub struct Catalogue {
    /// A part of the names of indexes: lower case.
    pub name: &'static str,
    /// The products, with the ids that the data gives them.
    pub products: Vec<(String, SearchDocument)>,
}

/// Everything that is read from the folder.
pub struct Material {
    /// What queries were judged for; no prices, and brands as the only facet.
    pub electronics: Catalogue,
    /// Clothes and much else, with prices, options and categories.
    pub retail: Catalogue,
    /// All of it: enough products for counting them to cost something, some with everything that can be counted.
    pub all: Catalogue,
    /// What people said of products.
    pub judgments: Judgments,
    /// Queries with errors over electronics.
    pub electronics_items: Vec<KnownItem>,
    /// The same over retail.
    pub retail_items: Vec<KnownItem>,
    /// Queries with conditions over retail.
    pub meanings: Vec<Meant>,
}

impl Material {
    /// Reads the folder; of queries with errors, every so many-th.
    pub fn read(folder: &Path, every: u32) -> Result<Self, LabError> {
        let electronics = documents(&folder.join("search/icecat.jsonl"))?;
        let retail = documents(&folder.join("demo/products.jsonl"))?;
        let items = |file: &str| -> Result<Vec<KnownItem>, LabError> {
            let items = known_items(&folder.join(file))?;
            Ok(items.into_iter().filter(|item| item.number.is_multiple_of(every.max(1))).collect())
        };
        let material = Self {
            judgments: judgments(&folder.join("search/judgments-dev.csv"))?,
            electronics_items: items("search/typo-queries-icecat-dev.tsv")?,
            retail_items: items("search/typo-queries-retail-dev.tsv")?,
            meanings: meanings(&folder.join("search/query-understanding-dev.tsv"))?,
            all: Catalogue { name: "all", products: together(&retail, &electronics) },
            electronics: Catalogue { name: "electronics", products: electronics },
            retail: Catalogue { name: "retail", products: retail },
        };
        material.has_something(folder)?;
        Ok(material)
    }

    /// Files that are there and hold nothing would measure nothing, in figures that look fine.
    fn has_something(&self, folder: &Path) -> Result<(), LabError> {
        let parts = [
            ("products in search/icecat.jsonl", self.electronics.products.len()),
            ("products in demo/products.jsonl", self.retail.products.len()),
            ("judgments in search/judgments-dev.csv", self.judgments.len()),
            ("queries in search/typo-queries-icecat-dev.tsv", self.electronics_items.len()),
            ("queries in search/typo-queries-retail-dev.tsv", self.retail_items.len()),
            ("queries in search/query-understanding-dev.tsv", self.meanings.len()),
        ];
        match parts.iter().find(|(_, count)| *count == 0) {
            Some((what, _)) => {
                Err(LabError::Preparation(format!("there are no {what} of {}", folder.display())))
            }
            None => Ok(()),
        }
    }
}

/// Both under new ids: each file counts its own from the same number.
fn together(
    first: &[(String, SearchDocument)],
    second: &[(String, SearchDocument)],
) -> Vec<(String, SearchDocument)> {
    let numbered = (0_u128..).zip(first.iter().chain(second));
    let renamed = numbered.map(|(number, (name, document))| {
        let id = ProductId::from_uuid(Uuid::from_u128(u128::MAX ^ number));
        (name.clone(), SearchDocument { id, ..document.clone() })
    });
    renamed.collect()
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A folder of data that is small, and whose queries have an answer.
    pub fn small() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: String| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let kinds = ["laptop", "webcam", "keyboard"];
        let electronics = (0..30).map(|number| {
            let kind = kinds[number % 3];
            format!("{{\"id\":\"e{number}\",\"title\":\"Philips {kind} {number}00\",\"brand\":\"Philips\",\"desc\":\"A {kind}\"}}\n")
        });
        write("search/icecat.jsonl", electronics.collect());
        let retail = (0..20).map(|number| {
            format!(
                "{{\"id\":\"r{number}\",\"title\":\"Rugged backpack {number}\",\"brand\":\"Lux\",\"description\":\"Strong\",\
                 \"category\":[\"accessories\",\"backpack\"],\"colour\":\"red\",\"gender\":\"women\",\"variants\":[{{\"options\":\
                 {{\"Colour\":\"red\",\"Size\":\"M\"}},\"price\":{number}.5,\"stock\":1}}]}}\n"
            )
        });
        write("demo/products.jsonl", retail.collect());
        write(
            "search/judgments-dev.csv",
            "query,docid,rating\nlaptop,e0,3\nlaptop,e1,0\nwebcam,e1,2\n".to_owned(),
        );
        let item = |id: &str, clean: &str, typo: &str| {
            format!(
                "qid\tkind\titem_id\tclean\ttypo\n0\tclean\t{id}\t{clean}\t{clean}\n1\tsub\t{id}\t{clean}\t{typo}\n"
            )
        };
        write("search/typo-queries-icecat-dev.tsv", item("e1", "philips webcam", "philips webcan"));
        write("search/typo-queries-retail-dev.tsv", item("r1", "rugged backpack", "rugged backpakc"));
        write(
            "search/query-understanding-dev.tsv",
            "query\tgold_filters\nbackpack under 5\t\"{\"\"price_max\"\": 5, \"\"style\"\": \"\"backpack\"\"}\"\n".to_owned(),
        );
        folder
    }

    #[test]
    fn both_catalogues_are_one_without_losing_a_product() {
        let folder = small();
        let material = Material::read(folder.path(), 1).unwrap();
        let ids: std::collections::HashSet<ProductId> =
            material.all.products.iter().map(|(_, document)| document.id).collect();
        assert_eq!(ids.len(), material.electronics.products.len() + material.retail.products.len());
        assert_eq!(material.electronics_items.len(), 2);
        assert_eq!(Material::read(folder.path(), 2).unwrap().electronics_items.len(), 1);
    }

    #[test]
    fn a_file_that_is_missing_or_empty_or_broken_is_named() {
        let told = |change: &dyn Fn(&Path)| {
            let folder = small();
            change(folder.path());
            tradepost_domain::kernel::with_causes(&Material::read(folder.path(), 1).err().unwrap())
        };
        let missing = told(&|folder| std::fs::remove_file(folder.join("search/judgments-dev.csv")).unwrap());
        assert!(missing.contains("judgments-dev.csv` cannot be read: No such file"), "{missing}");
        let empty = told(&|folder| std::fs::write(folder.join("demo/products.jsonl"), "").unwrap());
        assert!(empty.starts_with("there are no products in demo/products.jsonl"), "{empty}");
        let broken = told(&|folder| std::fs::write(folder.join("search/icecat.jsonl"), "{}\n").unwrap());
        assert!(broken.starts_with("line 1 of") && broken.contains("icecat.jsonl"), "{broken}");
        let binary =
            told(&|folder| std::fs::write(folder.join("search/icecat.jsonl"), [0xff, 0xfe]).unwrap());
        assert!(binary.contains("icecat.jsonl` cannot be read"), "{binary}");
    }
}
