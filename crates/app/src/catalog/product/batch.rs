//! What a batch can do with products.

use jiff::Timestamp;

use super::changes::ProductChanges;
use super::create::create_product;
use super::delete::delete_product;
use super::patch::{ProductTarget, patch_product};
use super::transition::{archive_product, publish_product, unpublish_product};
use crate::answer::Answer;
use crate::batch::BatchOperation;
use crate::error::WriteError;
use crate::work::StaffContext;

/// One change of a batch of products.
#[derive(Debug, Clone)]
pub enum ProductOperation {
    /// A new product.
    Create(Box<ProductChanges>),
    /// A changed product.
    Patch(ProductTarget, Box<ProductChanges>),
    /// A product put on the shelf, now or at a time to come.
    Publish(ProductTarget, Option<Timestamp>),
    /// A product taken off the shelf, to be written on.
    Unpublish(ProductTarget),
    /// A product taken off the shelf for good.
    Archive(ProductTarget),
    /// A product that goes.
    Delete(ProductTarget),
}

impl BatchOperation for ProductOperation {
    async fn run(self, context: &StaffContext) -> Result<Answer, WriteError> {
        match self {
            Self::Create(changes) => create_product(context, *changes).await,
            Self::Patch(target, changes) => patch_product(context, &target, &changes).await,
            Self::Publish(target, at) => publish_product(context, &target, at).await,
            Self::Unpublish(target) => unpublish_product(context, &target).await,
            Self::Archive(target) => archive_product(context, &target).await,
            Self::Delete(target) => delete_product(context, &target).await,
        }
    }
}
